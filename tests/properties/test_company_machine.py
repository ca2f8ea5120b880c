"""A company in motion: git is edited, others work at the console, time passes, plans are applied.

Whatever the sequence: apply converges, writes only what was reviewed, stays inside its limits, touches
nothing of others, never gives anybody more than before and after together. The model is in memory;
what should be is judged by an oracle of its own.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Effect
from reconciler.model.plan import Plan, TargetPlan
from reconciler.model.policy import Guards, Limit, MaxRemovals, Mode, OnRemoval, Protected, TargetPolicy
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Origin
from reconciler.model.state import Declared, Gap, Identities, Receipt, Remembered
from reconciler.planning.ordering.order import restricted
from reconciler.planning.planner import Planned, plan_target
from reconciler.planning.review import review
from reconciler.render.json import plan_from_json, plan_json
from tests.planning.entitled import DEV, NEW, PAY
from tests.planning.world import CAN_ALL, NOW, UNLIMITED, World
from tests.properties import oracle
from tests.properties.book import CORP, PEOPLE, drafted, edited, stem
from tests.properties.company import OTHERS, Console, company, name_of, pairs, spelled, title_of
from tests.properties.witness import Witness, access, approvals, locate

BY_RULE = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
COUNTS = (Cause.GIT, Cause.LEFTOVER, *sorted(BY_RULE))
TIGHT = Guards(max_removals=MaxRemovals(*(Limit(1, None),) * 6, Limit(1, None), Limit(2, None)))
WATCHED = replace(UNLIMITED, protected=Protected(users=("ada",), groups=("ops",), permission_sets=("Admin",)))
# What no approval lifts.
UNAPPROVABLE: frozenset[str] = frozenset()
GOOD = (Status.DONE, Status.UNNECESSARY)


class CompanyMachine(RuleBasedStateMachine):
    """See above. `given` are the memberships and assignments that are not git's doing, as ids."""

    def __init__(self) -> None:
        super().__init__()
        self.world = company()
        self.given: set[tuple[str, ...]] = pairs(self.world)
        self.console = Console(self.world, self.given)
        self.now = NOW
        self.policy = TargetPolicy("aws", scope=OTHERS, guards=UNLIMITED)
        self.approved = True
        self.base: Declared | None = None
        self.receipt: Receipt | None = None
        self.since: list[Declared] = []
        self.reviewed: list[TargetPlan] = []

    # What people do.

    @initialize(data=st.data(), edits=st.integers(0, 4))
    def begin(self, data: st.DataObject, edits: int) -> None:
        self.book = drafted(data.draw, edits)  # type: ignore[arg-type]  # draws alike

    @rule(data=st.data(), edits=st.integers(1, 3), strokes=st.integers(0, 2))
    def work(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """Commits, and strokes at the console."""
        for _ in range(edits):
            self._commit()
            self.book = edited(data.draw, self.book)  # type: ignore[arg-type]  # draws alike
        for _ in range(strokes):
            self.console.work(data.draw)  # type: ignore[arg-type]  # draws alike

    @rule(hours=st.sampled_from([6, 30]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(
        kind=st.sampled_from(["users", "groups", "memberships", "permission_sets", "assignments"]),
        mode=st.sampled_from([Mode.MANAGED, Mode.MANAGED, Mode.OBSERVE]),
        on_removal=st.sampled_from(OnRemoval),
    )
    def change_the_scope(self, kind: str, mode: Mode, on_removal: OnRemoval) -> None:
        self._commit()
        if kind == "memberships" and mode is Mode.MANAGED:
            mode = Mode.AUTHORITATIVE
        scope = replace(self.policy.scope, **{kind: mode})  # type: ignore[arg-type]  # a field by name
        self.policy = replace(self.policy, scope=scope, on_removal=on_removal)

    @rule(guards=st.sampled_from([UNLIMITED, UNLIMITED, TIGHT, WATCHED]), approved=st.booleans())
    def change_the_guards(self, guards: Guards, *, approved: bool) -> None:
        self.policy = replace(self.policy, guards=guards)
        self.approved = approved

    def _commit(self) -> None:
        self.since.insert(0, Declared(f"c{len(self.since)}", self.said, self.policy))

    # What the tool does.

    @rule(chance=st.randoms(use_true_random=False))
    def review(self, chance: Random) -> None:
        """A plan is shown to somebody, saved, and read again; where things stand in files changes nothing."""
        part = self.plan().part
        text = plan_json(Plan(self.now, (part,)))
        again = plan_from_json(text)
        assert plan_json(again) == text
        assert again.targets[0].changes == part.changes
        shuffled = _shuffled(self.said, chance)
        other = plan_target(shuffled, self.memory, self.world.live(), self.policy, CAN_ALL, self.now).part
        assert other.digest == part.digest
        assert [replace(each, origin=None) for each in other.changes] == [
            replace(each, origin=None) for each in part.changes
        ]
        self.reviewed = [*self.reviewed[-2:], again.targets[0]]

    @precondition(lambda self: self.reviewed)
    @rule(data=st.data(), strokes=st.integers(0, 1))
    def apply_what_was_reviewed(self, data: st.DataObject, strokes: int) -> None:
        for _ in range(strokes):
            self.console.work(data.draw)  # type: ignore[arg-type]  # draws alike
        fresh = self.plan()
        if not fresh.part.applyable:
            return
        verdict = review(fresh, self.reviewed, auto_apply=BY_RULE)
        if verdict.stale:
            return
        before, witness = copy.deepcopy(self.world), Witness(self.world)
        outcomes = self.carry_out(fresh, verdict.go, self._failing(data, fresh))
        shown = {each.address for part in self.reviewed for each in part.changes}
        shown |= {each.address for each in fresh.part.changes if each.cause in BY_RULE}
        witness.wrote_only({locate(before, self.world, each) for each in shown}, self.world)
        self._remember(fresh, verdict.go, outcomes)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply_by_rule_alone(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """The scheduled run: time and blocks take away, and nothing is given."""
        self.work(data, edits, strokes)
        fresh = self.plan()
        if fresh.part.applyable:
            before = access(self.world)
            go = frozenset(each.address for each in fresh.part.changes if each.cause in BY_RULE)
            outcomes = self.carry_out(fresh, go)
            assert access(self.world) <= before
            self._remember(fresh, go, outcomes)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """Everything, by its digest."""
        self.work(data, edits, strokes)
        self._apply()

    def _apply(self) -> None:
        fresh = self.plan()
        if not fresh.part.applyable:
            return
        go = frozenset(each.address for each in fresh.part.changes)
        outcomes = self.carry_out(fresh, go)
        assert {each.status for each in outcomes.values()} <= {Status.DONE}
        self._nothing_left(fresh)
        self._absent_reach_nothing()
        if not fresh.waiting:
            self._as_git_says()
        self._remember(fresh, go, outcomes)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply_with_failures_and_again(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """It ends where one good apply would have ended."""
        self.work(data, edits, strokes)
        fresh = self.plan()
        if not fresh.part.applyable:
            return
        good = copy.deepcopy(self.world)
        good.carry_out(fresh)
        go = frozenset(each.address for each in fresh.part.changes)
        self.carry_out(fresh, go, self._failing(data, fresh))
        again = self.plan()
        if not again.part.applyable:
            return
        self.carry_out(again, frozenset(each.address for each in again.part.changes))
        assert spelled(self.world) == spelled(good)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply_while_no_grant_succeeds(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """What nobody must have goes all the same, neither held nor skipped."""
        self.work(data, edits, strokes)
        fresh = self.plan()
        if fresh.part.applyable:
            go = frozenset(each.address for each in fresh.part.changes)
            grants = {
                each.address
                for each in fresh.part.changes
                if each.effect is Effect.GRANT or each.action is Action.CREATE
            }
            failing = frozenset(each.id for each in fresh.steps if grants & set(each.changes))
            self.carry_out(fresh, go, failing)
            self._absent_reach_nothing()

    @rule(
        data=st.data(),
        edits=st.integers(0, 3),
        strokes=st.integers(0, 2),
        scope=st.sampled_from(["*", "users", PAY, DEV, NEW, "members"]),
    )
    def apply_while_something_cannot_be_read(
        self, data: st.DataObject, edits: int, strokes: int, scope: str
    ) -> None:
        self.work(data, edits, strokes)
        world = self.world
        gap = Gap(Kind.ASSIGNMENT, scope, "not asked")
        if scope == "members":
            gap = Gap(Kind.MEMBERSHIP, "*", "not asked")
        world.gaps = (gap,)
        fresh = self.plan()
        inside = {each for each in pairs(world) if _covers(gap, each, world)}
        if fresh.part.applyable:
            self.carry_out(fresh, frozenset(each.address for each in fresh.part.changes))
            assert inside <= pairs(world)
        world.gaps = ()

    # What holds.

    def carry_out(
        self, planned: Planned, go: frozenset[Address], failing: frozenset[str] = frozenset()
    ) -> dict[str, Outcome]:
        """Write what may go, and hold what follows to what was: order, others, limits, ids."""
        assert not any(each.severity == "refusal" for each in planned.part.findings)
        chosen = replace(planned, steps=tuple(restricted(planned.steps, go)))
        _takes_before_it_gives(chosen)
        full = copy.deepcopy(self.world)
        full.carry_out(chosen)
        allowed = access(self.world) | access(full)
        witness = Witness(self.world)
        between: list[set[tuple[str, str, str]]] = []
        outcomes = self.world.carry_out(chosen, failing, watch=lambda: between.append(access(self.world)))
        assert all(each <= allowed for each in between)
        present = {stem(each) for each in self.said.users} - self._absent()
        witness.left_others_alone(self.world, present)
        if self.base is not None:
            # Before the first whole apply nothing is known of names that were.
            witness.kept_ids(self.world)
        if not self.approved:
            if self.policy.guards is TIGHT:
                witness.removed_at_most(self.world, each=1, total=2)
            if self.policy.guards is WATCHED:
                witness.left_protected_alone(self.world)
        return outcomes

    @invariant()
    def nothing_points_at_a_group_that_is_no_more(self) -> None:
        for found in self.world.assignments.values():
            assert all(one.kind is Kind.USER or one.id in self.world.groups for one in found)

    def teardown(self) -> None:
        """At last everything is managed and nothing refused: one apply, and there is nothing to do."""
        if not hasattr(self, "book"):
            return
        self._commit()
        self.policy = TargetPolicy("aws", scope=OTHERS, guards=UNLIMITED)
        self.approved = True
        refused = {each.code for each in self.plan().part.findings if each.severity == "refusal"}
        assert refused <= UNAPPROVABLE
        self._apply()
        self._take_away()

    def _take_away(self) -> None:
        """Git takes half of all members away and blocks somebody: unread it stays, and read it goes."""
        self._commit()
        teams = {
            key: replace(one, members=dict(sorted(one.members.items())[1::2])) if one.members else one
            for key, one in self.book.teams.items()
        }
        entries = dict(sorted(self.book.entries.items())[1::2])
        blocked = self.book.blocked | set(sorted(self.book.people)[:1])
        self.book = replace(self.book, teams=teams, entries=entries, blocked=blocked)
        for kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            kept, self.world = self.world, copy.deepcopy(self.world)
            gap = Gap(kind, "*", "not asked")
            self.world.gaps = (gap,)
            inside = {each for each in pairs(self.world) if _covers(gap, each, self.world)}
            fresh = self.plan()
            if fresh.part.applyable:
                self.carry_out(fresh, frozenset(each.address for each in fresh.part.changes))
                assert inside <= pairs(self.world)
            self.world = kept
        self.policy, self.approved = replace(self.policy, guards=TIGHT), False
        fresh = self.plan()
        if fresh.part.applyable:
            kept, self.world = self.world, copy.deepcopy(self.world)
            self.carry_out(fresh, frozenset(each.address for each in fresh.part.changes))
            self.world = kept
        self.policy, self.approved = replace(self.policy, guards=UNLIMITED), True
        fresh = self.plan()
        assert {each.code for each in fresh.part.findings if each.severity == "refusal"} <= UNAPPROVABLE
        self._apply()
        self._absent_are_in_nothing()

    def _absent_are_in_nothing(self) -> None:
        """Nor in a group that gives no access: whoever must have none is a member of nothing of ours."""
        for group, found in self.world.members.items():
            if title_of(self.world, group) not in ("console", CORP):
                assert not {stem(name_of(self.world, each)) for each in found} & self._absent() & set(PEOPLE)

    @property
    def said(self) -> Identities:
        """What git says now, with approvals of everything where somebody gave them."""
        return replace(self.book.read(), approvals=approvals() if self.approved else {})

    @property
    def memory(self) -> Remembered:
        """What git said since the last whole apply."""
        if self.base is None:
            return Remembered()
        return Remembered(self.receipt, self.base, tuple(self.since))

    def plan(self) -> Planned:
        """The plan of this moment."""
        return plan_target(self.said, self.memory, self.world.live(), self.policy, CAN_ALL, self.now)

    def _absent(self) -> set[str]:
        return {stem(each) for each in oracle.absent(self.said, self.now)}

    def _is_managed(self) -> bool:
        scope = self.policy.scope
        return all(scope.mode(kind) is not Mode.OBSERVE for kind in Kind)

    def _failing(self, data: st.DataObject, planned: Planned) -> frozenset[str]:
        steps = [step.id for step in planned.steps]
        return frozenset(data.draw(st.sets(st.sampled_from(steps), max_size=3))) if steps else frozenset()

    def _nothing_left(self, done: Planned) -> None:
        """The next plan is empty; after one more apply where a rule went alone and left drift behind."""
        again = self.plan()
        observed = not self._is_managed()
        by_rule = {each.address for each in done.part.changes if each.cause in BY_RULE}
        if all(each.cause is Cause.DRIFT and each.address in by_rule for each in again.part.changes):
            self.carry_out(again, frozenset(each.address for each in again.part.changes))
            again = self.plan()
        assert observed or again.part.changes == ()

    def _absent_reach_nothing(self) -> None:
        if self._is_managed():
            reached = Witness(self.world).ours()
            assert not {who for who, _, _ in reached} & self._absent() & set(PEOPLE)

    def _as_git_says(self) -> None:
        if not self._is_managed():
            return
        must = {
            (stem(who), account, name) for who, account, name in oracle.reach(self.said, self.world, self.now)
        }
        assert must <= access(self.world)
        if self.base is None:
            return  # what was given before the first whole apply and is no longer said is nobody's
        extra = access(self.world) - must
        assert extra <= Witness(self.world).excused(self.given)

    def _remember(self, planned: Planned, go: frozenset[Address], outcomes: dict[str, Outcome]) -> None:
        """Move the memory on where the apply was whole (section 13 of the design)."""
        bad = {
            address
            for step in planned.steps
            for address in step.changes
            if (one := outcomes.get(step.id)) is None or one.status not in GOOD
        }
        due = {each.address for each in planned.part.changes if each.cause in COUNTS}
        if planned.waiting or planned.uncovered or due - go or due & bad:
            return
        closed = any(not one.active for one in self.world.organization.accounts.values())
        ours = [one for one in self.said.groups.values() if not one.external]
        loose = any(one.shared or one.members is None for one in ours)
        if closed or loose or not self._is_managed():
            # What is not taken away now and forgotten then is nobody's.
            self.given |= pairs(self.world)
        self.base = Declared("base", self.said, self.policy)
        self.receipt = Receipt("aws", dict(self.world.live().identity), "", "", self.now)
        self.since, self.reviewed = [], []


def _covers(gap: Gap, pair: tuple[str, ...], world: World) -> bool:
    if gap.kind is Kind.MEMBERSHIP:
        return len(pair) == 2
    return len(pair) == 3 and (
        gap.scope in ("*", pair[0]) or (gap.scope == "users" and pair[2] not in world.groups)
    )


def _takes_before_it_gives(planned: Planned) -> None:
    """A removal that waits for nothing stands before whatever is given."""
    actions = {each.address: each.action for each in planned.part.changes}
    given = False
    for step in planned.steps:
        if step.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            action = actions.get(step.address)
            given = given or action is Action.CREATE
            assert not (given and action is Action.DELETE and not step.after and not step.held_by)


def _shuffled(said: Identities, chance: Random) -> Identities:
    def mixed(things: dict[str, object]) -> dict[str, object]:
        found = [
            (key, replace(one, origin=Origin(f"{chance.randrange(3)}.yaml", 1)))  # type: ignore[type-var]  # dataclasses all
            for key, one in things.items()
        ]
        chance.shuffle(found)
        return dict(found)

    names = ("users", "groups", "permission_sets", "assignments", "blocked")
    return replace(said, **{name: mixed(dict(getattr(said, name))) for name in names})  # type: ignore[arg-type]  # fields by name


TestCompany = CompanyMachine.TestCase
TestCompany.settings = settings(
    max_examples=100,
    stateful_step_count=10,
    deadline=None,
    # The same examples each time; `--hypothesis-seed` does not matter here.
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

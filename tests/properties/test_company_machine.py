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
from reconciler.model.policy import (
    Guards,
    Limit,
    MaxRemovals,
    Mode,
    OnRemoval,
    Protected,
    Scope,
    TargetPolicy,
)
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Assignment, Origin
from reconciler.model.rules import Rule
from reconciler.model.state import Declared, Gap, Identities, Receipt, Remembered
from reconciler.planning.ordering.order import restricted
from reconciler.planning.ordering.steps import PAIRS
from reconciler.planning.planner import Planned, plan_target
from reconciler.planning.review import review
from reconciler.render.json import plan_from_json, plan_json
from tests.planning.entitled import DEV, HOME, NEW, PAY
from tests.planning.world import CAN_ALL, NOW, UNLIMITED, World
from tests.properties import oracle
from tests.properties.book import CORP, PEOPLE, drafted, edited, stem
from tests.properties.breaches import RULES, badly_given, breaches
from tests.properties.company import OTHERS, Console, company, name_of, pairs, spelled, title_of
from tests.properties.critical import LEAST, Floors, enough
from tests.properties.effort import examples, steps
from tests.properties.verdict import Verdict
from tests.properties.witness import Witness, access, approvals, defined, locate

BY_RULE = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
COUNTS = (Cause.GIT, Cause.LEFTOVER, *sorted(BY_RULE))
TIGHT = Guards(max_removals=MaxRemovals(*(Limit(1, None),) * 6, Limit(1, None), Limit(2, None)))
CRITICAL = replace(UNLIMITED, min_members=LEAST)
WATCHED = replace(UNLIMITED, protected=Protected(users=("ada",), groups=("ops",), permission_sets=("Admin",)))
# What no approval lifts.
UNAPPROVABLE: frozenset[str] = frozenset()
GAPS = [
    Gap(Kind.MEMBERSHIP, "*", "not asked"),
    *(Gap(Kind.ASSIGNMENT, scope, "not asked") for scope in ("*", "users", PAY)),
]
GOOD = (Status.DONE, Status.UNNECESSARY)


class CompanyMachine(RuleBasedStateMachine):
    """See above. `given` are the memberships and assignments that are not git's doing, as ids."""

    def __init__(self) -> None:
        super().__init__()
        self.world = company()
        self.given: set[tuple[str, ...]] = pairs(self.world)
        # What a whole apply left behind that git did not say: ids of objects.
        self.forgotten: set[str] = set()
        self.console = Console(self.world, self.given)
        self.now = NOW
        self.policy = TargetPolicy("aws", scope=OTHERS, guards=UNLIMITED)
        self.approved = True
        self.base: Declared | None = None
        # Whether anything was written before the first whole apply; the state of then is in `since`.
        self.begun = False
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
        mode=st.sampled_from([Mode.MANAGED, Mode.MANAGED, Mode.AUTHORITATIVE, Mode.OBSERVE]),
        on_removal=st.sampled_from(OnRemoval),
    )
    def change_the_scope(self, kind: str, mode: Mode, on_removal: OnRemoval) -> None:
        self._commit()
        scope = replace(self.policy.scope, **{kind: mode})  # type: ignore[arg-type]  # a field by name
        self.policy = replace(self.policy, scope=scope, on_removal=on_removal)

    @rule(guards=st.sampled_from([UNLIMITED, TIGHT, WATCHED, CRITICAL, CRITICAL]), approved=st.booleans())
    def change_the_guards(self, guards: Guards, *, approved: bool) -> None:
        self.policy = replace(self.policy, guards=guards)
        self.approved = approved

    @rule(rules=st.lists(st.sampled_from(RULES), unique_by=lambda one: one.name))
    def change_the_rules(self, rules: list[Rule]) -> None:
        self.policy = replace(self.policy, rules=tuple(rules))

    @rule(delegated=st.booleans())
    def delegate(self, *, delegated: bool) -> None:
        """The tool runs in another account than the management account, or in that again."""
        self.world.delegated = delegated

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
        fresh = self.plan(by_rule=True)
        if fresh.part.applyable:
            before = access(self.world)
            go = frozenset(each.address for each in fresh.part.changes)
            assert {each.cause for each in fresh.part.changes} <= BY_RULE
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
            if self.policy.guards is CRITICAL and not self.approved and self._is_managed():
                enough(self.world, self.said)
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
        if go and not self.begun:
            # The tag is set before the first write; what git said until then, nobody remembers.
            self.begun, self.since = True, []
        chosen = replace(planned, steps=tuple(restricted(planned.steps, go)))
        _takes_before_it_gives(chosen)
        floors = Floors(self.world, planned, self._critical_entries())
        broken = breaches(self.world, self.said, self.policy.rules)
        full = copy.deepcopy(self.world)
        full.carry_out(chosen)
        allowed = defined(self.world) | defined(full)
        witness = Witness(self.world)
        observed = {kind for kind in Kind if self.policy.scope.mode(kind) is Mode.OBSERVE}
        assert not {each.address.kind for each in planned.part.changes} & observed

        def look() -> None:
            assert defined(self.world) <= allowed
            if self.policy.guards is CRITICAL and not self.approved:
                floors.hold(self.world)

        outcomes = self.world.carry_out(chosen, failing, watch=look)
        present = {stem(each) for each in self.said.users} - self._absent()
        witness.left_others_alone(self.world, present, self.policy.scope)
        witness.kept_ids(self.world)
        if self.world.delegated:
            witness.left_the_management_account_alone(self.world)
        if go == {each.address for each in planned.part.changes} and not failing:
            # Rules judge the end of the whole plan, and the end of a part of it only when that is planned.
            assert breaches(self.world, self.said, self.policy.rules) <= broken
            assert not badly_given(planned, self.said, self.world, self.policy.rules)
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
        self.world.delegated = False
        refused = {each.code for each in self.plan().part.findings if each.severity == "refusal"}
        assert refused <= UNAPPROVABLE
        self._apply()
        self._exchange()
        self._take_away()
        self._take_everything_else()

    def _take_everything_else(self) -> None:
        """At the very end git is the authority: whatever else is there goes."""
        self._commit()
        strict = Mode.AUTHORITATIVE
        scope = Scope(strict, strict, strict, strict, strict, OTHERS.ignore)
        self.policy = replace(self.policy, scope=scope, on_removal=OnRemoval.DELETE)
        self._apply()

    def _exchange(self) -> None:
        """All members are exchanged, groups lose sets and gain others, and the sets change, in one plan.

        No moment has more than before and after, and what is critical always has its people.
        """
        self._commit()
        book = self.book
        people = sorted(book.people)
        teams = {
            key: replace(one, members={each: 1 for each in people if each not in one.members})
            for key, one in book.teams.items()
            if one.members is not None
        }
        entries = {
            key: replace(one, groups=tuple(each for each in sorted(book.teams) if each not in one.groups))
            for key, one in book.entries.items()
        }
        sets = {
            key: replace(one, session_duration="PT2H" if one.session_duration == "PT1H" else "PT1H")
            for key, one in book.sets.items()
        }
        self.book = replace(book, teams={**book.teams, **teams}, entries=entries, sets=sets)
        self.policy, self.approved = replace(self.policy, guards=CRITICAL), False
        self._try_alone()
        self.policy, self.approved = replace(self.policy, guards=UNLIMITED), True
        self._apply()

    def _try_alone(self) -> None:
        """Apply in a world that is forgotten again."""
        fresh = self.plan()
        if fresh.part.applyable:
            kept, self.world = self.world, copy.deepcopy(self.world)
            inside = {each for each in pairs(self.world) if _is_unread(self.world, each)}
            self.carry_out(fresh, frozenset(each.address for each in fresh.part.changes))
            assert inside <= pairs(self.world)
            self.world = kept

    def _take_away(self) -> None:
        """Git takes half of everything away and blocks somebody: unread it stays, and read it goes."""
        self._commit()
        book = self.book
        teams = {
            key: replace(one, members=dict(sorted(one.members.items())[1::2])) if one.members else one
            for key, one in book.teams.items()
        }
        entries = dict(sorted(book.entries.items())[1::2])
        blocked = book.blocked | set(sorted(book.people)[:1])
        less = replace(
            book,
            people=dict(sorted(book.people.items())[1::2]),
            teams=dict(sorted(teams.items())[1::2]),
            sets=dict(sorted(book.sets.items())[1::2]),
            entries=entries,
        )
        for on_removal in OnRemoval:
            self.book, self.policy = less, replace(self.policy, on_removal=on_removal)
            for gap in GAPS:
                self.world.gaps = (gap,)
                self._try_alone()
            self.world.gaps = ()
        self.book = replace(book, teams=teams, entries=entries, blocked=blocked)
        for gap in GAPS:
            self.world.gaps = (gap,)
            self._try_alone()
        self.world.gaps = ()
        for group in self.world.groups:
            # Whoever is blocked is in a group of others as well, and goes from there.
            if title_of(self.world, group) == "unmanaged":
                for user in self.world.users:
                    if stem(name_of(self.world, user)) in blocked:
                        self.world.members[group].setdefault(user, "by hand")
        self.policy, self.approved = replace(self.policy, guards=TIGHT), False
        self._try_alone()
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
        """What git said since the last whole apply; before it, since the first write (`reconciler/begun`).

        As from git, the state under plan is not among them.
        """
        if self.base is None and not self.begun:
            return Remembered()
        said, policy = self.said, self.policy
        since = tuple(each for each in self.since if (each.identities, each.policy) != (said, policy))
        return Remembered(self.receipt, self.base, since)

    def plan(self, *, by_rule: bool = False) -> Planned:
        """The plan of this moment. One that only takes away breaks no rule."""
        planned = plan_target(
            self.said, self.memory, self.world.live(), self.policy, CAN_ALL, self.now, by_rule=by_rule
        )
        refused = {each.code for each in planned.part.findings if each.severity == "refusal"}
        if all(each.address.kind in PAIRS and each.action is Action.DELETE for each in planned.part.changes):
            assert not {each for each in refused if each.startswith("rule-")} or not planned.part.changes
        return planned

    def _critical_entries(self) -> dict[str, Assignment]:
        """Entries by what git says, or else said at the last whole apply."""
        base = self.base.identities.assignments if self.base else {}
        return {**base, **self.said.assignments}

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
            theirs = HOME if self.world.delegated else ""
            people = {who for who, account, _ in reached if account != theirs}
            assert not people & self._absent() & set(PEOPLE)

    def _as_git_says(self) -> None:
        if not self._is_managed():
            return
        must = {
            (stem(who), account, name) for who, account, name in oracle.reach(self.said, self.world, self.now)
        }
        assert must <= access(self.world)
        if not self.begun:
            return  # nothing was to be done, and what was said before the first write nobody remembers
        extra = access(self.world) - must
        assert extra <= Witness(self.world).excused(self.given)
        Verdict(
            self.world,
            self.said,
            self.policy,
            self.now,
            frozenset(self.given),
            frozenset(self.forgotten),
        ).pronounce()

    def _remember(self, planned: Planned, go: frozenset[Address], outcomes: dict[str, Outcome]) -> None:
        """Move the memory on where the apply was whole (section 13 of the design)."""
        bad = {
            address
            for step in planned.steps
            for address in step.changes
            if (one := outcomes.get(step.id)) is None or one.status not in GOOD
        }
        everything = (*planned.part.changes, *planned.left_out)
        due = {each.address for each in everything if each.cause in COUNTS}
        if planned.waiting or planned.uncovered or due - go or due & bad:
            return
        # What is not taken away now and forgotten then is nobody's.
        self.given |= self._out_of_reach()
        self.forgotten |= self._unsaid()
        self.base = Declared("base", self.said, self.policy)
        self.receipt = Receipt("aws", dict(self.world.live().identity), "", "", self.now)
        self.since, self.reviewed = [], []

    def _out_of_reach(self) -> set[tuple[str, ...]]:
        """Pairs that a plan leaves alone: on closed accounts, of groups without members in git, unmanaged."""
        found = pairs(self.world)
        if not self._is_managed():
            return found
        accounts = self.world.organization.accounts
        loose = {
            stem(key)
            for key, one in self.said.groups.items()
            if not one.external and one.members is None and one.include is None
        }
        return {
            each
            for each in found
            if (len(each) == 3 and not accounts[each[0]].active)
            or (len(each) == 2 and stem(title_of(self.world, each[0])) in loose)
        }

    def _unsaid(self) -> set[str]:
        """Ids of what is there and git does not say."""
        world, said = self.world, self.said
        keys = {stem(each) for each in (*said.users, *said.groups, *said.permission_sets)}
        named = {
            **{each: name_of(world, each) for each in world.users},
            **{each: title_of(world, each) for each in world.groups},
            **{each: one.name for each, one in world.sets.items()},
        }
        return {each for each, name in named.items() if stem(name) not in keys}


def _is_unread(world: World, pair: tuple[str, ...]) -> bool:
    return any(_covers(gap, pair, world) for gap in world.gaps)


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
    max_examples=examples(150),
    stateful_step_count=steps(10),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

"""The stage of a story: the world, what git says and remembers, and what every write must respect."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis.stateful import RuleBasedStateMachine

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause
from reconciler.model.plan import Step, TargetPlan
from reconciler.model.policy import Guards, Limit, MaxRemovals, Mode, Protected, TargetPolicy
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Assignment
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from reconciler.planning.ordering.order import restricted
from reconciler.planning.ordering.steps import PAIRS
from reconciler.planning.planner import Planned, plan_target
from tests.planning.entitled import HOME
from tests.planning.world import CAN_ALL, NOW, UNLIMITED
from tests.properties import oracle
from tests.properties.book import PEOPLE, Book, stem
from tests.properties.breaches import badly_given, breaches
from tests.properties.company import OTHERS, Console, company, covers, name_of, pairs, title_of
from tests.properties.critical import LEAST, Floors, enough
from tests.properties.verdict import Verdict
from tests.properties.witness import Names, Witness, access, approvals, defined, durations, inside

BY_RULE = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
COUNTS = (Cause.GIT, Cause.LEFTOVER, *sorted(BY_RULE))
TIGHT = Guards(max_removals=MaxRemovals(*(Limit(1, None),) * 6, Limit(1, None), Limit(2, None)))
CRITICAL = replace(UNLIMITED, min_members=LEAST)
WATCHED = replace(UNLIMITED, protected=Protected(users=("ada",), groups=("ops",), permission_sets=("Admin",)))
GOOD = (Status.DONE, Status.UNNECESSARY)
Failing = Callable[[Planned], frozenset[str]]


def none(_: Planned) -> frozenset[str]:
    """No step fails."""
    return frozenset()


class Stage(RuleBasedStateMachine):
    """`given` are the memberships and assignments that are not git's doing, as ids."""

    book: Book

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
        # Whether anything was written before the first whole apply; `first` is the state of then.
        self.begun = False
        self.receipt: Receipt | None = None
        self.since: list[Declared] = []
        self.first: Declared | None = None
        self.reviewed: list[TargetPlan] = []
        # Who went by which name when each of those was shown.
        self.known: list[Names] = []

    def commit(self) -> None:
        """What git says becomes part of its history."""
        self.since.insert(0, Declared(f"c{len(self.since)}", self.said, self.policy))

    # What holds.

    def carry_out(
        self,
        planned: Planned,
        go: frozenset[Address],
        failing: frozenset[str] = frozenset(),
        *,
        keeping: bool = False,
    ) -> dict[str, Outcome]:
        """Write what may go, and hold what follows to what was: order, others, limits, ids.

        With `keeping` nobody is without access to an account that they reach before and after all of it.
        """
        assert not any(each.severity == "refusal" for each in planned.part.findings)
        if go and not self.begun:
            # The tag is set before the first write; what git said until then, nobody remembers.
            self.begun, self.since = True, []
            self.first = Declared("begun", self.said, self.policy)
        chosen = replace(planned, steps=tuple(restricted(planned.steps, go)))
        _takes_before_it_gives(chosen)
        floors = Floors(self.world, planned, self._critical_entries())
        broken = breaches(self.world, self.said, self.policy.rules)
        full = copy.deepcopy(self.world)
        full.carry_out(chosen)
        allowed = defined(self.world) | defined(full)
        # Where a set changes hands, whoever loses it may have it edited until what takes its place is there.
        handed = _changing_hands(chosen.steps)
        allowed |= {
            (*each, lasts[each[2]])
            for each in access(self.world)
            for lasts in durations(self.world, full)
            if each[2] in lasts and each[2] in handed
        }
        kept = inside(self.world) & inside(full) if keeping else set()
        witness = Witness(self.world)
        observed = {kind for kind in Kind if self.policy.scope.mode(kind) is Mode.OBSERVE}
        assert not {each.address.kind for each in planned.part.changes} & observed

        def look() -> None:
            assert defined(self.world) <= allowed
            assert kept <= inside(self.world)
            if self.policy.guards is CRITICAL and not self.approved:
                floors.hold(self.world)

        outcomes = self.world.carry_out(chosen, failing, watch=look)
        present = {stem(each) for each in self.said.users} - self.absent()
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

    def apply_all(self) -> None:
        """Apply the plan of this moment, whole, unless it is refused; then everything is as git says."""
        fresh = self.plan()
        if not fresh.part.applyable:
            return
        go = frozenset(each.address for each in fresh.part.changes)
        outcomes = self.carry_out(fresh, go)
        assert {each.status for each in outcomes.values()} <= {Status.DONE}
        self.nothing_left(fresh)
        self.absent_reach_nothing()
        if not fresh.waiting:
            self.as_git_says()
            if self.policy.guards is CRITICAL and not self.approved and self.is_managed():
                enough(self.world, self.said)
        self.remember(fresh, go, outcomes)

    def try_alone(self, failing: Failing = none, *, keeping: bool = False) -> None:
        """Apply in a world that is forgotten again."""
        fresh = self.plan()
        if fresh.part.applyable:
            kept, self.world = self.world, copy.deepcopy(self.world)
            memory = self.begun, self.since, self.first
            unread = {
                each for each in pairs(self.world) for gap in self.world.gaps if covers(gap, each, self.world)
            }
            go = frozenset(each.address for each in fresh.part.changes)
            self.carry_out(fresh, go, failing(fresh), keeping=keeping)
            assert unread <= pairs(self.world)
            self.world = kept
            self.begun, self.since, self.first = memory

    @property
    def said(self) -> Identities:
        """What git says now, with approvals of everything where somebody gave them.

        Where people are critical, somebody approves all the rest at least.
        """
        given = approvals() if self.approved or self.policy.guards is CRITICAL else {}
        if not self.approved:
            given.pop("min-members", None)
        return replace(self.book.read(), approvals=given)

    @property
    def memory(self) -> Remembered:
        """What git said since the last whole apply; before it, since the first write (`reconciler/begun`).

        As from git, the state under plan is not among them, unless a first apply began with it.
        """
        if self.base is None and not self.begun:
            return Remembered()
        said, policy = self.said, self.policy
        since = tuple(each for each in self.since if (each.identities, each.policy) != (said, policy))
        if self.base is None and self.first is not None:
            since = (*since, self.first)
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

    def absent(self) -> set[str]:
        """Stems of whoever must have no access."""
        return {stem(each) for each in oracle.absent(self.said, self.now)}

    def is_managed(self) -> bool:
        """Whether nothing is only observed."""
        scope = self.policy.scope
        return all(scope.mode(kind) is not Mode.OBSERVE for kind in Kind)

    def nothing_left(self, done: Planned) -> None:
        """The next plan is empty; after one more apply where a rule went alone and left drift behind."""
        again = self.plan()
        observed = not self.is_managed()
        by_rule = {each.address for each in done.part.changes if each.cause in BY_RULE}
        if all(each.cause is Cause.DRIFT and each.address in by_rule for each in again.part.changes):
            self.carry_out(again, frozenset(each.address for each in again.part.changes))
            again = self.plan()
        assert observed or again.part.changes == ()

    def absent_reach_nothing(self) -> None:
        """Whoever must have no access has none, but what somebody else answers for."""
        if self.is_managed():
            reached = Witness(self.world).ours()
            theirs = HOME if self.world.delegated else ""
            people = {who for who, account, _ in reached if account != theirs}
            assert not people & self.absent() & set(PEOPLE)

    def as_git_says(self) -> None:
        """People reach what git says, and nothing else of git's doing is there."""
        if not self.is_managed():
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

    def remember(self, planned: Planned, go: frozenset[Address], outcomes: dict[str, Outcome]) -> None:
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
        self.since, self.reviewed, self.known = [], [], []

    def _out_of_reach(self) -> set[tuple[str, ...]]:
        """Pairs that a plan leaves alone: on closed accounts, of groups without members in git, unmanaged."""
        found = pairs(self.world)
        if not self.is_managed():
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


def _changing_hands(steps: Sequence[Step]) -> set[str]:
    """Names of permission sets whose edit some removal waits for, through however many others."""
    waits = {each.id: {*each.after, *each.held_by} for each in steps}

    def behind(identifier: str) -> set[str]:
        found: set[str] = set()
        queue = [identifier]
        while queue:
            fresh = waits.get(queue.pop(), set()) - found
            found |= fresh
            queue += fresh
        return found

    edits = {
        each.id: each.address.parts[0]
        for each in steps
        if each.address.kind is Kind.PERMISSION_SET and each.action is Action.UPDATE
    }
    removals = [
        each
        for each in steps
        if each.action is Action.DELETE and each.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
    ]
    return {edits[one] for each in removals for one in behind(each.id) if one in edits}


def _takes_before_it_gives(planned: Planned) -> None:
    """A removal that waits for nothing stands before whatever is given."""
    actions = {each.address: each.action for each in planned.part.changes}
    given = False
    for step in planned.steps:
        if step.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            action = actions.get(step.address)
            given = given or action is Action.CREATE
            assert not (given and action is Action.DELETE and not step.after and not step.held_by)

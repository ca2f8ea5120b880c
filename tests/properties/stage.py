"""The stage of a story: the world, what git says and remembers, and what every write must respect."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from hypothesis.stateful import RuleBasedStateMachine

from reconciler.model.address import PAIRS, Address, Kind
from reconciler.model.change import Action, Cause
from reconciler.model.plan import TargetPlan
from reconciler.model.policy import Guards, Limit, MaxRemovals, Mode, Protected, TargetPolicy
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import Assignment
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from reconciler.planning.ordering.order import restricted
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from tests.planning.entitled import HOME
from tests.planning.world import CAN_ALL, NOW, UNLIMITED
from tests.properties import oracle
from tests.properties.book import PEOPLE, Book, stem
from tests.properties.breaches import badly_given, breaches
from tests.properties.company import OTHERS, Console, company, covers, name_of, pairs, person_of
from tests.properties.critical import LEAST, Floors, enough
from tests.properties.failing import none
from tests.properties.invariant import Given
from tests.properties.recall import GOOD, Recall, given_after
from tests.properties.sequence import allowed_meanwhile, output, takes_before_it_gives
from tests.properties.spoken import in_words
from tests.properties.verdict import Verdict
from tests.properties.witness import Names, Witness, access, approvals, defined, inside

BY_RULE = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
COUNTS = (Cause.GIT, Cause.LEFTOVER, *sorted(BY_RULE))
TIGHT = Guards(max_removals=MaxRemovals(*(Limit(1, None),) * 6, Limit(1, None), Limit(2, None)))
CRITICAL = replace(UNLIMITED, min_members=LEAST)
WATCHED = replace(UNLIMITED, protected=Protected(users=("ada",), groups=("ops",), permission_sets=("Admin",)))
Failing = Callable[[PreparedPlan], frozenset[str]]


class Stage(RuleBasedStateMachine):
    """`given` is what git gave, by the oracle; `recall` is what receipts and marks tell of it."""

    book: Book

    def __init__(self) -> None:
        super().__init__()
        self.world = company()
        self.given = Given()
        self.recall = Recall()
        self.console = Console(self.world)
        self.story: list[str] = []
        self._told = ""
        self.now = NOW
        self.policy = TargetPolicy("aws", scope=OTHERS, guards=UNLIMITED)
        self.approved = True
        self.base: Declared | None = None
        # Whether anything was written; `first` is the state of then.
        self.begun = False
        self.receipt: Receipt | None = None
        self.since: list[Declared] = []
        self.states: list[Identities] = []
        self.first: Declared | None = None
        self.reviewed: list[TargetPlan] = []
        # Who went by which name when each of those was shown.
        self.known: list[Names] = []

    def tell(self, *words: object) -> None:
        """A step of the story, for those who read of one that failed."""
        self.story.append(f"{self.now:%d %b %H:%M}  " + " ".join(map(str, words)).rstrip())

    def tell_all(self, error: BaseException) -> None:
        """Let `error` say what had happened until then."""
        error.add_note("\n".join(["The story:", *self.story]))

    def commit(self, *, broken: bool = False) -> None:
        """What git says becomes part of its history; a commit that does not load is passed over."""
        if broken and not self.recall.earlier:
            self.tell("the commit before this one does not load")
            return
        self.since.insert(0, Declared(f"c{len(self.since)}", self.declared, self.policy))

    def begin_first(self, go: frozenset[Address]) -> None:
        """The tag is set before the first write; what git said until then, nobody remembers."""
        if go and not self.begun:
            self.begun, self.since = True, []
            self.first = Declared("begun", self.declared, self.policy)

    # What holds.

    def carry_out(
        self,
        planned: PreparedPlan,
        go: frozenset[Address],
        failing: frozenset[str] = frozenset(),
        *,
        keeping: bool = False,
    ) -> dict[str, Outcome]:
        """Write what may go, and hold what follows to what was: order, others, limits, ids.

        With `keeping` nobody is without access to an account that they reach before and after all of it.
        """
        assert not any(each.severity == "refusal" for each in planned.plan.findings)
        self.begin_first(go)
        chosen = replace(planned, steps=tuple(restricted(planned.steps, go)))
        takes_before_it_gives(chosen)
        floors = Floors(self.world, planned, self._critical_entries(), self.declared)
        broken = breaches(self.world, self.declared, self.policy.rules)
        full = copy.deepcopy(self.world)
        full.carry_out(chosen)
        allowed = allowed_meanwhile(self.world, full, chosen.steps)
        kept = inside(self.world) & inside(full) if keeping else set()
        witness = Witness(self.world)
        observed = {kind for kind in Kind if self.policy.scope.mode(kind) is Mode.OBSERVE}
        assert not {each.address.kind for each in planned.plan.changes} & observed

        def look() -> None:
            assert defined(self.world) <= allowed, defined(self.world) - allowed
            assert kept <= inside(self.world)
            if self.policy.guards is CRITICAL and not self.approved:
                floors.hold(self.world)

        before, falls_back = copy.deepcopy(self.world), self.falls_back
        outcomes = self.world.carry_out(chosen, failing, watch=look)
        if not falls_back:
            self.given.took(before, self.world, planned, self.declared, self.policy, self.now)
        present = {stem(each) for each in self.declared.users} - self.absent()
        witness.left_others_alone(self.world, present, self.policy.scope)
        witness.kept_ids(self.world, but=self.given.doubted_objects)
        if self.world.delegated:
            witness.left_the_management_account_alone(self.world)
        if go == {each.address for each in planned.plan.changes} and not failing:
            # Rules judge the end of the whole plan, and the end of a part of it only when that is planned.
            assert breaches(self.world, self.declared, self.policy.rules) <= broken
            assert not badly_given(planned, self.declared, self.world, self.policy.rules)
        if not self.approved:
            if self.policy.guards is TIGHT:
                spoken = in_words(planned, before, self.world, self.states, self.now)
                witness.removed_at_most(self.world, spoken, each=1, total=2)
            if self.policy.guards is WATCHED:
                witness.left_protected_alone(self.world)
        return outcomes

    def apply_all(self) -> None:
        """Apply the plan of this moment, whole, unless it is refused; then everything is as git says."""
        fresh = self.plan()
        if not fresh.plan.applyable:
            return
        self.tell("it is applied, all of it")
        go = frozenset(each.address for each in fresh.plan.changes)
        fell_back = self.falls_back
        outcomes = self.carry_out(fresh, go)
        assert {each.status for each in outcomes.values()} <= {Status.DONE}
        self.receive(fresh, outcomes)
        if fell_back and (again := self.plan()).plan.applyable:
            # What the states give to the first ledger is planned as soon as there is one.
            self.write(again)
        self.nothing_left(fresh)
        self.absent_reach_nothing()
        if not fresh.waiting:
            # What only the management account may change is owed, and the memory moves on.
            whole = "delegated-administrator" not in {each.code for each in fresh.plan.findings}
            self.as_git_says(whole=whole)
            if whole and self.policy.guards is CRITICAL and not self.approved and self.is_managed():
                enough(self.world, self.declared)
        self.move_on(fresh, go, outcomes)

    def write(self, planned: PreparedPlan) -> None:
        """Carry out all of a plan, and take its receipt."""
        self.receive(
            planned, self.carry_out(planned, frozenset(each.address for each in planned.plan.changes))
        )

    def try_alone(self, failing: Failing = none, *, keeping: bool = False) -> None:
        """Apply in a world that is forgotten again."""
        fresh = self.plan()
        if fresh.plan.applyable:
            with self.forgotten():
                unread = {
                    each
                    for each in pairs(self.world)
                    for gap in self.world.gaps
                    if covers(gap, each, self.world)
                }
                go = frozenset(each.address for each in fresh.plan.changes)
                self.carry_out(fresh, go, failing(fresh), keeping=keeping)
                assert unread <= pairs(self.world)

    @contextmanager
    def forgotten(self) -> Iterator[None]:
        """What happens in here, nobody remembers, and the world is as it was."""
        names = [
            "world",
            "given",
            "recall",
            "begun",
            "since",
            "first",
            "base",
            "receipt",
            "reviewed",
            "known",
        ]
        kept = {each: getattr(self, each) for each in names}
        self.world, self.given = copy.deepcopy(self.world), copy.deepcopy(self.given)
        self.recall = self.recall.copy()
        yield
        for each, one in kept.items():
            setattr(self, each, one)

    def take_the_place(self, old: str, *, joining: bool) -> str:
        """Somebody is another person now, made by hand under the same name; the new id."""
        new = Console(self.world).take_the_place(old, joining=joining)
        self.given.strangers.add(new)
        return new

    @property
    def declared(self) -> Identities:
        """What git says now, with approvals of everything where somebody gave them.

        Where people are critical, somebody approves all the rest at least.
        """
        given = approvals() if self.approved or self.policy.guards is CRITICAL else {}
        if not self.approved:
            given = {key: one for key, one in given.items() if one.guard != "min-members"}
        return replace(self.book.read, approvals=given)

    @property
    def memory(self) -> Remembered:
        """What git said since the last whole apply; before it, since the first write (`reconciler/begun`).

        As from git, the state under plan is not among them, unless a first apply began with it.
        """
        if self.base is None and not self.begun:
            return Remembered()
        declared, policy = self.declared, self.policy
        since = tuple(each for each in self.since if (each.identities, each.policy) != (declared, policy))
        if self.base is None and self.first is not None:
            since = (*since, self.first)
        return Remembered(self.receipt, self.base, since, ledger=self.recall.output)

    @property
    def falls_back(self) -> bool:
        """Whether the states answer for want of a ledger."""
        return self.recall.output is None and self.begun

    def plan(self, *, by_rule: bool = False) -> PreparedPlan:
        """The plan of this moment. One that only takes away breaks no rule."""
        self.states.append(self.declared)
        planned = plan_target(
            self.declared, self.memory, self.world.live(), self.policy, CAN_ALL, self.now, by_rule=by_rule
        )
        refused = {each.code for each in planned.plan.findings if each.severity == "refusal"}
        if all(each.address.kind in PAIRS and each.action is Action.DELETE for each in planned.plan.changes):
            assert not {each for each in refused if each.startswith("rule-")} or not planned.plan.changes
        if (text := output(planned)) != self._told:
            self._told = text
            self.tell("  a plan:", text)
        assert len({each.address for each in planned.plan.changes}) == len(planned.plan.changes)
        self.given.judge(planned, self.declared, self.world, self.now)
        return planned

    def _critical_entries(self) -> dict[str, Assignment]:
        """Entries by what git says, or else said at the last whole apply."""
        base = self.base.identities.assignments if self.base else {}
        return {**base, **self.declared.assignments}

    def absent(self) -> set[str]:
        """Stems of whoever must have no access."""
        return {stem(each) for each in oracle.absent(self.declared, self.now)}

    def is_managed(self) -> bool:
        """Whether nothing is only observed."""
        scope = self.policy.scope
        return all(scope.mode(kind) is not Mode.OBSERVE for kind in Kind)

    def nothing_left(self, done: PreparedPlan) -> None:
        """The next plan is empty; after one more apply where a rule went alone and left drift behind."""
        again = self.plan()
        observed = not self.is_managed()
        by_rule = {each.address for each in done.plan.changes if each.cause in BY_RULE}
        if all(each.cause is Cause.DRIFT and each.address in by_rule for each in again.plan.changes):
            self.write(again)
            again = self.plan()
        assert observed or again.plan.changes == ()

    def others(self) -> set[str]:
        """Users that git has nothing to do with, whatever name of git's they were given by others."""
        return self.world.users.keys() - self.given.objects.keys()

    def absent_reach_nothing(self) -> None:
        """Whoever must have no access has none, but what somebody else answers for."""
        if self.is_managed():
            # Of whom the states of an earlier version lost track, nobody knows that they are git's.
            reached = Witness(self.world).ours(but=self.given.doubted_objects | self.others())
            theirs = HOME if self.world.delegated else ""
            people = {who for who, account, _ in reached if account != theirs}
            assert not people & self.absent() & set(PEOPLE)

    def as_git_says(self, *, whole: bool) -> None:
        """People reach what git says, and nothing else of git's doing is there.

        Where it is not the `whole` of it, the management account is left alone, and sets that are there.
        """
        if not self.is_managed():
            return
        people = {name_of(self.world, each): person_of(self.world, each) for each in self.world.users}
        reach = oracle.reach(self.declared, self.world, self.now)
        theirs = "" if whole else HOME
        must = {(people[who], account, name) for who, account, name in reach if account != theirs}
        assert must <= access(self.world)
        if not self.begun:
            return  # nothing was to be done, and what was said before the first write nobody remembers
        extra = {each for each in access(self.world) - must if each[1] != theirs}
        assert extra <= Witness(self.world).excused(pairs(self.world) - self.given.pairs)
        if whole:
            pairs_given, objects = frozenset(self.given.pairs), self.given.objects.keys()
            Verdict(self.world, self.declared, self.policy, self.now, pairs_given, objects).pronounce()

    def remember(self, planned: PreparedPlan, go: frozenset[Address], outcomes: dict[str, Outcome]) -> None:
        """The apply ends: its receipt has the next ledger, and the tag moves on where it was whole."""
        self.receive(planned, outcomes)
        self.move_on(planned, go, outcomes)

    def receive(self, planned: PreparedPlan, outcomes: dict[str, Outcome]) -> None:
        """The next ledger, and the oracle's own account of what was given."""
        if self.recall.earlier:
            return
        first, falls_back = self.recall.ledger is None, self.falls_back
        self.recall.ledger = given_after(planned, outcomes)
        self.given.wrote(planned, outcomes)
        self.given.ended(self.declared, self.world, self.now)
        if first and falls_back:
            self.given.doubt_everything(self.world)

    def move_on(self, planned: PreparedPlan, go: frozenset[Address], outcomes: dict[str, Outcome]) -> None:
        """Move the tag where the apply was whole (docs/concepts.md, "Memory")."""
        bad = {
            address
            for step in planned.steps
            for address in step.changes
            if (one := outcomes.get(step.id)) is None or one.status not in GOOD
        }
        if any(each.cause in COUNTS for each in planned.left_out):
            return  # also where the status of the same user was set
        due = {each.address for each in planned.plan.changes if each.cause in COUNTS}
        if planned.waiting or planned.uncovered or planned.refused or due - go or due & bad:
            return
        self.recall.earlier = max(0, self.recall.earlier - 1)
        self.base = Declared("base", self.declared, self.policy)
        self.receipt = Receipt("aws", dict(self.world.live().identity), "", "", self.now)
        self.since, self.reviewed, self.known = [], [], []

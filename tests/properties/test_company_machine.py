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
from typing import Any
from unittest import TestCase

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from reconciler.model.address import Kind
from reconciler.model.change import Action, Effect
from reconciler.model.plan import Plan
from reconciler.model.policy import Guards, Mode, OnRemoval
from reconciler.model.resources import Origin
from reconciler.model.rules import Rule
from reconciler.model.state import Gap, Identities
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from reconciler.render.json import plan_from_json, plan_json
from tests.planning.entitled import DEV, NEW, PAY
from tests.planning.world import CAN_ALL, UNLIMITED
from tests.properties.book import Book, differences, drafted
from tests.properties.breaches import RULES
from tests.properties.company import covers, name_of, pairs, spelled
from tests.properties.effort import SAME, examples, steps
from tests.properties.endings import UNSEEN, Ending, whose
from tests.properties.stage import BY_RULE, CRITICAL, TIGHT, WATCHED
from tests.properties.witness import Names, Witness, access, locate

pytestmark = pytest.mark.long
GUARDS = {
    id(UNLIMITED): "without limits",
    id(TIGHT): "tight",
    id(WATCHED): "watched",
    id(CRITICAL): "with critical people",
}


class CompanyMachine(Ending):
    """The rules of a story."""

    # What people do.

    @initialize(
        data=st.data(),
        edits=st.integers(0, 4),
        earlier=st.sampled_from([0, 0, 0, 0, 1, 2]),
        applied=st.sampled_from([True, True, False]),
    )
    def begin(self, data: st.DataObject, edits: int, earlier: int, *, applied: bool) -> None:
        """The first version may be one whose receipts have no ledger, for some applies."""
        self.recall.earlier = earlier
        self.book = drafted(data.draw, edits)  # type: ignore[arg-type]  # draws alike
        self.tell("git:", *differences(Book(), self.book))
        if applied:
            self.apply_all()

    @rule(data=st.data(), edits=st.integers(1, 3), strokes=st.integers(0, 2))
    def work(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """Commits, and strokes at the console."""
        self.edit(data, edits)
        self.stroke(data, strokes)

    def stroke(self, data: st.DataObject, strokes: int) -> None:
        """Somebody works at the console."""
        for _ in range(strokes):
            done = self.console.work(data.draw, renaming=not (self.recall.earlier or self.falls_back))  # type: ignore[arg-type]  # draws alike
            self.tell("somebody", done)

    @rule(hours=st.sampled_from([6, 30]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.tell(hours, "hours have passed")

    @rule(
        kind=st.sampled_from(["users", "groups", "memberships", "permission_sets", "assignments"]),
        mode=st.sampled_from([Mode.MANAGED, Mode.MANAGED, Mode.AUTHORITATIVE, Mode.OBSERVE]),
        on_removal=st.sampled_from(OnRemoval),
    )
    def change_the_scope(self, kind: str, mode: Mode, on_removal: OnRemoval) -> None:
        self.commit()
        scope = replace(self.policy.scope, **{kind: mode})  # type: ignore[arg-type]  # a field by name
        self.policy = replace(self.policy, scope=scope, on_removal=on_removal)
        self.tell("the scope of", kind, "is", f"{mode}, and what is removed is to be:", on_removal)

    @rule(guards=st.sampled_from([UNLIMITED, TIGHT, WATCHED, CRITICAL, CRITICAL]), approved=st.booleans())
    def change_the_guards(self, guards: Guards, *, approved: bool) -> None:
        self.policy = replace(self.policy, guards=guards)
        self.approved = approved
        self.tell("the guards are", GUARDS[id(guards)], "and everything is approved" * approved)

    @rule(rules=st.lists(st.sampled_from(RULES), unique_by=lambda one: one.name))
    def change_the_rules(self, rules: list[Rule]) -> None:
        self.policy = replace(self.policy, rules=tuple(rules))
        self.tell("the rules are:", ", ".join(each.name for each in rules) or "none")

    @rule(delegated=st.booleans())
    def delegate(self, *, delegated: bool) -> None:
        """The tool runs in another account than the management account, or in that again."""
        self.world.delegated = delegated
        self.tell("the tool runs in", "a delegated account" if delegated else "the management account")

    # What the tool does.

    @rule(chance=st.randoms(use_true_random=False))
    def review(self, chance: Random) -> None:
        """A plan is shown to somebody, saved, and read again; where things stand in files changes nothing."""
        part = self.plan().plan
        text = plan_json(Plan(self.now, (part,)))
        again = plan_from_json(text)
        assert plan_json(again) == text
        assert again.targets[0].changes == part.changes
        shuffled = _shuffled(self.declared, chance)
        other = plan_target(shuffled, self.memory, self.world.live(), self.policy, CAN_ALL, self.now).plan
        assert other.digest == part.digest
        assert [replace(each, origin=None) for each in other.changes] == [
            replace(each, origin=None) for each in part.changes
        ]
        self.reviewed = [*self.reviewed[-2:], again.targets[0]]
        self.known = [*self.known[-2:], Names(self.world)]
        self.tell("this plan is reviewed and saved")

    @precondition(lambda self: self.reviewed)
    @rule(data=st.data(), strokes=st.integers(0, 1), others=st.booleans())
    def apply_what_was_reviewed(self, data: st.DataObject, strokes: int, *, others: bool) -> None:
        self.stroke(data, strokes)
        if others:
            self._take_somebodys_place(data)
        fresh = self.plan()
        if not fresh.plan.applyable:
            return
        verdict = review(fresh, self.reviewed, auto_apply=BY_RULE)
        if verdict.stale:
            return
        self.tell("what was reviewed is applied:", len(verdict.go), "of", len(fresh.plan.changes), "changes")
        before, witness = copy.deepcopy(self.world), Witness(self.world)
        outcomes = self.carry_out(fresh, verdict.go, self._failing(data, fresh))
        shown = {each.address for part in self.reviewed for each in part.changes}
        shown |= {each.address for each in fresh.plan.changes if each.cause in BY_RULE}
        witness.wrote_only({locate(before, self.world, each) for each in shown}, self.world)
        free = {each.address for each in fresh.plan.changes if each.cause in UNSEEN}
        witness.wrote_to(self.known, {locate(before, self.world, each) for each in free}, self.world)
        self.remember(fresh, verdict.go, outcomes)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply_by_rule_alone(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """The scheduled run: time and blocks take away, and nothing is given."""
        self.work(data, edits, strokes)
        fresh = self.plan(by_rule=True)
        if fresh.plan.applyable:
            self.tell("what goes by a rule alone is applied")
            before = access(self.world)
            go = frozenset(each.address for each in fresh.plan.changes)
            assert {each.cause for each in fresh.plan.changes} <= BY_RULE
            outcomes = self.carry_out(fresh, go)
            assert access(self.world) <= before
            self.remember(fresh, go, outcomes)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """Everything, by its digest."""
        self.work(data, edits, strokes)
        self.apply_all()

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply_with_failures_and_again(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """It ends where one good apply would have ended; so does what follows where a rule went alone."""
        self.work(data, edits, strokes)
        fresh = self.plan()
        if not fresh.plan.applyable:
            return
        with self.forgotten():
            self.write(fresh)
            self._finish(fresh)
            good = self.world
        go, failing = frozenset(each.address for each in fresh.plan.changes), self._failing(data, fresh)
        self.tell("it is applied, and these fail:", ", ".join(sorted(failing)) or "none")
        self.receive(fresh, self.carry_out(fresh, go, failing))
        again = self.plan()
        if not again.plan.applyable:
            return
        self.write(again)
        self._finish(fresh)
        assert spelled(self.world) == spelled(good)

    def _finish(self, done: PreparedPlan) -> None:
        """Where `done` has changes that go by a rule alone, do what they left behind, drift among it."""
        if any(each.cause in BY_RULE for each in done.plan.changes) and (rest := self.plan()).plan.applyable:
            self.write(rest)

    @rule(data=st.data(), edits=st.integers(0, 3), strokes=st.integers(0, 2))
    def apply_while_no_grant_succeeds(self, data: st.DataObject, edits: int, strokes: int) -> None:
        """What nobody must have goes all the same, neither held nor skipped."""
        self.work(data, edits, strokes)
        fresh = self.plan()
        if fresh.plan.applyable:
            go = frozenset(each.address for each in fresh.plan.changes)
            grants = {
                each.address
                for each in fresh.plan.changes
                if each.effect is Effect.GRANT or each.action is Action.CREATE
            }
            failing = frozenset(each.id for each in fresh.steps if grants & set(each.changes))
            self.tell("it is applied, and no grant succeeds")
            self.receive(fresh, self.carry_out(fresh, go, failing))
            self.absent_reach_nothing()

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
        self.tell("not read are:", gap.kind, gap.scope)
        fresh = self.plan()
        inside = {each for each in pairs(world) if covers(gap, each, world)}
        if fresh.plan.applyable:
            self.tell("it is applied")
            self.receive(fresh, self.carry_out(fresh, frozenset(each.address for each in fresh.plan.changes)))
            assert inside <= pairs(world)
        world.gaps = ()

    def _take_somebodys_place(self, data: st.DataObject) -> None:
        """Of those whose memberships and assignments were reviewed somebody is another person now."""
        meant = whose(self.world, self.reviewed)
        if meant:
            old = data.draw(st.sampled_from(meant))
            self.tell("somebody takes the place of", name_of(self.world, old))
            self.take_the_place(old, joining=data.draw(st.booleans()))

    def _failing(self, data: st.DataObject, planned: PreparedPlan) -> frozenset[str]:
        steps = [step.id for step in planned.steps]
        return frozenset(data.draw(st.sets(st.sampled_from(steps), max_size=3))) if steps else frozenset()

    @invariant()
    def nothing_points_at_a_group_that_is_no_more(self) -> None:
        for found in self.world.assignments.values():
            assert all(one.kind is Kind.USER or one.id in self.world.groups for one in found)


def _shuffled(declared: Identities, chance: Random) -> Identities:
    def mixed(things: dict[str, object]) -> dict[str, object]:
        found = [
            (key, replace(one, origin=Origin(f"{chance.randrange(3)}.yaml", 1)))  # type: ignore[type-var]  # dataclasses all
            for key, one in things.items()
        ]
        chance.shuffle(found)
        return dict(found)

    names = ("users", "groups", "permission_sets", "assignments", "blocked")
    return replace(declared, **{name: mixed(dict(getattr(declared, name))) for name in names})  # type: ignore[arg-type]  # fields by name


def _shard(number: int) -> type[TestCase]:
    """Some of the stories, to be told beside others: by a seed of its own, the same one everywhere."""
    company: Any = type(f"Company{number}", (CompanyMachine,), {})
    output: Any = (seed(number)(company) if SAME else company).TestCase
    output.settings = settings(
        max_examples=examples(10),
        stateful_step_count=steps(10),
        deadline=None,
        # Each shard has a seed, so that nobody's change is red by chance; a search has none.
        derandomize=False,
        database=None if SAME else settings.default.database,  # type: ignore[union-attr]  # a profile is loaded
        # A search is for stories, which say their steps in words: shrinking takes longer than finding.
        phases=[each for each in Phase if SAME or each not in (Phase.shrink, Phase.explain)],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    shard: type[TestCase] = output
    return shard


# Ten stories each. A class of this module is a test of its own, so that several workers share them.
TestCompany0, TestCompany1, TestCompany2, TestCompany3, TestCompany4 = map(_shard, range(5))
TestCompany5, TestCompany6, TestCompany7, TestCompany8, TestCompany9 = map(_shard, range(5, 10))

"""Runs that do not end as they should: killed after their mark, asleep while others apply, or not pushed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.ledger import Ledger
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.state import Identities
from reconciler.planning.ordering.order import restricted
from reconciler.planning.ordering.schedule import Schedule
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import World
from tests.properties.book import Book, differences, edited
from tests.properties.company import pairs, title_of
from tests.properties.recall import given_after
from tests.properties.stage import Stage


@dataclass(frozen=True)
class Asleep:
    """A run that has marked its plan and written nothing yet; `seen` are the objects as it saw them."""

    planned: PreparedPlan
    go: frozenset[Address]
    declared: Identities
    now: datetime
    began: Ledger | None
    seen: Mapping[str, object]


class Runs(Stage):
    """Rules on runs; `dead` are those that will never end, whose marks are open."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep: dict[str, Asleep] = {}
        self.dead: list[str] = []

    def applied(self) -> set[str]:
        """Stems of whoever has an object that git gave, where that is known by ids."""
        if self.recall.output is None:
            return set()
        return {who for _, who in self.given.objects.values()}

    def edit(self, data: st.DataObject, edits: int) -> None:
        """Commits."""
        for _ in range(edits):
            self.commit(broken=data.draw(st.integers(0, 5)) == 0)
            book = self.book
            self.book = edited(data.draw, book, applied=self.applied())  # type: ignore[arg-type]  # draws alike
            self.tell("git:", *differences(book, self.book))

    def _revert(self, book: Book) -> None:
        """A commit that takes back the last ones."""
        if book is not self.book:
            self.tell("git: reverted")
            self.commit()
            self.book = book

    def _mark(self, planned: PreparedPlan) -> tuple[str, frozenset[Address]]:
        go = frozenset(each.address for each in planned.plan.changes)
        self.begin_first(go)
        if self.falls_back:
            self.given.doubt_everything(self.world)
        run = self.recall.mark(planned.intends(go))
        self.given.begun(run, self.declared, self.world, self.now)
        return run, go

    @precondition(lambda self: not self.recall.earlier)
    @rule(data=st.data(), edits=st.integers(0, 3), after=st.integers(0, 8), reverted=st.booleans())
    def a_run_is_killed(self, data: st.DataObject, edits: int, after: int, *, reverted: bool) -> None:
        """It published its mark, and wrote some of it."""
        book = self.book
        self.edit(data, edits)
        self.kill(after)
        self._revert(book if reverted else self.book)
        self.plan()

    def kill(self, after: int) -> None:
        """Apply everything, and die after so many steps."""
        planned = self.plan()
        if not planned.plan.applyable or not planned.plan.changes:
            return
        run, go = self._mark(planned)
        self.tell(run, "is killed after", after, "steps of", len(planned.steps))
        self.carry_out(planned, go, frozenset(each.id for each in planned.steps[after:]))
        self.given.ended(self.declared, self.world, self.now, published=False)
        self.dead.append(run)

    @precondition(lambda self: self.dead)
    @rule()
    def somebody_unlocks(self) -> None:
        """The mark of a dead run is closed."""
        run = self.dead.pop(0)
        self.tell("somebody closes the mark of", run)
        self.recall.unlock(run)
        self.given.closed(run)
        self.plan()

    @precondition(lambda self: not self.recall.earlier and not self.recall.unpushed)
    @rule(data=st.data(), edits=st.integers(0, 3), reverted=st.booleans())
    def a_push_is_lost(self, data: st.DataObject, edits: int, *, reverted: bool) -> None:
        """A run ends in a clone whose receipt nobody sees, and whose mark is open therefore."""
        book = self.book
        self.edit(data, edits)
        planned, began = self.plan(), self.recall.ledger
        if not planned.plan.applyable or not planned.plan.changes:
            return
        run, go = self._mark(planned)
        self.tell(run, "applies everything, and its receipt is not pushed")
        outcomes = self.carry_out(planned, go)
        self.recall.unpushed[run] = given_after(planned, outcomes), began
        self.given.ended(self.declared, self.world, self.now, published=False)
        self._revert(book if reverted else self.book)
        self.plan()

    @precondition(lambda self: self.recall.unpushed)
    @rule()
    def it_is_pushed(self) -> None:
        """What the clone added is laid over what others did meanwhile."""
        for run, (ours, began) in list(self.recall.unpushed.items()):
            self.tell("the receipt of", run, "is merged")
            self.recall.merge(run, ours, began)
            self.given.closed(run)
        self.plan()

    @precondition(lambda self: not self.recall.earlier and not self.asleep)
    @rule(data=st.data(), edits=st.integers(0, 3), reverted=st.booleans())
    def a_run_falls_asleep(self, data: st.DataObject, edits: int, *, reverted: bool) -> None:
        """It stops before its first write, while others apply what is newer."""
        book = self.book
        self.edit(data, edits)
        planned, began = self.plan(), self.recall.ledger
        if not planned.plan.applyable or not planned.plan.changes:
            return
        run, go = self._mark(planned)
        self.tell(run, "stops before its first write")
        seen = {**self.world.users, **self.world.groups, **self.world.sets}
        self.asleep[run] = Asleep(planned, go, self.declared, self.now, began, seen)
        self._revert(book if reverted else self.book)

    @precondition(lambda self: self.asleep)
    @rule(dies=st.booleans(), after=st.integers(0, 8))
    def it_wakes_up(self, after: int, *, dies: bool) -> None:
        """An old plan is carried out late, as far as objects are as they were."""
        run, old = self.asleep.popitem()
        self.tell(run, "wakes up", f"and dies after {after} steps" if dies else "and ends")
        steps = tuple(restricted(old.planned.steps, old.go))
        before = copy.deepcopy(self.world)
        outcomes = written_late(
            self.world, replace(old.planned, steps=steps), old.seen, after if dies else None
        )
        self.given.late(before, old.declared, self.world, old.now, dead=dies)
        if dies:
            self.dead.append(run)
        else:
            self.recall.merge(run, given_after(old.planned, outcomes), old.began)
            self.given.closed(run)
        self.plan()

    def settle_runs(self) -> None:
        """Whoever slept is dead, and all marks are closed."""
        self.it_is_pushed()
        self.dead += self.asleep
        self.asleep = {}
        while self.dead:
            self.somebody_unlocks()


def written_late(
    world: World, planned: PreparedPlan, seen: Mapping[str, object], last: int | None
) -> dict[str, Outcome]:
    """Carry out a plan in a world that has moved on; a step whose object is not as `seen` fails."""
    ids = dict(planned.ids)
    schedule = Schedule(planned.steps, in_flight=1)
    written = 0
    while not schedule.over and (taken := schedule.take()):
        for step in taken:
            if last is not None and written >= last:
                schedule.ended(Outcome(step.id, Status.FAILED, "killed"))
                continue
            written += 1
            status, made = _write(world, step, ids, seen)
            if made:
                ids[step.address] = made
            schedule.ended(Outcome(step.id, status, remote_id=made))
    return schedule.outcomes


def _write(
    world: World, step: Step, ids: Mapping[Address, str], seen: Mapping[str, object]
) -> tuple[Status, str]:
    address, creating = step.address, step.action is Action.CREATE
    if address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT) and step.action is not Action.RELEASE:
        both = [ids.get(each, "") for each in address.ends]
        there = tuple(both) if address.kind is Kind.MEMBERSHIP else (address.parts[0], *reversed(both))
        if (there in pairs(world)) == creating:
            return Status.UNNECESSARY, ""
        if creating and not {*world.users, *world.groups, *world.sets}.issuperset(both):
            return Status.FAILED, ""
    elif not creating and address in ids:
        now = {**world.users, **world.groups, **world.sets}.get(ids[address])
        if now is None or now != seen.get(ids[address]):
            return Status.FAILED, ""
    values = {each.name: each.after for each in step.fields}
    title = values.get("display_name") if address.kind is Kind.GROUP else None
    if title in {title_of(world, each) for each in world.groups}:
        return Status.FAILED, ""
    try:
        if values.get("manager") is not None:
            values["manager"] = ids[step.refs["manager"]]
        return Status.DONE, world._write(step, values, ids)
    except (AssertionError, LookupError, StopIteration):
        return Status.FAILED, ""

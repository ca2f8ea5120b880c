"""What to submit next: the graph of steps as a state machine without clock, threads or I/O.

Execution drives it with real answers; the plan's estimate and the benchmarks drive the same code with
modelled durations. A failed step skips what depends on it, holds what it was to take the place of, and
nothing else.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model.address import KINDS, Kind
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.planning.ordering.batches import Alike, Batches

# Rank, position in the plan, id.
_Entry = tuple[int, int, str]


class Schedule:
    """The steps of one target on their way from waiting to ended.

    What one request carries is a unit: one step, or several that are alike and ready, up to
    `membership_batch` memberships of one group and direction, or `bulk` creations of users or of groups
    (capabilities of the target). At most `in_flight` units run at once, one step per lane; kinds with a
    limit on what is outstanding (KindFacts) have that instead, so that neither a full kind nor a full lane
    keeps the others waiting. Every step of a rank is ended before one of a higher rank is handed out. A step
    that is held by others waits for them to end, and is HELD when one of them did not succeed.
    """

    def __init__(
        self, steps: Sequence[Step], *, in_flight: int, membership_batch: int = 1, bulk: int = 1
    ) -> None:
        self._steps = {step.id: step for step in steps}
        self._position = {step.id: position for position, step in enumerate(steps)}
        # None is every kind that has no limit of its own.
        self._limits: dict[Kind | None, int] = {None: in_flight}
        for kind, facts in KINDS.items():
            if facts.outstanding:
                self._limits[kind] = facts.outstanding
        self._ready: dict[Kind | None, list[_Entry]] = {family: [] for family in self._limits}
        # Ready, but for their lane.
        self._parked: dict[str, dict[Kind | None, list[_Entry]]] = {}
        self._busy: Counter[Kind | None] = Counter()
        self._waiting_for: dict[str, set[str]] = {}
        self._dependents: dict[str, list[str]] = {}
        self._batches = Batches(steps, membership_batch=membership_batch, bulk=bulk)
        # Ready and alike, but kept back until more of them are ready.
        self._kept: set[Alike] = set()
        # By each step that runs: those of its unit that run still.
        self._running: dict[str, set[str]] = {}
        self._lanes: set[str] = set()
        self._unended = Counter(step.rank for step in steps)
        self._stopped = False
        self.outcomes: dict[str, Outcome] = {}
        for step in steps:
            waits = {each for each in (*step.after, *step.held_by) if each in self._steps}
            for each in waits:
                self._dependents.setdefault(each, []).append(step.id)
            if waits:
                self._waiting_for[step.id] = waits
                self._batches.wait(step)
        for step in steps:
            if step.id not in self._waiting_for:
                self._push(step)

    @property
    def running(self) -> int:
        """How many steps are handed out and not ended."""
        return len(self._running)

    def handed_out(self) -> list[Step]:
        """The steps that are handed out and not ended, in order."""
        return sorted((self._steps[each] for each in self._running), key=lambda step: self._position[step.id])

    @property
    def over(self) -> bool:
        """Whether nothing runs and nothing more will be handed out."""
        return not self._running and (self._stopped or len(self.outcomes) == len(self._steps))

    def units(self) -> list[tuple[Step, ...]]:
        """What to submit now, in order; the steps of each unit count as running until `ended` is told."""
        if self._stopped:
            return []
        lowest = min((rank for rank, count in self._unended.items() if count), default=0)
        units: list[tuple[Step, ...]] = []
        for family, ready in self._ready.items():
            while ready and ready[0][0] <= lowest and self._busy[family] < self._limits[family]:
                entry = heapq.heappop(ready)
                step = self._steps[entry[2]]
                if step.lane in self._lanes:
                    heapq.heappush(self._parked.setdefault(step.lane, {}).setdefault(family, []), entry)
                    continue
                unit = self._unit(step)
                if not unit:
                    continue
                mates = {each.id for each in unit}
                self._running.update(dict.fromkeys(mates, mates))
                self._busy[family] += 1
                if step.lane:
                    self._lanes.add(step.lane)
                units.append(unit)
        units.sort(key=lambda unit: self._position[unit[0].id])
        return units

    def take(self) -> list[Step]:
        """The steps of `units`, one after another."""
        return [step for unit in self.units() for step in unit]

    def _unit(self, step: Step) -> tuple[Step, ...]:
        """A ready step with what goes along; empty where it is kept back."""
        alike = self._batches.alike(step)
        if alike is None:
            return (step,)
        if self._batches.wants_more(alike, self._dependents):
            self._batches.unqueue(alike)
            self._kept.add(alike)
            return ()
        unit = tuple(self._steps[each] for each in self._batches.take(alike))
        self._batches.unqueue(alike)
        if self._batches.first(alike) is not None:
            self._queue(alike)
        return unit

    def ended(self, outcome: Outcome) -> list[Outcome]:
        """Record how a step ended; returns it and the outcomes of all that cannot run because of it."""
        step = self._steps[outcome.step]
        mates = self._running.pop(step.id, None)
        if mates is not None:
            mates.remove(step.id)
            if not mates:
                self._busy[_family(step)] -= 1
                self._free(step.lane)
        recorded = [outcome]
        self._record(outcome)
        if outcome.stop:
            self.stop()
        if outcome.status.good:
            for dependent in self._dependents.get(step.id, ()):
                waits = self._waiting_for.get(dependent)
                if waits is not None:
                    waits.discard(step.id)
                    if not waits:
                        del self._waiting_for[dependent]
                        self._waits_no_more(self._steps[dependent])
                        self._push(self._steps[dependent])
        else:
            recorded.extend(self._without(step))
        return recorded

    def stop(self) -> None:
        """Hand out nothing more; what runs may end."""
        self._stopped = True

    def left(self) -> Iterable[Step]:
        """The steps that were never handed out nor skipped, in order."""
        return (
            step
            for step in self._steps.values()
            if step.id not in self.outcomes and step.id not in self._running
        )

    def _push(self, step: Step) -> None:
        entry = (step.rank, self._position[step.id], step.id)
        alike = self._batches.alike(step)
        if alike is None:
            heapq.heappush(self._ready[_family(step)], entry)
        else:
            self._batches.add(alike, entry)
            self._queue(alike)

    def _queue(self, alike: Alike) -> None:
        """Let alike steps have their turn, once for all of them."""
        self._kept.discard(alike)
        first = self._batches.first(alike)
        if first is not None and self._batches.queue(alike):
            heapq.heappush(self._ready[None], first)

    def _waits_no_more(self, step: Step) -> None:
        """A step became ready, or never will: what waited for its company looks again."""
        alike = self._batches.alike(step)
        if alike is not None:
            self._batches.wait_no_more(alike)
            if alike in self._kept:
                self._queue(alike)

    def _free(self, lane: str) -> None:
        """The first of each kind that waited for the lane is ready again; more of them could not run."""
        self._lanes.discard(lane)
        parked = self._parked.get(lane, {})
        for family in list(parked):
            heapq.heappush(self._ready[family], heapq.heappop(parked[family]))
            if not parked[family]:
                del parked[family]

    def _record(self, outcome: Outcome) -> None:
        self.outcomes[outcome.step] = outcome
        self._unended[self._steps[outcome.step].rank] -= 1

    def _without(self, failed: Step) -> list[Outcome]:
        """What cannot run because a step did not succeed: skipped, or held where that was to replace it."""
        ended: list[Outcome] = []
        queue = [(dependent, failed.id) for dependent in self._dependents.get(failed.id, ())]
        because = {failed.id: f"{failed.id} did not succeed"}
        while queue:
            identifier, needed = queue.pop()
            if identifier in self.outcomes:
                continue
            if self._waiting_for.pop(identifier, None) is not None:
                self._waits_no_more(self._steps[identifier])
            if needed in self._steps[identifier].after:
                outcome = Outcome(identifier, Status.SKIPPED, because[needed])
                because[identifier] = because[needed]
            else:
                message = f"{because[needed]}, so this access stays until the next plan"
                outcome = Outcome(identifier, Status.HELD, message)
                because[identifier] = f"{identifier} is held"
            self._record(outcome)
            ended.append(outcome)
            queue.extend((dependent, identifier) for dependent in self._dependents.get(identifier, ()))
        return ended


def _family(step: Step) -> Kind | None:
    return step.address.kind if step.address.kind.facts.outstanding else None

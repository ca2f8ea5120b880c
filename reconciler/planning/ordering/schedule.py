"""What to submit next: the graph of steps as a state machine without clock, threads or I/O.

Execution drives it with real answers; the plan's estimate and the benchmarks drive the same code with
modelled durations. A failed step skips what depends on it, holds what it was to take the place of, and
nothing else.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.address import Kind
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status

_GOOD = (Status.DONE, Status.UNNECESSARY)
# What the service finishes on its own time, and how much of it may be under way: one below the quotas, so
# that somebody else's call fits in too (user guide, limits: 15 assignments, 3 provisionings).
OUTSTANDING: Mapping[Kind, int] = {Kind.ASSIGNMENT: 14, Kind.PROVISIONING: 2}

# Rank, position in the plan, id.
_Entry = tuple[int, int, str]


class Schedule:
    """The steps of one target on their way from waiting to ended.

    At most `in_flight` steps run at once, one per lane; kinds that stand in OUTSTANDING have a limit of
    their own instead, so that neither a full kind nor a full lane keeps the others waiting. Every step of a
    rank is ended before one of a higher rank is handed out. A step that is held by others waits for them to
    end, and is HELD when one of them did not succeed.
    """

    def __init__(self, steps: Sequence[Step], *, in_flight: int) -> None:
        self._steps = {step.id: step for step in steps}
        self._position = {step.id: position for position, step in enumerate(steps)}
        # None is every kind that has no limit of its own.
        self._limits: dict[Kind | None, int] = {None: in_flight}
        for kind, limit in OUTSTANDING.items():
            self._limits[kind] = limit
        self._ready: dict[Kind | None, list[_Entry]] = {family: [] for family in self._limits}
        # Ready, but for their lane.
        self._parked: dict[str, dict[Kind | None, list[_Entry]]] = {}
        self._busy: Counter[Kind | None] = Counter()
        self._waiting_for: dict[str, set[str]] = {}
        self._dependents: dict[str, list[str]] = {}
        self._running: set[str] = set()
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
            else:
                self._push(step)

    @property
    def running(self) -> int:
        """How many steps are handed out and not ended."""
        return len(self._running)

    @property
    def over(self) -> bool:
        """Whether nothing runs and nothing more will be handed out."""
        return not self._running and (self._stopped or len(self.outcomes) == len(self._steps))

    def take(self) -> list[Step]:
        """The steps to submit now, in order; they count as running until `ended` is told."""
        if self._stopped:
            return []
        lowest = min((rank for rank, count in self._unended.items() if count), default=0)
        taken: list[Step] = []
        for family, ready in self._ready.items():
            while ready and ready[0][0] <= lowest and self._busy[family] < self._limits[family]:
                entry = heapq.heappop(ready)
                step = self._steps[entry[2]]
                if step.lane in self._lanes:
                    heapq.heappush(self._parked.setdefault(step.lane, {}).setdefault(family, []), entry)
                    continue
                self._running.add(step.id)
                self._busy[family] += 1
                if step.lane:
                    self._lanes.add(step.lane)
                taken.append(step)
        taken.sort(key=lambda step: self._position[step.id])
        return taken

    def ended(self, outcome: Outcome) -> list[Outcome]:
        """Record how a step ended; returns it and the outcomes of all that cannot run because of it."""
        step = self._steps[outcome.step]
        if step.id in self._running:
            self._running.remove(step.id)
            self._busy[_family(step)] -= 1
            self._free(step.lane)
        recorded = [outcome]
        self._record(outcome)
        if outcome.stop:
            self.stop()
        if outcome.status in _GOOD:
            for dependent in self._dependents.get(step.id, ()):
                waits = self._waiting_for.get(dependent)
                if waits is not None:
                    waits.discard(step.id)
                    if not waits:
                        del self._waiting_for[dependent]
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
        heapq.heappush(self._ready[_family(step)], (step.rank, self._position[step.id], step.id))

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
            self._waiting_for.pop(identifier, None)
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
    return step.address.kind if step.address.kind in OUTSTANDING else None

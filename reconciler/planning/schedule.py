"""What to submit next: the graph of steps as a state machine without clock, threads or I/O.

Execution drives it with real answers; the plan's estimate and the benchmarks drive the same code with
modelled durations. A failed step skips what depends on it, and nothing else.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status

_GOOD = (Status.DONE, Status.UNNECESSARY)


class Schedule:
    """The steps of one target on their way from waiting to ended.

    At most `in_flight` steps run at once, one per lane; every step of a rank is ended before one of a
    higher rank is handed out.
    """

    def __init__(self, steps: Sequence[Step], *, in_flight: int) -> None:
        self._steps = {step.id: step for step in steps}
        self._position = {step.id: position for position, step in enumerate(steps)}
        self._limit = in_flight
        self._waiting_for: dict[str, set[str]] = {}
        self._dependents: dict[str, list[str]] = {}
        self._ready: list[tuple[int, int, str]] = []
        self._running: set[str] = set()
        self._lanes: set[str] = set()
        self._unended = Counter(step.rank for step in steps)
        self._stopped = False
        self.outcomes: dict[str, Outcome] = {}
        for step in steps:
            waits = {each for each in step.after if each in self._steps}
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
        taken: list[Step] = []
        passed: list[tuple[int, int, str]] = []
        while self._ready and not self._stopped and len(self._running) < self._limit:
            entry = heapq.heappop(self._ready)
            step = self._steps[entry[2]]
            if self._below(step.rank):
                passed.append(entry)
                break
            if step.lane and step.lane in self._lanes:
                passed.append(entry)
                continue
            self._running.add(step.id)
            if step.lane:
                self._lanes.add(step.lane)
            taken.append(step)
        for entry in passed:
            heapq.heappush(self._ready, entry)
        return taken

    def ended(self, outcome: Outcome) -> list[Outcome]:
        """Record how a step ended; returns it and the outcomes of all that cannot run because of it."""
        step = self._steps[outcome.step]
        self._running.discard(step.id)
        self._lanes.discard(step.lane)
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
            recorded.extend(self._skip(step))
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
        heapq.heappush(self._ready, (step.rank, self._position[step.id], step.id))

    def _below(self, rank: int) -> bool:
        return any(count for lower, count in self._unended.items() if lower < rank)

    def _record(self, outcome: Outcome) -> None:
        self.outcomes[outcome.step] = outcome
        self._unended[self._steps[outcome.step].rank] -= 1

    def _skip(self, failed: Step) -> list[Outcome]:
        skipped = []
        queue = list(self._dependents.get(failed.id, ()))
        while queue:
            identifier = queue.pop()
            if identifier in self.outcomes:
                continue
            self._waiting_for.pop(identifier, None)
            outcome = Outcome(identifier, Status.SKIPPED, f"{failed.id} did not succeed")
            self._record(outcome)
            skipped.append(outcome)
            queue.extend(self._dependents.get(identifier, ()))
        return skipped

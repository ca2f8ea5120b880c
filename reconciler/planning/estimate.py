"""How many calls and seconds an apply will take, by driving the schedule with modelled durations."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.planning.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` of wall clock, `calls` by what they do ("create membership")."""

    seconds: float = 0.0
    calls: Mapping[str, int] = field(default_factory=dict)


def estimate(steps: Sequence[Step], *, in_flight: int, per_second: float, latency: float) -> Estimate:
    """The time that `steps` take when each kind of call is held to `per_second` and takes `latency` seconds.

    (Identity Store: 20 a second for each API, AWS userguide, limits.)
    """
    schedule = Schedule(steps, in_flight=in_flight)
    free_at: dict[str, float] = {}
    running: list[tuple[float, str]] = []
    calls: Counter[str] = Counter()
    now = 0.0
    while not schedule.over:
        for step in schedule.take():
            call = f"{step.action} {step.address.kind}"
            calls[call] += 1
            starts = max(now, free_at.get(call, 0.0))
            free_at[call] = starts + 1 / per_second
            heapq.heappush(running, (starts + latency, step.id))
        if not running:
            break
        now, identifier = heapq.heappop(running)
        schedule.ended(Outcome(identifier, Status.DONE))
    return Estimate(seconds=now, calls=dict(sorted(calls.items())))

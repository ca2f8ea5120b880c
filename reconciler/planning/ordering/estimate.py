"""How many calls and seconds an apply will take, by driving the schedule with modelled durations."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.model.resources import several
from reconciler.planning.ordering.schedule import Schedule
from reconciler.planning.ordering.steps import writes_something

# Calls a second that sso-admin takes, all of them together; a quarter below the 20 of the user guide, limits.
_SSO_ADMIN_PER_SECOND = 14.0
# Seconds of the service's own time: one role is made, or renewed in many accounts side by side.
_ASSIGNMENT, _PROVISIONING, _EACH_ACCOUNT = 3.0, 5.0, 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` of wall clock, `calls` by what they do ("create membership")."""

    seconds: float = 0.0
    calls: Mapping[str, int] = field(default_factory=dict)


def estimate(
    steps: Sequence[Step],
    *,
    in_flight: int,
    per_second: float,
    latency: float,
    speed: float = 1.0,
    membership_batch: int = 1,
    bulk: int = 1,
) -> Estimate:
    """The time that `steps` take when each kind of call is held to `per_second` and takes `latency` seconds.

    (Identity Store: 20 a second for each API, AWS userguide, limits; sso-admin: 20 for all together.)
    `speed` is by how much a service's own time runs faster, which only the sandbox's does; `per_second`
    and `latency` are meant as they are. Steps go together as `membership_batch` and `bulk` of the target's
    capabilities allow.
    """
    schedule = Schedule(steps, in_flight=in_flight, membership_batch=membership_batch, bulk=bulk)
    free_at: dict[str, float] = {}
    # By the first of each unit, so that equal times have an order.
    running: list[tuple[float, str, tuple[Step, ...]]] = []
    calls: Counter[str] = Counter()
    now = 0.0
    while not schedule.over:
        for unit in schedule.units():
            # What goes together is one call.
            step = unit[0]
            call, count = f"{step.action} {step.address.kind}", _calls(step)
            if count:
                calls[call] += count
            shared = step.address.kind.facts.shared_rate
            gate, rate = (shared, _SSO_ADMIN_PER_SECOND * speed) if shared else (call, per_second)
            starts = max(now, free_at.get(gate, 0.0))
            free_at[gate] = starts + count / rate
            ends = starts + count * latency + _service_time(step) / speed
            heapq.heappush(running, (ends, step.id, unit))
        if not running:
            break
        now, _, unit = heapq.heappop(running)
        for step in unit:
            schedule.ended(Outcome(step.id, Status.DONE))
    return Estimate(seconds=now, calls=dict(sorted(calls.items())))


def _calls(step: Step) -> int:
    """How many calls a step takes: the parts of a permission set are written one by one."""
    if not writes_something(step):
        return 0
    if step.address.kind is not Kind.PERMISSION_SET or step.action is Action.DELETE:
        return 1
    policies = 0
    for each in step.fields:
        if isinstance(each.before, tuple) or isinstance(each.after, tuple):
            policies += len(several(each.before) ^ several(each.after))
        elif each.name in ("inline_policy", "permissions_boundary"):
            policies += 1
    return 1 + policies


def _service_time(step: Step) -> float:
    if step.address.kind is Kind.ASSIGNMENT:
        return _ASSIGNMENT
    if step.address.kind is Kind.PROVISIONING:
        return _PROVISIONING + _EACH_ACCOUNT * len(step.changes)
    return 0.0

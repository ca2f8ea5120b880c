"""From changes to steps in an order that respects every dependency.

Revocations come first and wait for nothing but the grants that take their place; creates come before what
refers to them; a name is freed before it is given to another, and passed on after what its new owner shall
not have and before what they shall; a permission set is edited before it is given to anybody more;
containers go last. So every prefix of the order leaves nobody with more than before and after together.
Rank is coarse (all of one rank are attempted before the next begins), `after` and `held_by` are exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.change import Change
from reconciler.model.plan import Finding, Severity, Step
from reconciler.planning import steps as making
from reconciler.planning.replacing import hold, walk
from reconciler.planning.steps import UNIQUE, Context, ends, needs, rank, restricted, set_of

__all__ = ["UNIQUE", "Context", "ends", "needs", "order", "rank", "restricted", "set_of"]

_NOTHING_ELSE = Context()


def order(
    changes: Sequence[Change], context: Context = _NOTHING_ELSE
) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """Steps in an order that respects every dependency, and a refusal for each circle of names."""
    steps = making.steps(changes, context)
    findings = tuple(_cycle(cycle) for cycle in _cycles(steps))
    if findings:
        return tuple(sorted(steps.values(), key=lambda step: (step.rank, step.id))), findings
    if context.replaced:
        hold(steps, changes, context.replaced)
    _raise_ranks(steps)
    return tuple(steps[each] for each in _sorted(steps)), ()


def _waits(step: Step, steps: Mapping[str, Step]) -> set[str]:
    return {each for each in (*step.after, *step.held_by) if each in steps}


def _sorted(steps: Mapping[str, Step]) -> Iterable[str]:
    """By rank, and within a rank by id, but never before what a step waits for."""
    waits = {identifier: _waits(step, steps) for identifier, step in steps.items()}
    waiting = {identifier: len(needed) for identifier, needed in waits.items()}
    dependents: dict[str, list[str]] = {}
    for identifier, needed in waits.items():
        for each in needed:
            dependents.setdefault(each, []).append(identifier)
    ready = [(steps[each].rank, each) for each, count in waiting.items() if not count]
    heapq.heapify(ready)
    while ready:
        _, identifier = heapq.heappop(ready)
        yield identifier
        for each in dependents.get(identifier, ()):
            waiting[each] -= 1
            if not waiting[each]:
                heapq.heappush(ready, (steps[each].rank, each))


def _raise_ranks(steps: dict[str, Step]) -> None:
    """Nothing may rank below what it waits for: a rename to the name of a container goes after it."""
    for identifier in list(_sorted(steps)):
        step = steps[identifier]
        needed = max((steps[each].rank for each in _waits(step, steps)), default=0)
        if needed > step.rank:
            steps[identifier] = replace(step, rank=needed)


def _cycles(steps: Mapping[str, Step]) -> list[list[str]]:
    """Circles among the dependencies; only names that are swapped can make one."""
    sorted_ = set(_sorted(steps))
    waits = {
        identifier: {each for each in step.after if each in steps} - sorted_
        for identifier, step in steps.items()
        if identifier not in sorted_
    }
    cycles = []
    while waits:
        cycle = walk(min(waits), waits)
        cycles.append(sorted(cycle))
        # What only waits for a circle that is said already is not said again.
        free = set(cycle)
        while free:
            waits = {each: needed - free for each, needed in waits.items() if each not in free}
            free = {each for each, needed in waits.items() if not needed}
    return cycles


def _cycle(cycle: Sequence[str]) -> Finding:
    return Finding(
        code="name-circle",
        severity=Severity.REFUSAL,
        message=f"{' and '.join(cycle)} take each other's names, which no order of single steps can do",
        fix="give one of them an intermediate name first, apply, and then the final one",
        details=tuple(cycle),
        count=len(cycle),
    )

"""From changes to steps in an order that respects every dependency.

Revocations come first and wait for nothing but the grants that take their place; creates come before what
refers to them; a name is freed before it is given to another, and passed on after what its new owner shall
not have and before what they shall; a permission set is edited before it is given to anybody more, and after
it was taken from those who shall not have it; containers go last. So every prefix of the order leaves nobody
with more than before and after together. (Where a set changes hands, so that what takes its place waits for
the edit itself, those who lose it may have it edited until then.)
Rank is coarse (all of one rank are attempted before the next begins), `after` and `held_by` are exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.model.change import Change
from reconciler.model.plan import Finding, Severity, Step
from reconciler.planning.ordering import steps as making
from reconciler.planning.ordering.editing import take_before_edits
from reconciler.planning.ordering.replacing import hold, walk
from reconciler.planning.ordering.steps import Dependencies, needs, rank, restricted

__all__ = ["Dependencies", "needs", "order", "rank", "restricted"]

_NOTHING_ELSE = Dependencies()


def order(
    changes: Sequence[Change], dependencies: Dependencies = _NOTHING_ELSE
) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """Steps in an order that respects every dependency, and a refusal for each circle of names."""
    steps = making.steps(changes, dependencies)
    graph = _Graph(steps)
    circles = _circles(graph)
    if circles:
        unordered = sorted(steps.values(), key=lambda step: (step.rank, step.id))
        return tuple(unordered), tuple(map(_cycle, circles))
    if dependencies.replaced:
        hold(steps, changes, dependencies.replaced)
        graph = _Graph(steps)
    if take_before_edits(steps, changes, dependencies):
        graph = _Graph(steps)
    # Nothing may rank below what it waits for: a rename to the name of a container goes after it.
    ranks: dict[str, int] = {}
    for each in graph.sorted(lambda _: 0):
        ranks[each] = max([steps[each].rank, *(ranks[needed] for needed in graph.waits[each])])
    for each, raised in ranks.items():
        if raised != steps[each].rank:
            steps[each] = replace(steps[each], rank=raised)
    return tuple(steps[each] for each in graph.sorted(ranks.__getitem__)), ()


class _Graph:
    """Which step waits for which, by id and within one plan."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self.waits: dict[str, set[str]] = {}
        self.dependents: dict[str, list[str]] = {}
        for identifier, step in steps.items():
            needed = {each for each in (*step.after, *step.held_by) if each in steps}
            self.waits[identifier] = needed
            for each in needed:
                self.dependents.setdefault(each, []).append(identifier)

    def sorted(self, rank: Callable[[str], int]) -> Iterator[str]:
        """By rank and id, but never before what a step waits for; what waits in a circle never comes."""
        waiting = {identifier: len(needed) for identifier, needed in self.waits.items()}
        ready = [(rank(each), each) for each, count in waiting.items() if not count]
        heapq.heapify(ready)
        while ready:
            _, identifier = heapq.heappop(ready)
            yield identifier
            for each in self.dependents.get(identifier, ()):
                waiting[each] -= 1
                if not waiting[each]:
                    heapq.heappush(ready, (rank(each), each))


def _circles(graph: _Graph) -> list[list[str]]:
    """Circles among the dependencies; only names that are swapped can make one."""
    free = set(graph.sorted(lambda _: 0))
    waits = {each: needed - free for each, needed in graph.waits.items() if each not in free}
    circles = []
    while waits:
        circle = walk(min(waits), waits)
        circles.append(sorted(circle))
        # What only waits for a circle that is said already is not said again.
        free = set(circle)
        while free:
            waits = {each: needed - free for each, needed in waits.items() if each not in free}
            free = {each for each, needed in waits.items() if not needed}
    return circles


def _cycle(cycle: Sequence[str]) -> Finding:
    return Finding(
        code="rename-cycle",
        severity=Severity.REFUSAL,
        message=f"{' and '.join(cycle)} take each other's names, which no order of single steps can do",
        fix="give one of them an intermediate name first, apply, and then the final one",
        details=tuple(cycle),
        count=len(cycle),
    )

"""Which revocation waits for the grants that take its place, so that nobody is without access meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import PAIRS, Address
from reconciler.model.change import AT_ONCE, Action, Change
from reconciler.model.plan import Step

# Who must have no access must not keep it until something else is there.


def hold(
    steps: dict[str, Step], changes: Sequence[Change], replaced: Mapping[Address, tuple[Address, ...]]
) -> None:
    """Give each revocation in `steps` the grants that it waits for, where that closes no circle.

    `after` alone must be free of circles. A grant that waits for the revocation, even through others,
    cannot hold it.
    """
    held = {
        str(change.address): sorted(
            {str(grant) for grant in replaced[change.address] if str(grant) in steps} - {str(change.address)}
        )
        for change in changes
        if change.address in replaced
        and change.action is Action.DELETE
        and change.address.kind in PAIRS
        and change.cause not in AT_ONCE
        and str(change.address) in steps
    }
    for waiting, grant in _closing(steps, held):
        held[waiting].remove(grant)
    for identifier, grants in held.items():
        if grants:
            steps[identifier] = replace(steps[identifier], held_by=tuple(grants))


def _closing(steps: Mapping[str, Step], held: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, str]]:
    """Pairs of revocation and grant without which nothing waits in a circle; few, and none without need."""
    waits = {
        identifier: {each for each in (*step.after, *held.get(identifier, ())) if each in steps}
        for identifier, step in steps.items()
    }
    dependents: dict[str, list[str]] = {}
    for identifier, needed in waits.items():
        for each in needed:
            dependents.setdefault(each, []).append(identifier)
    ready = [identifier for identifier, needed in waits.items() if not needed]
    left = dict.fromkeys(identifier for identifier, needed in waits.items() if needed)
    dropped: list[tuple[str, str]] = []
    while True:
        while ready:
            ended = ready.pop()
            left.pop(ended, None)
            for dependent in dependents.get(ended, ()):
                waits[dependent].discard(ended)
                if not waits[dependent] and dependent in left:
                    del left[dependent]
                    ready.append(dependent)
        if not left:
            return dropped
        circle = walk(next(iter(left)), waits)
        waiting, grant = min(
            (one, other)
            for one, other in zip(circle, (*circle[1:], circle[0]), strict=True)
            if other in held.get(one, ()) and other not in steps[one].after
        )
        dropped.append((waiting, grant))
        waits[waiting].discard(grant)
        if not waits[waiting]:
            del left[waiting]
            ready.append(waiting)


def walk(start: str, waits: Mapping[str, set[str]]) -> list[str]:
    """A circle that is met on the way from `start`: each waits for the next, the last for the first.

    Everything that is waited for must itself be waiting.
    """
    position: dict[str, int] = {}
    trail: list[str] = []
    at = start
    while at not in position:
        position[at] = len(trail)
        trail.append(at)
        at = min(waits[at])
    return trail[position[at] :]

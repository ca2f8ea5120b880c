"""What may be done without anybody looking: the changes whose cause is in `auto_apply`, and no others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet

from reconciler.model.address import Address
from reconciler.model.change import Cause, Change
from reconciler.planning.ordering.order import Dependencies, needs, order


def by_rule_alone(
    changes: Sequence[Change], causes: Collection[Cause], dependencies: Dependencies
) -> tuple[list[Change], list[Change]]:
    """The changes that one of `causes` brings about, and those that wait for a review.

    A change that needs one which waits (a grant of a permission set that somebody else must edit first)
    waits with it. A removal waits for no grant: what was to replace it comes when it has been reviewed.
    """
    return without_waiting(
        changes, {change.address for change in changes if change.cause in causes}, dependencies
    )


def without_waiting(
    changes: Sequence[Change], go: AbstractSet[Address], dependencies: Dependencies
) -> tuple[list[Change], list[Change]]:
    """The changes in `go` that need none which is not in it, and the others."""
    steps, _ = order(changes, dependencies)
    carries = {step.id: step.changes for step in steps}
    may = set(go)
    while held := {
        address
        for step in steps
        if any(each not in may for needed in needs(step) for each in carries.get(needed, ()))
        for address in step.changes
        if address in may
    }:
        may -= held
    return (
        [change for change in changes if change.address in may],
        [change for change in changes if change.address not in may],
    )

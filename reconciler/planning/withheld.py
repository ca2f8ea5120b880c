"""Differences that are seen and not made: what is only observed, and what was not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.policy import Mode, Scope
from reconciler.model.state import Gap
from reconciler.planning.order import ends

Parted = tuple[list[Change], list[Change]]


def without_observed(changes: Iterable[Change], scope: Scope) -> Parted:
    """Changes to make, and changes of kinds that are only observed, with what hangs on those.

    A membership cannot be made of what is not created, and what holds memberships that must stay is not
    deleted, since they would go with it.
    """
    make, observed = _part(changes, lambda change: scope.mode(change.address.kind) is Mode.OBSERVE)
    missing = {change.address for change in observed if change.action is Action.CREATE}
    kept = {
        end
        for change in observed
        if change.address.kind is Kind.MEMBERSHIP and change.action is Action.DELETE
        for end in ends(change.address)
    }
    if not missing and not kept:
        return make, observed
    make, held = _part(
        make,
        lambda change: (
            (change.action is Action.DELETE and change.address in kept)
            or (
                change.address.kind is Kind.MEMBERSHIP and any(end in missing for end in ends(change.address))
            )
        ),
    )
    return make, observed + held


def without_unread(changes: Iterable[Change], gaps: Iterable[Gap], ids: Mapping[Address, str]) -> Parted:
    """Changes to make, and removals inside of what was not read, or that would take some of it along.

    `ids` are the remote ids of groups. Nobody knows of which unread groups a user is a member.
    """
    unread = {gap.scope for gap in gaps if gap.kind is Kind.MEMBERSHIP}

    def inside(change: Change) -> bool:
        address = change.address
        if change.action is not Action.DELETE or address.kind is Kind.USER:
            return change.action is Action.DELETE
        group = ends(address)[0] if address.kind is Kind.MEMBERSHIP else address
        return "*" in unread or ids.get(group) in unread

    return _part(changes, inside) if unread else (list(changes), [])


def _part(changes: Iterable[Change], out: Callable[[Change], bool]) -> Parted:
    parted: Parted = ([], [])
    for change in changes:
        parted[out(change)].append(change)
    return parted

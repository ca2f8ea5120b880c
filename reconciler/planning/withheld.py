"""Differences that are seen and not made: only observed, not read, or in want of a name that is taken."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.names import fold
from reconciler.model.policy import Mode, Scope
from reconciler.model.state import Gap, Live
from reconciler.planning.order import UNIQUE, ends

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


def without_taken(changes: Iterable[Change], live: Live, ids: Mapping[Address, str]) -> Parted:
    """Changes to make, and those that want a name or address that another live object has and keeps.

    A leaver who is disabled keeps the name; so does whoever git does not manage. What a change would have
    freed stays taken when the change is not made, and nobody joins a group by a user that is not created, or
    has one for a manager.
    """
    make = list(changes)
    taken: list[Change] = []
    holders = _holders(make, live)
    while holders:
        gone = {ids.get(change.address) for change in make if change.action is Action.DELETE}
        freed = {claim for change in make for claim in _claims(change, before=True)}
        missing = {change.address for change in taken if change.action is Action.CREATE}

        def refused(
            change: Change,
            gone: Container[object] = gone,
            freed: Container[object] = freed,
            missing: Container[object] = missing,
        ) -> bool:
            return manager(change) in missing or any(
                claim in holders
                and claim not in freed
                and holders[claim] not in gone
                and holders[claim] != ids.get(change.address)
                for claim in _claims(change, before=False)
            )

        make, more = _part(make, refused)
        if not more:
            break
        taken += more
    missing = {change.address for change in taken if change.action is Action.CREATE}
    if missing:
        make, _ = _part(
            make,
            lambda change: (
                change.address.kind is Kind.MEMBERSHIP and any(end in missing for end in ends(change.address))
            ),
        )
    return make, taken


def manager(change: Change) -> Address | None:
    """The user whom a change makes somebody's manager."""
    key = next((each.after for each in change.fields if each.name == "manager"), None)
    return Address.of(change.address.target, Kind.USER, key) if isinstance(key, str) else None


_Claim = tuple[Kind, str, str]


def _claims(change: Change, *, before: bool) -> Iterable[_Claim]:
    """The unique values that a change gives up, or wants."""
    kind = change.address.kind
    for each in change.fields:
        value = each.before if before else each.after
        if each.name in UNIQUE.get(kind, ()) and value is not None:
            yield kind, each.name, fold(str(value))


def _holders(changes: Iterable[Change], live: Live) -> Mapping[_Claim, str]:
    """Who has what the changes want."""
    wanted = {claim for change in changes for claim in _claims(change, before=False)}
    if not wanted:
        return {}
    held = (
        ((kind, name, fold(str(value))), one.id)
        for kind, objects in ((Kind.USER, live.users), (Kind.GROUP, live.groups))
        for one in objects.values()
        for name in UNIQUE[kind]
        if (value := one.attributes.get(name)) is not None
    )
    return {claim: identifier for claim, identifier in held if claim in wanted}


def _part(changes: Iterable[Change], out: Callable[[Change], bool]) -> Parted:
    parted: Parted = ([], [])
    for change in changes:
        parted[out(change)].append(change)
    return parted

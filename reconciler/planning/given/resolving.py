"""Finds the objects that an interrupted run was about to make: by name, since nobody learned their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Arn
from reconciler.model.ledger import UNBORN, GivenAssignment, GivenObject, Ledger
from reconciler.model.names import fold
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Live


def resolved(ledger: Ledger, live: Live) -> Ledger:
    """`ledger` with a remote id for each token of an object that is live by now, and without the others.

    An object is taken for the one that a run was about to make where exactly one live object has its name:
    when the run was planned, none had.
    """
    users = _found(ledger.users, ((one.id, one.attributes.get("user_name")) for one in live.users.values()))
    groups = _found(
        ledger.groups, ((one.id, one.attributes.get("display_name")) for one in live.groups.values())
    )
    sets = _found(ledger.sets, ((one.id, one.name) for one in live.permission_sets.values()))
    if users is None and groups is None and sets is None:
        return ledger
    users, groups, sets = users or {}, groups or {}, sets or {}
    members = _pairs(ledger.members, groups, users)
    unsure = _pairs(ledger.unsure, groups, users)
    assignments: dict[Pair, dict[Principal, GivenAssignment]] = {}
    for (account, token), held in ledger.assignments.items():
        arn = _id(token, sets)
        for principal, how in held.items() if arn is not None else ():
            identifier = _id(principal.id, users if principal.kind == "user" else groups)
            if identifier is not None:
                pair = assignments.setdefault((account, Arn(str(arn))), {})
                pair.setdefault(Principal(principal.kind, identifier), how)
    return replace(
        ledger,
        users=_objects(ledger.users, users),
        groups=_objects(ledger.groups, groups),
        sets=_objects(ledger.sets, sets),
        members=members,
        unsure=unsure,
        assignments=assignments,
        ends=_ends(ledger.ends, groups, users),
    )


def _found(
    given: Mapping[str, GivenObject], live: Iterable[tuple[str, object]]
) -> dict[str, str | None] | None:
    """The remote id behind each token without one (None: not there); None where there is no such token."""
    wanted = {token: fold(one.name) for token, one in given.items() if token.startswith(UNBORN)}
    if not wanted:
        return None
    names = set(wanted.values())
    by_name: dict[str, list[str]] = {}
    for identifier, name in live:
        if (folded := fold(str(name or ""))) in names:
            by_name.setdefault(folded, []).append(identifier)
    return {
        token: found[0] if len(found := by_name.get(name, [])) == 1 else None
        for token, name in wanted.items()
    }


def _id(token: str, found: Mapping[str, str | None]) -> str | None:
    return found.get(token) if token.startswith(UNBORN) else token


def _objects(given: Mapping[str, GivenObject], found: Mapping[str, str | None]) -> Mapping[str, GivenObject]:
    objects = {token: one for token, one in given.items() if not token.startswith(UNBORN)}
    for token, identifier in found.items():
        if identifier is not None:
            objects.setdefault(identifier, given[token])
    return objects


def _pairs(
    members: Mapping[str, frozenset[str]], groups: Mapping[str, str | None], users: Mapping[str, str | None]
) -> Mapping[str, frozenset[str]]:
    result: dict[str, frozenset[str]] = {}
    for token, theirs in members.items():
        group = _id(token, groups)
        if group is None:
            continue
        ids = frozenset(found for one in theirs if (found := _id(one, users)) is not None)
        result[group] = result.get(group, frozenset()) | ids
    return result


def _ends(
    ends: Mapping[str, Mapping[str, datetime]],
    groups: Mapping[str, str | None],
    users: Mapping[str, str | None],
) -> Mapping[str, Mapping[str, datetime]]:
    result: dict[str, dict[str, datetime]] = {}
    # What goes by a remote id already is what an apply ended with, so it counts before what a run meant.
    for token, theirs in sorted(ends.items(), key=lambda item: item[0].startswith(UNBORN)):
        group = _id(token, groups)
        for one, end in theirs.items() if group is not None else ():
            if (user := _id(one, users)) is not None:
                result.setdefault(str(group), {}).setdefault(user, end)
    return result

"""Guards of access: the one that the reconciler itself stands on, and how much one plan may give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Guards
from reconciler.planning.context import PlanContext
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.widening import is_wider

# The role that Identity Center makes of a permission set in an account, and who has assumed it (user guide,
# "Referencing permission sets in resource policies": the name ends in 16 hex digits).
_ROLE = re.compile(
    r"arn:[a-z-]+:sts::(?P<account>\d{12}):assumed-role/AWSReservedSSO_(?P<name>.+)_[0-9a-f]{16}/(?P<user>.+)"
)


_GIVEN = (Direction.GAIN, Direction.ALTER, Direction.LONGER)


class _Caller(NamedTuple):
    """As whom the reconciler runs: the account, the permission set and the user, in git's words."""

    account: str
    permission_set: Address
    user: Address
    # Groups through which the user may have the permission set there.
    groups: frozenset[Address]


def own_access(context: PlanContext, changes: Sequence[Change]) -> Iterator[Finding]:
    """Changes that take from the reconciler what it runs as, where no other way to it stays untouched.

    A role that Identity Center did not make (of a CI system, say) is nothing that a plan can take away.
    """
    caller = _caller(context)
    if caller is None:
        return
    hits = [change for change in changes if _touches(change, caller)]
    ways = {caller.user, *caller.groups}
    cut = {_way(change) for change in hits}
    essential = [change for change in hits if _way(change) is None]
    if not essential and not (cut and _held(context, caller) & ways <= cut):
        return
    yield Finding(
        code="self-lockout",
        severity=Severity.REFUSAL,
        message=(
            f"the reconciler runs as {caller.user} with {caller.permission_set} on "
            f"{context.account_name(caller.account)}, and would take that from itself"
        ),
        fix=f"run it as somebody else; {approval('self-lockout', len(hits), None)}",
        details=tuple(str(change.address) for change in hits),
        count=len(hits),
        covers=tuple(change.address for change in hits),
    )


def caller_name(context: PlanContext) -> str:
    """The user name of the person as whom the reconciler runs; "" where it is a role of another kind."""
    found = _ROLE.fullmatch(context.live.caller)
    return found["user"] if found is not None else ""


def _caller(context: PlanContext) -> _Caller | None:
    found = _ROLE.fullmatch(context.live.caller)
    if found is None:
        return None
    name = fold(found["user"])
    identifiers = [
        each.id for each in context.live.users.values() if fold(str(each.attributes.get("user_name"))) == name
    ]
    if not identifiers:
        return None
    groups = (group for group, members in context.live.members.items() if identifiers[0] in members)
    return _Caller(
        account=found["account"],
        permission_set=context.set_address(found["name"]),
        user=context.user_address(context.user_key(identifiers[0])),
        groups=frozenset(context.group_address(context.group_key(group)) for group in groups),
    )


def _held(context: PlanContext, caller: _Caller) -> frozenset[Address]:
    """To whom the caller's permission set is assigned in the caller's account now."""
    return frozenset(
        context.holder_address(context.holder(principal))
        for (account, arn), principals in context.live.assignments.items()
        if account == caller.account and context.set_address(context.set_name(arn)) == caller.permission_set
        for principal in principals
    )


def _touches(change: Change, caller: _Caller) -> bool:
    address, deleting = change.address, change.action is Action.DELETE
    if address == caller.user:
        renamed = any(each.name == "user_name" for each in change.fields)
        return change.action not in (Action.CREATE, Action.RELEASE) and (renamed or change.takes_away)
    if address == caller.permission_set:
        return deleting or (change.action is Action.UPDATE and not is_wider(change))
    if address.kind is Kind.GROUP:
        return deleting and address in caller.groups
    if address.kind is Kind.MEMBERSHIP and deleting:
        group, user = address.ends
        return user == caller.user and group in caller.groups
    if address.kind is Kind.ASSIGNMENT and deleting:
        principal, permission_set = address.ends
        return (
            permission_set == caller.permission_set
            and address.account == caller.account
            and (principal == caller.user or principal in caller.groups)
        )
    return False


def _way(change: Change) -> Address | None:
    """The principal through which a removal takes the access; None where it takes every way at once."""
    if change.address.kind.facts.pair:
        principal, _ = change.address.ends
        return principal
    return change.address if change.address.kind is Kind.GROUP else None


def grants_passed(
    access: Sequence[AccessChange], guards: Guards, changes: Sequence[Change] = ()
) -> Iterator[Finding]:
    """More access than a limit allows; what an edit reaches or what is kept for longer counts as given.

    All of `changes` that give or alter anything are refused.
    """
    giving = tuple(one.address for one in changes if one.effect in (Effect.GRANT, Effect.MIXED))
    given = [one for one in access if one.direction in _GIVEN] if guards.max_grants else []
    privileged = [one for one in given if one.privileged]
    total, bound = _grants(given), _bound(guards, "total")
    if bound is not None and total > bound:
        yield Finding(
            code="max-grants",
            severity=Severity.REFUSAL,
            message=f"{total} grants (people times accounts times sets); at most {bound} may be given",
            fix=approval("max-grants", total, None),
            details=_largest(given),
            count=total,
            covers=giving,
        )
    total, bound = _grants(privileged), _bound(guards, "privileged")
    if bound is not None and total > bound:
        yield Finding(
            code="max-privileged-grants",
            severity=Severity.REFUSAL,
            message=f"{total} grants of privileged access; at most {bound} may be given",
            fix=approval("max-privileged-grants", total, None),
            details=_largest(privileged),
            count=total,
            covers=giving,
        )


def _grants(rows: Sequence[AccessChange]) -> int:
    return sum(len(row.people) * len(row.accounts) for row in rows)


def _bound(guards: Guards, which: str) -> int | None:
    limit = guards.max_grants.get(which)
    return None if limit is None else limit.count


def _largest(rows: Sequence[AccessChange]) -> tuple[str, ...]:
    """What is given to how many, the most first."""
    ordered = sorted(rows, key=lambda row: (-len(row.people) * len(row.accounts), row.permission_set))
    return tuple(
        f"{row.permission_set}: people: {len(row.people)}, accounts: {len(row.accounts)}" for row in ordered
    )

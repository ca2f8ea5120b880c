"""What a person reaches: the permission sets of one target by account, and who else has them there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from reconciler.model.address import Kind
from reconciler.model.durations import LONGEST_SESSION, longest_session
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Live, LivePermissionSet


class Reach(NamedTuple):
    """A permission set that a person has in an account, and by which groups ("" is themselves).

    `seconds` is how long a session of it lives on at most; `management` says whether no service control
    policy binds the account. `identifier` is the id of the account; `alone` says that nobody else is assigned
    to the set there, as surely as everything was read.
    """

    account: str
    permission_set: str
    ways: tuple[str, ...]
    seconds: int
    management: bool
    identifier: str
    alone: bool


def reaches(live: Live, ids: Sequence[str]) -> Iterator[Reach]:
    """What users have at one target, by account and permission set."""
    management = live.organization.management
    for (account, arn), ways in sorted(_ways(live, ids).items()):
        found = live.permission_sets.get(arn)
        yield Reach(
            account=account_name(live, account),
            permission_set=found.name if found is not None else arn,
            ways=tuple(sorted(ways)),
            seconds=int(_longest(found).total_seconds()),
            management=account == management or not management,
            identifier=account,
            alone=_alone(live, ids, account, live.assignments[(account, arn)]),
        )


def _alone(live: Live, ids: Sequence[str], account: str, principals: Iterable[Principal]) -> bool:
    """Whether these principals are the users and nobody else; what was not read may be anybody."""
    groups = {one.id for one in principals if one.kind is Kind.GROUP}
    unread = any(
        gap.scope == "*" or gap.scope in (groups if gap.kind is Kind.MEMBERSHIP else {account, "users"})
        for gap in live.gaps
        if gap.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
    )
    return not unread and all(
        one.id in ids if one.kind is Kind.USER else set(live.members.get(one.id, {""})) <= set(ids)
        for one in principals
    )


def _ways(live: Live, ids: Sequence[str]) -> Mapping[Pair, set[str]]:
    groups = {group for group, members in live.members.items() if any(each in members for each in ids)}
    found: dict[Pair, set[str]] = {}
    for pair, principals in live.assignments.items():
        for one in principals:
            if one.kind is Kind.USER and one.id in ids:
                found.setdefault(pair, set()).add("")
            elif one.kind is Kind.GROUP and one.id in groups:
                found.setdefault(pair, set()).add(group_name(live, one.id))
    return found


def group_name(live: Live, identifier: str) -> str:
    """What a group is called, by its remote id, or the id."""
    found = live.groups.get(identifier)
    return str(found.attributes.get("display_name") or identifier) if found is not None else identifier


def account_name(live: Live, identifier: str) -> str:
    """The name of an account and its id, or the id alone."""
    found = live.organization.accounts.get(identifier)
    return f"{found.name} ({identifier})" if found is not None and found.name else identifier


def _longest(found: LivePermissionSet | None) -> timedelta:
    """How long a session of a set lives at most; the longest there is of a set that nobody read."""
    return LONGEST_SESSION if found is None else longest_session(found.attributes.get("session_duration"))

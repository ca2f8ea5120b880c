"""Whose hand a drift was: joins differences with the events of the service, by ids and never by names.

Which events can explain what: IAM Identity Center user guide, "Logging with AWS CloudTrail" (console, API
and `sso`), and "Logging SCIM API calls with AWS CloudTrail".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.model.address import Address, Kind
from reconciler.model.authorship import OWN_SESSION, Author, Event, Written
from reconciler.model.change import Action
from reconciler.model.drift import Difference, TargetDrift, UnmanagedGrant

# So long the service keeps events (CloudTrail user guide, event history).
KEPT = timedelta(days=90)
# So much later than the apply an event may stand, by the clocks of two machines.
_SKEW = timedelta(minutes=5)
# So long an apply may take that sets an object right (the time limit of the jobs of the workflows).
_RUN = timedelta(hours=1)
# Within this time an event may still be on its way.
_SETTLES = timedelta(hours=2)

_MEMBER_CREATED = "CreateGroupMembership"
_MEMBER_DELETED = "DeleteGroupMembership"
_SET_EDITS = (
    "UpdatePermissionSet",
    "PutInlinePolicyToPermissionSet",
    "DeleteInlinePolicyFromPermissionSet",
    "PutPermissionsBoundaryToPermissionSet",
    "DeletePermissionsBoundaryFromPermissionSet",
    "AttachManagedPolicyToPermissionSet",
    "DetachManagedPolicyFromPermissionSet",
    "AttachCustomerManagedPolicyReferenceToPermissionSet",
    "DetachCustomerManagedPolicyReferenceFromPermissionSet",
    "TagResource",
    "UntagResource",
)
# By kind, and by what a plan would do about it: what somebody may have called. What goes with an object goes
# without an event of its own.
_NAMES: Mapping[tuple[Kind, Action], tuple[str, ...]] = {
    (Kind.USER, Action.CREATE): ("DeleteUser",),
    (Kind.USER, Action.UPDATE): ("UpdateUser", "PatchUser", "PutUser", "EnableUser", "DisableUser"),
    (Kind.USER, Action.DELETE): ("CreateUser",),
    (Kind.GROUP, Action.CREATE): ("DeleteGroup",),
    (Kind.GROUP, Action.UPDATE): ("UpdateGroup", "PatchGroup"),
    (Kind.GROUP, Action.DELETE): ("CreateGroup",),
    (Kind.MEMBERSHIP, Action.CREATE): (
        "RemoveMemberFromGroup",
        _MEMBER_DELETED,
        "PatchGroup",
        "DeleteUser",
        "DeleteGroup",
    ),
    (Kind.MEMBERSHIP, Action.DELETE): ("AddMemberToGroup", _MEMBER_CREATED, "PatchGroup", "CreateGroup"),
    (Kind.PERMISSION_SET, Action.CREATE): ("DeletePermissionSet",),
    (Kind.PERMISSION_SET, Action.UPDATE): _SET_EDITS,
    (Kind.PERMISSION_SET, Action.DELETE): ("CreatePermissionSet",),
    (Kind.PROVISIONING, Action.UPDATE): _SET_EDITS,
    (Kind.ASSIGNMENT, Action.CREATE): ("DeleteAccountAssignment",),
    (Kind.ASSIGNMENT, Action.DELETE): ("CreateAccountAssignment",),
}
# Those that take something away from every pair of an object: one id is enough.
_WHOLE = frozenset({"DeleteUser", "DeleteGroup"})


def event_names(drift: TargetDrift) -> tuple[str, ...]:
    """The names of events that can explain what differs, sorted; none where nothing can be explained."""
    names = {name for kind, action in _wanted(drift) for name in _NAMES.get((kind, action), ())}
    if _MEMBER_DELETED in names:
        names.add(_MEMBER_CREATED)  # a deletion names the membership alone, and its creation whom it was of
    return tuple(sorted(names))


def written(drift: TargetDrift, most: int) -> Mapping[Address, Written]:
    """The first `most` objects that tell their author themselves: what was changed, and what was added."""
    found: dict[Address, Written] = {}
    for one in drift.differences:
        kind, action = one.change.address.kind, one.change.action
        if one.drifted and action is not Action.CREATE and _tells(kind, action):
            found[one.change.address] = Written(kind, _first(one.ids), made=action is Action.DELETE)
    for grant in drift.unmanaged:
        if grant.address.kind is Kind.MEMBERSHIP:
            found[grant.address] = Written(Kind.MEMBERSHIP, _first(grant.ids), made=True)
    return {address: one for address, one in list(found.items())[:most] if all(one.ids)}


def with_own_authors(drift: TargetDrift, authors: Mapping[Address, Author]) -> TargetDrift:
    """The drift with the authors that the objects tell; an apply that changed one explains no drift."""
    return replace(
        drift,
        differences=tuple(
            one
            if (author := authors.get(one.change.address)) is None
            or (author.own and one.change.action is Action.UPDATE and _set_right(author.at, one.right_at))
            or (author.at is not None and one.right_at is not None and author.at < one.right_at - _SKEW)
            else replace(one, author=author)
            for one in drift.differences
        ),
        unmanaged=tuple(
            replace(one, author=authors[one.address]) if one.address in authors else one
            for one in drift.unmanaged
        ),
    )


def _tells(kind: Kind, action: Action) -> bool:
    return kind in (Kind.USER, Kind.GROUP) or (kind is Kind.MEMBERSHIP and action is Action.DELETE)


def _first(ids: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(place[0] if place else "" for place in ids)


def looked_back(drift: TargetDrift, now: datetime) -> datetime:
    """Since when events matter: since the last comparison of anything that differs, at most 90 days."""
    known = [one.right_at for one in drift.differences if one.drifted]
    earliest = None if drift.unmanaged or None in known else min(filter(None, known), default=None)
    # A deletion is explained by the creation before it, which may be older.
    members = any(one.change.address.kind is Kind.MEMBERSHIP for one in drift.differences)
    return now - KEPT if earliest is None or members else max(now - KEPT, earliest - _SKEW)


def attributed(drift: TargetDrift, events: Sequence[Event], now: datetime) -> TargetDrift:
    """The drift with an author for each difference that an event explains; events may come in any order."""
    index = _Index(events)
    return replace(
        drift,
        differences=tuple(_with_author(one, index) for one in drift.differences),
        unmanaged=tuple(_granted_by(one, index) for one in drift.unmanaged),
        unattributed=_why(drift, now),
    )


def _why(drift: TargetDrift, now: datetime) -> str:
    """Why some difference has no author yet, or will have none."""
    recent = [one.right_at for one in drift.differences if one.drifted and one.right_at]
    if recent and max(recent) > now - _SETTLES:
        return "not yet visible: events appear after minutes, and sometimes after hours"
    return f"not found in the {KEPT.days} days of the event history; the newest minutes are not in it yet"


def _wanted(drift: TargetDrift) -> Iterator[tuple[Kind, Action]]:
    for one in drift.differences:
        if one.drifted and one.author is None:
            yield one.change.address.kind, one.change.action
    for grant in drift.unmanaged:
        if grant.author is None:
            yield grant.address.kind, Action.DELETE


def _with_author(one: Difference, index: _Index) -> Difference:
    if not one.drifted or one.author is not None:
        return one
    since = None if one.right_at is None else one.right_at - _SKEW
    return replace(one, author=index.author(one.change.address, one.change.action, one.ids, since))


def _granted_by(one: UnmanagedGrant, index: _Index) -> UnmanagedGrant:
    if one.author is not None:
        return one
    return replace(one, author=index.author(one.address, Action.DELETE, one.ids, None))


def _set_right(at: datetime | None, right_at: datetime | None) -> bool:
    """Whether a run of ours that changed an object then may be the one that set it right.

    A later one is told like everybody: the name of a session is chosen by who begins it.
    """
    return right_at is not None and (at is None or at <= right_at + _RUN)


class _Told:
    """An event with the ids in it: all, those of what it was done to, and those of what it made."""

    def __init__(self, event: Event) -> None:
        self.event = event
        asked, answered = _document(event.text), _document(event.answer)
        self.made = frozenset(_texts(answered))
        self.all = frozenset(_texts(asked)) | self.made
        # What it was done to stands on top. Below are values, such as the manager of a user.
        self.subject = frozenset(each for each in asked.values() if isinstance(each, str))
        self.memberships = frozenset(
            each
            for document in (asked, answered)
            for key, each in document.items()
            if key.casefold() == "membershipid" and isinstance(each, str)
        )


class _Index:
    """Events by name, newest first, each with the ids that it speaks of."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_name: dict[str, list[_Told]] = {}
        for event in sorted(events, key=lambda one: (one.at, one.id), reverse=True):
            self._by_name.setdefault(event.name, []).append(_Told(event))
        # Whom a membership was of, by its own id: deletions tell nothing else.
        self._members: dict[str, frozenset[str]] = {}
        for told in self._by_name.get(_MEMBER_CREATED, []):
            for each in told.memberships:
                self._members.setdefault(each, told.all)

    def author(
        self, address: Address, action: Action, ids: Sequence[Sequence[str]], since: datetime | None
    ) -> Author | None:
        """Who made it, by the newest event since then that is about all its ids; None where none is."""
        if not ids or not all(ids):
            return None
        found = [
            event
            for name in _NAMES.get((address.kind, action), ())
            for event in self._explaining(name, ids, since, action)
        ]
        newest = max(found, key=lambda event: (event.at, event.id), default=None)
        if newest is None:
            return None
        return Author(newest.who, newest.at, newest.channel, newest.name, newest.id)

    def _explaining(
        self, name: str, ids: Sequence[Sequence[str]], since: datetime | None, action: Action
    ) -> Iterator[Event]:
        for told in self._by_name.get(name, ()):
            event = told.event
            if since is not None and event.at < since:
                return
            right_at = None if since is None else since + _SKEW
            if (
                action is Action.UPDATE
                and event.who.startswith(OWN_SESSION)
                and _set_right(event.at, right_at)
            ):
                continue  # an apply changed it so that it was right
            about = self._about(told, name, pair=len(ids) > 1, made=action is Action.DELETE)
            hits = [any(each in about for each in place) for place in ids]
            if all(hits) or (name in _WHOLE and any(hits)):
                yield event
                return  # older ones do not count

    def _about(self, told: _Told, name: str, *, pair: bool, made: bool) -> frozenset[str]:
        """The ids of what an event was about: others can stand in it as values."""
        if name in _WHOLE or (not pair and not made):
            return told.subject
        if not pair:
            return told.made or told.subject
        if name == _MEMBER_DELETED:
            return told.all.union(*(self._members.get(each, ()) for each in told.memberships))
        return told.all


def _document(text: str) -> Mapping[str, object]:
    try:
        document = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _texts(value: object) -> Iterator[str]:
    """Every text in it, and what stands between quotes inside of one (a path of SCIM)."""
    if isinstance(value, str):
        yield value
        yield from value.split('"')[1::2]
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)

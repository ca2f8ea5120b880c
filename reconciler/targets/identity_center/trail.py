"""The event history of CloudTrail: who wrote what, read only after drift was found.

LookupEvents answers twice a second in one account and Region, newest first, for 90 days (CloudTrail API
reference). Filters by resource are not reliable for these services, so events are looked up by name, and
joined by the ids in them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.model.authorship import OWN_SESSION, Channel, Event
from reconciler.wire.aws import Aws

_SERVICE = "cloudtrail"
# Roles that Identity Center makes for permission sets (user guide, "Referencing permission sets").
_OF_PEOPLE = "AWSReservedSSO_"
_PAGE = 50
# Pages of one name: the newest 1,000 events of it, in ten seconds.
_PAGES = 20
_CHANNELS = {
    "sso-directory.amazonaws.com": Channel.CONSOLE,
    "identitystore-scim.amazonaws.com": Channel.SCIM,
}
_OURS = frozenset({*_CHANNELS, "identitystore.amazonaws.com", "sso.amazonaws.com"})


def events(aws: Aws, names: Sequence[str], since: datetime) -> Sequence[Event]:
    """The newest 1,000 events of each name since then, newest first. Raises ServiceError."""
    found = []
    for name in names:
        pages = aws.pages(
            _SERVICE,
            "LookupEvents",
            "Events",
            lambda item: item.get("EventId"),
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            StartTime=since,
            MaxResults=_PAGE,
        )
        for _, page in zip(range(_PAGES), pages, strict=False):
            found += [event for item in page if (event := _event(item)) is not None]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def _event(item: Mapping[str, Any]) -> Event | None:
    """One event of the services that write here; None for any other, and for one that is not readable."""
    at = item.get("EventTime")
    detail = _document(item.get("CloudTrailEvent"))
    source = str(detail.get("eventSource") or item.get("EventSource") or "")
    # What was refused changed nothing.
    if not isinstance(at, datetime) or source not in _OURS or detail.get("errorCode"):
        return None
    console = detail.get("sessionCredentialFromConsole") == "true"
    return Event(
        id=str(item.get("EventId")),
        name=str(item.get("EventName")),
        at=at,
        who=_who(detail, item),
        channel=_CHANNELS.get(source, Channel.CONSOLE if console else Channel.API),
        text=json.dumps(detail.get("requestParameters") or {}),
        answer=json.dumps(detail.get("responseElements") or {}),
    )


def _document(text: object) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def session_of(arn: str) -> str:
    """Who an ARN names: the session of a role, or the user.

    Whoever begins a session chooses its name, so that one which claims to be ours is told with its role; the
    roles of Identity Center are those of people.
    """
    _, _, path = arn.partition(":assumed-role/")
    role, _, session = path.rpartition("/")
    if not session.startswith(OWN_SESSION):
        return arn.rpartition("/")[2] or arn
    return f"user {session}" if role.startswith(_OF_PEOPLE) else f"{session} of the role {role}"


def _who(detail: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """The person as far as the event tells: the name of the session, the user, or what SCIM is.

    An administrator acts through a role, and the session's name at the end of its ARN is the person
    (CloudTrail user guide, userIdentity element).
    """
    identity = detail.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    kind, arn = str(identity.get("type") or ""), str(identity.get("arn") or "")
    if kind == "Root":
        return f"root of {identity.get('accountId') or 'an account'}"
    if kind == "WebIdentityUser":
        agent = str(detail.get("userAgent") or "")
        return f"a SCIM client ({agent})" if agent else "a SCIM client"
    if arn:
        return session_of(arn)
    behalf = identity.get("onBehalfOf")
    if isinstance(behalf, dict) and behalf.get("userId"):
        return f"user {behalf['userId']}"
    return str(identity.get("userName") or item.get("Username") or "somebody whom the event does not name")

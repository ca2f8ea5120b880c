"""Who wrote an object last, as the Identity Store itself remembers it: no event history is asked.

Users, groups and memberships carry CreatedBy and UpdatedBy (Identity Store API reference). What is gone
carries nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from reconciler.errors import NotFound
from reconciler.model.address import Kind
from reconciler.model.authorship import Author, Written
from reconciler.targets.identity_center.directory.api import Directory
from reconciler.targets.identity_center.trail import session_of


def authors(directory: Directory, objects: Collection[Written]) -> Mapping[Written, Author]:
    """The author of each of these objects that tells one; a call for each object or group. ServiceError."""
    found: dict[Written, Author] = {}
    members: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    for one in objects:
        raw: Mapping[str, Any] | None
        if one.kind is Kind.MEMBERSHIP:
            group, user = one.ids
            if group not in members:
                members[group] = _members(directory, group)
            raw = members[group].get(user)
        else:
            (identifier,) = one.ids
            raw = directory.user(identifier) if one.kind is Kind.USER else directory.group(identifier)
        author = _author(raw or {}, "Created" if one.made else "Updated")
        if author is not None:
            found[one] = author
    return found


def _members(directory: Directory, group: str) -> Mapping[str, Mapping[str, Any]]:
    try:
        rows = [row for page in directory.memberships_of(group) for row in page]
    except NotFound:
        return {}
    return {str((row.get("MemberId") or {}).get("UserId")): row for row in rows}


def _author(raw: Mapping[str, Any], verb: str) -> Author | None:
    who, at = raw.get(f"{verb}By"), raw.get(f"{verb}At")
    if not isinstance(who, str) or not who:
        return None
    # An administrator acts through a role: the name of the session at the end of its ARN is the person.
    name = session_of(who) if who.startswith("arn:") else who
    return Author(name, at if isinstance(at, datetime) else None)

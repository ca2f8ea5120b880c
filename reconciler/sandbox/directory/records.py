"""Records of the directory, and what writing any of them has in common."""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.answers import ApiError, duplicate, moved, not_found

# Default quotas of IAM Identity Center (user guide, quotas).
MAX_USERS, MAX_GROUPS = 200_000, 100_000


@dataclass(frozen=True, slots=True)
class Record:
    """A user or a group as it is stored. Times are seconds since the epoch; `status` is "" for groups."""

    seq: int
    id: str
    status: str
    revision: str
    body: Mapping[str, Any]
    external: Sequence[Mapping[str, str]]
    created_at: float
    created_by: str
    updated_at: float
    updated_by: str


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes, and when (seconds since the epoch)."""

    by: str
    at: float


_UNIQUE = {
    "users.name_key": "UserName",
    "users.email_key": "Email",
    "groups.name_key": "GroupDisplayName",
    "memberships.group_id": "GroupMembership",
    "external_ids.": "ExternalId",
}


def record(row: Sequence[Any]) -> Record:
    """The record in a row of the views user_records and group_records."""
    seq, identifier, status, revision, body, external, *trail = row
    return Record(seq, identifier, status, revision, json.loads(body), json.loads(external), *trail)


def write(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> None:
    """Execute a statement; what is unique raises ConflictException."""
    try:
        db.execute(statement, values)
    except sqlite3.IntegrityError as error:
        for column, what in _UNIQUE.items():
            if column in str(error):
                raise duplicate(what) from error
        raise


def check_revision(what: str, current: Record, revision: str | None) -> None:
    """Raise ConflictException when the caller names a Revision that is no longer the current one."""
    if revision is not None and revision != current.revision:
        raise moved(what)


def new_id(prefix: str) -> str:
    """An id as the directory gives them: the identity store's own digits, and a UUID."""
    return f"{prefix}-{uuid.uuid4()}"


def new_revision() -> str:
    """A new mark. It is numeric and opaque: no order can be read from it."""
    return str(secrets.randbits(62))


def dump(value: Any) -> str:
    """JSON as it is stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def quota_exceeded(what: str, most: int) -> ApiError:
    """The refusal of one more than the quota allows."""
    return ApiError("ServiceQuotaExceededException", f"The identity store holds {most} {what} at most.")


def set_external_ids(
    db: sqlite3.Connection, kind: str, identifier: str, external: Sequence[Mapping[str, str]]
) -> None:
    """Replace the ids that others gave a user or a group; each is unique among its `kind`."""
    db.execute("DELETE FROM external_ids WHERE id = ?", (identifier,))
    for item in external:
        write(
            db, "INSERT INTO external_ids VALUES (?, ?, ?, ?)", (kind, item["Issuer"], item["Id"], identifier)
        )


def id_by_external_id(db: sqlite3.Connection, kind: str, issuer: str, external_id: str) -> str:
    """Whom somebody else knows by this id; `kind` is USER or GROUP. Raises ResourceNotFoundException."""
    row = db.execute(
        "SELECT id FROM external_ids WHERE kind = ? AND issuer = ? AND external_id = ?",
        (kind, issuer, external_id),
    ).fetchone()
    if row is None:
        raise not_found(kind)
    return str(row[0])

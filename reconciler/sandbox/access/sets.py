"""Permission sets: their definition, which no account follows until it is provisioned."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.access.terms import Quotas, iso_seconds
from reconciler.sandbox.answers import ApiError, invalid

_HOUR = 3600
_COLUMNS = (
    "seq, id, name, description, session_duration, relay_state, inline_policy, boundary, version, created_at"
)


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A row of the table. `id` is the ARN; `boundary` JSON; `version` grows with every change of content."""

    seq: int
    id: str
    name: str
    description: str | None
    session_duration: str
    relay_state: str | None
    inline_policy: str | None
    boundary: str | None
    version: int
    created_at: float

    @property
    def short_id(self) -> str:
        """`ps-` and sixteen digits, as messages name it."""
        return self.id.rpartition("/")[2]


class PermissionSets:
    """Every method runs inside a transaction of its caller."""

    def __init__(self, db: sqlite3.Connection, instance: str, quotas: Quotas) -> None:
        self._db, self._instance, self._quotas = db, instance.rpartition("/")[2], quotas

    def add(self, name: str, definition: Mapping[str, str | None], at: float) -> PermissionSet:
        """Create a set from Description, SessionDuration and RelayState, at `at` seconds since the epoch.

        Raises ValidationException, ConflictException for a name that is taken,
        ServiceQuotaExceededException.
        """
        duration = definition.get("SessionDuration") or "PT1H"
        _check_duration(duration)
        if self.by_name(name) is not None:
            raise ApiError("ConflictException", f"PermissionSet with name {name} already exists.")
        if self._db.execute("SELECT COUNT(*) FROM permission_sets").fetchone()[0] >= (
            self._quotas.permission_sets
        ):
            raise exceeded("PermissionSet", self._quotas.permission_sets, self._instance)
        arn = f"arn:aws:sso:::permissionSet/{self._instance}/ps-{secrets.token_hex(8)}"
        self._db.execute(
            "INSERT INTO permission_sets (id, name, description, session_duration, relay_state, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (arn, name, definition.get("Description"), duration, definition.get("RelayState"), at),
        )
        return self.get(arn)

    def get(self, arn: str) -> PermissionSet:
        """The set with this ARN. Raises ResourceNotFoundException."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM permission_sets WHERE id = ?", (arn,)).fetchone()  # noqa: S608  # a constant
        if row is None:
            raise missing(f"Could not find PermissionSet with id {arn.rpartition('/')[2]}")
        return PermissionSet(*row)

    def by_name(self, name: str) -> PermissionSet | None:
        """The set with this name."""
        row = self._db.execute("SELECT id FROM permission_sets WHERE name = ?", (name,)).fetchone()
        return None if row is None else self.get(row[0])

    def page(self, after: int, limit: int) -> list[PermissionSet]:
        """At most `limit` sets behind row `after`, in the order of their creation."""
        query = f"SELECT {_COLUMNS} FROM permission_sets WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608  # a constant
        return [PermissionSet(*row) for row in self._db.execute(query, (after, limit))]

    def redefine(self, arn: str, definition: Mapping[str, str | None]) -> None:
        """UpdatePermissionSet: a relay state that is left out is cleared; nothing else is.

        Seen in the field (Terraform's provider always sends all three for that reason).
        """
        found = self.get(arn)
        duration = definition.get("SessionDuration") or found.session_duration
        _check_duration(duration)
        self._change(
            arn,
            description=definition.get("Description") or found.description,
            session_duration=duration,
            relay_state=definition.get("RelayState"),
        )

    def set_inline_policy(self, arn: str, document: str | None) -> None:
        """Put a checked document in, or take it out."""
        self._change(arn, inline_policy=document)

    def set_boundary(self, arn: str, boundary: str | None) -> None:
        """Put a permissions boundary in (JSON), or take it out."""
        self._change(arn, boundary=boundary)

    def touch(self, arn: str) -> None:
        """The content has changed elsewhere: every account is behind now."""
        self._change(arn)

    def remove(self, arn: str) -> None:
        """Delete a set. Raises ConflictException while anything holds it, or its roles still go."""
        found = self.get(arn)
        busy = self._db.execute(
            "SELECT 1 FROM assignments WHERE set_id = :id UNION ALL SELECT 1 FROM role_changes"
            " WHERE set_id = :id LIMIT 1",
            {"id": arn},
        ).fetchone()
        if busy:
            raise ApiError(
                "ConflictException",
                "Could not delete because PermissionSet has ApplicationProfile associated with it.",
            )
        self._db.execute("DELETE FROM permission_sets WHERE id = ?", (found.id,))
        self._db.execute("DELETE FROM tags WHERE resource = ?", (found.id,))

    def _change(self, arn: str, **columns: Any) -> None:
        self.get(arn)
        # The names are those of this file's own keywords.
        changed = "".join(f", {name} = :{name}" for name in columns)
        self._db.execute(
            f"UPDATE permission_sets SET version = version + 1{changed} WHERE id = :id",  # noqa: S608  # see above
            {"id": arn, **columns},
        )


def _check_duration(duration: str) -> None:
    seconds = iso_seconds(duration)
    if seconds is None or not _HOUR <= seconds <= 12 * _HOUR:
        raise invalid(f"SessionDuration {duration} is not valid: it must be from PT1H to PT12H")


def missing(message: str) -> ApiError:
    """A ResourceNotFoundException of this service, which has no ResourceType."""
    return ApiError("ResourceNotFoundException", message)


def exceeded(what: str, most: int, where: str) -> ApiError:
    """A ServiceQuotaExceededException."""
    return ApiError(
        "ServiceQuotaExceededException",
        f"You have exceeded AWS SSO limits. Cannot create {what} more than {most} for id {where}."
        " Please refer to https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html",
    )


def tags_of(
    db: sqlite3.Connection, resource: str, after: int = 0, limit: int = -1
) -> Sequence[tuple[str, str]]:
    """At most `limit` tags of a resource behind the first `after`, by key."""
    found = db.execute(
        "SELECT key, value FROM tags WHERE resource = ? ORDER BY key LIMIT ? OFFSET ?",
        (resource, limit, after),
    )
    return found.fetchall()

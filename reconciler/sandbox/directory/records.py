"""Users, groups and memberships in the store. Every method runs inside a transaction of its caller."""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.answers import ApiError, duplicate, moved, not_found
from reconciler.sandbox.directory.rules import check_group, check_user, email_of, name_key

ENABLED, DISABLED = "ENABLED", "DISABLED"

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
class Membership:
    """One user in one group."""

    seq: int
    id: str
    group_id: str
    user_id: str
    created_at: float
    created_by: str


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes, and when (seconds since the epoch)."""

    by: str
    at: float


_COLUMNS = "seq, id, {status}, revision, body, external, created_at, created_by, updated_at, updated_by"
_USER = _COLUMNS.format(status="status")
_GROUP = _COLUMNS.format(status="''")
_MEMBERSHIP = "seq, id, group_id, user_id, created_at, created_by"


class Directory:
    """The tables, and the rules between them. `prefix` is what ids begin with: the identity store's own hex."""

    def __init__(
        self, db: sqlite3.Connection, prefix: str, *, max_users: int = MAX_USERS, max_groups: int = MAX_GROUPS
    ) -> None:
        self._db, self._prefix = db, prefix
        self._max = {"users": max_users, "groups": max_groups}

    # Users.

    def add_user(
        self,
        body: Mapping[str, Any],
        hand: Hand,
        *,
        status: str = ENABLED,
        external: Sequence[Mapping[str, str]] = (),
    ) -> Record:
        """Create a user. Raises ValidationException, ConflictException, ServiceQuotaExceededException."""
        check_user(body)
        self._check_quota("users")
        identifier = self._new_id()
        values = (
            identifier, name_key(body["UserName"]), _email_key(body), status, _revision(), _dump(body),
            hand.at, hand.by, hand.at, hand.by,
        )  # fmt: skip
        self._write(
            "INSERT INTO users (id, name_key, email_key, status, revision, body, created_at, created_by,"
            " updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        if external:
            self.set_external_ids("users", identifier, external)
        return self.user(identifier)

    def user(self, identifier: str) -> Record:
        """The user with this id. Raises ResourceNotFoundException."""
        return self._one(f"SELECT {_USER} FROM users WHERE id = ?", identifier, "USER")  # noqa: S608: constants

    def user_id(self, *, name: str | None = None, email: str | None = None) -> str:
        """The id of the user with this name, or this address. Raises ResourceNotFoundException."""
        column, value = ("name_key", name) if name is not None else ("email_key", email)
        row = self._db.execute(
            f"SELECT id FROM users WHERE {column} = ?",
            (name_key(value or ""),),  # noqa: S608: one of two constants
        ).fetchone()
        if row is None:
            raise not_found("USER")
        return str(row[0])

    def users(self, after: int, limit: int) -> list[Record]:
        """At most `limit` users behind row `after`, in the order of their creation."""
        return self._page(f"SELECT {_USER} FROM users WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)  # noqa: S608: constants

    def change_user(
        self,
        identifier: str,
        body: Mapping[str, Any],
        hand: Hand,
        *,
        revision: str | None = None,
        status: str | None = None,
    ) -> Record:
        """Replace what a user says of itself. `revision` must be the current one, where given."""
        before = self.user(identifier)
        _check_revision("user", before, revision)
        check_user(body)
        self._write(
            "UPDATE users SET name_key = ?, email_key = ?, status = ?, revision = ?, body = ?, updated_at = ?,"
            " updated_by = ? WHERE id = ?",
            (
                name_key(body["UserName"]), _email_key(body), status or before.status, _revision(), _dump(body),
                hand.at, hand.by, identifier,
            ),
        )  # fmt: skip
        return self.user(identifier)

    def remove_user(self, identifier: str, *, revision: str | None = None) -> None:
        """Delete a user and its memberships (the foreign keys cascade)."""
        _check_revision("user", self.user(identifier), revision)
        self._db.execute("DELETE FROM external_ids WHERE id = ?", (identifier,))
        self._db.execute("DELETE FROM users WHERE id = ?", (identifier,))

    # Groups.

    def add_group(
        self, body: Mapping[str, Any], hand: Hand, *, external: Sequence[Mapping[str, str]] = ()
    ) -> Record:
        """Create a group. Raises ValidationException, ConflictException, ServiceQuotaExceededException."""
        check_group(body)
        self._check_quota("groups")
        identifier = self._new_id()
        self._write(
            "INSERT INTO groups (id, name_key, revision, body, created_at, created_by, updated_at, updated_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                identifier, name_key(body["DisplayName"]), _revision(), _dump(body),
                hand.at, hand.by, hand.at, hand.by,
            ),
        )  # fmt: skip
        if external:
            self.set_external_ids("groups", identifier, external)
        return self.group(identifier)

    def group(self, identifier: str) -> Record:
        """The group with this id. Raises ResourceNotFoundException."""
        return self._one(f"SELECT {_GROUP} FROM groups WHERE id = ?", identifier, "GROUP")  # noqa: S608: constants

    def group_id(self, name: str) -> str:
        """The id of the group with this name. Raises ResourceNotFoundException."""
        row = self._db.execute("SELECT id FROM groups WHERE name_key = ?", (name_key(name),)).fetchone()
        if row is None:
            raise not_found("GROUP")
        return str(row[0])

    def groups(self, after: int, limit: int) -> list[Record]:
        """At most `limit` groups behind row `after`, in the order of their creation."""
        return self._page(f"SELECT {_GROUP} FROM groups WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)  # noqa: S608: constants

    def change_group(
        self, identifier: str, body: Mapping[str, Any], hand: Hand, *, revision: str | None = None
    ) -> Record:
        """Replace what a group says of itself. `revision` must be the current one, where given."""
        _check_revision("group", self.group(identifier), revision)
        check_group(body)
        self._write(
            "UPDATE groups SET name_key = ?, revision = ?, body = ?, updated_at = ?, updated_by = ? WHERE id = ?",
            (name_key(body["DisplayName"]), _revision(), _dump(body), hand.at, hand.by, identifier),
        )
        return self.group(identifier)

    def remove_group(self, identifier: str, *, revision: str | None = None) -> None:
        """Delete a group and its memberships (the foreign keys cascade)."""
        _check_revision("group", self.group(identifier), revision)
        self._db.execute("DELETE FROM external_ids WHERE id = ?", (identifier,))
        self._db.execute("DELETE FROM groups WHERE id = ?", (identifier,))

    # Identifiers that others gave.

    def set_external_ids(self, kind: str, identifier: str, external: Sequence[Mapping[str, str]]) -> None:
        """Replace the external ids of a user or a group (`kind` is the table). Each is unique in its kind."""
        self._db.execute("DELETE FROM external_ids WHERE id = ?", (identifier,))
        rows = [(kind, item["Issuer"], item["Id"], identifier) for item in external]
        try:
            self._db.executemany("INSERT INTO external_ids VALUES (?, ?, ?, ?)", rows)
        except sqlite3.IntegrityError as error:
            raise duplicate("ExternalId") from error
        self._db.execute(
            f"UPDATE {kind} SET external = ?, revision = ? WHERE id = ?",  # noqa: S608: users or groups
            (_dump(list(external)), _revision(), identifier),
        )

    def id_by_external_id(self, kind: str, issuer: str, external_id: str) -> str:
        """The user or group that somebody else knows by this id. Raises ResourceNotFoundException."""
        row = self._db.execute(
            "SELECT id FROM external_ids WHERE kind = ? AND issuer = ? AND external_id = ?",
            (kind, issuer, external_id),
        ).fetchone()
        if row is None:
            raise not_found(kind[:-1].upper())
        return str(row[0])

    # Memberships.

    def add_member(self, group_id: str, user_id: str, hand: Hand) -> Membership:
        """Put a user into a group. Raises ResourceNotFoundException, ConflictException."""
        if not self._exists("users", user_id):
            raise not_found("USER", user_id, "Member does not exist")
        if not self._exists("groups", group_id):
            raise not_found("GROUP", group_id, "Group does not exist")
        identifier = self._new_id()
        self._write(
            "INSERT INTO memberships (id, group_id, user_id, created_at, created_by) VALUES (?, ?, ?, ?, ?)",
            (identifier, group_id, user_id, hand.at, hand.by),
        )
        return self.membership(identifier)

    def membership(self, identifier: str) -> Membership:
        """The membership with this id. Raises ResourceNotFoundException."""
        row = self._db.execute(
            f"SELECT {_MEMBERSHIP} FROM memberships WHERE id = ?",
            (identifier,),  # noqa: S608: constants
        ).fetchone()
        if row is None:
            raise not_found("GROUP_MEMBERSHIP", identifier)
        return Membership(*row)

    def membership_id(self, group_id: str, user_id: str) -> str | None:
        """The id of the membership of this user in this group, if there is one."""
        row = self._db.execute(
            "SELECT id FROM memberships WHERE group_id = ? AND user_id = ?", (group_id, user_id)
        ).fetchone()
        return None if row is None else str(row[0])

    def remove_membership(self, identifier: str) -> None:
        """Take a user out of a group. Raises ResourceNotFoundException."""
        if not self._db.execute("DELETE FROM memberships WHERE id = ?", (identifier,)).rowcount:
            raise not_found("GROUP_MEMBERSHIP", identifier)

    def memberships(
        self, after: int, limit: int, *, group_id: str | None = None, user_id: str | None = None
    ) -> list[Membership]:
        """At most `limit` memberships of one group, or of one user, behind row `after`."""
        column, value = ("group_id", group_id) if group_id is not None else ("user_id", user_id)
        rows = self._db.execute(
            f"SELECT {_MEMBERSHIP} FROM memberships WHERE {column} = ? AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608: constants
            (value, after, limit),
        )
        return [Membership(*row) for row in rows]

    # Inside.

    def _one(self, query: str, identifier: str, resource: str) -> Record:
        row = self._db.execute(query, (identifier,)).fetchone()
        if row is None:
            raise not_found(resource, identifier)
        return _record(row)

    def _page(self, query: str, after: int, limit: int) -> list[Record]:
        return [_record(row) for row in self._db.execute(query, (after, limit))]

    def _exists(self, table: str, identifier: str) -> bool:
        query = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608: users or groups
        return self._db.execute(query, (identifier,)).fetchone() is not None

    def _new_id(self) -> str:
        return f"{self._prefix}-{uuid.uuid4()}"

    def _check_quota(self, table: str) -> None:
        # Counting is slow and row numbers only grow, so count only once they have reached the quota.
        last = self._db.execute(f"SELECT MAX(seq) FROM {table}").fetchone()[0] or 0  # noqa: S608: users or groups
        limit = self._max[table]
        if last >= limit and self._db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] >= limit:  # noqa: S608: same
            raise ApiError(
                "ServiceQuotaExceededException", f"The identity store holds {limit} {table} at most."
            )

    def _write(self, statement: str, values: Iterable[Any]) -> None:
        try:
            self._db.execute(statement, tuple(values))
        except sqlite3.IntegrityError as error:
            text = str(error)
            for column, what in _UNIQUE.items():
                if column in text:
                    raise duplicate(what) from error
            raise


_UNIQUE = {
    "users.name_key": "UserName",
    "users.email_key": "Email",
    "groups.name_key": "GroupDisplayName",
    "memberships.group_id": "GroupMembership",
}


def _record(row: Sequence[Any]) -> Record:
    seq, identifier, status, revision, body, external, *times = row
    return Record(seq, identifier, status, revision, json.loads(body), json.loads(external), *times)


def _check_revision(what: str, record: Record, revision: str | None) -> None:
    if revision is not None and revision != record.revision:
        raise moved(what)


def _email_key(body: Mapping[str, Any]) -> str | None:
    email = email_of(body)
    return None if email is None else name_key(email)


def _revision() -> str:
    """A new mark. It is numeric and opaque: no order can be read from it."""
    return str(secrets.randbits(62))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

"""The users of the directory."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.answers import not_found
from reconciler.sandbox.directory.records import (
    Hand,
    Record,
    check_revision,
    dump,
    id_by_external_id,
    new_id,
    new_revision,
    quota_exceeded,
    record,
    set_external_ids,
    write,
)
from reconciler.sandbox.directory.rules import check_user, email_of, name_key

ENABLED, DISABLED = "ENABLED", "DISABLED"


class Users:
    """Every method runs inside a transaction of its caller."""

    def __init__(self, db: sqlite3.Connection, prefix: str, most: int) -> None:
        self._db, self._prefix, self._most = db, prefix, most

    def add(
        self,
        body: Mapping[str, Any],
        hand: Hand,
        *,
        status: str = ENABLED,
        external: Sequence[Mapping[str, str]] = (),
    ) -> Record:
        """Create a user. Raises ValidationException, ConflictException, ServiceQuotaExceededException."""
        check_user(body)
        # Counting is slow and row numbers only grow: count once they have reached the quota.
        last = self._db.execute("SELECT MAX(seq) FROM users").fetchone()[0] or 0
        if last >= self._most and self.count() >= self._most:
            raise quota_exceeded("users", self._most)
        identifier = new_id(self._prefix)
        write(
            self._db,
            "INSERT INTO users (id, name_key, email_key, status, revision, body, external,"
            " created_at, created_by, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                identifier,
                name_key(body["UserName"]),
                _email_key(body),
                status,
                new_revision(),
                dump(body),
                dump(list(external)),
                hand.at,
                hand.by,
                hand.at,
                hand.by,
            ),
        )
        set_external_ids(self._db, "USER", identifier, external)
        return self.get(identifier)

    def get(self, identifier: str) -> Record:
        """The user with this id. Raises ResourceNotFoundException."""
        row = self._db.execute("SELECT * FROM user_records WHERE id = ?", (identifier,)).fetchone()
        if row is None:
            raise not_found("USER", identifier)
        return record(row)

    def by_name(self, name: str) -> Record | None:
        """The user with this name, without regard to case."""
        row = self._db.execute("SELECT id FROM users WHERE name_key = ?", (name_key(name),)).fetchone()
        return None if row is None else self.get(row[0])

    def by_email(self, email: str) -> Record | None:
        """The user with this address, without regard to case."""
        row = self._db.execute("SELECT id FROM users WHERE email_key = ?", (name_key(email),)).fetchone()
        return None if row is None else self.get(row[0])

    def by_external_id(self, issuer: str, external_id: str) -> Record:
        """The user that somebody else knows by this id. Raises ResourceNotFoundException."""
        return self.get(id_by_external_id(self._db, "USER", issuer, external_id))

    def page(self, after: int, limit: int) -> list[Record]:
        """At most `limit` users behind row `after`, in the order of their creation."""
        query = "SELECT * FROM user_records WHERE seq > ? ORDER BY seq LIMIT ?"
        return [record(row) for row in self._db.execute(query, (after, limit))]

    def count(self) -> int:
        """How many there are."""
        return int(self._db.execute("SELECT COUNT(*) FROM users").fetchone()[0])

    def change(
        self,
        identifier: str,
        body: Mapping[str, Any],
        hand: Hand,
        *,
        revision: str | None = None,
        status: str | None = None,
    ) -> Record:
        """Replace what a user says of itself. `revision` must be the current one, where given."""
        current = self.get(identifier)
        check_revision("user", current, revision)
        check_user(body)
        write(
            self._db,
            "UPDATE users SET name_key = ?, email_key = ?, status = ?, revision = ?, body = ?,"
            " updated_at = ?, updated_by = ? WHERE id = ?",
            (
                name_key(body["UserName"]),
                _email_key(body),
                status or current.status,
                new_revision(),
                dump(body),
                hand.at,
                hand.by,
                identifier,
            ),
        )
        return self.get(identifier)

    def set_external_ids(self, identifier: str, external: Sequence[Mapping[str, str]], hand: Hand) -> None:
        """Replace the ids that others gave a user. Raises ConflictException where one is taken."""
        set_external_ids(self._db, "USER", identifier, external)
        self._db.execute(
            "UPDATE users SET external = ?, revision = ?, updated_at = ?, updated_by = ? WHERE id = ?",
            (dump(list(external)), new_revision(), hand.at, hand.by, identifier),
        )

    def remove(self, identifier: str, *, revision: str | None = None) -> None:
        """Delete a user; the foreign keys take its memberships along."""
        check_revision("user", self.get(identifier), revision)
        set_external_ids(self._db, "USER", identifier, ())
        self._db.execute("DELETE FROM users WHERE id = ?", (identifier,))


def _email_key(body: Mapping[str, Any]) -> str | None:
    email = email_of(body)
    return None if email is None else name_key(email)

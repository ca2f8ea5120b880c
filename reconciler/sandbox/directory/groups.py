"""The groups of the directory."""

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
from reconciler.sandbox.directory.rules import check_group, name_key


class Groups:
    """Every method runs inside a transaction of its caller."""

    def __init__(self, db: sqlite3.Connection, prefix: str, most: int) -> None:
        self._db, self._prefix, self._most = db, prefix, most

    def add(
        self, body: Mapping[str, Any], hand: Hand, *, external: Sequence[Mapping[str, str]] = ()
    ) -> Record:
        """Create a group. Raises ValidationException, ConflictException, ServiceQuotaExceededException."""
        check_group(body)
        # Counting is slow and row numbers only grow: count once they have reached the quota.
        last = self._db.execute("SELECT MAX(seq) FROM groups").fetchone()[0] or 0
        if last >= self._most and self.count() >= self._most:
            raise quota_exceeded("groups", self._most)
        identifier = new_id(self._prefix)
        write(
            self._db,
            "INSERT INTO groups (id, name_key, revision, body, external,"
            " created_at, created_by, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                identifier,
                name_key(body["DisplayName"]),
                new_revision(),
                dump(body),
                dump(list(external)),
                hand.at,
                hand.by,
                hand.at,
                hand.by,
            ),
        )
        set_external_ids(self._db, "GROUP", identifier, external)
        return self.get(identifier)

    def get(self, identifier: str) -> Record:
        """The group with this id. Raises ResourceNotFoundException."""
        row = self._db.execute("SELECT * FROM group_records WHERE id = ?", (identifier,)).fetchone()
        if row is None:
            raise not_found("GROUP", identifier)
        return record(row)

    def by_name(self, name: str) -> Record | None:
        """The group with this display name, without regard to case."""
        row = self._db.execute("SELECT id FROM groups WHERE name_key = ?", (name_key(name),)).fetchone()
        return None if row is None else self.get(row[0])

    def by_external_id(self, issuer: str, external_id: str) -> Record:
        """The group that somebody else knows by this id. Raises ResourceNotFoundException."""
        return self.get(id_by_external_id(self._db, "GROUP", issuer, external_id))

    def page(self, after: int, limit: int) -> list[Record]:
        """At most `limit` groups behind row `after`, in the order of their creation."""
        query = "SELECT * FROM group_records WHERE seq > ? ORDER BY seq LIMIT ?"
        return [record(row) for row in self._db.execute(query, (after, limit))]

    def count(self) -> int:
        """How many there are."""
        return int(self._db.execute("SELECT COUNT(*) FROM groups").fetchone()[0])

    def change(
        self, identifier: str, body: Mapping[str, Any], hand: Hand, *, revision: str | None = None
    ) -> Record:
        """Replace what a group says of itself. `revision` must be the current one, where given."""
        check_revision("group", self.get(identifier), revision)
        check_group(body)
        write(
            self._db,
            "UPDATE groups SET name_key = ?, revision = ?, body = ?, updated_at = ?, updated_by = ?"
            " WHERE id = ?",
            (name_key(body["DisplayName"]), new_revision(), dump(body), hand.at, hand.by, identifier),
        )
        return self.get(identifier)

    def set_external_ids(self, identifier: str, external: Sequence[Mapping[str, str]], hand: Hand) -> None:
        """Replace the ids that others gave a group. Raises ConflictException where one is taken."""
        set_external_ids(self._db, "GROUP", identifier, external)
        self._db.execute(
            "UPDATE groups SET external = ?, revision = ?, updated_at = ?, updated_by = ? WHERE id = ?",
            (dump(list(external)), new_revision(), hand.at, hand.by, identifier),
        )

    def remove(self, identifier: str, *, revision: str | None = None) -> None:
        """Delete a group; the foreign keys take its memberships along."""
        check_revision("group", self.get(identifier), revision)
        set_external_ids(self._db, "GROUP", identifier, ())
        self._db.execute("DELETE FROM groups WHERE id = ?", (identifier,))

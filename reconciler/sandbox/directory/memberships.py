"""Who is in which group. Only users are members: the Identity Store has no nested groups."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from reconciler.sandbox.answers import not_found
from reconciler.sandbox.directory.records import Hand, new_id, write


@dataclass(frozen=True, slots=True)
class Membership:
    """One user in one group, as the table has it."""

    seq: int
    id: str
    group_id: str
    user_id: str
    created_at: float
    created_by: str


class Memberships:
    """Every method runs inside a transaction of its caller."""

    def __init__(self, db: sqlite3.Connection, prefix: str) -> None:
        self._db, self._prefix = db, prefix

    def add(self, group_id: str, user_id: str, hand: Hand) -> Membership:
        """Put a user into a group. Raises ResourceNotFoundException, ConflictException."""
        if self._db.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchone() is None:
            raise not_found("USER", user_id, "Member does not exist")
        if self._db.execute("SELECT 1 FROM groups WHERE id = ?", (group_id,)).fetchone() is None:
            raise not_found("GROUP", group_id, "Group does not exist")
        identifier = new_id(self._prefix)
        write(
            self._db,
            "INSERT INTO memberships (id, group_id, user_id, created_at, created_by) VALUES (?, ?, ?, ?, ?)",
            (identifier, group_id, user_id, hand.at, hand.by),
        )
        return self.get(identifier)

    def get(self, identifier: str) -> Membership:
        """The membership with this id. Raises ResourceNotFoundException."""
        row = self._db.execute("SELECT * FROM memberships WHERE id = ?", (identifier,)).fetchone()
        if row is None:
            raise not_found("GROUP_MEMBERSHIP", identifier)
        return Membership(*row)

    def find(self, group_id: str, user_id: str) -> Membership | None:
        """The membership of this user in this group, if there is one."""
        query = "SELECT * FROM memberships WHERE group_id = ? AND user_id = ?"
        row = self._db.execute(query, (group_id, user_id)).fetchone()
        return None if row is None else Membership(*row)

    def of_group(self, group_id: str, after: int, limit: int) -> list[Membership]:
        """At most `limit` memberships of a group behind row `after`."""
        query = "SELECT * FROM memberships WHERE group_id = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [Membership(*row) for row in self._db.execute(query, (group_id, after, limit))]

    def of_user(self, user_id: str, after: int, limit: int) -> list[Membership]:
        """At most `limit` memberships of a user behind row `after`."""
        query = "SELECT * FROM memberships WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [Membership(*row) for row in self._db.execute(query, (user_id, after, limit))]

    def remove(self, identifier: str) -> None:
        """Take a user out of a group. Raises ResourceNotFoundException."""
        if not self._db.execute("DELETE FROM memberships WHERE id = ?", (identifier,)).rowcount:
            raise not_found("GROUP_MEMBERSHIP", identifier)

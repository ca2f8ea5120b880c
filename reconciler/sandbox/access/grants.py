"""Who is assigned what where, and which accounts have a role for it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.sandbox.access.sets import PermissionSet

USER, GROUP = "USER", "GROUP"


class Grant(NamedTuple):
    """One assignment: a permission set (ARN) in an account for a principal, which may be gone."""

    set_id: str
    account: str
    principal_type: str
    principal_id: str


@dataclass(frozen=True, slots=True)
class Grants:
    """Assignments. Every method runs inside a transaction of its caller; nothing here takes time."""

    db: sqlite3.Connection

    def has(self, grant: Grant) -> bool:
        """Whether it is there."""
        query = (
            "SELECT 1 FROM assignments WHERE set_id = ? AND account = ? AND principal_type = ?"
            " AND principal_id = ?"
        )
        return self.db.execute(query, grant).fetchone() is not None

    def add(self, grant: Grant) -> None:
        """Make it; a second time changes nothing (there is one row, as the service lists one)."""
        self.db.execute(
            "INSERT OR IGNORE INTO assignments (set_id, account, principal_type, principal_id)"
            " VALUES (?, ?, ?, ?)",
            grant,
        )

    def remove(self, grant: Grant) -> bool:
        """End it; whether it was there."""
        query = (
            "DELETE FROM assignments WHERE set_id = ? AND account = ? AND principal_type = ?"
            " AND principal_id = ?"
        )
        return self.db.execute(query, grant).rowcount > 0

    def of_pair(self, set_id: str, account: str, after: int = 0, limit: int = -1) -> list[tuple[int, Grant]]:
        """At most `limit` assignments of a set in an account, behind row `after`."""
        return self._select(
            "account = ? AND set_id = ? AND seq > ? ORDER BY seq LIMIT ?", account, set_id, after, limit
        )

    def of_principal(
        self, principal_type: str, principal_id: str, account: str | None, after: int, limit: int
    ) -> list[tuple[int, Grant]]:
        """Those of a principal; a user's hold those of its groups as well, as rows of the group."""
        if principal_type == GROUP:
            whose = "principal_type = 'GROUP' AND principal_id = ?"
            wanted: tuple[str, ...] = (principal_id,)
        else:
            whose = (
                "((principal_type = 'USER' AND principal_id = ?) OR (principal_type = 'GROUP'"
                " AND principal_id IN (SELECT group_id FROM memberships WHERE user_id = ?)))"
            )
            wanted = (principal_id, principal_id)
        return self._select(
            f"{whose} AND (? IS NULL OR account = ?) AND seq > ? ORDER BY seq LIMIT ?",
            *wanted, account, account, after, limit,
        )  # fmt: skip

    def all(self) -> list[Grant]:
        """Every assignment, in the order of their creation."""
        return [grant for _, grant in self._select("TRUE ORDER BY seq")]

    def _select(self, condition: str, *values: object) -> list[tuple[int, Grant]]:
        query = (
            f"SELECT seq, set_id, account, principal_type, principal_id FROM assignments WHERE {condition}"  # noqa: S608  # conditions of this file
        )
        return [(row[0], Grant(*row[1:])) for row in self.db.execute(query, values)]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which accounts have the role of a set, and of which version of it."""

    db: sqlite3.Connection

    def put(self, found: PermissionSet, account: str, version: int) -> None:
        """Give the account the role, at least of this version."""
        self.db.execute(
            "INSERT INTO provisioned (set_id, account, version) VALUES (:set, :account, :version)"
            " ON CONFLICT (set_id, account) DO UPDATE SET version = MAX(version, :version)",
            {"set": found.id, "account": account, "version": version},
        )

    def drop(self, set_id: str, account: str) -> None:
        """Take the role from the account."""
        self.db.execute("DELETE FROM provisioned WHERE set_id = ? AND account = ?", (set_id, account))

    def has(self, set_id: str, account: str) -> bool:
        """Whether the account has the role."""
        query = "SELECT 1 FROM provisioned WHERE set_id = ? AND account = ?"
        return self.db.execute(query, (set_id, account)).fetchone() is not None

    def accounts(
        self, set_id: str, *, latest: bool | None = None, after: int = 0, limit: int = -1
    ) -> list[tuple[int, str]]:
        """Accounts that have a set's role; `latest` asks for those of the latest version, or of none."""
        return self._select("p.account", "p.set_id = ?", set_id, latest=latest, after=after, limit=limit)

    def sets(
        self, account: str, *, latest: bool | None = None, after: int = 0, limit: int = -1
    ) -> list[tuple[int, str]]:
        """ARNs of the sets whose role an account has; `latest` as above."""
        return self._select("p.set_id", "p.account = ?", account, latest=latest, after=after, limit=limit)

    def _select(
        self, column: str, condition: str, value: str, *, latest: bool | None, after: int, limit: int
    ) -> list[tuple[int, str]]:
        return self.db.execute(
            f"SELECT p.seq, {column} FROM provisioned p JOIN permission_sets s ON s.id = p.set_id"  # noqa: S608  # texts of this file
            f" WHERE {condition} AND (? IS NULL OR (p.version = s.version) = ?) AND p.seq > ?"
            " ORDER BY p.seq LIMIT ?",
            (value, latest, latest, after, limit),
        ).fetchall()

"""What there is: the store, the directory in it, and the quotas that hold."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from reconciler.sandbox.access.service import Access
from reconciler.sandbox.access.terms import Circumstances, Durations, Quotas
from reconciler.sandbox.cloudtrail.recording import NOBODY
from reconciler.sandbox.directory.groups import Groups
from reconciler.sandbox.directory.memberships import Memberships
from reconciler.sandbox.directory.records import MAX_GROUPS, MAX_USERS
from reconciler.sandbox.directory.users import Users
from reconciler.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Directory:
    """Users, groups and memberships, for the length of one transaction."""

    users: Users
    groups: Groups
    memberships: Memberships


@dataclass(frozen=True, slots=True)
class World:
    """A store, the quotas that hold in it, and how fast its time runs (`speed` divides durations)."""

    store: Store
    max_users: int = MAX_USERS
    max_groups: int = MAX_GROUPS
    quotas: Quotas = field(default_factory=Quotas)
    durations: Durations = field(default_factory=Durations)
    speed: float = 1.0
    circumstances: Circumstances = field(default_factory=Circumstances)

    def directory(self, db: sqlite3.Connection) -> Directory:
        """The directory, for the length of a transaction on `db`."""
        prefix = self.store.meta()["identity_store_id"].removeprefix("d-")
        return Directory(
            Users(db, prefix, self.max_users), Groups(db, prefix, self.max_groups), Memberships(db, prefix)
        )

    def access(self, db: sqlite3.Connection, now: float) -> Access:
        """Permission sets and assignments, for the length of a transaction on `db`.

        What was due before `now` (seconds since the epoch) has happened.
        """
        found = Access.of(
            db,
            self.store.meta(),
            now=now,
            speed=self.speed,
            quotas=self.quotas,
            durations=self.durations,
            circumstances=self.circumstances,
        )
        with self.store.acting(NOBODY):
            found.settling.settle()
        return found

"""What there is: the store, the directory in it, and the quotas that hold."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

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
    """A store and the quotas that hold in it."""

    store: Store
    max_users: int = MAX_USERS
    max_groups: int = MAX_GROUPS

    def directory(self, db: sqlite3.Connection) -> Directory:
        """The directory, for the length of a transaction on `db`."""
        prefix = self.store.meta()["identity_store_id"].removeprefix("d-")
        return Directory(
            Users(db, prefix, self.max_users), Groups(db, prefix, self.max_groups), Memberships(db, prefix)
        )

"""What there is: the store, the directory in it, the organisation around it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from reconciler.sandbox.directory.records import MAX_GROUPS, MAX_USERS, Directory
from reconciler.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class World:
    """A store and the quotas that hold in it."""

    store: Store
    max_users: int = MAX_USERS
    max_groups: int = MAX_GROUPS

    def directory(self, db: sqlite3.Connection) -> Directory:
        """The directory, for the length of a transaction."""
        prefix = self.store.meta()["identity_store_id"].removeprefix("d-")
        return Directory(db, prefix, max_users=self.max_users, max_groups=self.max_groups)

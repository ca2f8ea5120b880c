"""What every part of the console stands on: a transaction, the time, and things by their names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.sandbox.access.service import Access
from reconciler.sandbox.answers import not_found
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.cloudtrail.recording import NOBODY, Actor
from reconciler.sandbox.directory.records import Hand, Record
from reconciler.sandbox.world import Directory, World

_ROLE = "arn:aws:sts::{account}:assumed-role/Administrator/{session}"


class ConsoleBase:
    """The console in a world that may be running at the same time. Thread-safe."""

    def __init__(self, world: World, clock: SandboxClock) -> None:
        self._world, self._clock = world, clock
        # Whose session it is, as the event history tells it.
        self.session = "console"

    @contextmanager
    def _open(self) -> Iterator[tuple[sqlite3.Connection, Access]]:
        """A transaction; what was due by now has happened."""
        account = self._world.store.meta()["management_account"]
        actor = Actor("console", _ROLE.format(account=account, session=self.session))
        with self._world.store.acting(actor), self._world.store.transaction() as db:
            # What ends now was asked for by others, and its end is nobody's event.
            with self._world.store.acting(NOBODY):
                access = self._world.access(db, self._clock.now())
            yield db, access

    @contextmanager
    def _directory(self) -> Iterator[tuple[Directory, Hand]]:
        with self._open() as (db, access):
            account = self._world.store.meta()["management_account"]
            hand = Hand(_ROLE.format(account=account, session=self.session), access.requests.now)
            yield self._world.directory(db), hand


def user_named(directory: Directory, name: str) -> Record:
    """The user with this user name. Raises ResourceNotFoundException."""
    found = directory.users.by_name(name)
    if found is None:
        raise not_found("USER", message=f"There is no user {name}.")
    return found


def group_named(directory: Directory, name: str) -> Record:
    """The group with this display name. Raises ResourceNotFoundException."""
    found = directory.groups.by_name(name)
    if found is None:
        raise not_found("GROUP", message=f"There is no group {name}.")
    return found

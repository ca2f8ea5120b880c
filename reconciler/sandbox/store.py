"""One SQLite file that holds everything: the organisation, the instance, the directory."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import stat
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.sandbox.cloudtrail import recording
from reconciler.sandbox.cloudtrail.recording import NOBODY, Actor
from reconciler.sandbox.schema import SCHEMA

_FORMAT = "1"

_HEX = "0123456789abcdef"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class Store:
    """The file, and one lock around it: a request is one transaction, and no two overlap.

    `path` None keeps everything in memory. Raises ReconcilerError when it cannot be opened, or is not ours.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        region: str,
        management_account: str,
        created_at: float,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._actor = NOBODY
        self._depth = 0
        self._meta: Mapping[str, str] | None = None
        name = ":memory:" if path is None else str(path)
        try:
            if path is not None:
                _keep_private(path)
            self._db = sqlite3.connect(name, timeout=30, check_same_thread=False, isolation_level=None)
        except OSError as error:
            raise ReconcilerError(f"the sandbox cannot open {name}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            raise ReconcilerError(f"the sandbox cannot open {name}: {error}") from error
        try:
            # Nothing here is worth a sync: a lost machine loses a sandbox.
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA foreign_keys = ON")
            recording.prepare(self._db, lambda: self._actor, now or (lambda: created_at))
            self._db.executescript(SCHEMA + recording.SCHEMA)
            self._found(region, management_account, created_at)
        except sqlite3.Error as error:
            self._db.close()
            raise ReconcilerError(
                f"{name} is not a file of the sandbox: {error}; delete it, or name another"
            ) from error
        except BaseException:
            self._db.close()
            raise

    def _found(self, region: str, management_account: str, created_at: float) -> None:
        """Give a new file its identity, which it keeps for good."""
        with self.transaction() as db:
            known = self.meta().get("format")
            if known == _FORMAT:
                # A file of the version before SCIM has no tenant yet.
                db.execute("INSERT OR IGNORE INTO meta VALUES ('scim_tenant', ?)", (_tenant(),))
                self._meta = None
                return
            if known is not None:
                raise ReconcilerError(
                    f"the sandbox's file has format {known}, and this version knows {_FORMAT}; delete it"
                )
            store = "".join(secrets.choice(_HEX) for _ in range(10))
            fresh = {
                "format": _FORMAT,
                "created_at": str(created_at),
                "region": region,
                "management_account": management_account,
                "identity_store_id": f"d-{store}",
                "instance_arn": f"arn:aws:sso:::instance/ssoins-{secrets.token_hex(8)}",
                "organization_id": "o-" + _random36(10),
                "root_id": "r-" + _random36(4),
                "scim_tenant": _tenant(),
            }
            db.executemany("INSERT INTO meta VALUES (?, ?)", fresh.items())
            self._meta = None
            db.execute(
                "INSERT INTO accounts (id, parent, name, email, state, joined_at) VALUES (?, ?, ?, ?, ?, ?)",
                (management_account, fresh["root_id"], "management", "aws@example.com", "ACTIVE", created_at),
            )

    def meta(self) -> Mapping[str, str]:
        """The identity of the instance and the organisation: region, identity_store_id, root_id and so on."""
        with self._lock:
            if self._meta is None:
                self._meta = dict(self._db.execute("SELECT key, value FROM meta").fetchall())
            return self._meta

    def remember(self, key: str, value: str) -> None:
        """Keep one more fact about the file itself."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
            self._meta = None

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[None]:
        """What is written meanwhile is `actor`'s; NOBODY's is not recorded."""
        with self._lock:
            before, self._actor = self._actor, actor
            try:
                yield
            finally:
                self._actor = before

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. A transaction inside another is part of it."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._db
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                    self._meta = None
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _keep_private(path: Path) -> None:
    """Make the file, mode 0600, where it is not there, and take it from others where it is: it holds tokens.

    SQLite gives the files that it puts beside it the same mode (https://sqlite.org/wal.html).
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)
    for beside in (f"{path}-wal", f"{path}-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(beside).chmod(0o600)


def _random36(length: int) -> str:
    return "".join(secrets.choice(_BASE36) for _ in range(length))


def _tenant() -> str:
    """A directory's name in its SCIM address: no UUID, for its first part is longer (seen in the field)."""
    first, *rest = str(uuid.uuid4()).split("-")
    return "-".join((first + secrets.token_hex(2)[:3], *rest))

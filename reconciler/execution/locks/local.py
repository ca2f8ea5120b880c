"""A lock in a file of this machine. It keeps apart the runs that share the folder, and no others."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import Locked, ReconcilerError
from reconciler.execution.locks.lease import LONGEST
from reconciler.execution.locks.lock import Kept
from reconciler.files.private import write_private
from reconciler.wire.clock import Clock

# Seconds that another process may need for one small file; one that is suspended needs any number.
PATIENCE = 30.0
_PAUSE = 0.02


class LocalPlace:
    """The lock of one target as `folder/<target>.lock`, which is made where it is missing.

    The file is made with O_EXCL, and only its owner reads it. What is there is compared and replaced
    under flock(2) on a second file, which the kernel gives back when a process dies.
    """

    # A look is a read of one small file.
    believed = 0.0

    def __init__(self, folder: Path, target: str, clock: Clock) -> None:
        self._file, self._guard = folder / f"{target}.lock", folder / f"{target}.guard"
        self._clock = clock
        self.where = str(self._file)

    def look(self) -> Kept | None:
        """What is kept there now. Raises ReconcilerError where it cannot be read."""
        # A run looks before each of its writes. It holds no guard for that: one that is stopped (Ctrl-Z, a
        # frozen container) would keep out everybody else. Only a first write can be seen half, and without
        # its last line break.
        try:
            there = self._read()
        except OSError as error:
            raise self._unusable(error) from error
        if there is None or there.text.endswith("\n"):
            return there
        with self._alone():
            return self._read()

    def put(self, text: str, expected: str | None) -> str | None:
        """Write `text` in the place of the version `expected`. Raises ReconcilerError where it cannot."""
        with self._alone():
            there = self._read()
            if (None if there is None else there.version) != expected:
                return None
            if there is None:
                descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            else:
                write_private(self._file, text)
            return _version(text.encode())

    def remove(self, expected: str) -> bool:
        """Remove the version `expected`. Raises ReconcilerError where it cannot."""
        with self._alone():
            there = self._read()
            if there is None or there.version != expected:
                return False
            self._file.unlink()
            return True

    def _guarding(self) -> int:
        # An apply looks before each write, so what is there is not made again each time.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self._guard, flags, 0o600)
        except FileNotFoundError:
            self._guard.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._guard, flags, 0o600)

    def _read(self) -> Kept | None:
        try:
            with self._file.open("rb", buffering=0) as file:
                content = file.read(LONGEST)
        except FileNotFoundError:
            return None
        return Kept(_version(content), content.decode("utf-8", "replace"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Without any other process in between. The other file stays: to remove it would be a race."""
        try:
            descriptor = self._guarding()
            try:
                self._seize(descriptor)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unusable(error) from error

    def _seize(self, descriptor: int) -> None:
        """Wait for the guard; raises Locked where another process keeps it."""
        until = self._clock.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._clock.monotonic() >= until:
                    raise Locked(
                        f"another process has kept {self._guard} locked for {PATIENCE:g} seconds, so "
                        "the lock was left as it is. That takes milliseconds, unless a run is suspended "
                        "(Ctrl-Z, a paused container): continue it, or end it; "
                        f"`fuser {self._guard}` names its process"
                    ) from None
                self._clock.sleep(_PAUSE)
            else:
                return

    def _unusable(self, error: OSError) -> ReconcilerError:
        return ReconcilerError(
            f"the lock {self._file} cannot be used: {error.strerror}; fix that, or name another kind "
            "with `lock` in reconciler.yaml"
        )


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""A lock in a file of this machine. It keeps apart the runs that share the folder, and no others."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.execution.locks.lease import LONGEST
from reconciler.execution.locks.lock import Kept
from reconciler.files.private import write_private


class LocalPlace:
    """The lock of one target as `folder/<target>.lock`, which is made where it is missing.

    The file is made with O_EXCL, and only its owner reads it. What stands there is compared and replaced
    under flock(2) on a second file, which the kernel gives back when a process dies.
    """

    # A look is a read of one small file.
    believed = 0.0

    def __init__(self, folder: Path, target: str) -> None:
        self._file, self._guard = folder / f"{target}.lock", folder / f"{target}.guard"
        self.where = str(self._file)

    def look(self) -> Kept | None:
        """What is kept there now. Raises ReconcilerError where it cannot be read."""
        # Also a look waits for a write to end, so that nobody sees half of one.
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
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ReconcilerError(
                f"the lock {self._file} cannot be used: {error.strerror}; fix that, or name another kind "
                "with `lock` in reconciler.yaml"
            ) from error


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

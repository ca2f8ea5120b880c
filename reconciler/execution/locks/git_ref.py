"""A lock as a ref at the remote of git, under `refs/tags/reconciler/`, so that rules for tags cover it."""

from __future__ import annotations

from reconciler.execution.locks.lease import LONGEST
from reconciler.execution.locks.lock import Kept
from reconciler.files.git import DEFAULT_REMOTE, Repository
from reconciler.files.remote_ref import RemoteRef
from reconciler.wire.clock import Clock

# Seconds that a look at the remote is good for: it is a connection of its own.
BELIEVED = 10.0


class GitPlace:
    """The lock of one target at `refs/tags/reconciler/locks/<target>`; its version is the object's id."""

    believed = BELIEVED

    def __init__(
        self, repository: Repository, target: str, clock: Clock, remote: str = DEFAULT_REMOTE
    ) -> None:
        self._ref = RemoteRef(repository, f"refs/tags/reconciler/locks/{target}", remote)
        self._clock = clock
        self.where = f"{self._ref.ref} at {remote}"

    def look(self) -> Kept | None:
        """What is kept there now. Raises RecordError where the remote cannot be asked."""
        found = self._ref.read()
        return None if found is None else Kept(found[0], found[1][:LONGEST])

    def put(self, text: str, expected: str | None) -> str | None:
        """Write `text` in the place of the version `expected`. Raises RecordError where it is refused."""
        return self._ref.write(text, expected, self._clock.now())

    def remove(self, expected: str) -> bool:
        """Remove the version `expected`. Raises RecordError where it is refused."""
        return self._ref.delete(expected)

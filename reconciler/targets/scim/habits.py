"""What one service was seen to do otherwise than its profile says; goes from run to run with the receipt.

A receipt keeps it among the names of what is not kept, as `service.<what>:<how>`: with
`service.members-removal:put`, members leave a group only where the whole group is put back.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.wire.pool import Guarded

_PREFIX = "service."


class Habits:
    """The habits of one service. Thread-safe."""

    def __init__(self) -> None:
        self._known: Guarded[dict[str, str]] = Guarded({})

    def recall(self, names: Iterable[str]) -> None:
        """Take in what a receipt says; other names are somebody else's."""
        for name in names:
            what, colon, how = name.removeprefix(_PREFIX).partition(":")
            if name.startswith(_PREFIX) and colon:
                self.learn(what, how)

    def learn(self, what: str, how: str) -> None:
        """Note one habit in place of what was known of the same."""
        with self._known as known:
            known[what] = how

    def forget(self, what: str) -> None:
        """It is no habit after all."""
        with self._known as known:
            known.pop(what, None)

    def how(self, what: str) -> str:
        """How the service does it, "" where it keeps to its profile."""
        with self._known as known:
            return known.get(what, "")

    @property
    def names(self) -> tuple[str, ...]:
        """All that is known, as a receipt names it."""
        with self._known as known:
            return tuple(sorted(f"{_PREFIX}{what}:{how}" for what, how in known.items()))

"""A clock that tests turn by hand: nobody waits, and what was waited is written down."""

from __future__ import annotations

import threading  # noqa: TID251  # a fake under threads needs a lock of its own
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FakeClock:
    """Sleeping moves the time on at once; `slept` has every wait, in seconds."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._elapsed, self._lock = 0.0, threading.Lock()

    def now(self) -> datetime:
        return _START + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            with self._lock:
                self.slept.append(seconds)
                self._elapsed += seconds

"""The one file that waits and that knows what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time, as an argument. Every method may be called from any thread."""

    def now(self) -> datetime:
        """The wall's time, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never runs backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds; with none or less, return at once."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall's time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never runs backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds; with none or less, return at once."""
        if seconds > 0:
            time.sleep(seconds)

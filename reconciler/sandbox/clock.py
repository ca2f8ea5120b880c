"""The sandbox's own clock: it waits, and it knows the time. Speed divides every wait."""

from __future__ import annotations

import time


class SandboxClock:
    """Time as the sandbox keeps it. `speed` 10 makes a latency of one second take a tenth of one.

    Only durations are scaled; timestamps in answers are those of the wall.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be above zero, not {speed}")
        self.speed = speed

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Real seconds since some fixed moment."""
        return time.monotonic()

    def elapsed(self) -> float:
        """Sandbox seconds since some fixed moment: they run `speed` times as fast as the wall's."""
        return time.monotonic() * self.speed

    def wait(self, seconds: float) -> None:
        """Wait so many sandbox seconds."""
        if seconds > 0:
            time.sleep(seconds / self.speed)

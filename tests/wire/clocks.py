"""A clock that tests turn by hand: nobody waits, and what was waited is written down."""

from __future__ import annotations

import threading  # noqa: TID251  # a fake under threads needs a lock of its own
from datetime import UTC, datetime, timedelta

from reconciler.sandbox import Sandbox
from reconciler.sandbox.clock import SandboxClock
from reconciler.wire.clock import Clock, SystemClock
from reconciler.wire.pool import Pool

_START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FakeClock:
    """Sleeping moves the time on at once; `slept` has every wait, in seconds."""

    def __init__(self, start: datetime = _START) -> None:
        self.slept: list[float] = []
        self._start, self._elapsed, self._lock = start, 0.0, threading.Lock()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            with self._lock:
                self.slept.append(seconds)
                self._elapsed += seconds


class SharedClock(SandboxClock):
    """The time of a sandbox that moves only as `ours` does: with what a client waits, and with its latency.

    So a client and a sandbox in one process agree on the time, however fast the machine is.
    """

    def __init__(self, speed: float, start: datetime = _START) -> None:
        super().__init__(speed)
        self.ours = FakeClock(start)

    def now(self) -> float:
        return self.ours.now().timestamp()

    def monotonic(self) -> float:
        return self.ours.monotonic()

    def elapsed(self) -> float:
        return self.ours.monotonic() * self.speed

    def wait(self, seconds: float) -> None:
        self.ours.sleep(seconds / self.speed)


def clock_of(sandbox: Sandbox | None) -> Clock:
    """The clock of a client of this sandbox: the one that they share, or the machine's."""
    shared = getattr(sandbox, "_clock", None)
    return shared.ours if isinstance(shared, SharedClock) else SystemClock()


def pool_by(clock: Clock) -> type[Pool]:
    """The pool that belongs to a clock."""
    return idling(clock) if isinstance(clock, FakeClock) else Pool


def idling(clock: FakeClock) -> type[Pool]:
    """A pool under which the time passes only while nothing is under way."""

    class Idling(Pool):
        def next_done(self, timeout: float | None) -> tuple[str, object | BaseException] | None:
            if timeout is None or self._futures:
                return super().next_done(None)
            clock.sleep(timeout)
            return None

    return Idling

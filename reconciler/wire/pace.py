"""How fast each API is called: below its quota, slower when it complains, faster again when it is quiet.

`Bucket` decides and knows no clock; `Pace` is the thin shell around it that waits and that threads share.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.observer import Observer
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Guarded

# Calls a second, below the quotas of the IAM Identity Center user guide (identitystore: 20 for each API;
# sso-admin: 20 for all together) and below what organizations bears in the field. Other tools, the console
# and the access portal share these quotas with us.
_CEILINGS = {"identitystore": 16.0, "sso-admin": 14.0, "organizations": 4.0}
_OTHER = 5.0
_BY_OPERATION = frozenset(("identitystore",))
# Calls that may go at once after a rest.
_BURST = 4
# Throttled: half as fast, but never slower than this share of the ceiling, and once in so many seconds,
# because calls that were under way together are refused together.
_DECREASE, _FLOOR, _ONCE_IN = 0.5, 1 / 32, 1.0
# Quiet: so much of the ceiling more, for each of so many seconds without a refusal.
_INCREASE, _QUIET = 1 / 16, 1.0


@dataclass(slots=True)
class Bucket:
    """A token bucket whose rate adapts. Times are seconds since some moment, rates are calls a second."""

    ceiling: float
    rate: float = field(init=False)
    _next: float = field(init=False, default=float("-inf"))
    _resumes: float = field(init=False, default=0.0)
    _slowed: float = field(init=False, default=float("-inf"))
    _risen: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.rate = self.ceiling

    def take(self, now: float) -> float:
        """Take a place in the line; the seconds to wait for it (0: go)."""
        earliest = max(self._next, now - (_BURST - 1) / self.rate)
        self._next = earliest + 1 / self.rate
        return max(0.0, max(earliest, self._resumes) - now)

    def paused(self, now: float) -> float:
        """The seconds for which nothing may go at all, because the service said so."""
        return max(0.0, self._resumes - now)

    def throttled(self, now: float, retry_after: float | None = None) -> None:
        """The service refused a call, and may have said for how many seconds nothing should come."""
        if now - self._slowed >= _ONCE_IN:
            self.rate = max(self.rate * _DECREASE, self.ceiling * _FLOOR)
            # What a rest had saved up is spent.
            self._next = max(self._next, now)
            self._slowed = self._risen = now
        if retry_after:
            self._resumes = max(self._resumes, now + retry_after)

    def answered(self, now: float) -> None:
        """The service answered a call without complaint."""
        if self.rate < self.ceiling and now - self._risen >= _QUIET:
            self.rate = min(self.ceiling, self.rate + self.ceiling * _INCREASE)
            self._risen = now


class Pace:
    """A bucket for each API family. `speed` is how many times faster than AWS the other side runs."""

    def __init__(self, clock: Clock, observer: Observer, target: str, *, speed: float = 1.0) -> None:
        self._clock, self._observer, self._target = clock, observer, target
        self.speed = speed
        self._buckets: Guarded[dict[str, Bucket]] = Guarded({})

    def wait(self, service: str, operation: str) -> None:
        """Wait until one more call may go."""
        key = _family(service, operation)
        with self._buckets as buckets:
            seconds = self._bucket(buckets, service, key).take(self._now())
        while seconds > 0:
            self._clock.sleep(seconds / self.speed)
            with self._buckets as buckets:
                seconds = buckets[key].paused(self._now())

    def throttled(self, service: str, operation: str, retry_after: float | None) -> None:
        """A call was refused; `retry_after` is in seconds, where the service named them."""
        key = _family(service, operation)
        with self._buckets as buckets:
            bucket = self._bucket(buckets, service, key)
            bucket.throttled(self._now(), retry_after)
            seconds = max(bucket.paused(self._now()), 1 / bucket.rate)
        self._observer.waiting(self._target, key, seconds / self.speed)

    def answered(self, service: str, operation: str) -> None:
        """A call was answered without complaint."""
        key = _family(service, operation)
        with self._buckets as buckets:
            self._bucket(buckets, service, key).answered(self._now())

    def _now(self) -> float:
        return self._clock.monotonic() * self.speed

    @staticmethod
    def _bucket(buckets: dict[str, Bucket], service: str, key: str) -> Bucket:
        found = buckets.get(key)
        if found is None:
            found = buckets[key] = Bucket(_CEILINGS.get(service, _OTHER))
        return found


def _family(service: str, operation: str) -> str:
    return f"{service}.{operation}" if service in _BY_OPERATION else service

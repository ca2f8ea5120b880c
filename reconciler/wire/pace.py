"""How fast each API is called: below its quota, slower when it complains, faster again when it is quiet.

`Bucket` decides and knows no clock; `Pace` is the thin shell around it that waits and that threads share.
Calls that share a quota are a family; a call costs each of its families so many units, most often one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.model.observer import Observer
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Guarded

# A family, and the units that a call takes of what it may have.
Cost: TypeAlias = tuple[str, float]

# Calls a second, below the quotas of the IAM Identity Center user guide (identitystore: 20 for each API;
# sso-admin: 20 for all together), of CloudTrail (LookupEvents: 2), and below what organizations bears in the
# field. Other tools, the console and the access portal share these quotas with us.
_CEILINGS = {"identitystore": 16.0, "sso-admin": 14.0, "organizations": 4.0, "cloudtrail": 1.9}
_OTHER = 5.0
_BY_OPERATION = frozenset(("identitystore",))
# Units that may go at once after a rest.
_BURST = 4
# Throttled: half as fast, but never slower than this share of the ceiling, and once in so many seconds,
# because calls that were under way together are refused together.
_DECREASE, _FLOOR, _ONCE_IN = 0.5, 1 / 32, 1.0
# Quiet: so much of the ceiling more, for each of so many seconds without a refusal.
_INCREASE, _QUIET = 1 / 16, 1.0
# Seconds. A call that is told to wait for longer gives up (see `retry.LIMITS`); nobody is held back longer.
_LONGEST_PAUSE = 120.0


@dataclass(slots=True)
class Bucket:
    """A token bucket whose rate adapts. Times are seconds since some moment, rates are units a second.

    It may go into debt: a call that costs more than is there goes, and the next one waits until it is paid.
    """

    ceiling: float
    rate: float = field(init=False)
    _next: float = field(init=False, default=float("-inf"))
    _resumes: float = field(init=False, default=0.0)
    _slowed: float = field(init=False, default=float("-inf"))
    _risen: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.rate = self.ceiling

    def take(self, now: float, weight: float = 1.0) -> float:
        """Take a place in the line for a call of `weight` units; the seconds to wait for it (0: go)."""
        earliest = max(self._next, now - max(0.0, _BURST - weight) / self.rate)
        self._next = earliest + weight / self.rate
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
            self._resumes = max(self._resumes, now + min(retry_after, _LONGEST_PAUSE))

    def answered(self, now: float, weight: float = 1.0) -> None:
        """The service answered a call of `weight` units without complaint."""
        quiet = now - self._risen
        if self.rate < self.ceiling and quiet >= _QUIET:
            # A heavy call stands for the many seconds that it took its place for.
            seconds = min(quiet, max(_QUIET, weight / self.ceiling))
            self.rate = min(self.ceiling, self.rate + self.ceiling * _INCREASE * seconds)
            self._risen = now


class Pace:
    """A bucket for each family. `speed` is how many times faster than the real service the other side runs.

    `ceiling` tells of a family how many units a second it is given.
    """

    def __init__(
        self,
        clock: Clock,
        observer: Observer,
        target: str,
        *,
        ceiling: Callable[[str], float],
        speed: float = 1.0,
    ) -> None:
        self._clock, self._observer, self._target = clock, observer, target
        self._ceiling = ceiling
        self.speed = speed
        self._buckets: Guarded[dict[str, Bucket]] = Guarded({})

    def wait(self, costs: Sequence[Cost]) -> None:
        """Wait until one more call may go that costs so much."""
        with self._buckets as buckets:
            now = self._now()
            seconds = max(
                (self._bucket(buckets, key).take(now, weight) for key, weight in costs), default=0.0
            )
        while seconds > 0:
            self._clock.sleep(seconds / self.speed)
            with self._buckets as buckets:
                now = self._now()
                seconds = max(buckets[key].paused(now) for key, _ in costs)

    def throttled(self, costs: Sequence[Cost], retry_after: float | None) -> None:
        """A call was refused; `retry_after` is in seconds, where the service named them.

        Which of several families was too fast is not known, so all of them slow down.
        """
        for key, _ in costs:
            with self._buckets as buckets:
                bucket = self._bucket(buckets, key)
                bucket.throttled(self._now(), retry_after)
                seconds = max(bucket.paused(self._now()), 1 / bucket.rate)
            self._observer.waiting(self._target, key, seconds / self.speed)

    def answered(self, costs: Sequence[Cost]) -> None:
        """A call was answered without complaint."""
        with self._buckets as buckets:
            for key, weight in costs:
                self._bucket(buckets, key).answered(self._now(), weight)

    def _now(self) -> float:
        return self._clock.monotonic() * self.speed

    def _bucket(self, buckets: dict[str, Bucket], key: str) -> Bucket:
        found = buckets.get(key)
        if found is None:
            found = buckets[key] = Bucket(self._ceiling(key))
        return found


def aws_cost(service: str, operation: str) -> Sequence[Cost]:
    """What a call to AWS costs: one unit of its service's quota, or of its own where each API has one."""
    return ((f"{service}.{operation}" if service in _BY_OPERATION else service, 1.0),)


def aws_ceiling(family: str) -> float:
    """How many calls a second a family of `aws_cost` is given."""
    return _CEILINGS.get(family.partition(".")[0], _OTHER)

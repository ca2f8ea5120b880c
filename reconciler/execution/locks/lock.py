"""One lock for each target of a run: taken, checked before each batch of writes, renewed, released.

What decides who has a lock is a compare-and-swap at the place where it is kept. A lock is not proof: a
process can sleep between a check and the write that follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from reconciler.errors import Locked, ReconcilerError
from reconciler.execution.locks.lease import Lease, Run, describe, parse_lease, render_lease
from reconciler.wire.clock import Clock

# How far the clocks of two machines may be apart: a lease is taken over only so long after its end.
SKEW = timedelta(seconds=60)
# Each time that it is not taken, somebody else was faster; one of them has it then.
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept at a place: its version, which changes with every write, and its text."""

    version: str
    text: str


class Place(Protocol):
    """Where the lock of one target is kept. Every method raises ReconcilerError where it cannot tell.

    `where` names the place for people. `believed` is how many seconds a look there stays good enough for a
    batch of writes, so that a remote is not asked a hundred times a second.
    """

    where: str
    believed: float

    def look(self) -> Kept | None:
        """What is kept there now; None where there is no lock."""

    def put(self, text: str, expected: str | None) -> str | None:
        """Write `text` in the place of the version `expected` (None: of nothing).

        The answer is the new version; None where something else stands there, and nothing was written.
        """

    def remove(self, expected: str) -> bool:
        """Remove the version `expected`; False where something else stands there, or nothing."""


class Lock:
    """The lock of one target, as one run sees it."""

    def __init__(self, target: str, place: Place, clock: Clock, seconds: int, run: Run) -> None:
        self.target, self.place = target, place
        self._clock, self._length, self._run = clock, timedelta(seconds=seconds), run
        self._plan = run.plans.get(target, "")
        self._lease: Lease | None = None
        self._version: str | None = None
        # Whether a write may have put a lock there that is not known here.
        self._unsure = False
        self._lost: str | None = None
        # When it was last written, and last looked at: the wall's time and the monotonic one.
        self._renewed = self._looked = self._moment()
        # When the place could not be asked last; None since it answered.
        self._failed: tuple[datetime, float] | None = None

    def acquire(self) -> Lease | None:
        """Take the lock; the answer is the expired lease that it was taken over from, if there was one.

        Raises Locked where another run has it.
        """
        there: Kept | None = None
        for _ in range(_TRIES):
            found = None if there is None else self._expired(there)
            if self._write(self._fresh(), None if there is None else there.version):
                return found
            there = self.place.look()
        raise Locked(self._taken(there))

    def check(self) -> str | None:
        """None where this run may write; else why it may not any more, for good.

        Renews the lease when half of it has passed, also one that has expired and that nobody took. Where
        the place cannot be asked, the lease is believed until it ends.
        """
        if self._lost is not None:
            return self._lost
        if self._since(self._renewed) * 2 >= self._length.total_seconds():
            tried = self._failed is not None and self._since(self._failed) < self.place.believed
            if not tried or self._over():
                self._lost = self._renew()
        elif self._since(self._looked) >= self.place.believed:
            self._lost = self._look()
        return self._lost

    def begin(self, plan: str) -> str | None:
        """As `check`, before the first write: it says which plan is carried out, and looks in any case."""
        self._plan = plan
        if self._lost is None:
            self._lost = self._renew()
        return self._lost

    def release(self) -> str | None:
        """Give the lock back, if it is still this run's; the answer is why it could not be."""
        if self._version is None and not self._unsure:
            return None
        try:
            if self._version is None or not self.place.remove(self._version):
                there = self.place.look()
                if there is not None and self._is_ours(there):
                    self.place.remove(there.version)
        except ReconcilerError as error:
            if self._version is None:
                return None  # it was never got, and that has been said
            return (
                f"the lock of {self.target} could not be released: {error}; it ends by itself, or with "
                f"`{self._run.unlock} --target {self.target}`"
            )
        self._version, self._unsure = None, False
        return None

    def _expired(self, there: Kept) -> Lease:
        """The lease of a lock that may be taken over; raises Locked for any other."""
        lease = parse_lease(there.text)
        if lease is None or self._clock.now() < lease.expires + SKEW:
            raise Locked(self._taken(there))
        return lease

    def _fresh(self) -> Lease:
        now, before = self._clock.now(), self._lease
        run = self._run
        return Lease(
            target=self.target,
            holder=run.holder,
            host=run.host,
            run=run.id,
            command=run.command,
            plan=self._plan,
            acquired=now if before is None else before.acquired,
            expires=now + self._length,
            serial=1 if before is None else before.serial + 1,
        )

    def _write(self, lease: Lease, expected: str | None) -> bool:
        moment = self._moment()
        self._unsure = True
        version = self.place.put(render_lease(lease), expected)
        self._unsure = False
        if version is None:
            return False
        self._version, self._lease = version, lease
        self._renewed = self._looked = moment
        self._failed = None
        return True

    def _renew(self) -> str | None:
        # What was written and never answered may have taken effect, so a serial is never used twice.
        lease = self._fresh()
        assert self._lease is not None
        self._lease = replace(self._lease, serial=lease.serial)
        try:
            if self._write(lease, self._version):
                return None
            return self._adopt(self.place.look())
        except ReconcilerError as error:
            return self._unanswered(error)

    def _look(self) -> str | None:
        try:
            there = self.place.look()
        except ReconcilerError as error:
            return self._unanswered(error)
        self._looked = self._moment()
        if there is not None and there.version == self._version:
            return None
        return self._adopt(there)

    def _adopt(self, there: Kept | None) -> str | None:
        """Take what is there for this run's own, where an answer to a write of it was lost."""
        if there is not None and self._is_ours(there):
            lease = parse_lease(there.text)
            assert lease is not None
            if self._write(replace(self._fresh(), serial=lease.serial + 1), there.version):
                return None
        if there is None:
            return (
                f"the lock of {self.target} is gone: somebody broke it with `reconciler unlock`, or it had "
                "expired and another run has come and gone"
            )
        other = parse_lease(there.text)
        by = "another run" if other is None else f"{other.holder} on {other.host} (run {other.run})"
        return f"the lock of {self.target} had expired or was broken, and {by} has it now"

    def _unanswered(self, error: ReconcilerError) -> str | None:
        self._looked = self._failed = self._moment()
        if self._over():
            return f"the lock of {self.target} has expired and could not be renewed: {error}"
        return None

    def _is_ours(self, there: Kept) -> bool:
        lease = parse_lease(there.text)
        return lease is not None and (lease.run, lease.target) == (self._run.id, self.target)

    def _taken(self, there: Kept | None) -> str:
        lines = [f"{self.target} is locked by another run; nothing was written."]
        if there is not None:
            lines += described(there, self._clock.now())
        lines.append(f"where: {self.place.where}")
        lines.append(
            f"Try again when that run has ended; `{self._run.unlock} --target {self.target}` breaks the lock "
            "of one that is dead."
        )
        return "\n".join(lines)

    def _over(self) -> bool:
        return self._since(self._renewed) >= self._length.total_seconds()

    def _moment(self) -> tuple[datetime, float]:
        return self._clock.now(), self._clock.monotonic()

    def _since(self, moment: tuple[datetime, float]) -> float:
        """Seconds since then, by whichever clock says more.

        The monotonic one may stand still while a machine sleeps, and the wall's may be put back.
        """
        now, ticks = self._moment()
        return max((now - moment[0]).total_seconds(), ticks - moment[1])


class Locks:
    """The locks of all targets of a run, in the order of their names."""

    def __init__(self, locks: Sequence[Lock]) -> None:
        self._locks = sorted(locks, key=lambda lock: lock.target)

    def acquire(self) -> Sequence[Lease]:
        """Take all of them; the answer is the expired leases that were taken over.

        Raises Locked where another run has one; those that were taken are to be released.
        """
        return [lease for lock in self._locks if (lease := lock.acquire()) is not None]

    def check(self) -> str | None:
        """None where this run may write; else why it may not any more."""
        return next((why for lock in self._locks if (why := lock.check()) is not None), None)

    def begin(self, plans: Mapping[str, str]) -> None:
        """Before anything is written: look at each lock of `plans`, and note the digest that is carried out.

        The others are checked as between two batches. Raises Locked where one was lost.
        """
        for lock in self._locks:
            plan = plans.get(lock.target)
            if (why := lock.check() if plan is None else lock.begin(plan)) is not None:
                raise Locked(f"{why}; nothing was written. Run it again.")

    def release(self) -> Sequence[str]:
        """Give all of them back; the answer is which could not be, and why."""
        return [why for lock in reversed(self._locks) if (why := lock.release()) is not None]


def described(there: Kept, now: datetime) -> list[str]:
    """What a lock says, line by line."""
    lease = parse_lease(there.text)
    if lease is None:
        return ["holder: not known; what the lock says cannot be read by this version"]
    return describe(lease, now)

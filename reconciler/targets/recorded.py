"""A target whose service cannot be asked: what is live comes from a snapshot, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.errors import Denied, IncompleteRead
from reconciler.model.address import Address
from reconciler.model.capabilities import Capabilities
from reconciler.model.plan import Finding, Severity, Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.model.snapshot import Snapshot
from reconciler.model.state import Live
from reconciler.targets.base import EVERYTHING, ReadRequest

_NOT_WRITTEN = "a snapshot cannot be written to"


class RecordedTarget:
    """One target as a snapshot has it, for plans. Raises IncompleteRead where a plan needs more of it."""

    def __init__(self, name: str, snapshot: Snapshot) -> None:
        self._name, self._snapshot = name, snapshot

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What could be written when the snapshot was taken."""
        return self._snapshot.capabilities

    @property
    def taken_at(self) -> datetime:
        """When the snapshot was taken, an aware instant."""
        return self._snapshot.taken_at

    @property
    def calls(self) -> Mapping[str, int]:
        """None: nobody is asked."""
        return {}

    def identity(self) -> Mapping[str, str]:
        """Which instance the snapshot is of."""
        return self._snapshot.live.identity

    def read(self, request: ReadRequest = EVERYTHING) -> Live:
        """All that the snapshot has. Raises IncompleteRead where it lacks the tags that are asked for."""
        live = self._snapshot.live
        accounts = live.organization.accounts.values()
        if request.tags and any(account.tags is None for account in accounts if account.active):
            raise IncompleteRead(
                "the snapshot has no tags of accounts, and the files select accounts by tags; take it anew",
                target=self._name,
            )
        return live

    def submit(
        self,
        steps: Sequence[Step],
        ids: Mapping[Address, str],  # noqa: ARG002  # the protocol's
        versions: Mapping[Address, str],  # noqa: ARG002  # the protocol's
    ) -> Sequence[Outcome | Pending]:
        """Nothing is written: every step FAILED."""
        return [Outcome(step.id, Status.FAILED, _NOT_WRITTEN) for step in steps]

    def notices(self, now: datetime) -> Sequence[Finding]:
        """How old the snapshot is."""
        return (
            Finding(
                code="live-from-snapshot",
                severity=Severity.NOTE,
                message=f"what is live comes from a snapshot that is {age(now - self._snapshot.taken_at)} "
                f"old ({self._snapshot.taken_at:%Y-%m-%d %H:%M} UTC)"
                + ("; it does not tell what git does not say" if self._snapshot.redacted else ""),
                fix="apply reads everything again",
            ),
        )

    def ready(self, now: datetime, seconds: float) -> None:  # noqa: ARG002  # the protocol's
        """Raises Denied: nothing can be written."""
        raise Denied(_NOT_WRITTEN, target=self._name)

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        """Nothing is pending."""
        return [Outcome(one.step, Status.FAILED, _NOT_WRITTEN) for one in pendings]


def age(passed: timedelta) -> str:
    """How long ago, in the largest unit that says enough."""
    minutes = max(0, int(passed.total_seconds() // 60))
    for unit, length in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * length or (unit == "hour" and minutes >= length):
            count = minutes // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"

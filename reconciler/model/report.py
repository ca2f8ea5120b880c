"""What an apply did, step by step and change by change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Address, Kind
from reconciler.model.plan import Finding


class Status(StrEnum):
    """How a step, or a change, ended."""

    DONE = "done"
    UNNECESSARY = "unnecessary"  # it was already in the desired state
    FAILED = "failed"
    PARTLY = "partly-done"  # of several writes some were done, and the others were not
    SKIPPED = "skipped"  # something that it depends on failed
    HELD = "held"  # a revocation whose replacement failed
    LEFT_OUT = "left-out"  # not reviewed, not auto-applied: waits for its own review
    REFUSED = "refused"  # left out of what goes by rule, because a guard or rule refuses it
    STOPPED = "stopped"  # interrupted, or the target stopped answering to us
    UNKNOWN = "unknown"  # the answer was lost and looking did not settle it

    @property
    def good(self) -> bool:
        """Whether the object is now as it should be."""
        return self in (Status.DONE, Status.UNNECESSARY)

    @property
    def doubtful(self) -> bool:
        """Whether it was done in part, or may have been done."""
        return self in (Status.FAILED, Status.PARTLY, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended. `remote_id` is set by a create, `message` says what went wrong."""

    step: str
    status: Status
    message: str = ""
    remote_id: str = ""
    request_id: str = ""
    # The object's mark after the write, where the service tells it.
    version: str = ""
    # The object changed after it was read: look again, and try again if it is still as reviewed.
    moved: bool = False
    # Some writes of the step were answered with success, although it did not end well.
    wrote: bool = False
    # Writes of the step were answered with success, and a look showed that they did nothing.
    in_vain: bool = False
    # The target refuses everything from here on (401, 403): no further write goes there.
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A step that the service carries out on its own time; data, so that a later run can resume it."""

    step: str
    token: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """How one change ended."""

    address: Address
    status: Status
    message: str = ""
    # What the service's support asks for, or by what a later run finds what is still under way.
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class TargetReport:
    """How one target fared. `whole` is what moves the memory forward (docs/concepts.md, "Memory").

    `unkept` is all that the service was seen not to keep, now or before, as a receipt names it. `ids` are the
    remote ids of objects that were matched or made. `differing` is what the apply left
    different; None where it did not compare the whole target.
    """

    target: str
    digest: str
    results: tuple[Result, ...]
    whole: bool
    writes: int
    calls: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    ids: Mapping[Address, str] = field(default_factory=dict)
    # What guards and rules refused, where the rest was done.
    refusals: tuple[Finding, ...] = ()
    # What would lift them, as in a plan.
    approvals: tuple[str, ...] = ()
    differing: tuple[Address, ...] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What an apply did, over all targets."""

    targets: tuple[TargetReport, ...]
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything that was to be done was not."""
        good = (Status.DONE, Status.UNNECESSARY, Status.LEFT_OUT, Status.REFUSED)
        return any(result.status not in good for part in self.targets for result in part.results)

    @property
    def undenied(self) -> bool:
        """Whether somebody could not be entered in a policy of denials, or taken out, or given an end."""
        return any(
            result.address.kind is Kind.DENIAL and result.status.doubtful
            for part in self.targets
            for result in part.results
        )

    @property
    def denials_unsure(self) -> bool:
        """Whether a policy of denials may have been written, and nobody knows."""
        return any(
            result.address.kind is Kind.DENIAL and result.status in (Status.PARTLY, Status.UNKNOWN)
            for part in self.targets
            for result in part.results
        )

    @property
    def refused(self) -> bool:
        """Whether a guard or rule refused anything."""
        return any(part.refusals for part in self.targets)

    @property
    def waiting(self) -> bool:
        """Whether anything was left for its own review."""
        return any(result.status is Status.LEFT_OUT for part in self.targets for result in part.results)

    @property
    def writes(self) -> int:
        """How many writes were sent and answered well."""
        return sum(part.writes for part in self.targets)

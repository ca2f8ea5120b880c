"""What differs between git and one target, and since when: pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.authorship import Author
from reconciler.model.change import Cause, Change
from reconciler.model.plan import Finding, Severity


class DriftState(StrEnum):
    """What is known of one target: UNKNOWN is a failure, and says nothing of whether it differs."""

    NONE = "none"
    DRIFT = "drift"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as git says: `change` would make it so.

    `right_at` (an aware instant) is when an apply last saw it as git says, None where that is not known.
    `withheld` says why the change is not made, "" where it is part of the plan. `ids` are the remote ids by
    which an event speaks of it, each in its place (of a membership group and user, of an assignment account,
    set and principal); a place may have several, where the object was made anew. `author` is who did it.
    """

    change: Change
    right_at: datetime | None = None
    privileged: bool = False
    withheld: str = ""
    ids: tuple[tuple[str, ...], ...] = ()
    author: Author | None = None

    @property
    def drifted(self) -> bool:
        """Whether it was made outside git: git says the same as before, and the live state is another."""
        return self.change.cause is Cause.DRIFT


@dataclass(frozen=True, slots=True)
class UnmanagedGrant:
    """A live assignment or membership that git neither declares nor gave, and that stays as it is."""

    address: Address
    privileged: bool = False
    ids: tuple[tuple[str, ...], ...] = ()
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class TargetDrift:
    """All that differs at one target, in the order in which people read it: privileged first.

    `checked` is when an apply compared the whole target last. `names` has what people call ids of accounts,
    and people and groups without a key. `findings` are what a reader must know beside the differences. Where
    `error` is not empty, the target could not be compared, and nothing else is known. `unattributed` says why
    differences without an author have none, "" where nobody looked for any.
    """

    target: str
    differences: tuple[Difference, ...] = ()
    unmanaged: tuple[UnmanagedGrant, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: datetime | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[tuple[str, str, str], ...] = ()
    error: str = ""
    unattributed: str = ""

    @property
    def state(self) -> DriftState:
        """What is known of the target."""
        if self.error:
            return DriftState.UNKNOWN
        return DriftState.DRIFT if self.differences or self.unmanaged else DriftState.NONE

    @property
    def refused(self) -> bool:
        """Whether a guard or rule refuses the plan that would set it right."""
        return any(one.severity is Severity.REFUSAL for one in self.findings)


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs, over all targets, at `now` (an aware instant)."""

    now: datetime
    targets: tuple[TargetDrift, ...]

    @property
    def unknown(self) -> bool:
        """Whether any target could not be compared."""
        return any(one.state is DriftState.UNKNOWN for one in self.targets)

    @property
    def refused(self) -> bool:
        """Whether the plan of any target is refused."""
        return any(one.refused for one in self.targets)

    @property
    def found(self) -> bool:
        """Whether anything differs anywhere."""
        return any(one.state is DriftState.DRIFT for one in self.targets)

"""A plan: changes, the steps that carry them out, and what else a reviewer must know. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.errors import Place
from reconciler.model.access import AccessChange
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.resources import Origin

# Major changes when an old reader would misread it; minor when fields are added.
FORMAT_VERSION = "1.3"
# The meaning of a plan: raised when the same inputs give other changes than before.
SEMANTICS_VERSION = 1
# Findings that decide how a plan is headed, and that it ends with exit code 1.
INCOMPLETE = "memory-incomplete"
# Says that an apply has to be told that it is the first one to its target.
FIRST_APPLY = "first-apply"
BLOCKED = "match-blocked"
# What is so on every branch under review, and is news to nobody there.
NOT_MERGED = "not-merged"
# New assignments that are left out, because an `except` names what nobody has.
EXCEPT_UNKNOWN = "except-unknown"


class Severity(StrEnum):
    """How loud a finding is. REFUSAL makes the plan inapplicable (exit 3)."""

    REFUSAL = "refusal"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reviewer must know and that is no change. `code` is stable and greppable.

    `count` is how many things it speaks of, `kind` of which kind, where an approval must name it;
    `details` lists some or all of them, `fix` says what to do.

    Of a refusal, `scope` is the one group or account that it is of (`group:ops`, `account:210000000020`;
    `blocked` where it counts blocks), as an approval must name it, and `covers` are the changes that it
    refuses: None is the whole plan. `liftable` says that an approval would lift it. Plan files do not carry
    these three.
    """

    code: str
    severity: Severity
    message: str
    address: Address | None = None
    origin: Origin | None = None
    fix: str | None = None
    details: tuple[str, ...] = ()
    count: int = 1
    kind: Kind | None = None
    scope: str = field(default="", compare=False)
    covers: tuple[Address, ...] | None = field(default=None, compare=False)
    liftable: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One request (or several, for one object) to one target.

    `id` is unique in the plan; `after` names the steps that must be done first; `changes` are the
    addresses that it carries out. `refs` says by role which addresses the request needs the remote ids
    of. `lane` serialises: two steps of one lane never run at once ("" is no lane). Every step of a lower
    `rank` is attempted before the first of a higher one begins. `held_by` names the grants that take the
    place of a revocation: it waits for them, and is HELD when one of them did not succeed. `entering` are
    the memberships of the plan in a group that is created, for a service that wants one of them at once.
    """

    id: str
    address: Address
    action: Action
    changes: tuple[Address, ...]
    fields: tuple[FieldChange, ...] = ()
    after: tuple[str, ...] = ()
    refs: Mapping[str, Address] = field(default_factory=dict)
    lane: str = ""
    rank: int = 0
    held_by: tuple[str, ...] = ()
    entering: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of a kind there are on both sides, for "what stays is a count" and for percentages."""

    live: int = 0
    desired: int = 0
    unchanged: int = 0
    unmanaged: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Takes:
    """What applying takes, as far as quotas tell: seconds, and calls."""

    seconds: float
    calls: int


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """The part of a plan that concerns one target; `digest` covers identity, policy and changes.

    `only` are the addresses that it was restricted to, so that apply can restrict itself likewise.
    """

    target: str
    identity: Mapping[str, str]
    policy_digest: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[Kind, Counts]
    digest: str
    partial: bool = False
    gaps: tuple[tuple[str, str, str], ...] = ()
    read_calls: Mapping[str, int] = field(default_factory=dict)
    only: tuple[Address, ...] = ()
    # What it does to people's access; follows from the changes and what is live, so no digest covers it.
    access: tuple[AccessChange, ...] = ()
    # What people call the accounts that changes and access speak of, by id; and people and groups that have
    # no key, by their id behind a tilde.
    accounts: Mapping[str, str] = field(default_factory=dict)
    # The narrowest approvals that lift what is refused, as lines of YAML to paste.
    approvals: tuple[str, ...] = ()
    # The keys of its users who wrote what is planned, as far as that is known: a mark for reviewers.
    authors: tuple[str, ...] = ()
    # What applying it takes, where that was estimated.
    takes: Takes | None = None

    @property
    def applyable(self) -> bool:
        """Whether no guard or rule refuses it."""
        return not any(finding.severity is Severity.REFUSAL for finding in self.findings)

    @property
    def incomplete(self) -> tuple[Finding, ...]:
        """Why what git declared before is not known: removals may be missing, so nothing is applied of it."""
        return tuple(finding for finding in self.findings if finding.code == INCOMPLETE)

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """What is left alone until a person says what is meant; the rest can be applied.

        Objects of which nobody knows which is which, and new access that an `except` was perhaps to prevent.
        Of a plan that was restricted to some addresses, the objects among them.
        """
        return tuple(
            finding
            for finding in self.findings
            if finding.severity is Severity.WARNING
            and (
                (finding.code == BLOCKED and (not self.only or finding.address in self.only))
                or finding.code == EXCEPT_UNKNOWN
            )
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What apply would do. `now` is the moment it was planned for; `places` show where lines stand."""

    now: datetime
    targets: tuple[TargetPlan, ...]
    tool_version: str = ""
    tree: str = ""
    places: Mapping[Origin, Place] = field(default_factory=dict)
    format_version: str = FORMAT_VERSION
    # Whether values of people were replaced in it: it is for reading, and nothing can be applied of it.
    redacted: bool = False
    semantics_version: int = SEMANTICS_VERSION

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of every target, in order."""
        return tuple(change for part in self.targets for change in part.changes)

    @property
    def applyable(self) -> bool:
        """Whether every target's part is."""
        return all(part.applyable for part in self.targets)

    @property
    def incomplete(self) -> bool:
        """Whether any target's part is."""
        return any(part.incomplete for part in self.targets)

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The blocked objects of every target, in order."""
        return tuple(finding for part in self.targets for finding in part.blocked)

    @property
    def partial(self) -> bool:
        """Whether anything was left unread on purpose."""
        return any(part.partial for part in self.targets)

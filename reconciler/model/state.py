"""Whole sides: what git says (Identities, Desired), what is (Live), what git said (Remembered)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.change import Cause
from reconciler.model.policy import Approval, TargetPolicy
from reconciler.model.resources import (
    Account,
    Assignment,
    Attributes,
    Block,
    Group,
    Members,
    Override,
    PermissionSet,
    User,
)


@dataclass(frozen=True, slots=True)
class Identities:
    """What people wrote, over all files, by key: references hold, selectors and includes unexpanded."""

    users: Mapping[str, User] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    permission_sets: Mapping[str, PermissionSet] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    blocked: Mapping[str, Block] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    approvals: Mapping[str, Approval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inactive:
    """Why somebody must have no access now: `cause` is GIT, EXPIRY, BLOCK or LEAVER."""

    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class Desired:
    """What git says of one target at one moment.

    `users` have their overrides laid on; `inactive` names those of them (and blocked keys that git does
    not declare) who must have no access; `members` is flattened, inside its windows, and holds active
    people only. A group that is absent from `members` has a membership that git does not manage.
    `not_yet` are users before their `from`.
    """

    target: str
    users: Mapping[str, User] = field(default_factory=dict)
    inactive: Mapping[str, Inactive] = field(default_factory=dict)
    not_yet: frozenset[str] = frozenset()
    groups: Mapping[str, Group] = field(default_factory=dict)
    members: Mapping[str, Members] = field(default_factory=dict)
    # Why somebody who is written as a member is none now, where it is not that they are inactive:
    # group key -> user key -> EXPIRY.
    lapsed: Mapping[str, Mapping[str, Cause]] = field(default_factory=dict)
    # Kinds that git declares and that this target cannot apply yet, with how many of them.
    unsupported: Mapping[Kind, int] = field(default_factory=dict)

    def wants(self, user: str) -> bool:
        """Whether the user is declared and should have access now."""
        return user in self.users and user not in self.inactive and user not in self.not_yet


@dataclass(frozen=True, slots=True)
class LiveUser:
    """A user as a target has it. `active` is None where the service does not tell.

    `attributes` holds names of USER_ATTRIBUTES, absent where unset; `manager` is a remote id.
    `version` is the service's own mark of the object's state (Revision, ETag), if it has one.
    """

    id: str
    attributes: Attributes
    active: bool | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group as a target has it; `attributes` holds names of GROUP_ATTRIBUTES, absent where unset."""

    id: str
    attributes: Attributes
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """What was not read, on purpose: inside it nothing is removed.

    `scope` is a group's remote id for memberships, an account id for assignments, or "*" for all.
    """

    kind: Kind
    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class Live:
    """What a target has, by remote id, read to the end of every list.

    `identity` names the instance itself (instance ARN, identity store id, …). `members` maps a group's
    id to its members: user id -> membership id ("" where the service has none).
    """

    target: str
    identity: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, LiveUser] = field(default_factory=dict)
    groups: Mapping[str, LiveGroup] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the last whole apply left behind: the message of the tag, or the sandbox's record.

    `commit` is the tagged commit ("" on the sandbox), `identity` the target's, `at` an aware instant.
    """

    target: str
    identity: Mapping[str, str]
    digest: str
    tool_version: str
    at: datetime
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """What git said at one commit, with the configuration of that commit. `label` is its short id."""

    label: str
    identities: Identities
    policy: TargetPolicy


@dataclass(frozen=True, slots=True)
class Remembered:
    """What git declared since the last whole apply, for one target.

    `base` is the state at the receipt, `since` every first-parent state after it, newest first, the
    state under plan not among them. `unknown` says why the memory cannot be known (outside git, a
    commit that does not load): then nothing is removed for having been forgotten.
    """

    receipt: Receipt | None = None
    base: Declared | None = None
    since: tuple[Declared, ...] = ()
    unknown: str | None = None

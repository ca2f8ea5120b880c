"""Whole sides: what git says (Identities, Desired), what is (Live), what git said (Remembered)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from reconciler.model.address import Address, Arn, DeclaredPair, Kind, SetName
from reconciler.model.change import Cause
from reconciler.model.checked import Checked
from reconciler.model.denials import Denials
from reconciler.model.ledger import Ledger
from reconciler.model.organization import NO_ORGANIZATION, Organization
from reconciler.model.pairs import Pair, Principal
from reconciler.model.plan import Finding
from reconciler.model.policy import Approval, TargetPolicy
from reconciler.model.removed import Removed
from reconciler.model.resources import (
    Account,
    Assignment,
    Attributes,
    Block,
    Group,
    Leaver,
    Members,
    Origin,
    Override,
    PermissionSet,
    User,
    Value,
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
    # What `users` has taken over already; kept to say where it stands.
    leavers: Mapping[str, Leaver] = field(default_factory=dict)
    approvals: Mapping[str, Approval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inactive:
    """Why somebody must have no access now: `cause` is GIT, EXPIRY, BLOCK or LEAVER."""

    cause: Cause
    reason: str


class Holder(NamedTuple):
    """Whom git assigns a permission set to: `kind` is USER or GROUP, `key` the key in git."""

    kind: Kind
    key: str

    @classmethod
    def at(cls, assignment: Address) -> Holder:
        """The user or group that the address of an assignment names."""
        principal = assignment.principal
        return cls(principal.kind, principal.own_key)

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Assigned:
    """Why git wants an assignment. One such object stands for all that an entry assigns alike.

    `selected` says that the account was found by its place or tags, or by `all`, and not by name or id.
    `start` and `end` are those of the entry that ends last among those that say the same (None: open).
    """

    entry: str
    origin: Origin
    selected: bool = False
    end: datetime | None = None
    reason: str | None = None
    start: datetime | None = None


class End(NamedTuple):
    """When a membership or an assignment ends (an aware instant), and what in git says so."""

    at: datetime
    origin: Origin


@dataclass(frozen=True, slots=True)
class Unmet:
    """What an `except` names and the organization does not have.

    `what` is it in words, `near` what was probably meant ("" where nothing is near), `accounts` the ids of
    those that it would have kept out then.
    """

    what: str
    near: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remarks:
    """What is odd about the assignments that git writes, for findings.

    `empty` are entries whose selectors match no account, `unknown` places that the organization does not
    have, each with the entries that name it, `ambiguous` paths that several units have, each with their ids
    and with the entries. `left_out` says of entries what of them is not provisioned to
    this target, `longest` where entries that say the same end at different times, `direct` are the entries
    that assign to users. `exceptions` has by entry what its `except` names and nobody has.
    """

    empty: tuple[str, ...] = ()
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ambiguous: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    longest: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    exceptions: Mapping[str, tuple[Unmet, ...]] = field(default_factory=dict)


NO_REMARKS = Remarks()

Assignments = Mapping[DeclaredPair, Mapping[Holder, Assigned]]


@dataclass(frozen=True, slots=True)
class Desired:
    """What git says of one target at one moment.

    `users` have their overrides laid on; `inactive` names those of them (and blocked keys that git does
    not declare) who must have no access; `members` is flattened, inside its windows, and holds active
    people only. A group that is absent from `members` has a membership of which git says nothing now.
    `not_yet` are users before their `from`.
    """

    target: str
    users: Mapping[str, User] = field(default_factory=dict)
    inactive: Mapping[str, Inactive] = field(default_factory=dict)
    not_yet: frozenset[str] = frozenset()
    groups: Mapping[str, Group] = field(default_factory=dict)
    members: Mapping[str, Members] = field(default_factory=dict)
    # When memberships of `members` end that do, by the way that lasts longest and by their users: group key
    # -> user key.
    ends: Mapping[str, Mapping[str, End]] = field(default_factory=dict)
    # Why somebody who is written as a member is none now, where it is not that they are inactive:
    # group key -> user key -> EXPIRY.
    lapsed: Mapping[str, Mapping[str, Cause]] = field(default_factory=dict)
    permission_sets: Mapping[str, PermissionSet] = field(default_factory=dict)
    # Who is assigned what where, now: selectors expanded over the live organization, inside windows,
    # people who are inactive, not yet there or not provisioned left out.
    assignments: Assignments = field(default_factory=dict)
    # Assignments that are written, whose time is over by one entry at least, and that none gives now.
    lapsed_assignments: Mapping[DeclaredPair, frozenset[Holder]] = field(default_factory=dict)
    # Permission sets and holders that some entry assigns by place, tag or `all`, wherever that leads now.
    selecting: frozenset[tuple[str, Holder]] = frozenset()
    # Those of an entry with a selector of which nobody knows what it means: what they have stays.
    unresolved: frozenset[tuple[str, Holder]] = frozenset()
    # Assignments that only entries give whose `except` names what nobody has: they may reach too far.
    doubtful: Mapping[DeclaredPair, frozenset[Holder]] = field(default_factory=dict)
    # Accounts that git names and that cannot be assigned to: not in the organization, or not active.
    unreachable: Mapping[str, str] = field(default_factory=dict)
    remarks: Remarks = NO_REMARKS
    # Kinds that git declares and that this target cannot apply yet, with how many of them.
    unsupported: Mapping[Kind, int] = field(default_factory=dict)

    def wants(self, user: str) -> bool:
        """Whether the user is declared and should have access now."""
        return user in self.users and user not in self.inactive and user not in self.not_yet

    def end_of(self, holder: Holder, why: Assigned) -> End | None:
        """When an assignment ends: with its entry, or with the time of the user whom it is for."""
        end = None if why.end is None else End(why.end, why.origin)
        user = self.users.get(holder.key) if holder.kind is Kind.USER else None
        if user is None or user.window.end is None or (end is not None and end.at <= user.window.end):
            return end
        return End(user.window.end, user.origin)


# What nearly every user has, kept once.
NO_LISTS: Mapping[str, tuple[Value, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LiveUser:
    """A user as a target has it. `active` is None where the service does not tell.

    `attributes` holds names of USER_ATTRIBUTES, absent where unset; `manager` is a remote id.
    `version` is the service's own mark of the object's state (Revision, ETag), if it has one. `lists` has,
    of attributes that are lists at the service, all values in its order, where there is more than one; the
    one in `attributes` is the one that counts there.
    """

    id: str
    attributes: Attributes
    active: bool | None = None
    version: str | None = None
    lists: Mapping[str, tuple[Value, ...]] = field(default_factory=lambda: NO_LISTS)

    def values(self, name: str) -> tuple[Value, ...]:
        """All values of one attribute, in the order of the service; none where it is unset."""
        found = self.attributes.get(name)
        return self.lists.get(name) or (() if found is None else (found,))


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group as a target has it; `attributes` holds names of GROUP_ATTRIBUTES, absent where unset."""

    id: str
    attributes: Attributes
    version: str | None = None


@dataclass(frozen=True, slots=True)
class LivePermissionSet:
    """A permission set as a target has it; `id` is its ARN.

    `attributes` holds `name`, those of SET_ATTRIBUTES that are set, and `tags.<key>` for each tag:
    `managed_policies` as a sorted tuple of ARNs, `customer_managed_policies` as a sorted tuple of path and
    name in one (`/ci/deploy`), `permissions_boundary` as one or the other, `inline_policy` as canonical
    JSON. `provisioned` are the accounts that have a role of it, `outdated` those of them whose role lags
    behind the definition.
    """

    id: Arn
    attributes: Attributes
    provisioned: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()

    @property
    def name(self) -> SetName:
        """Its name, which never changes, and which is its key in git."""
        return SetName(str(self.attributes["name"]))


@dataclass(frozen=True, slots=True)
class Gap:
    """What was not read, on purpose: inside it nothing is removed.

    `scope` is a group's remote id for memberships, an account id for assignments, or "*" for all. For
    assignments it may also be "users": those to people, and to principals that no longer exist.
    """

    kind: Kind
    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class Live:
    """What a target has, by remote id, read to the end of every list.

    `identity` names the instance itself (instance ARN, identity store id, …). `members` maps a group's
    id to its members: user id -> membership id ("" where the service has none). `permission_sets` go by
    ARN, `assignments` by account id and ARN; a pair to which nobody is assigned is absent.
    """

    target: str
    identity: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, LiveUser] = field(default_factory=dict)
    groups: Mapping[str, LiveGroup] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    permission_sets: Mapping[str, LivePermissionSet] = field(default_factory=dict)
    assignments: Mapping[Pair, frozenset[Principal]] = field(default_factory=dict)
    organization: Organization = NO_ORGANIZATION
    # Whether the caller administers the instance for the management account, and may do less than it.
    delegated: bool = False
    gaps: tuple[Gap, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    # As whom the service knows us: an ARN ("": not asked).
    caller: str = ""
    # The policy that denies people; that of the last apply where another is configured, and the one not used.
    denials: Denials | None = None
    former_denials: tuple[Denials, ...] = ()
    # What a reviewer must know of the reading itself: members that are no users, a schema that does not hold.
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the last whole apply left behind: the message of the tag, or the sandbox's record.

    `commit` is the tagged commit ("" on the sandbox), `identity` the target's, `at` an aware instant, `used`
    the approved digests that were spent, oldest first. `unkept` are the attributes that the service was seen
    not to keep (`user.title`, `group.description`), sorted. `applied` is the commit of the newest apply,
    whole or not, where that is another than `commit`. `removed` is what runs without a review took away in
    the 24 hours before `at`, oldest first. `checked` is the last comparison of the whole target, None where
    nothing tells. `deny_policy` is the policy then used.
    """

    target: str
    identity: Mapping[str, str]
    digest: str
    tool_version: str
    at: datetime
    commit: str = ""
    used: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    applied: str = ""
    removed: tuple[Removed, ...] = ()
    checked: Checked | None = None
    deny_policy: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """What git said at one commit, with the configuration of that commit. `label` is its short id."""

    label: str
    identities: Identities
    policy: TargetPolicy


@dataclass(frozen=True, slots=True)
class Remembered:
    """What git declared since the last whole apply, for one target.

    `base` is the state at the receipt, `since` every first-parent state after it, newest first, the state
    under plan not among them. Without a base, `since` reaches back to the state with which the first apply
    began, and has that one even where it is the state under plan. `unknown` says why the states cannot be
    known, or not all of the base: without a base, nothing is removed then for having been forgotten.

    `ledger` is what git gave by live ids, with what open marks of other runs may have given; where it is
    known, it alone decides what is git's, and the states only tell causes and former keys. It is None where
    nothing was applied by a version that keeps one, or where its receipts are lost. `passed_over` names
    commits since then that do not load whole. `removed` is what runs without a review took away and
    `deny_policy` the policy of denials, by the newest receipt, `checked` the last whole comparison.
    """

    receipt: Receipt | None = None
    base: Declared | None = None
    since: tuple[Declared, ...] = ()
    unknown: str | None = None
    ledger: Ledger | None = None
    passed_over: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    checked: Checked | None = None
    deny_policy: str = ""

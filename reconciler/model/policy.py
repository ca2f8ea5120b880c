"""Scope, guards and what else the configuration decides, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.model.address import Kind
from reconciler.model.change import AT_ONCE, Cause
from reconciler.model.resources import Origin, Selector
from reconciler.model.rules import Rule


class Mode(StrEnum):
    """How much of a kind the reconciler owns."""

    OBSERVE = "observe"
    MANAGED = "managed"
    AUTHORITATIVE = "authoritative"


class OnRemoval(StrEnum):
    """What becomes of a user who is gone from git."""

    DEACTIVATE = "deactivate"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class IgnoredAssignment:
    """A pattern over assignments; None matches anything. Names are shell patterns."""

    permission_set: str | None = None
    account: str | None = None
    group: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """What is somebody else's: shell patterns over user names and display names."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    assignments: tuple[IgnoredAssignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The mode of each kind, and what is ignored."""

    users: Mode = Mode.MANAGED
    groups: Mode = Mode.MANAGED
    memberships: Mode = Mode.AUTHORITATIVE
    permission_sets: Mode = Mode.MANAGED
    assignments: Mode = Mode.MANAGED
    ignore: Ignore = Ignore()

    def mode(self, kind: Kind) -> Mode:
        """The mode of one kind. A denial goes with the removals: it is observed where nothing is removed."""
        if kind is Kind.DENIAL:
            both = self.memberships, self.assignments
            return Mode.OBSERVE if set(both) == {Mode.OBSERVE} else Mode.AUTHORITATIVE
        modes = {
            Kind.USER: self.users,
            Kind.GROUP: self.groups,
            Kind.MEMBERSHIP: self.memberships,
            Kind.PERMISSION_SET: self.permission_sets,
            Kind.ASSIGNMENT: self.assignments,
        }
        return modes[kind.facts.of or kind]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count`, and at most `percent` of what there is (one is always allowed by a percentage)."""

    count: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class MaxRemovals:
    """How much one plan may take away, per kind, per container and in total; see docs/guards-and-rules.md."""

    users: Limit = Limit(5, 2)
    groups: Limit = Limit(5, 2)
    memberships: Limit = Limit(None, 10)
    per_group: Limit = Limit(None, 50)
    assignments: Limit = Limit(20, None)
    per_account: Limit = Limit(10, None)
    permission_sets: Limit = Limit(5, None)
    total: Limit = Limit(50, None)
    # People who are blocked, or whose end was past already when it was first applied.
    blocked: Limit = Limit(10, None)


@dataclass(frozen=True, slots=True)
class Protected:
    """What is never removed, disabled or renamed: keys, in git's words."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Privileged:
    """What counts as privileged access: shell patterns over permission sets and policies, and accounts.

    With `defaults` also what leads to everything else (`access/privilege.py`).
    """

    permission_sets: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    accounts: tuple[Selector, ...] = ()
    defaults: bool = True


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits of one plan, all of them set even where nobody wrote any."""

    max_removals: MaxRemovals = MaxRemovals()
    protected: Protected = Protected()
    privileged: Privileged = Privileged()
    max_grants: Mapping[str, Limit] = field(default_factory=dict)
    min_members: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    """A reviewed, expiring permission to go past a guard: which, for what kind, how many, until when.

    `group` is a key, `account` a key or an id: of what it is, where the guard speaks of one. `blocked` is one
    for people who are blocked (`kind: blocked`).
    """

    key: str
    origin: Origin
    guard: str
    count: int
    until: datetime
    reason: str
    kind: Kind | None = None
    target: str | None = None
    group: str | None = None
    account: str | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Provision:
    """Who is provisioned to a target, by key; None is everybody. Groups are shell patterns."""

    users_in: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """Everything that planning needs to know of the configuration of one target."""

    target: str
    paths: tuple[str, ...] = ("**",)
    provision: Provision = Provision()
    scope: Scope = Scope()
    guards: Guards = Guards()
    on_removal: OnRemoval = OnRemoval.DEACTIVATE
    auto_apply: frozenset[Cause] = AT_ONCE
    # By name, so that the order in which they are written says nothing.
    rules: tuple[Rule, ...] = ()
    # Attributes of users that are made here from others: our name (or an extension's path) to a template such
    # as "{given_name} {family_name}".
    map: Mapping[str, str] = field(default_factory=dict)

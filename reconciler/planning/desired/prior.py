"""What git gave and what it said, as questions: is this git's, and was it declared at the last whole apply?

Where a ledger tells what git gave, it alone decides what is git's, by live ids; the states tell causes and
former keys. Without one the states decide, by keys and names. Every state is projected with its own
configuration, at the moment of the receipt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Cause
from reconciler.model.ledger import Ledger
from reconciler.model.organization import NO_ORGANIZATION, Organization
from reconciler.model.policy import Mode, TargetPolicy
from reconciler.model.resources import Group, PermissionSet, User, Value
from reconciler.model.state import Desired, Identities, Remembered
from reconciler.planning.desired.entitlements import Audience, Entitlements, Entitling
from reconciler.planning.desired.project import project


@dataclass(frozen=True, slots=True)
class PriorState:
    """`base` is git at the last whole apply (None: there was none), `since` what came after, newest first.

    `known` is False where nothing may be removed for having been forgotten. `ledger` is what git gave, with a
    remote id for everything in it; None where no receipt tells.
    """

    base: Desired | None
    since: tuple[Desired, ...]
    known: bool
    # Whether groups that did not say so themselves tolerated others at the last whole apply.
    shared: bool = False
    # Whether permission sets that did not say so themselves tolerated no foreign assignments then.
    exclusive: bool = False
    ledger: Ledger | None = None

    @property
    def states(self) -> Iterator[Desired]:
        """Every remembered state, newest first."""
        yield from self.since
        if self.base is not None:
            yield self.base

    def former_user(self, keys: Sequence[str]) -> Iterator[User]:
        """What was declared under any of the keys, newest first."""
        for state in self.states:
            for key in keys:
                if (user := state.users.get(key)) is not None:
                    yield user

    def former_group(self, keys: Sequence[str]) -> Iterator[Group]:
        """What was declared under any of the keys, newest first."""
        for state in self.states:
            for key in keys:
                if (group := state.groups.get(key)) is not None:
                    yield group

    def base_user(self, keys: Sequence[str]) -> User | None:
        """What was declared under the first known of the keys at the last whole apply."""
        base = self.base
        return next((base.users[key] for key in keys if key in base.users), None) if base else None

    def had_member(self, groups: Sequence[str], users: Sequence[str]) -> bool:
        """Whether any remembered state made one of the users a member of one of the groups."""
        return any(_member(state, groups, users) for state in self.states)

    def gave_member(
        self,
        groups: Sequence[str],
        users: Sequence[str],
        pairs: Iterable[tuple[str, str]],
        *,
        sure: bool = False,
    ) -> bool:
        """Whether git made one of the users a member of one of the groups.

        `groups` and `users` are keys, for the states; `pairs` the ids that the two may have, for the ledger.
        `sure` asks for what was seen to be there after an apply.
        """
        if self.ledger is None:
            return self.known and self.had_member(groups, users)
        return any(
            user in self.ledger.members.get(group, ())
            and not (sure and user in self.ledger.unsure.get(group, ()))
            for group, user in pairs
        )

    def membership_cause(
        self,
        groups: Sequence[str],
        users: Sequence[str],
        *,
        wanted: bool,
        pairs: Collection[tuple[str, str]] = (),
    ) -> Cause:
        """Why a membership differs, where neither time nor a block explains it."""
        if self.ledger is not None:
            if wanted:
                given = self.gave_member(groups, users, pairs, sure=True)
                return Cause.DRIFT if given else Cause.GIT
            if not self.gave_member(groups, users, pairs):
                return Cause.DRIFT if self._was_strict(groups) else Cause.GIT
            then = self.base is None or _member(self.base, groups, users)
            return Cause.GIT if then else Cause.LEFTOVER
        if self.base is None:
            return Cause.GIT
        then = _member(self.base, groups, users)
        if then != wanted:
            return Cause.GIT
        if not wanted and any(_member(state, groups, users) for state in self.since):
            return Cause.LEFTOVER
        return Cause.DRIFT if wanted or self._was_strict(groups) else Cause.GIT

    def _was_strict(self, groups: Sequence[str]) -> bool:
        """Whether git meant one of the groups to have no other members at the last whole apply."""
        base = self.base
        found = next((base.groups[key] for key in groups if key in base.members), None) if base else None
        return found is not None and not (self.shared if found.shared is None else found.shared)

    def former_set(self, names: Sequence[str]) -> Iterator[PermissionSet]:
        """The permission sets declared under any of the names, newest first."""
        for state in self.states:
            for name in names:
                if (one := state.permission_sets.get(name)) is not None:
                    yield one

    def base_set(self, name: str) -> PermissionSet | None:
        """The permission set declared under that name at the last whole apply."""
        return self.base.permission_sets.get(name) if self.base else None

    def object_cause(self, *, at_base: bool, wanted: bool, between: bool) -> Cause:
        """Why an object should appear or go: it was there at the base, is wanted now, was declared since."""
        if self.ledger is not None and wanted:
            return Cause.DRIFT if at_base else Cause.GIT
        if self.base is None or at_base != wanted:
            return Cause.GIT
        return Cause.LEFTOVER if not wanted and between else Cause.DRIFT

    def field_cause(self, base: User | Group | None, name: str, *, declared: bool, value: Value) -> Cause:
        """Why one attribute differs: `declared` says whether git says something of it now."""
        if self.base is None or base is None:
            return Cause.GIT
        then = name in base.attributes
        if then != declared:
            return Cause.GIT
        if not declared:
            return Cause.LEFTOVER
        return Cause.DRIFT if base.attributes[name] == value else Cause.GIT


def _member(state: Desired, groups: Sequence[str], users: Sequence[str]) -> bool:
    for group in groups:
        members = state.members.get(group)
        if members and any(user in members for user in users):
            return True
    return False


def remember(
    remembered: Remembered,
    identities: Identities,
    policy: TargetPolicy,
    desired: Desired,
    now: datetime,
    capabilities: Capabilities,
    organization: Organization = NO_ORGANIZATION,
    ledger: Ledger | None = None,
) -> PriorState:
    """The memory of one target. States that equal the one under plan are not projected again.

    Selectors of remembered states are expanded over `organization` as it is now. `ledger` is the remembered
    one with a remote id for everything in it.
    """
    at = remembered.receipt.at if remembered.receipt else now
    timed = _depends_on_time(identities)
    entitling = _knowing(identities, policy, desired, now, organization)

    def state(declared_identities: Identities, declared_policy: TargetPolicy) -> Desired:
        if declared_identities is identities and declared_policy == policy and not timed:
            return desired
        return project(declared_identities, declared_policy, at, capabilities, organization, entitling)

    base = state(remembered.base.identities, remembered.base.policy) if remembered.base else None
    since = tuple(state(one.identities, one.policy) for one in remembered.since)
    return PriorState(
        base=base,
        since=since,
        known=ledger is not None or remembered.unknown is None or base is not None,
        ledger=ledger,
        shared=remembered.base is not None
        and remembered.base.policy.scope.memberships is not Mode.AUTHORITATIVE,
        exclusive=remembered.base is not None
        and remembered.base.policy.scope.assignments is Mode.AUTHORITATIVE,
    )


def _knowing(
    identities: Identities, policy: TargetPolicy, desired: Desired, now: datetime, organization: Organization
) -> Entitling:
    """What states assign, where those that assign the same as the one under plan need no second look."""
    entitling = Entitling(organization)
    absent = desired.not_yet | desired.inactive.keys()
    audience = Audience(desired.permission_sets.keys(), desired.users.keys(), desired.groups.keys(), absent)
    result = Entitlements(
        assignments=desired.assignments,
        lapsed=desired.lapsed_assignments,
        selecting=desired.selecting,
        unreachable=desired.unreachable,
        remarks=desired.remarks,
    )
    entitling.learn(identities, policy, audience, now, result)
    return entitling


def _depends_on_time(identities: Identities) -> bool:
    """Whether anything in there holds at some times and not at others."""
    return (
        bool(identities.blocked)
        or bool(identities.overrides)
        or any(user.window.start or user.window.end for user in identities.users.values())
        or any(
            group.include or any(type(grant) is not int for grant in (group.members or {}).values())
            for group in identities.groups.values()
        )
        or any(entry.window.start or entry.window.end for entry in identities.assignments.values())
    )

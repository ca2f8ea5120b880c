"""What git says of one target at one moment: paths and provisioning, time windows, overrides, includes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Cause
from reconciler.model.organization import NO_ORGANIZATION, Organization
from reconciler.model.patterns import name_matches, path_matches
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Grant, Group, Include, Members, Origin, Override, User
from reconciler.model.state import Desired, End, Identities, Inactive
from reconciler.planning.desired.entitlements import Audience, Entitlements, Entitling
from reconciler.planning.desired.mapped import Templates
from reconciler.planning.wording import many

_NOBODY: Members = {}
_NEVER: Mapping[str, End] = {}


def project(
    identities: Identities,
    policy: TargetPolicy,
    now: datetime,
    capabilities: Capabilities,
    organization: Organization = NO_ORGANIZATION,
    entitling: Entitling | None = None,
) -> Desired:
    """Desired of `policy.target` at `now` (an aware instant). Never fails: loading has checked it all.

    Selectors of accounts are expanded over `organization`; `entitling`, made for the same one, lets several
    projections share what they have in common.
    """
    flat = _Flattening(identities, now)
    everywhere = policy.paths == ("**",)
    groups = {
        key: group
        for key, group in identities.groups.items()
        if (everywhere or path_matches(group.origin.path, policy.paths))
        and (policy.provision.groups is None or name_matches(key, policy.provision.groups))
    }
    chosen = _chosen(identities, policy, flat)
    templates = Templates(policy.map)
    users: dict[str, User] = {}
    for key, user in identities.users.items():
        if not everywhere and not path_matches(user.origin.path, policy.paths):
            continue
        if chosen is None or key in chosen:
            override = identities.overrides.get(key)
            users[key] = templates.lay_on(_overridden(user, override) if override else user)
    inactive, not_yet = _activity(identities, users, now)
    unsupported = _unsupported(identities, groups, capabilities)
    if Kind.GROUP not in capabilities.kinds:
        groups = {}
    present = _Present(users, inactive, not_yet)
    leaving = {key: End(user.window.end, user.origin) for key, user in users.items() if user.window.end}
    members: dict[str, Members] = {}
    ends: dict[str, Mapping[str, End]] = {}
    lapsed: dict[str, Mapping[str, Cause]] = {}
    for key, group in groups.items() if Kind.MEMBERSHIP in capabilities.kinds else ():
        if group.external or (group.members is None and group.include is None):
            continue
        everybody = flat.members(key)
        members[key] = present.only(everybody)
        if until := _until(members[key], flat.ends(key), leaving):
            ends[key] = until
        if over := flat.lapsed(key):
            lapsed[key] = over
    sets = {
        key: one
        for key, one in identities.permission_sets.items()
        if everywhere or path_matches(one.origin.path, policy.paths)
    }
    entitled = Entitlements()
    if Kind.ASSIGNMENT in capabilities.kinds:
        audience = Audience(sets.keys(), users.keys(), groups.keys(), not_yet | inactive.keys())
        entitled = (entitling or Entitling(organization)).entitle(identities, policy, audience, now)
    return Desired(
        target=policy.target,
        users=users,
        inactive=inactive,
        not_yet=not_yet,
        groups=groups,
        members=members,
        ends=ends,
        lapsed=lapsed,
        permission_sets=sets if Kind.PERMISSION_SET in capabilities.kinds else {},
        assignments=entitled.assignments,
        lapsed_assignments=entitled.lapsed,
        selecting=entitled.selecting,
        unresolved=entitled.unresolved,
        doubtful=entitled.doubtful,
        unreachable=entitled.unreachable,
        remarks=entitled.remarks,
        unsupported=unsupported,
    )


def _until(members: Members, ends: Mapping[str, End], leaving: Mapping[str, End]) -> Mapping[str, End]:
    """When memberships end: no later than their users do, whom `leaving` has."""
    until = {user: end for user, end in ends.items() if user in members}
    for user in leaving.keys() & members.keys():
        until[user] = min(until.get(user, leaving[user]), leaving[user], key=lambda end: end.at)
    return until


def _chosen(identities: Identities, policy: TargetPolicy, flat: _Flattening) -> frozenset[str] | None:
    """Keys of the users that `provision` lets through; None is everybody."""
    if policy.provision.users_in is None:
        return None
    chosen: set[str] = set()
    for key in policy.provision.users_in:
        if key in identities.groups:
            chosen.update(flat.members(key))
    return frozenset(chosen)


def _overridden(user: User, override: Override) -> User:
    attributes = {**user.attributes, **override.attributes} if override.attributes else user.attributes
    return replace(
        user,
        attributes=attributes,
        active=user.active if override.active is None else override.active,
        window=user.window if override.window is None else override.window,
    )


def _activity(
    identities: Identities, users: Mapping[str, User], now: datetime
) -> tuple[dict[str, Inactive], frozenset[str]]:
    """Who must have no access now, and who is yet to come. A block wins over everything else."""
    inactive: dict[str, Inactive] = {}
    not_yet: set[str] = set()
    for key, user in users.items():
        if user.window.over(now):
            inactive[key] = Inactive(Cause.EXPIRY, f"until {user.window.end:%Y-%m-%d %H:%M %Z}")
        elif user.active is False:
            inactive[key] = Inactive(Cause.LEAVER, "active: false")
        elif user.window.early(now):
            not_yet.add(key)
    heirs = heirs_of(identities.users) if identities.blocked else {}
    for written, block in identities.blocked.items():
        key = heirs.get(written, written)
        if (block.since is None or block.since <= now) and (key in users or key not in identities.users):
            inactive[key] = Inactive(Cause.BLOCK, f"blocked: {block.reason}" if block.reason else "blocked")
            not_yet.discard(key)
    return inactive, frozenset(not_yet)


def heirs_of(users: Mapping[str, User]) -> Mapping[str, str]:
    """The key that each former key has now; one that is declared is nobody's former key."""
    return {old: key for key, user in users.items() for old in user.previously if old not in users}


class _Present:
    """Leaves of a membership only people whom the target knows and who are active."""

    def __init__(
        self, users: Mapping[str, User], inactive: Mapping[str, Inactive], not_yet: frozenset[str]
    ) -> None:
        self._users, self._absent = users.keys(), frozenset(inactive) | not_yet

    def only(self, members: Members) -> Members:
        keys = members.keys()
        if self._users >= keys and (not self._absent or self._absent.isdisjoint(keys)):
            return members  # nothing to leave out: the same map, not a copy
        return {key: node for key, node in members.items() if key in self._users and key not in self._absent}


class _Flattening:
    """Memberships with their includes resolved, each group once. Loading has refused circles."""

    def __init__(self, identities: Identities, now: datetime) -> None:
        self._groups, self._now = identities.groups, now
        self._known: dict[str, Members] = {}
        self._over: dict[str, Mapping[str, Cause]] = {}
        self._ends: dict[str, Mapping[str, End]] = {}

    def members(self, key: str) -> Members:
        """The members of `key` now, by any way that holds."""
        self._resolve(key)
        return self._known[key]

    def lapsed(self, key: str) -> Mapping[str, Cause]:
        """Those who are written as members of `key` and whose window is over, by every way."""
        self._resolve(key)
        return self._over.get(key, {})

    def ends(self, key: str) -> Mapping[str, End]:
        """When those members of `key` end who do, by the way that lasts longest."""
        self._resolve(key)
        return self._ends.get(key, _NEVER)

    def _resolve(self, key: str) -> None:
        """Flatten `key` after all that it includes; without recursion, since chains may be long."""
        stack = [key]
        while stack:
            group = self._groups[stack[-1]]
            if group.key not in self._known:
                unknown = [one.group for one in self._included(group) if one.group not in self._known]
                if unknown:
                    stack.extend(unknown)
                    continue
                self._flatten(group)
            stack.pop()

    def _included(self, group: Group) -> Sequence[Include]:
        if group.external or not group.include:
            return ()
        return [one for one in group.include if one.group in self._groups]

    def _flatten(self, group: Group) -> None:
        own = _NOBODY if group.external else group.members or _NOBODY
        grants = {user: grant for user, grant in own.items() if type(grant) is Grant}
        timed = {user: grant for user, grant in grants.items() if not grant.window.holds(self._now)}
        ends = {
            user: End(grant.window.end, Origin(group.origin.path, grant.node))
            for user, grant in grants.items()
            if grant.window.end is not None and user not in timed
        }
        if ends:
            self._ends[group.key] = ends
        included = self._included(group)
        if not timed and not included:
            self._known[group.key] = own
            return
        members = {user: grant for user, grant in own.items() if user not in timed} if timed else dict(own)
        over = [user for user, grant in timed.items() if grant.window.over(self._now)]
        for include in included:
            if include.window.holds(self._now):
                self._include(group, include, members, ends)
            elif include.window.over(self._now):
                over.extend(self._known[include.group])
            if not include.window.early(self._now):
                over.extend(self._over.get(include.group, ()))
        self._known[group.key] = members
        self._ends[group.key] = ends
        self._over[group.key] = {user: Cause.EXPIRY for user in over if user not in members}

    def _include(
        self, group: Group, include: Include, members: dict[str, int | Grant], ends: dict[str, End]
    ) -> None:
        """Add those of one include that holds; a member by two ways is one by that which lasts longer."""
        within = self._ends.get(include.group, _NEVER)
        limit = None
        if include.window.end is not None:
            limit = End(include.window.end, Origin(group.origin.path, include.node))
        for user in self._known[include.group]:
            inner = within.get(user)
            ways = [end for end in (limit, inner) if end is not None]
            end = min(ways, key=lambda each: each.at) if ways else None
            if user not in members:
                members[user] = include.node
                if end is not None:
                    ends[user] = end
            elif end is None:
                ends.pop(user, None)
            elif user in ends and end.at > ends[user].at:
                ends[user] = end


def _unsupported(
    identities: Identities, groups: Mapping[str, Group], capabilities: Capabilities
) -> Mapping[Kind, int]:
    """What git declares of each kind that the service has, as far as we know, and that cannot be applied."""
    ours = [group for group in groups.values() if not group.external]
    counts = {
        Kind.GROUP: len(ours),
        Kind.MEMBERSHIP: sum(len(group.members or ()) for group in ours),
        Kind.PERMISSION_SET: len(identities.permission_sets),
        Kind.ASSIGNMENT: len(identities.assignments),
    }
    return {
        kind: count
        for kind, count in counts.items()
        if count and kind in capabilities.service_kinds and kind not in capabilities.kinds
    }


def dropped(desired: Desired) -> Iterable[Finding]:
    """A finding on members whom `paths` or `provision` keep from the target of their group."""
    users = desired.users
    pairs = [
        f"{key}: {user}"
        for key, group in sorted(desired.groups.items())
        if group.members and not users.keys() >= group.members.keys()
        for user in sorted(group.members.keys() - users.keys())
    ]
    if pairs:
        yield Finding(
            code="not-provisioned",
            severity=Severity.NOTE,
            message=f"{many(len(pairs), 'member')} not provisioned to this target and left out there",
            fix="widen `paths` or `provision` of the target if they belong",
            details=tuple(pairs),
            count=len(pairs),
        )

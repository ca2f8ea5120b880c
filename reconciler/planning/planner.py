"""The plan of one target: project, remember, match, compare, guard, order, digest. In this order, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Change
from reconciler.model.names import fold
from reconciler.model.plan import Counts, Finding, Severity, Step, TargetPlan
from reconciler.model.policy import Protected, TargetPolicy
from reconciler.model.state import Desired, Identities, Inactive, Live, Remembered
from reconciler.planning.digest import plan_digest, policy_digest
from reconciler.planning.findings import name_taken, notable
from reconciler.planning.groups import compare_groups
from reconciler.planning.guards import Population, guard
from reconciler.planning.memberships import compare_memberships
from reconciler.planning.memory import Memory, remember
from reconciler.planning.order import ends, order
from reconciler.planning.ownership import Ownership, aliases, group_name, own_groups, own_users, user_name
from reconciler.planning.project import project
from reconciler.planning.scene import Draft, Scene
from reconciler.planning.uncovered import uncovered
from reconciler.planning.users import compare_users
from reconciler.planning.withheld import without_observed, without_taken, without_unread


@dataclass(frozen=True, slots=True)
class Planned:
    """A target's plan, and what apply needs beside it: steps, remote ids, versions, hashed attributes.

    `keys` maps remote ids of users to keys, which is how a live manager is compared. `waiting` counts
    what git declares and nobody can plan until somebody mends it (two candidates, missing names).
    `uncovered` says whether a gap of the reading covers anything that git declares or remembers.
    """

    part: TargetPlan
    steps: tuple[Step, ...]
    ids: Mapping[Address, str]
    versions: Mapping[Address, str]
    owned: Mapping[Address, tuple[str, ...]]
    keys: Mapping[str, str]
    waiting: int
    uncovered: bool = False


def plan_target(
    identities: Identities,
    remembered: Remembered,
    live: Live,
    policy: TargetPolicy,
    capabilities: Capabilities,
    now: datetime,
    *,
    only: Sequence[Address] = (),
    notes: Iterable[Finding] = (),
) -> Planned:
    """What to do at one target so that it is as git says at `now` (an aware instant).

    `only` restricts the plan to addresses and what they need; it is partial then. `notes` are findings
    that somebody made before (loading, memory) and that belong to this target's plan.
    """
    desired = project(identities, policy, now, capabilities)
    memory = remember(remembered, identities, policy, desired, now, capabilities)
    users = own_users(desired, live, memory, policy.scope)
    groups = own_groups(desired, live, memory, policy.scope)
    scene = Scene(
        desired=desired,
        live=live,
        memory=memory,
        policy=policy,
        capabilities=capabilities,
        now=now,
        users=users,
        groups=groups,
        inactive=_inactive(desired, memory, users),
    )
    draft = Draft()
    compare_users(scene, draft)
    compare_groups(scene, draft)
    compare_memberships(scene, draft)
    read, unread = without_unread(draft.changes, live.gaps, draft.ids)
    wanted, observed = without_observed(read, policy.scope)
    changes, taken = without_taken(wanted, live, draft.ids)
    if only:
        changes = _only(changes, only)
    changes.sort(key=lambda change: change.address)
    steps, circles = order(changes)
    population = Population(
        owned={
            Kind.USER: users.owned(),
            Kind.GROUP: groups.owned(),
            Kind.MEMBERSHIP: draft.managed_memberships,
        },
        members={
            scene.group_address(scene.group_key(identifier)).key: len(members)
            for identifier, members in live.members.items()
        },
    )
    guarded = guard(
        changes,
        population,
        replace(policy.guards, protected=_protected(scene)),
        capabilities,
        identities.approvals.values(),
        policy.target,
        now,
    )
    findings = [
        *guarded,
        *circles,
        *draft.findings,
        *notable(scene, draft, remembered, observed, unread),
        *name_taken(taken),
        *notes,
    ]
    policy_hash = policy_digest(policy)
    part = TargetPlan(
        target=policy.target,
        identity=dict(live.identity),
        policy_digest=policy_hash,
        changes=tuple(changes),
        findings=tuple(sorted(findings, key=_loudness)),
        counts=_counts(scene, draft),
        digest=plan_digest(policy.target, live.identity, policy_hash, changes),
        partial=bool(only) or bool(live.gaps),
        gaps=tuple((str(gap.kind), gap.scope, gap.reason) for gap in live.gaps),
        read_calls=dict(live.calls),
        only=tuple(sorted(only)),
    )
    return Planned(
        part=part,
        steps=steps,
        ids=draft.ids,
        versions=draft.versions,
        owned=draft.owned,
        keys=users.pairing.keys,
        waiting=draft.waiting + len(taken) + len(users.pairing.blocked) + len(groups.pairing.blocked),
        uncovered=uncovered(live.gaps, (desired, *memory.states)),
    )


_LOUD = {Severity.REFUSAL: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def _loudness(finding: Finding) -> tuple[int, str, str]:
    return _LOUD[finding.severity], finding.code, finding.message


def _inactive(desired: Desired, memory: Memory, users: Ownership) -> Mapping[str, Inactive]:
    """The live users who must have no access: inactive, not yet, gone from git, or strays."""
    inactive: dict[str, Inactive] = {}
    git = memory.object_cause
    later = Inactive(git(at_base=True, wanted=False, between=True), "not before `from`")
    for key, why in (*desired.inactive.items(), *((key, later) for key in desired.not_yet)):
        identifier = users.pairing.ids.get(key)
        if identifier is not None and identifier not in users.external and identifier not in users.ignored:
            inactive[identifier] = why
    for identifier, key in users.gone.items():
        if identifier not in inactive:
            at_base = memory.base is not None and key in memory.base.users
            cause = git(at_base=at_base, wanted=False, between=True)
            inactive[identifier] = Inactive(cause, "gone from git")
    for identifier in users.strays:
        cause = git(at_base=False, wanted=False, between=False)
        inactive[identifier] = Inactive(cause, "not in git")
    return inactive


def _protected(scene: Scene) -> Protected:
    """What is protected, also under keys that came since."""
    protected, memory, desired = scene.policy.guards.protected, scene.memory, scene.desired
    users, groups = protected.users, protected.groups
    if users:
        names = {fold(str(one.attributes.get("user_name"))): one.id for one in scene.live.users.values()}
        users_then = [desired.users, *(state.users for state in memory.states)]
        users = tuple(aliases(users, scene.users, names, users_then, user_name))
    if groups:
        names = {fold(str(one.attributes.get("display_name"))): one.id for one in scene.live.groups.values()}
        groups_then = [desired.groups, *(state.groups for state in memory.states)]
        groups = tuple(aliases(groups, scene.groups, names, groups_then, group_name))
    return replace(protected, users=users, groups=groups)


def _only(changes: Iterable[Change], only: Sequence[Address]) -> list[Change]:
    """The changes of the named addresses, of the pairs that they are an end of, and of what those need."""
    everything = {change.address: change for change in changes}
    steps, _ = order(list(everything.values()))
    owner = {step.id: step.address for step in steps}
    needs: dict[Address, list[Address]] = {}
    for step in steps:
        needs.setdefault(step.address, []).extend(owner[each] for each in step.after)
    named = set(only)
    queue = [
        address
        for address in everything
        if address in named
        or (address.kind is Kind.MEMBERSHIP and any(end in named for end in ends(address)))
    ]
    chosen: dict[Address, Change] = {}
    while queue:
        address = queue.pop()
        if address not in chosen:
            chosen[address] = everything[address]
            queue.extend(needs.get(address, ()))
    return list(chosen.values())


def _counts(scene: Scene, draft: Draft) -> Mapping[Kind, Counts]:
    live, desired = scene.live, scene.desired
    return {
        Kind.USER: Counts(
            live=len(live.users),
            desired=len(desired.users),
            unchanged=draft.unchanged.get(Kind.USER, 0),
            unmanaged=len(scene.users.unmanaged),
            ignored=len(scene.users.ignored) + len(scene.users.external),
        ),
        Kind.GROUP: Counts(
            live=len(live.groups),
            desired=len(desired.groups),
            unchanged=draft.unchanged.get(Kind.GROUP, 0),
            unmanaged=len(scene.groups.unmanaged),
            ignored=len(scene.groups.ignored) + len(scene.groups.external),
        ),
        Kind.MEMBERSHIP: Counts(
            live=draft.managed_memberships + draft.unmanaged_memberships,
            desired=sum(map(len, desired.members.values())),
            unchanged=draft.unchanged.get(Kind.MEMBERSHIP, 0),
            unmanaged=draft.unmanaged_memberships,
        ),
    }


def with_findings(planned: Planned, findings: Iterable[Finding]) -> Planned:
    """The same plan with more to say (a finding that only apply can make)."""
    merged = tuple(sorted((*planned.part.findings, *findings), key=_loudness))
    return replace(planned, part=replace(planned.part, findings=merged))

"""How much there is of each kind: what percentages are of, and what is said to stay as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Kind
from reconciler.model.plan import Counts
from reconciler.planning.scene import Draft, Scene


@dataclass(frozen=True, slots=True)
class Population:
    """What percentages are of.

    `owned` counts the live objects of each kind that are ours, `members` those of each live group by its
    (encoded) key, `assigned` the assignments on each account by its id. `foreign` are the (encoded) keys of
    permission sets that git never declared. `leaving` counts the people who have just left git and cannot be
    disabled: no change says so.
    """

    owned: Mapping[Kind, int]
    members: Mapping[str, int]
    assigned: Mapping[str, int] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()
    leaving: int = 0


def population(scene: Scene, draft: Draft) -> Population:
    """The population of one target, after everything was compared."""
    assigned: Counter[str] = Counter()
    for (account, _), principals in scene.live.assignments.items():
        assigned[account] += len(principals)
    return Population(
        owned={
            Kind.USER: scene.users.owned(),
            Kind.GROUP: scene.groups.owned(),
            Kind.MEMBERSHIP: draft.managed_memberships,
            Kind.PERMISSION_SET: scene.sets.owned(),
            Kind.ASSIGNMENT: draft.managed_assignments,
        },
        members={
            scene.group_address(scene.group_key(identifier)).key: len(members)
            for identifier, members in scene.live.members.items()
        },
        assigned=assigned,
        foreign=frozenset(scene.set_address(scene.set_name(arn)).key for arn in scene.sets.unmanaged),
        leaving=len(draft.still_signing_in),
    )


def counts(scene: Scene, draft: Draft) -> Mapping[Kind, Counts]:
    """What there is on both sides of each kind that this target can have."""
    live, desired, same = scene.live, scene.desired, draft.unchanged
    found = {
        Kind.USER: Counts(
            live=len(live.users),
            desired=len(desired.users),
            unchanged=same.get(Kind.USER, 0),
            unmanaged=len(scene.users.unmanaged),
            ignored=len(scene.users.ignored) + len(scene.users.external),
        ),
        Kind.GROUP: Counts(
            live=len(live.groups),
            desired=len(desired.groups),
            unchanged=same.get(Kind.GROUP, 0),
            unmanaged=len(scene.groups.unmanaged),
            ignored=len(scene.groups.ignored) + len(scene.groups.external),
        ),
        Kind.MEMBERSHIP: Counts(
            live=draft.managed_memberships + draft.unmanaged_memberships,
            desired=sum(map(len, desired.members.values())),
            unchanged=same.get(Kind.MEMBERSHIP, 0),
            unmanaged=draft.unmanaged_memberships,
        ),
        Kind.PERMISSION_SET: Counts(
            live=len(live.permission_sets),
            desired=len(desired.permission_sets),
            unchanged=same.get(Kind.PERMISSION_SET, 0),
            unmanaged=len(scene.sets.unmanaged),
            ignored=len(scene.sets.ignored),
        ),
        Kind.ASSIGNMENT: Counts(
            live=sum(map(len, live.assignments.values())),
            desired=sum(map(len, desired.assignments.values())),
            unchanged=same.get(Kind.ASSIGNMENT, 0),
            unmanaged=len(draft.unmanaged_assignments)
            + len(draft.orphans)
            + sum(draft.out_of_reach.values()),
            ignored=draft.ignored_assignments,
        ),
    }
    always = (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)
    return {
        kind: count for kind, count in found.items() if kind in always or kind in scene.capabilities.kinds
    }

"""How much there is of each kind: what percentages are of, and what is said to stay as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Kind
from reconciler.model.plan import Counts
from reconciler.planning.context import Diff, PlanContext


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


def population(context: PlanContext, diff: Diff) -> Population:
    """The population of one target, after everything was compared."""
    assigned: Counter[str] = Counter()
    for (account, _), principals in context.live.assignments.items():
        assigned[account] += len(principals)
    return Population(
        owned={
            Kind.USER: context.users.owned(),
            Kind.GROUP: context.groups.owned(),
            Kind.MEMBERSHIP: diff.managed_memberships,
            Kind.PERMISSION_SET: context.sets.owned(),
            Kind.ASSIGNMENT: diff.managed_assignments,
        },
        members={
            context.group_address(context.group_key(identifier)).key: len(members)
            for identifier, members in context.live.members.items()
        },
        assigned=assigned,
        foreign=frozenset(context.set_address(context.set_name(arn)).key for arn in context.sets.unmanaged),
        leaving=len(diff.still_signing_in),
    )


def counts(context: PlanContext, diff: Diff) -> Mapping[Kind, Counts]:
    """What there is on both sides of each kind that this target can have."""
    live, desired, same = context.live, context.desired, diff.unchanged
    found = {
        Kind.USER: Counts(
            live=len(live.users),
            desired=len(desired.users),
            unchanged=same.get(Kind.USER, 0),
            unmanaged=len(context.users.unmanaged),
            ignored=len(context.users.ignored) + len(context.users.external),
        ),
        Kind.GROUP: Counts(
            live=len(live.groups),
            desired=len(desired.groups),
            unchanged=same.get(Kind.GROUP, 0),
            unmanaged=len(context.groups.unmanaged),
            ignored=len(context.groups.ignored) + len(context.groups.external),
        ),
        Kind.MEMBERSHIP: Counts(
            live=diff.managed_memberships + diff.unmanaged_memberships,
            desired=sum(map(len, desired.members.values())),
            unchanged=same.get(Kind.MEMBERSHIP, 0),
            unmanaged=diff.unmanaged_memberships,
        ),
        Kind.PERMISSION_SET: Counts(
            live=len(live.permission_sets),
            desired=len(desired.permission_sets),
            unchanged=same.get(Kind.PERMISSION_SET, 0),
            unmanaged=len(context.sets.unmanaged),
            ignored=len(context.sets.ignored),
        ),
        Kind.ASSIGNMENT: Counts(
            live=sum(map(len, live.assignments.values())),
            desired=sum(map(len, desired.assignments.values())),
            unchanged=same.get(Kind.ASSIGNMENT, 0),
            unmanaged=len(diff.unmanaged_assignments) + len(diff.orphans) + sum(diff.out_of_reach.values()),
            ignored=diff.ignored_assignments,
        ),
    }
    always = (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)
    return {
        kind: count for kind, count in found.items() if kind in always or kind in context.capabilities.kinds
    }

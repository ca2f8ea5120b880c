"""Guards: limits on what one plan may do. They read the plan, and no set is too small for them.

| code | refuses | default |
|---|---|---|
| max-removals | more removals than a limit allows, per kind, per group, per account or in total | always |
| set-emptied | taking the last member of a group, or the last of all that is ours of one kind | always |
| protected | removing, disabling, renaming or editing what is protected, or taking access from it | none |
| recreate | deleting and creating under one name, or creating what was lost and held access | always |
| unsafe-deletion | deleting what may still hold assignments that nobody has read | always |
| live-shrank | making again much of what was there: more than 3 and 20 % of a kind, or all of it | always |
| source-shrank | removing while git declares far less than it did: more than 3 and 20 %, or none | always |
| self-lockout | taking away the access as which the reconciler itself runs | always |
| min-members | fewer people in a critical group or assignment than it must have, at any moment | none |
| max-grants | giving or altering more access than allowed: people times accounts times sets | none |
| max-privileged-grants | the same of privileged access | none |

Blocks and ends are what a file says in so many words: set-emptied and the percentages of max-removals leave
them alone, and `max_removals.blocked` counts people. A leaver empties no group, and counts for every limit.
A refusal says which changes it covers and which approval would lift it: one in git names the code, the kind,
the group or account, and a count, and expires.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from reconciler.model.access import AccessChange
from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.plan import Finding
from reconciler.model.policy import Approval
from reconciler.model.removed import BLOCKED
from reconciler.planning.context import PlanContext
from reconciler.planning.guards.access import grants_passed, own_access
from reconciler.planning.guards.approving import lifted
from reconciler.planning.guards.explicit import blocks_passed, in_words
from reconciler.planning.guards.objects import protected, recreated, remade, unsafe
from reconciler.planning.guards.population import Population
from reconciler.planning.guards.protection import protected_now
from reconciler.planning.guards.removal import (
    counts_as,
    groups_emptied,
    joining,
    kinds_emptied,
    limits_passed,
    removes,
)
from reconciler.planning.guards.shrink import live_shrank, source_shrank

_NOBODY: Mapping[Address, frozenset[str]] = MappingProxyType({})
_NOTHING: Mapping[str, int] = MappingProxyType({})


def guard(
    context: PlanContext,
    changes: Sequence[Change],
    population: Population,
    access: Sequence[AccessChange],
    approvals: Iterable[Approval],
    *,
    replaced: Container[Address] = (),
    pending: Container[Address] = (),
    more: Iterable[Finding] = (),
    blocked: Mapping[Address, frozenset[str]] = _NOBODY,
    past: Mapping[str, int] = _NOTHING,
) -> list[Finding]:
    """Every refusal, and in its place a note where an approval in force covers it.

    `replaced` are removals that do not count, because each has its like under another name. `access` is what
    `changes` do to people. `pending` are removals that were applied before without effect: they count for no
    limit, and alone empty nothing. `more` are refusals that an approval may lift and that were found
    elsewhere. `blocked` are the people that the limit on blocks counts, by change, and `past` what runs
    without a review took away lately, by name.
    """
    guards = replace(context.policy.guards, protected=protected_now(context))
    removals = counting(changes, replaced)
    fresh = [change for change in removals if change.address not in pending]
    unsaid = [change for change in fresh if not in_words(change)]
    liftable = [
        *limits_passed(unsaid, population, guards, past, joining(changes)),
        *blocks_passed(blocked, guards, past),
        *groups_emptied(changes, removals, population, pending),
        *kinds_emptied(changes, removals, population, pending),
        *protected(changes, guards),
        *remade(changes),
        *live_shrank(context, changes, population),
        *source_shrank(context, unsaid),
        *own_access(context, changes),
        *grants_passed(access, guards, changes),
        *more,
    ]
    # What no approval lifts, because there is no way to do it safely.
    final = [*recreated(changes, replaced), *unsafe(removals, context.capabilities)]
    ids = {name: identifier for identifier, name in context.account_keys.items()}
    found = lifted(liftable, approvals, context.target, context.now, lambda name: ids.get(name, name))
    return [*found, *final]


def counting(changes: Iterable[Change], replaced: Container[Address]) -> list[Change]:
    """The removals among `changes`, without those that do not count."""
    return [change for change in changes if removes(change) and change.address not in replaced]


def tallies(
    changes: Iterable[Change], replaced: Container[Address], blocked: Mapping[Address, frozenset[str]]
) -> Mapping[Address, tuple[str, ...]]:
    """By removal the names under which limits count it; of blocks `blocked:` and the key of each person."""
    found = {
        change.address: counts_as(change) for change in counting(changes, replaced) if not in_words(change)
    }
    more = {
        address: tuple(f"{BLOCKED}:{one}" for one in sorted(people)) for address, people in blocked.items()
    }
    return {**found, **more}

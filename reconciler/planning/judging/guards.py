"""Guards: limits on what one plan may do. They read the plan, and no set is too small for them.

| code | refuses | default |
|---|---|---|
| max-removals | more removals than a limit allows, per kind, per group, per account or in total | section 7 |
| set-emptied | taking the last member of a group, or the last of all that is ours of one kind | always |
| protected | removing, disabling, renaming or editing what is protected, or taking access from it | none |
| recreate | deleting and creating under one name, or creating what was lost and held access | always |
| unsafe-deletion | deleting what may still hold assignments that nobody has read | always |
| live-shrank | making again much of what was there: more than 3 and 20 % of a kind, or all of it | always |
| source-shrank | removing while git declares far less than it did: more than 3 and 20 %, or none | always |
| own-access | taking away the access as which the reconciler itself runs | always |
| min-members | fewer people in a critical group or assignment than it must have, at any moment | none |
| max-grants | giving or altering more access than allowed: people times accounts times sets | none |
| max-privileged-grants | the same of privileged access | none |

A refusal says which approval would lift it; an approval in git names the code, the kind and a count, and
expires.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from reconciler.model.access import AccessChange
from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.plan import Finding
from reconciler.model.policy import Approval
from reconciler.planning.judging.approving import lifted
from reconciler.planning.judging.guards_access import grants_passed, own_access
from reconciler.planning.judging.guards_objects import protected, recreated, remade, unsafe
from reconciler.planning.judging.guards_removal import groups_emptied, kinds_emptied, limits_passed, removes
from reconciler.planning.judging.guards_shrink import live_shrank, source_shrank
from reconciler.planning.judging.population import Population
from reconciler.planning.judging.protection import protected_now
from reconciler.planning.scene import Scene


def guard(
    scene: Scene,
    changes: Sequence[Change],
    population: Population,
    access: Sequence[AccessChange],
    approvals: Iterable[Approval],
    *,
    replaced: Container[Address] = (),
    pending: Container[Address] = (),
    more: Iterable[Finding] = (),
) -> list[Finding]:
    """Every refusal, and in its place a note where an approval in force covers it.

    `replaced` are removals that do not count, because each has its like under another name. `access` is what
    `changes` do to people. `pending` are removals that were applied before without effect: they count for no
    limit, and alone empty nothing. `more` are refusals that an approval may lift and that were found
    elsewhere.
    """
    guards = replace(scene.policy.guards, protected=protected_now(scene))
    removals = [change for change in changes if removes(change) and change.address not in replaced]
    fresh = [change for change in removals if change.address not in pending]
    liftable = [
        *limits_passed(fresh, population, guards),
        *groups_emptied(changes, removals, population, fresh),
        *(kinds_emptied(changes, removals, population) if fresh else ()),
        *protected(changes, guards),
        *remade(changes),
        *live_shrank(scene, changes, population),
        *source_shrank(scene, fresh),
        *own_access(scene, changes),
        *grants_passed(access, guards),
        *more,
    ]
    # What no approval lifts, because there is no way to do it safely.
    final = [*recreated(changes, replaced), *unsafe(removals, scene.capabilities)]
    return [*lifted(liftable, approvals, scene.target, scene.now), *final]

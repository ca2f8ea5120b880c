"""Permission sets that go, once it is known which of their assignments go."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.state import LivePermissionSet
from reconciler.planning import hashes
from reconciler.planning.scene import Draft, Scene
from reconciler.planning.wording import many


def delete_sets(scene: Scene, draft: Draft) -> None:
    """Add to `draft` the permission sets to delete; one that others still assign stays, and is said.

    To be called when assignments have been compared: the service deletes no set that is assigned.
    """
    if Kind.PERMISSION_SET not in scene.capabilities.kinds:
        return
    sets = scene.sets
    going = sets.gone | sets.strays | sets.replaced.keys()
    if not going:
        return
    remaining = _remaining(scene, draft, going)
    for arn in sorted(going, key=scene.set_name):
        live = scene.live.permission_sets[arn]
        if left := remaining.get(arn):
            draft.findings.append(_kept(scene, live, left))
        else:
            _delete(scene, draft, live)


def _remaining(scene: Scene, draft: Draft, going: Iterable[str]) -> dict[str, list[str]]:
    """What stays assigned of the sets that should go, in people's words, by ARN."""
    removed = {
        change.address
        for change in draft.changes
        if change.action is Action.DELETE and change.address.kind is Kind.ASSIGNMENT
    }
    sets = frozenset(going)
    remaining: dict[str, list[str]] = {}
    for (account, arn), principals in scene.live.assignments.items():
        if arn not in sets:
            continue
        name = scene.set_name(arn)
        left = [
            f"{scene.account_name(account)}: {principal.kind} {scene.principal_name(principal)}"
            for principal in principals
            if scene.assignment_address(account, name, scene.holder(principal)) not in removed
        ]
        if left:
            remaining.setdefault(arn, []).extend(left)
    return remaining


def _delete(scene: Scene, draft: Draft, live: LivePermissionSet) -> None:
    memory, sets = scene.memory, scene.sets
    remembered = next(memory.former_set((live.name,)), None)
    successor = sets.replaced.get(live.id)
    ours = remembered is not None or live.id in sets.given
    reason = "gone from git" if ours else "not in git"
    origin = remembered.origin if remembered else None
    if successor is not None:
        reason, origin = f"replaced by {successor}", scene.desired.permission_sets[successor].origin
    address = scene.set_address(live.name)
    names = tuple(sorted(live.attributes))
    draft.touch(address, live.id, None)
    draft.owned[address] = names
    draft.changes.append(
        Change(
            address=address,
            action=Action.DELETE,
            effect=Effect.REVOKE,
            cause=memory.object_cause(
                at_base=memory.base_set(live.name) is not None,
                wanted=False,
                between=ours,
            ),
            before=hashes.object_state(live.id, live.attributes, names),
            after=hashes.gone(live.id),
            name=live.name,
            reason=reason,
            origin=origin,
        )
    )


def _kept(scene: Scene, live: LivePermissionSet, left: list[str]) -> Finding:
    why = "gone from git"
    if (successor := scene.sets.replaced.get(live.id)) is not None:
        why = f"replaced by {successor}"
    elif live.id in scene.sets.strays:
        why = "not in git"
    return Finding(
        code="permission-set-kept",
        severity=Severity.WARNING,
        message=(
            f"{live.name} is {why}, and stays as long as others do: "
            f"{many(len(left), 'assignment')} of it not taken away"
        ),
        address=scene.set_address(live.name),
        fix=(
            "have whoever made them take them away, or declare the set with `assignments: exclusive` for one "
            "apply, and delete it from git then"
        ),
        details=tuple(sorted(left)),
        count=len(left),
        kind=Kind.PERMISSION_SET,
    )

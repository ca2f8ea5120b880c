"""Roles that lag behind the definition of their permission set: each is a change of its own."""

from __future__ import annotations

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import TAG_PREFIX, PermissionSet, Value
from reconciler.planning import hashes
from reconciler.planning.scene import Draft, Scene
from reconciler.planning.set_values import partition_of, said
from reconciler.planning.wording import many


def compare_provisioning(scene: Scene, draft: Draft) -> None:
    """Add to `draft` the accounts in which a declared set is not provisioned to its latest version.

    Nothing is provisioned in an account that is not active, or not in the organization.
    """
    if Kind.PROVISIONING not in scene.capabilities.kinds:
        return
    partition = partition_of(scene.live.identity)
    accounts = scene.live.organization.accounts
    closed: list[str] = []
    for arn in sorted(scene.sets.declared, key=scene.set_name):
        live = scene.live.permission_sets[arn]
        if not live.outdated:
            continue
        declared = scene.desired.permission_sets[live.name]
        address = scene.set_address(live.name)
        cause = _cause(scene, declared, partition)
        for account in sorted(live.outdated):
            known = accounts.get(account)
            if accounts and (known is None or not known.active):
                closed.append(f"{live.name} on {scene.account_name(account)}")
                continue
            draft.touch(address, arn, None)
            draft.changes.append(
                Change(
                    address=Address.of(scene.target, Kind.PROVISIONING, live.name, account),
                    action=Action.UPDATE,
                    effect=Effect.MIXED,
                    cause=cause,
                    before=hashes.provisioning_state(arn, account, outdated=True),
                    after=hashes.provisioning_state(arn, account, outdated=False),
                    name=f"{live.name} on {scene.account_name(account)}",
                    reason="the role lags behind its permission set",
                    origin=declared.origin,
                )
            )
    if closed:
        draft.findings.append(
            Finding(
                code="provisioning-skipped",
                severity=Severity.NOTE,
                message=(
                    f"{many(len(closed), 'role')} not brought up to date, in accounts that are not active"
                ),
                fix="nothing, if the accounts are closing; else reactivate them, and plan again",
                details=tuple(closed),
                count=len(closed),
            )
        )


def _cause(scene: Scene, declared: PermissionSet, partition: str) -> Cause:
    """Git, where what it says of the role is new since the last whole apply."""
    base = scene.memory.base_set(declared.key)
    if base is None:
        return Cause.GIT
    then, now = _of_role(base, partition), _of_role(declared, partition)
    return Cause.DRIFT if then == now else Cause.GIT


def _of_role(permission_set: PermissionSet, partition: str) -> dict[str, Value]:
    """What a role has of its set: everything but the tags."""
    values = said(permission_set, {}, partition)
    return {name: value for name, value in values.items() if not name.startswith(TAG_PREFIX)}

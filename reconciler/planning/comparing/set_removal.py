"""Permission sets that go, once it is known which of their assignments go."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.state import LivePermissionSet
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.wording import many


def delete_sets(context: PlanContext, diff: Diff) -> None:
    """Add to `diff` the permission sets to delete; one that others still assign stays, and is said.

    To be called when assignments have been compared: the service deletes no set that is assigned.
    """
    if Kind.PERMISSION_SET not in context.capabilities.kinds:
        return
    sets = context.sets
    going = sets.gone | sets.undeclared | sets.replaced.keys()
    if not going:
        return
    remaining = _remaining(context, diff, going)
    for arn in sorted(going, key=context.set_name):
        live = context.live.permission_sets[arn]
        if left := remaining.get(arn):
            diff.findings.append(_kept(context, live, left))
        else:
            _delete(context, diff, live)


def _remaining(context: PlanContext, diff: Diff, going: Iterable[str]) -> dict[str, list[str]]:
    """What stays assigned of the sets that should go, in people's words, by ARN."""
    removed = {
        change.address
        for change in diff.changes
        if change.action is Action.DELETE and change.address.kind is Kind.ASSIGNMENT
    }
    sets = frozenset(going)
    remaining: dict[str, list[str]] = {}
    for (account, arn), principals in context.live.assignments.items():
        if arn not in sets:
            continue
        name = context.set_name(arn)
        left = [
            f"{context.account_name(account)}: {principal.kind} {context.principal_name(principal)}"
            for principal in principals
            if context.assignment_address(account, name, context.holder(principal)) not in removed
        ]
        if left:
            remaining.setdefault(arn, []).extend(left)
    return remaining


def _delete(context: PlanContext, diff: Diff, live: LivePermissionSet) -> None:
    memory, sets = context.memory, context.sets
    remembered = next(memory.former_set((live.name,)), None)
    successor = sets.replaced.get(live.id)
    ours = remembered is not None or live.id in sets.given
    reason = "gone from git" if ours else "not in git"
    # What is gone has no line any more: a former one would be somebody else's now.
    origin = None
    if successor is not None:
        reason, origin = f"replaced by {successor}", context.desired.permission_sets[successor].origin
    address = context.set_address(live.name)
    names = tuple(sorted(live.attributes))
    diff.touch(address, live.id, None)
    diff.owned[address] = names
    diff.changes.append(
        Change(
            address=address,
            action=Action.DELETE,
            effect=Effect.REVOKE,
            cause=memory.object_cause(
                at_base=memory.base_set(live.name) is not None,
                wanted=False,
                between=ours,
            ),
            before_hash=hashes.object_state(live.id, live.attributes, names),
            after_hash=hashes.gone(live.id),
            name=live.name,
            reason=reason,
            origin=origin,
        )
    )


def _kept(context: PlanContext, live: LivePermissionSet, left: list[str]) -> Finding:
    why = "gone from git"
    if (successor := context.sets.replaced.get(live.id)) is not None:
        why = f"replaced by {successor}"
    elif live.id in context.sets.undeclared:
        why = "not in git"
    return Finding(
        code="permission-set-kept",
        severity=Severity.WARNING,
        message=(
            f"{live.name} is {why}, and stays as long as others do: "
            f"{many(len(left), 'assignment')} of it not taken away"
        ),
        address=context.set_address(live.name),
        fix=(
            "have the people who made them take them away, or declare the set with "
            "`assignments: exclusive` for one "
            "apply, and delete it from git then"
        ),
        details=tuple(sorted(left)),
        count=len(left),
        kind=Kind.PERMISSION_SET,
    )

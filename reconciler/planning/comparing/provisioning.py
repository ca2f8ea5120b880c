"""Roles that lag behind the definition of their permission set: each is a change of its own."""

from __future__ import annotations

from reconciler.model.address import AccountId, Address, Arn, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Mode
from reconciler.model.resources import TAG_PREFIX, Attributes, PermissionSet, Value
from reconciler.planning import hashes
from reconciler.planning.comparing.set_values import WHOLE, declared_values, partition_of
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.ordering.steps import needs_provisioning
from reconciler.planning.wording import many


def compare_provisioning(context: PlanContext, diff: Diff) -> None:
    """Add to `diff` the accounts in which a declared set is not provisioned to its latest version.

    To be called when assignments have been compared: where the last one of a set goes, its role goes as
    well, and to provision it would bring it back. Nothing is provisioned in an account that is not active,
    or not in the organization. Each such change has what the role would get as fields, without what it has
    now: nobody can read that.
    """
    if Kind.PROVISIONING not in context.capabilities.kinds:
        return
    partition = partition_of(context.live.identity)
    edited = {
        change.address: change
        for change in diff.changes
        if change.address.kind is Kind.PERMISSION_SET
        and change.action is Action.UPDATE
        and needs_provisioning(change)
    }
    ending = _Ending(context, diff)
    closed: list[str] = []
    for arn in sorted(context.sets.declared, key=context.set_name):
        live = context.live.permission_sets[arn]
        address = context.set_address(live.name)
        if address in edited:
            # Its roles lag behind once it is edited; in accounts that are not active they stay so.
            where = context.closed(live.provisioned - live.outdated)
            closed.extend(f"{live.name} on {context.account_name(account)}" for account in sorted(where))
        if not live.outdated:
            continue
        declared = context.desired.permission_sets[live.name]
        cause = _cause(context, declared, partition)
        content = _content(live.attributes, edited.get(address))
        for account in sorted(live.outdated):
            if context.closed((account,)):
                closed.append(f"{live.name} on {context.account_name(account)}")
                continue
            if ending.covers(AccountId(account), live.id):
                continue
            diff.touch(address, arn, None)
            diff.changes.append(
                Change(
                    address=Address.of(context.target, Kind.PROVISIONING, live.name, account),
                    action=Action.UPDATE,
                    effect=Effect.MIXED,
                    cause=cause,
                    before_hash=hashes.provisioning_state(arn, account, outdated=True),
                    after_hash=hashes.provisioning_state(arn, account, outdated=False),
                    fields=content,
                    name=f"{live.name} on {context.account_name(account)}",
                    reason="the latest version of the permission set is not provisioned",
                    origin=declared.origin,
                )
            )
    if closed:
        diff.findings.append(
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


class _Ending:
    """Tells the roles that go with the last assignment behind them (DeleteAccountAssignment)."""

    def __init__(self, context: PlanContext, diff: Diff) -> None:
        self._context = context
        self._changed = {
            change.address: change.action
            for change in diff.changes
            if change.address.kind is Kind.ASSIGNMENT and context.policy.scope.assignments is not Mode.OBSERVE
        }
        self._growing = {
            address.declared_pair for address, action in self._changed.items() if action is Action.CREATE
        }

    def covers(self, account: AccountId, arn: Arn) -> bool:
        """Whether every assignment of the set on the account goes, and none comes."""
        context = self._context
        name = context.set_name(arn)
        principals = context.live.assignments.get((account, arn), frozenset())
        return (
            bool(principals)
            and (account, name) not in self._growing
            and all(
                context.assignment_address(account, name, context.holder(principal)) in self._changed
                for principal in principals
            )
        )


def _content(live: Attributes, edit: Change | None) -> tuple[FieldChange, ...]:
    """What a role has of its set, once it is provisioned behind the edit of this plan."""
    will = {**live, **({each.name: each.after for each in edit.fields} if edit else {})}
    return tuple(FieldChange(name, None, will[name]) for name in WHOLE if will.get(name))


def _cause(context: PlanContext, declared: PermissionSet, partition: str) -> Cause:
    """Git, where what it says of the role is new since the last whole apply."""
    base = context.memory.base_set(declared.key)
    if base is None:
        return Cause.GIT
    then, now = _of_role(base, partition), _of_role(declared, partition)
    return Cause.DRIFT if then == now else Cause.GIT


def _of_role(permission_set: PermissionSet, partition: str) -> dict[str, Value]:
    """What a role has of its set: everything but the tags."""
    values = declared_values(permission_set, {}, partition)
    return {name: value for name, value in values.items() if not name.startswith(TAG_PREFIX)}

"""Permission sets, compared: which are created and which are edited; removing them comes later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import SET_ATTRIBUTES, Attributes, PermissionSet, Value
from reconciler.model.state import LivePermissionSet
from reconciler.planning import hashes
from reconciler.planning.comparing.set_values import (
    cleared,
    declared_values,
    differs,
    is_harmless,
    partition_of,
)
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.wording import many

_ORDER = {name: number for number, name in enumerate(SET_ATTRIBUTES)}
_LOUDEST = (Cause.GIT, Cause.LEFTOVER, Cause.DRIFT)


def compare_sets(context: PlanContext, diff: Diff) -> None:
    """Add to `diff` the permission sets to create and to edit, and say what becomes of replaced ones."""
    if Kind.PERMISSION_SET not in context.capabilities.kinds:
        return
    partition = partition_of(context.live.identity)
    same = 0
    for name, permission_set in context.desired.permission_sets.items():
        arn = context.sets.ids.get(name)
        if arn is None:
            _create(context, diff, permission_set, partition)
        elif arn in context.sets.ignored:
            diff.findings.append(_ignored(context, permission_set))
        elif not _update(context, diff, permission_set, context.live.permission_sets[arn], partition):
            same += 1
    diff.unchanged[Kind.PERMISSION_SET] = same
    for old, name in sorted(context.sets.replaced.items(), key=lambda each: context.set_name(each[0])):
        diff.findings.append(_replaced(context, context.live.permission_sets[old], name))


def _create(context: PlanContext, diff: Diff, permission_set: PermissionSet, partition: str) -> None:
    name = permission_set.key
    values = {
        each: value
        for each, value in declared_values(permission_set, {}, partition).items()
        if value is not None
    }
    address = context.set_address(name)
    old = [each for arn, each in context.sets.names.items() if context.sets.replaced.get(arn) == name]
    at_base = (
        context.memory.base_set(name) is not None
        if context.memory.ledger is None
        else context.sets.gave(name)
    )
    diff.owned[address] = tuple(sorted(values))
    diff.changes.append(
        Change(
            address=address,
            action=Action.CREATE,
            effect=Effect.NEUTRAL,
            cause=context.memory.object_cause(at_base=at_base, wanted=True, between=True),
            before_hash=hashes.absent(Kind.PERMISSION_SET, name),
            after_hash=hashes.object_state(None, values, values),
            fields=tuple(FieldChange(each, None, values[each]) for each in sorted(values, key=_rank)),
            name=name,
            reason=f"replaces {', '.join(sorted(old))}" if old else None,
            origin=permission_set.origin,
        )
    )


def _update(
    context: PlanContext, diff: Diff, permission_set: PermissionSet, live: LivePermissionSet, partition: str
) -> bool:
    """Whether there is a change."""
    have, now = live.attributes, declared_values(permission_set, live.attributes, partition)
    owned: dict[str, Value] = dict(now)
    for each in _given_before(context, permission_set, live, partition):
        if each not in owned:
            owned[each] = cleared(each, have)
    fields = tuple(
        FieldChange(each, have.get(each), owned[each])
        for each in sorted(owned, key=_rank)
        if differs(each, have, owned[each])
    )
    if not fields:
        return False
    address = context.set_address(permission_set.key)
    names = tuple(sorted(owned))
    diff.touch(address, live.id, None)
    diff.owned[address] = names
    base = context.memory.base_set(permission_set.key)
    then = declared_values(base, have, partition) if base is not None else None
    if context.memory.ledger is not None and live.id not in context.sets.given:
        then = None  # no apply ended with this object as git's
    causes = {_cause(each, then, now) for each in fields}
    diff.changes.append(
        Change(
            address=address,
            action=Action.UPDATE,
            effect=Effect.NEUTRAL if is_harmless([each.name for each in fields]) else Effect.MIXED,
            cause=next(each for each in _LOUDEST if each in causes),
            before_hash=hashes.object_state(live.id, have, names),
            after_hash=hashes.object_state(live.id, _with(have, fields), names),
            fields=fields,
            name=live.name,
            origin=permission_set.origin,
        )
    )
    return True


def _given_before(
    context: PlanContext, permission_set: PermissionSet, live: LivePermissionSet, partition: str
) -> Iterable[str]:
    """The names of what git gave the set of attributes, or said of it in remembered states."""
    if context.memory.ledger is not None:
        given = context.sets.given.get(live.id)
        return given.attributes if given is not None else ()
    return [
        each
        for former in context.memory.former_set((permission_set.key,))
        for each in declared_values(former, live.attributes, partition)
    ]


def _with(attributes: Attributes, fields: tuple[FieldChange, ...]) -> Attributes:
    return {**attributes, **{each.name: each.after for each in fields}}


def _cause(field: FieldChange, then: Mapping[str, Value] | None, now: Mapping[str, Value]) -> Cause:
    """Why one attribute differs (docs/concepts.md, "Causes"); `then`: as git said at the last whole apply."""
    if then is None or (field.name in then) != (field.name in now):
        return Cause.GIT
    if field.name not in now:
        return Cause.LEFTOVER
    return Cause.DRIFT if then[field.name] == now[field.name] else Cause.GIT


def _rank(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name


def _ignored(context: PlanContext, permission_set: PermissionSet) -> Finding:
    return Finding(
        code="permission-set-ignored",
        severity=Severity.WARNING,
        message=f"{permission_set.key} is declared and ignored: it and its assignments are left alone",
        address=context.set_address(permission_set.key),
        origin=permission_set.origin,
        fix="delete it from git, or narrow scope.ignore.permission_sets",
        kind=Kind.PERMISSION_SET,
    )


def _replaced(context: PlanContext, live: LivePermissionSet, name: str) -> Finding:
    """A new set makes new roles: what names the old ones must follow.

    IAM Identity Center User Guide, "Referencing permission sets in resource policies, Amazon EKS Cluster
    config maps, and AWS KMS key policies".
    """
    accounts = sorted(live.provisioned)
    declared = context.desired.permission_sets[name]
    where = f" in {many(len(accounts), 'account')}" if accounts else ""
    return Finding(
        code="permission-set-replaced",
        severity=Severity.WARNING,
        message=(
            f"{name} replaces {live.name}{where}: its roles are new ones, "
            f"AWSReservedSSO_{name}_… with another suffix"
        ),
        address=context.set_address(name),
        origin=declared.origin,
        fix=(
            f"before this is applied, let trust policies, EKS access entries and KMS key policies that name "
            f"AWSReservedSSO_{live.name}_… name the new role as well, by ArnLike with a * for the suffix"
        ),
        details=tuple(accounts),
    )

"""Groups, compared: which are created, renamed, described anew, removed."""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import REMOTE_ID, Group, Value
from reconciler.model.state import LiveGroup
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.ownership.objects import group_name
from reconciler.planning.wording import many


def compare_groups(context: PlanContext, diff: Diff) -> None:
    """Add the changes of groups to `diff`; their members are compared elsewhere."""
    if Kind.GROUP not in context.capabilities.kinds:
        return
    unwritten: dict[str, list[str]] = {}
    same = 0
    for key, group in context.desired.groups.items():
        if group.external or key in context.groups.pairing.blocked:
            continue
        identifier = context.groups.pairing.ids.get(key)
        if identifier is None:
            _create(context, diff, group, unwritten)
        elif identifier in context.groups.declared and not _update(
            context, diff, group, context.live.groups[identifier], unwritten
        ):
            same += 1
    for identifier, key in context.groups.gone.items():
        _delete(context, diff, key, context.live.groups[identifier])
    for identifier in sorted(context.groups.undeclared):
        _delete(context, diff, context.group_key(identifier), context.live.groups[identifier])
    diff.unchanged[Kind.GROUP] = same
    for name, keys in sorted(unwritten.items()):
        diff.findings.append(
            Finding(
                code="attribute-not-written",
                severity=Severity.NOTE,
                message=f"`{name}` is declared for {many(len(keys), 'group')}, but not writable here",
                fix="remove it from git, or configure a channel that writes it",
                details=tuple(sorted(keys)),
                count=len(keys),
            )
        )


def _declared(group: Group) -> dict[str, Value]:
    """What git says of a group; its display name is always said, since it defaults to the key."""
    return {**group.attributes, "display_name": group_name(group)}


def _create(context: PlanContext, diff: Diff, group: Group, unwritten: dict[str, list[str]]) -> None:
    values = {name: value for name, value in _declared(group).items() if value is not None}
    for name in sorted(values.keys() - context.capabilities.group_attributes):
        unwritten.setdefault(name, []).append(group.key)
        del values[name]
    for name in values.keys() & context.unkept.dropped[Kind.GROUP]:
        del values[name]
    address = context.group_address(group.key)
    base = context.memory.base
    at_base = base is not None and any(
        key in base.groups and not base.groups[key].external
        for key in context.groups.previous_keys(group.key)
    )
    if context.memory.ledger is not None:
        at_base = context.groups.gave(group.key)
    diff.owned[address] = tuple(sorted(values))
    diff.changes.append(
        Change(
            address=address,
            action=Action.CREATE,
            effect=Effect.NEUTRAL,
            cause=context.memory.object_cause(at_base=at_base, wanted=True, between=True),
            before_hash=hashes.absent(Kind.GROUP, fold(group_name(group))),
            after_hash=hashes.object_state(None, values, values),
            fields=tuple(FieldChange(name, None, values[name]) for name in sorted(values)),
            name=group_name(group),
            origin=group.origin,
        )
    )


def _update(
    context: PlanContext, diff: Diff, group: Group, live: LiveGroup, unwritten: dict[str, list[str]]
) -> bool:
    """Whether there is a change."""
    want = _declared(group)
    cleared: set[str] = set()
    if context.memory.ledger is not None:
        given = context.groups.given.get(live.id)
        cleared = set(given.attributes) - want.keys() if given is not None else cleared
    else:
        for former in context.memory.former_group(context.groups.previous_keys(group.key)):
            cleared |= former.attributes.keys() - want.keys()
    fields = []
    for name in (*sorted(want), *sorted(cleared)):
        before, after = live.attributes.get(name), want.get(name)
        if before == after or context.unkept.hides(Kind.GROUP, name, before, after):
            continue
        if name not in context.capabilities.group_attributes:
            unwritten.setdefault(name, []).append(group.key)
            continue
        fields.append(FieldChange(name, before, after))
    replaced = context.groups.replaced.get(group.key)
    if replaced is not None:
        fields.append(FieldChange(REMOTE_ID, replaced, live.id))
    if not fields:
        return False
    address = context.group_address(group.key)
    names = tuple(sorted((want.keys() | cleared) - context.unkept.dropped[Kind.GROUP]))
    diff.touch(address, live.id, live.version)
    diff.owned[address] = names
    after_values = {**live.attributes, **{each.name: each.after for each in fields}}
    diff.changes.append(
        Change(
            address=address,
            action=Action.UPDATE,
            effect=Effect.NEUTRAL if replaced is None else Effect.MIXED,
            cause=_cause(context, group, live, fields),
            before_hash=hashes.object_state(live.id, live.attributes, names),
            after_hash=hashes.object_state(live.id, after_values, names),
            fields=tuple(fields),
            name=str(live.attributes.get("display_name") or live.id),
            origin=group.origin,
        )
    )
    return True


def _cause(context: PlanContext, group: Group, live: LiveGroup, fields: list[FieldChange]) -> Cause:
    if context.memory.ledger is not None and live.id not in context.groups.given:
        return Cause.DRIFT if group.key in context.groups.replaced else Cause.GIT
    base = context.memory.base
    keys = context.groups.previous_keys(group.key)
    then = next((base.groups[key] for key in keys if key in base.groups), None) if base else None
    causes = set()
    for each in fields:
        if each.name == REMOTE_ID:
            causes.add(Cause.DRIFT)
        elif each.name == "display_name" and then is not None:
            causes.add(Cause.DRIFT if group_name(then) == group_name(group) else Cause.GIT)
        else:
            declared = each.name in group.attributes
            causes.add(context.memory.field_cause(then, each.name, declared=declared, value=each.after))
    return next(each for each in (Cause.GIT, Cause.LEFTOVER, Cause.DRIFT) if each in causes)


def _delete(context: PlanContext, diff: Diff, key: str, live: LiveGroup) -> None:
    """A group that git declares no more, or (authoritative) never did; its members are changes, too."""
    remembered = next(iter(context.memory.former_group((key,))), None)
    ours = remembered is not None or live.id in context.groups.given
    base = context.memory.base
    address = context.group_address(key)
    names = tuple(sorted(live.attributes))
    diff.touch(address, live.id, live.version)
    diff.owned[address] = names
    diff.changes.append(
        Change(
            address=address,
            action=Action.DELETE,
            effect=Effect.REVOKE,
            cause=context.memory.object_cause(
                at_base=base is not None and key in base.groups, wanted=False, between=ours
            ),
            before_hash=hashes.object_state(live.id, live.attributes, names),
            after_hash=hashes.gone(live.id),
            name=str(live.attributes.get("display_name") or live.id),
            reason="gone from git" if ours else "not in git",
        )
    )

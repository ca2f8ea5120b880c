"""What nobody takes away or renames: protected objects, also under keys and names that came since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.names import fold
from reconciler.model.policy import Protected
from reconciler.planning.context import PlanContext
from reconciler.planning.ownership.objects import aliases, group_name, user_name

_NAMES = ("user_name", "display_name")


def protected_now(context: PlanContext) -> Protected:
    """What is protected, by the keys that it has and had."""
    protected, memory, desired = context.policy.guards.protected, context.memory, context.desired
    users, groups, sets = protected.users, protected.groups, protected.permission_sets
    if users:
        names = {fold(str(one.attributes.get("user_name"))): one.id for one in context.live.users.values()}
        users_then = [desired.users, *(state.users for state in memory.states)]
        users = tuple(aliases(users, context.users, names, users_then, user_name))
    if groups:
        names = {
            fold(str(one.attributes.get("display_name"))): one.id for one in context.live.groups.values()
        }
        groups_then = [desired.groups, *(state.groups for state in memory.states)]
        groups = tuple(aliases(groups, context.groups, names, groups_then, group_name))
    if sets:
        heirs = (
            name for name in desired.permission_sets if set(sets) & set(context.sets.previous_keys(name))
        )
        sets = tuple({*sets, *heirs})
    return replace(protected, users=users, groups=groups, permission_sets=sets)


def touched(changes: Sequence[Change], protected: Protected) -> Iterable[tuple[Change, str]]:
    """Changes that a protected object does not allow, each with what would become of it.

    A user or group may not be removed, disabled, renamed or lose an assignment, a user no membership, and a
    permission set neither be edited nor removed nor lose an assignment.
    """
    if not (protected.users or protected.groups or protected.permission_sets):
        return
    users, groups, sets = map(set, (protected.users, protected.groups, protected.permission_sets))

    def covers(address: Address) -> bool:
        found = {Kind.USER: users, Kind.GROUP: groups, Kind.PERMISSION_SET: sets}.get(address.kind)
        return found is not None and address.own_key in found

    for change in changes:
        kind = change.address.kind
        if kind.facts.of or change.action in (Action.CREATE, Action.RELEASE):
            continue
        if kind is Kind.MEMBERSHIP:
            hit = change.action is Action.DELETE and covers(change.address.user)
        elif kind is Kind.ASSIGNMENT:
            hit = change.action is Action.DELETE and any(map(covers, change.address.ends))
        elif kind is Kind.PERMISSION_SET:
            hit = covers(change.address)
        else:
            renamed = any(each.name in _NAMES for each in change.fields)
            hit = (renamed or change.takes_away) and covers(change.address)
        if hit:
            yield change, _verb(change)


def _verb(change: Change) -> str:
    if change.action is Action.DELETE:
        return "removed"
    if change.address.kind is Kind.PERMISSION_SET:
        return "edited"
    return "disabled" if change.effect is Effect.REVOKE else "renamed"

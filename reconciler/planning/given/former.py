"""What git gave, as far as the remembered states tell: the first ledger of a target that was applied before.

Receipts of earlier versions hold no ledger, and a chain of receipts may be lost. Then the files of the last
whole apply and since answer by keys and names, once, and the next receipt holds what they say.
"""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.change import Cause
from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Holder
from reconciler.planning.comparing.set_values import WHOLE, declared_values, partition_of
from reconciler.planning.context import PlanContext
from reconciler.planning.ownership.assigned_before import removal_cause
from reconciler.planning.ownership.objects import Ownership, group_name, said_id, user_name


def former_ledger(context: PlanContext) -> Ledger:
    """What is live and was declared, by the states; nothing where they are not known."""
    if not context.memory.known:
        return Ledger()
    return Ledger(
        users=_users(context),
        groups=_groups(context),
        sets=_sets(context),
        members=_members(context),
        assignments=_assignments(context),
    )


def _users(context: PlanContext) -> dict[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    for identifier, key in (*context.users.declared.items(), *context.users.gone.items()):
        states = list(context.memory.former_user(context.users.previous_keys(key)))
        if not states:
            continue
        names = {name for one in states for name, value in one.attributes.items() if value is not None}
        inactive = any(
            former in state.users and not state.wants(former)
            for state in context.memory.states
            for former in context.users.previous_keys(key)
        )
        found[identifier] = GivenObject(
            key, user_name(states[0]), tuple(sorted(names)), inactive, external_id=said_id(states[0])
        )
    return found


def _groups(context: PlanContext) -> dict[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    for identifier, key in (*context.groups.declared.items(), *context.groups.gone.items()):
        states = list(context.memory.former_group(context.groups.previous_keys(key)))
        if states:
            names = {name for one in states for name, value in one.attributes.items() if value is not None}
            found[identifier] = GivenObject(
                key, group_name(states[0]), tuple(sorted(names)), external_id=said_id(states[0])
            )
    return found


def _sets(context: PlanContext) -> dict[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    partition = partition_of(context.live.identity)
    for arn in (*context.sets.declared, *context.sets.gone, *context.sets.replaced):
        name = context.set_name(arn)
        states = list(context.memory.former_set((name,)))
        if states:
            live = context.live.permission_sets[arn].attributes
            names = {each for one in states for each in declared_values(one, live, partition)} - set(WHOLE)
            found[arn] = GivenObject(name, name, tuple(sorted(names)))
    return found


def _members(context: PlanContext) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    memory = context.memory
    for group, live in context.live.members.items():
        key = context.groups.pairing.keys.get(group)
        if key is None:
            continue
        groups = context.groups.previous_keys(key)
        theirs = {
            user
            for user in live
            if memory.had_member(groups, context.users.previous_keys(context.user_key(user)))
        }
        for user in context.desired.members.get(key, ()):
            identifier = context.users.pairing.ids.get(user)
            if identifier is not None and identifier not in live:
                cause = memory.membership_cause(groups, context.users.previous_keys(user), wanted=True)
                if cause is Cause.DRIFT:
                    theirs.add(identifier)
        if theirs:
            found[group] = frozenset(theirs)
    return found


def _assignments(context: PlanContext) -> dict[Pair, dict[Principal, GivenAssignment]]:
    found: dict[Pair, dict[Principal, GivenAssignment]] = {}
    for (account, arn), principals in context.live.assignments.items():
        pair = (account, context.set_name(arn))
        for principal in principals:
            holder = context.holder(principal)
            owners: Ownership = context.users if holder.kind is Kind.USER else context.groups
            holders = [Holder(holder.kind, key) for key in owners.previous_keys(holder.key)]
            cause = removal_cause(context.memory, context.desired, pair, holders)
            if cause is not None:
                held = found.setdefault((account, arn), {})
                held[principal] = GivenAssignment(cause is Cause.SELECTOR)
    return found

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
from reconciler.planning.comparing.set_values import WHOLE, partition_of, said
from reconciler.planning.ownership.assigned_before import removal_cause
from reconciler.planning.ownership.objects import Ownership, group_name, user_name
from reconciler.planning.scene import Scene


def former_ledger(scene: Scene) -> Ledger:
    """What is live and was declared, by the states; nothing where they are not known."""
    if not scene.memory.known:
        return Ledger()
    return Ledger(
        users=_users(scene),
        groups=_groups(scene),
        sets=_sets(scene),
        members=_members(scene),
        assignments=_assignments(scene),
    )


def _users(scene: Scene) -> dict[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    for identifier, key in (*scene.users.declared.items(), *scene.users.gone.items()):
        states = list(scene.memory.former_user(scene.users.formers(key)))
        if not states:
            continue
        names = {name for one in states for name, value in one.attributes.items() if value is not None}
        inactive = any(
            former in state.users and not state.wants(former)
            for state in scene.memory.states
            for former in scene.users.formers(key)
        )
        found[identifier] = GivenObject(key, user_name(states[0]), tuple(sorted(names)), inactive)
    return found


def _groups(scene: Scene) -> dict[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    for identifier, key in (*scene.groups.declared.items(), *scene.groups.gone.items()):
        states = list(scene.memory.former_group(scene.groups.formers(key)))
        if states:
            names = {name for one in states for name, value in one.attributes.items() if value is not None}
            found[identifier] = GivenObject(key, group_name(states[0]), tuple(sorted(names)))
    return found


def _sets(scene: Scene) -> dict[str, GivenObject]:
    found: dict[str, GivenObject] = {}
    partition = partition_of(scene.live.identity)
    for arn in (*scene.sets.declared, *scene.sets.gone, *scene.sets.replaced):
        name = scene.set_name(arn)
        states = list(scene.memory.former_set((name,)))
        if states:
            live = scene.live.permission_sets[arn].attributes
            names = {each for one in states for each in said(one, live, partition)} - set(WHOLE)
            found[arn] = GivenObject(name, name, tuple(sorted(names)))
    return found


def _members(scene: Scene) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    memory = scene.memory
    for group, live in scene.live.members.items():
        key = scene.groups.pairing.keys.get(group)
        if key is None:
            continue
        groups = scene.groups.formers(key)
        theirs = {
            user for user in live if memory.had_member(groups, scene.users.formers(scene.user_key(user)))
        }
        for user in scene.desired.members.get(key, ()):
            identifier = scene.users.pairing.ids.get(user)
            if identifier is not None and identifier not in live:
                cause = memory.membership_cause(groups, scene.users.formers(user), wanted=True)
                if cause is Cause.DRIFT:
                    theirs.add(identifier)
        if theirs:
            found[group] = frozenset(theirs)
    return found


def _assignments(scene: Scene) -> dict[Pair, dict[Principal, GivenAssignment]]:
    found: dict[Pair, dict[Principal, GivenAssignment]] = {}
    for (account, arn), principals in scene.live.assignments.items():
        pair = (account, scene.set_name(arn))
        for principal in principals:
            holder = scene.holder(principal)
            owners: Ownership = scene.users if holder.kind is Kind.USER else scene.groups
            holders = [Holder(holder.kind, key) for key in owners.formers(holder.key)]
            cause = removal_cause(scene.memory, scene.desired, pair, holders)
            if cause is not None:
                held = found.setdefault((account, arn), {})
                held[principal] = GivenAssignment(cause is Cause.SELECTOR)
    return found

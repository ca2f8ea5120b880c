"""Which edit of a permission set waits for removals: nobody has the edited set who shall have none of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Step
from reconciler.planning.ordering.steps import Dependencies, needs_provisioning


def take_before_edits(steps: dict[str, Step], changes: Sequence[Change], dependencies: Dependencies) -> bool:
    """Let each edit in `steps` wait for what is taken from the set and from the groups that hold it.

    That closes no circle: a removal that itself waits for the edit, even through others, is not waited for.
    An edit that only takes away waits for nothing. Returns whether anything waits now that did not before.
    """
    edits = [
        change.address
        for change in changes
        if change.address.kind is Kind.PERMISSION_SET
        and change.action is Action.UPDATE
        and change.effect is not Effect.REVOKE
        and needs_provisioning(change)
    ]
    if not edits:
        return False
    removals = _removals(changes, dependencies)
    dependents = _dependents(steps)
    waits = False
    for address in sorted(edits):
        edit = str(address)
        if edit not in steps or not (taken := removals.get(address)):
            continue
        later = _closure(edit, dependents)
        new = [each for each in taken if each in steps and each not in later]
        if not new:
            continue
        waits = True
        steps[edit] = replace(steps[edit], after=(*steps[edit].after, *sorted(set(new))))
        for each in new:
            dependents.setdefault(each, []).append(edit)
    return waits


def _removals(changes: Sequence[Change], dependencies: Dependencies) -> Mapping[Address, list[str]]:
    """By permission set: the removals of its assignments, and of members of the groups that have it."""
    found: dict[Address, list[str]] = {}
    holding: dict[Address, set[Address]] = {group: set(sets) for group, sets in dependencies.holding.items()}
    leaving: list[Address] = []
    for change in changes:
        if change.action is not Action.DELETE:
            continue
        if change.address.kind is Kind.ASSIGNMENT:
            principal, permission_set = change.address.ends
            found.setdefault(permission_set, []).append(str(change.address))
            holding.setdefault(principal, set()).add(permission_set)
        elif change.address.kind is Kind.MEMBERSHIP:
            leaving.append(change.address)
    for address in leaving:
        for permission_set in holding.get(address.group, ()):
            found.setdefault(permission_set, []).append(str(address))
    return found


def _dependents(steps: Mapping[str, Step]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for step in steps.values():
        for each in (*step.after, *step.held_by):
            found.setdefault(each, []).append(step.id)
    return found


def _closure(start: str, dependents: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that waits for `start`, directly or through others."""
    found: set[str] = set()
    queue = [start]
    while queue:
        for each in dependents.get(queue.pop(), ()):
            if each not in found:
                found.add(each)
                queue.append(each)
    return found

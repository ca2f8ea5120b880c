"""Who is to be disabled at once, parted from what else the same user's change would do. Pure.

A user's change is one unit of review, and its cause is the one that needs the review most. Where git also
edits an attribute of a leaver, the whole change would wait for the review of that edit, and the leaver would
keep signing in. What is applied by rule alone takes the status out of such a change; the rest waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import Address, Kind
from reconciler.model.change import AT_ONCE, Action, Cause, Change, Effect
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.user_values import with_manager_key


def status_alone(
    context: PlanContext, diff: Diff, changes: Iterable[Change], causes: Collection[Cause]
) -> tuple[list[Change], Mapping[Address, Change]]:
    """The changes, and of those who are disabled because of one of `causes` the status alone; their rest.

    A change that one of `causes` brings about as a whole stays as it is.
    """
    found: list[Change] = []
    rest: dict[Address, Change] = {}
    for change in changes:
        alone = None if change.cause in causes else _disabling(context, diff, change, causes)
        if alone is not None:
            rest[change.address] = _without_status(change)
        found.append(alone or change)
    return found, rest


def waiting_with(
    chosen: Iterable[Change], waiting: Sequence[Change], rest: Mapping[Address, Change]
) -> list[Change]:
    """What waits for a review: `waiting`, and the rest of those of `chosen` whose status alone is set."""
    return [*waiting, *(rest[change.address] for change in chosen if change.address in rest)]


def _disabling(context: PlanContext, diff: Diff, change: Change, causes: Collection[Cause]) -> Change | None:
    if change.address.kind is not Kind.USER or change.action is not Action.UPDATE or not change.disables:
        return None
    why = context.desired.inactive.get(change.address.own_key)
    if why is None or why.cause not in AT_ONCE or why.cause not in causes:
        return None
    live = context.live.users[diff.ids[change.address]]
    values, names = with_manager_key(live.attributes, context.user_key), diff.owned[change.address]
    return replace(
        change,
        fields=tuple(each for each in change.fields if each.name == "active"),
        effect=Effect.REVOKE,
        cause=why.cause,
        reason=why.reason,
        after_hash=hashes.object_state(live.id, values, names, active=False),
    )


def _without_status(change: Change) -> Change:
    fields = tuple(each for each in change.fields if each.name != "active")
    renames = replace(change, fields=fields).renames
    return replace(change, fields=fields, effect=Effect.MIXED if renames else Effect.NEUTRAL, reason=None)

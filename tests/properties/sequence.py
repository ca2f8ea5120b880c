"""What must hold of the order of the steps of one plan, and what it says to people."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Severity, Step
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import World
from tests.properties.witness import access, defined, durations


def allowed_meanwhile(before: World, after: World, steps: Sequence[Step]) -> set[tuple[str, str, str, str]]:
    """Who may reach what, and for how long, at any moment of a plan with these steps."""
    # Whoever is enabled may have what they had when they were disabled, until that is taken away: nothing
    # lets that wait for a removal which itself waits for what takes its place.
    enabled = copy.deepcopy(before)
    for each, found in enabled.users.items():
        if each in after.users and after.users[each].active is True:
            enabled.users[each] = replace(found, active=True)
    # Where a set changes hands, whoever loses it may have it edited until what takes its place is there; and
    # where assignments are not read, nobody knows which members of a group wait for the edit of a set.
    handed = _changing_hands(steps)
    ways = access(before) | access(after) if before.gaps else access(before)
    edited = {
        (*each, lasts[each[2]])
        for each in ways
        for lasts in durations(before, after)
        if each[2] in lasts and (each[2] in handed or before.gaps)
    }
    return defined(enabled) | defined(after) | edited


def _changing_hands(steps: Sequence[Step]) -> set[str]:
    """Names of permission sets whose edit some removal waits for, through however many others."""
    waits = {each.id: {*each.after, *each.held_by} for each in steps}

    def behind(identifier: str) -> set[str]:
        found: set[str] = set()
        queue = [identifier]
        while queue:
            fresh = waits.get(queue.pop(), set()) - found
            found |= fresh
            queue += fresh
        return found

    edits = {
        each.id: each.address.parts[0]
        for each in steps
        if each.address.kind is Kind.PERMISSION_SET and each.action is Action.UPDATE
    }
    removals = [
        each
        for each in steps
        if each.action is Action.DELETE and each.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
    ]
    return {edits[one] for each in removals for one in behind(each.id) if one in edits}


def takes_before_it_gives(planned: PreparedPlan) -> None:
    """A removal that waits for nothing stands before whatever is given."""
    actions = {each.address: each.action for each in planned.plan.changes}
    given = False
    for step in planned.steps:
        if step.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            action = actions.get(step.address)
            given = given or action is Action.CREATE
            assert not (given and action is Action.DELETE and not step.after and not step.held_by)


def output(planned: PreparedPlan) -> str:
    """What a plan is to do, and what is loud in it."""
    changes = [
        f"{each.action} {each.address} ({each.cause})"
        + "".join(f" {one.name}={one.after}" for one in each.fields if each.action is Action.UPDATE)
        for each in planned.plan.changes
    ]
    loud = [each for each in planned.plan.findings if each.severity is not Severity.NOTE]
    lines = [f"{each.code}: {each.message} {', '.join(each.details)}" for each in loud]
    return "\n    ".join(("; ".join(changes) or "nothing", *lines))

"""What must hold of the order of the steps of one plan, and what it says to people."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Severity, Step
from reconciler.planning.planner import Planned


def changing_hands(steps: Sequence[Step]) -> set[str]:
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


def takes_before_it_gives(planned: Planned) -> None:
    """A removal that waits for nothing stands before whatever is given."""
    actions = {each.address: each.action for each in planned.part.changes}
    given = False
    for step in planned.steps:
        if step.address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
            action = actions.get(step.address)
            given = given or action is Action.CREATE
            assert not (given and action is Action.DELETE and not step.after and not step.held_by)


def told(planned: Planned) -> str:
    """What a plan is to do, and what is loud in it."""
    changes = [
        f"{each.action} {each.address} ({each.cause})"
        + "".join(f" {one.name}={one.after}" for one in each.fields if each.action is Action.UPDATE)
        for each in planned.part.changes
    ]
    loud = [each for each in planned.part.findings if each.severity is not Severity.NOTE]
    lines = [f"{each.code}: {each.message} {', '.join(each.details)}" for each in loud]
    return "\n    ".join(("; ".join(changes) or "nothing", *lines))

"""Which roles a provisioning brought up to date although it did not end well.

One request renews a permission set in many accounts, and says of all of them together that it failed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from reconciler.errors import ServiceError
from reconciler.execution.run import Run
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Step
from reconciler.model.report import Result, Status
from reconciler.model.state import LivePermissionSet
from reconciler.planning.wording import many
from reconciler.targets.base import NOTHING, Target

# How many accounts a message names.
_NAMED = 5


def recheck_roles(
    target: Target, run: Run, steps: Sequence[Step], ended: Mapping[Address, Result]
) -> dict[Address, Result]:
    """The results among `ended` that looking at the roles makes more exact.

    A role that does not lag behind any more is done; an edit of the set itself is, where no role lags. The
    others keep the reason that the service gave, and the edit says where it is not in force. Raises nothing:
    what cannot be seen stays as it is.
    """
    unsettled = [
        step
        for step in steps
        if step.address.kind.facts.of and step.id in run.outcomes and run.outcomes[step.id].status.doubtful
    ]
    sets = {step.address.permission_set: run.ids[step.address.permission_set] for step in unsettled}
    if not sets:
        return {}
    try:
        live = target.read(replace(NOTHING, permission_sets=tuple(sorted(set(sets.values())))))
    except ServiceError:
        return {}
    # An edit is as well as its own step, before its roles are asked about.
    written = _edited(run, steps)
    exact: dict[Address, Result] = {}
    for step in unsettled:
        found = live.permission_sets.get(sets[step.address.permission_set])
        for address in step.changes:
            known = ended.get(address)
            if found is None or known is None or not known.status.doubtful:
                continue
            if address.kind.facts.of:
                if address.account not in found.outdated:
                    exact[address] = Result(address, Status.DONE)
            elif address in written:
                exact[address] = _edit(known, found)
    return exact


def _edited(run: Run, steps: Sequence[Step]) -> Collection[Address]:
    """The permission sets whose own definition was written."""
    return {
        step.address
        for step in steps
        if step.address.kind is Kind.PERMISSION_SET
        and step.id in run.outcomes
        and run.outcomes[step.id].status.good
    }


def _edit(known: Result, found: LivePermissionSet) -> Result:
    if not found.outdated:
        return Result(known.address, Status.DONE)
    lagging = sorted(found.outdated)
    named = ", ".join(lagging[:_NAMED]) + (", …" if len(lagging) > _NAMED else "")
    message = (
        f"{known.message}; {len(lagging)} of "
        f"{many(len(found.provisioned), 'account')} still have what it was before: {named}"
    )
    return replace(known, message=message)

"""Submits steps, after a look whether their objects are as people reviewed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.errors import ServiceError
from reconciler.execution.run import Run, with_manager_key
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.model.resources import Attributes
from reconciler.planning import hashes
from reconciler.planning.ordering.steps import writes_something
from reconciler.planning.prepared import PreparedPlan
from reconciler.targets.base import NOTHING, Target

# How often an object that keeps moving is looked at again before its step is given up.
_LOOKS = 4
# What has a state that somebody else may change. Pairs are there or not, and are written either way.
_OBJECTS = (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET)


def submit(
    target: Target, planned: PreparedPlan, run: Run, steps: Sequence[Step], changes: Mapping[Address, Change]
) -> Sequence[Outcome | Pending]:
    """Submit steps that go in one request, or one alone.

    Those whose object moved are sent again, as long as it still is as reviewed. `changes` are the reviewed
    ones by address; a step that renews roles may have none.
    """
    ended: list[Outcome | Pending] = []
    left = tuple(steps)
    moved: dict[str, Outcome] = {}
    for attempt in range(_LOOKS):
        sent = []
        for step in left:
            verdict = _verdict(target, planned, run, step, changes.get(step.address), again=attempt > 0)
            if verdict is None:
                sent.append(step)
            else:
                ended.append(verdict)
        answers = target.submit(sent, run.ids, run.versions) if sent else ()
        moved = {each.step: each for each in answers if isinstance(each, Outcome) and each.moved}
        ended.extend(each for each in answers if each.step not in moved)
        left = tuple(step for step in sent if step.id in moved)
        if not left:
            return ended
    return [*ended, *map(_kept_changing, moved.values())]


def _verdict(
    target: Target, planned: PreparedPlan, run: Run, step: Step, change: Change | None, *, again: bool
) -> Outcome | None:
    """How a step ends without being sent, because of what is there now; None: it is sent."""
    guarded = (
        step.action not in (Action.CREATE, Action.RELEASE)
        and step.address.kind in _OBJECTS
        and change is not None
    )
    # The mark of a version guards users and groups where the service has one, and where this very object
    # has one, too; nothing guards a set.
    marked = target.capabilities.versions and step.address in run.versions
    unmarked = step.address.kind is Kind.PERMISSION_SET or not marked
    if guarded and (again or (unmarked and step.id == str(step.address))):
        assert change is not None
        try:
            verdict = _still_as_reviewed(target, planned, run, step, change)
        except ServiceError as error:
            return Outcome(step.id, Status.FAILED, str(error), request_id=error.request_id)
        if verdict is not None:
            return verdict
    # Git lets go of it, or takes this object for its own: that is noted, and nothing is written.
    return None if writes_something(step) else Outcome(step.id, Status.DONE)


def _kept_changing(answer: Outcome) -> Outcome:
    return replace(answer, message=f"{answer.message}; it kept changing, nothing was overwritten")


def _still_as_reviewed(
    target: Target, planned: PreparedPlan, run: Run, step: Step, change: Change
) -> Outcome | None:
    """None when the object is as the plan says (its version is noted), else how the step ends."""
    identifier = run.ids[step.address]
    names = planned.owned.get(step.address, ())
    attributes: Attributes | None = None
    active = version = None
    if step.address.kind is Kind.USER:
        user = target.read(replace(NOTHING, users=(identifier,))).users.get(identifier)
        if user is not None:
            attributes, active, version = user.attributes, user.active, user.version
    elif step.address.kind is Kind.GROUP:
        group = target.read(replace(NOTHING, groups=(identifier,))).groups.get(identifier)
        if group is not None:
            attributes, version = group.attributes, group.version
    else:
        found = target.read(replace(NOTHING, permission_sets=(identifier,))).permission_sets.get(identifier)
        attributes = found.attributes if found is not None else None
    if attributes is None and step.action is Action.DELETE:
        return Outcome(step.id, Status.UNNECESSARY, "it is gone already")
    state = None
    if attributes is not None:
        attributes = with_manager_key(attributes, planned, run)
        state = hashes.object_state(identifier, attributes, names, active=active)
    if state != change.before_hash:
        message = "it was changed by somebody else since it was planned; plan again"
        return Outcome(step.id, Status.FAILED, message)
    if version:
        run.versions[step.address] = version
    return None

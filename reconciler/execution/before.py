"""Submits one step, after a look whether its object is as people reviewed it; or several that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.errors import ServiceError
from reconciler.execution.run import Run, with_manager_key
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.model.resources import Attributes
from reconciler.planning import hashes
from reconciler.planning.ordering.steps import writes_something
from reconciler.planning.planner import PreparedPlan
from reconciler.targets.base import NOTHING, Target

# How often an object that keeps moving is looked at again before its step is given up.
_LOOKS = 4
# What has a state that somebody else may change. Pairs are there or not, and are written either way.
_OBJECTS = (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET)


def submit(
    target: Target, planned: PreparedPlan, run: Run, step: Step, change: Change | None
) -> Outcome | Pending:
    """Submit one step; when the object moved, look whether it is still as reviewed, and try again.

    `change` is the reviewed one of the step's own address; a step that renews roles may have none.
    """
    guarded = (
        step.action not in (Action.CREATE, Action.RELEASE)
        and step.address.kind in _OBJECTS
        and change is not None
    )
    # The mark of a version guards users and groups where the service has one, and where this very object
    # has one, too; nothing guards a set.
    marked = target.capabilities.versions and step.address in run.versions
    unmarked = step.address.kind is Kind.PERMISSION_SET or not marked
    look = guarded and unmarked and step.id == str(step.address)
    answer: Outcome | Pending = Outcome(step.id, Status.FAILED, "it was never sent", moved=True)
    for _ in range(_LOOKS):
        if look:
            assert change is not None
            try:
                verdict = _still_as_reviewed(target, planned, run, step, change)
            except ServiceError as error:
                return Outcome(step.id, Status.FAILED, str(error), request_id=error.request_id)
            if verdict is not None:
                return verdict
        if not writes_something(step):
            # Git lets go of it, or takes this object for its own: that is noted, and nothing is written.
            return Outcome(step.id, Status.DONE)
        answer = target.submit(step, run.ids, run.versions)
        if isinstance(answer, Pending) or not answer.moved:
            return answer
        look = guarded
    assert isinstance(answer, Outcome)
    return _kept_changing(answer)


def submit_together(target: Target, run: Run, steps: Sequence[Step]) -> Sequence[Outcome | Pending]:
    """Submit steps that go in one request: memberships, or creations, which no reviewed state guards.

    Those whose object moved meanwhile are sent again, as often as one step would be.
    """
    ended: list[Outcome | Pending] = []
    left = tuple(steps)
    for _ in range(_LOOKS):
        if len(left) > 1:
            answers = target.submit_together(left, run.ids, run.versions)
        else:
            answers = (target.submit(left[0], run.ids, run.versions),)
        moved = {each.step: each for each in answers if isinstance(each, Outcome) and each.moved}
        ended.extend(each for each in answers if each.step not in moved)
        left = tuple(step for step in left if step.id in moved)
        if not left:
            return ended
    return [*ended, *map(_kept_changing, moved.values())]


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

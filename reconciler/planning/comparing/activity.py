"""Whether a user should be enabled or disabled, and because of what."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.change import Cause
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import User
from reconciler.model.state import LiveUser
from reconciler.planning.context import Diff, PlanContext


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status that is to be set, with the reason and the cause."""

    active: bool
    reason: str
    cause: Cause


def activity(
    context: PlanContext, diff: Diff, user: User, live: LiveUser, status: list[str]
) -> StatusChange | None:
    """What to set the status of a declared user to; None leaves it.

    Adds to `diff` a finding on people whom somebody else disabled, and to `status` the keys of those whose
    status should change where the target cannot set one.
    """
    status_change = _turn(context, diff, user, live)
    if status_change is None or context.capabilities.status:
        return status_change
    if status_change.active or live.active:
        status.append(user.key)
    return None


def _turn(context: PlanContext, diff: Diff, user: User, live: LiveUser) -> StatusChange | None:
    why = context.desired.inactive.get(user.key)
    if why is not None or user.key in context.desired.not_yet:
        if live.active is False:
            return None
        return (
            StatusChange(active=False, reason=why.reason, cause=why.cause)
            if why
            else StatusChange(active=False, reason="not before its `from`", cause=Cause.GIT)
        )
    if live.active is not False:
        return None
    if _made_inactive(context, user, live):
        return StatusChange(active=True, reason="active again in git", cause=Cause.GIT)
    if user.active:
        base = context.memory.base_user(context.users.previous_keys(user.key))
        was_active = base is not None and base.active is True
        return StatusChange(
            active=True, reason="active: true", cause=Cause.DRIFT if was_active else Cause.GIT
        )
    diff.findings.append(
        Finding(
            code="disabled-elsewhere",
            severity=Severity.WARNING,
            message=f"{user.key} was disabled by somebody else and stays so",
            address=context.user_address(user.key),
            origin=user.origin,
            fix="write `active: true` to enable the user again, or `active: false` to own the decision",
        )
    )
    return None


def _made_inactive(context: PlanContext, user: User, live: LiveUser) -> bool:
    """Whether git made the user inactive, then or since: by time, by word, or by leaving it out."""
    if context.memory.ledger is not None:
        given = context.users.given.get(live.id)
        return given is not None and (given.inactive or given.left)
    left_out = False
    for state in context.memory.states:
        declared = [key for key in context.users.previous_keys(user.key) if key in state.users]
        if any(not state.wants(key) for key in declared) or (declared and left_out):
            return True
        left_out = left_out or not declared
    return False

"""Whether a user should be enabled or disabled, and because of what."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.change import Cause
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import User
from reconciler.model.state import LiveUser
from reconciler.planning.scene import Draft, Scene


@dataclass(frozen=True, slots=True)
class Turn:
    """A status that is to be set, with the reason and the cause."""

    active: bool
    reason: str
    cause: Cause


def activity(scene: Scene, draft: Draft, user: User, live: LiveUser, status: list[str]) -> Turn | None:
    """What to set the status of a declared user to; None leaves it.

    Adds to `draft` a finding on whoever somebody else disabled, and to `status` the keys of those whose
    status should change where the target cannot set one.
    """
    turn = _turn(scene, draft, user, live)
    if turn is None or scene.capabilities.status:
        return turn
    if turn.active or live.active:
        status.append(user.key)
    return None


def _turn(scene: Scene, draft: Draft, user: User, live: LiveUser) -> Turn | None:
    why = scene.desired.inactive.get(user.key)
    if why is not None or user.key in scene.desired.not_yet:
        if live.active is False:
            return None
        return (
            Turn(active=False, reason=why.reason, cause=why.cause)
            if why
            else Turn(active=False, reason="not before its `from`", cause=Cause.GIT)
        )
    if live.active is not False:
        return None
    if _made_inactive(scene, user, live):
        return Turn(active=True, reason="active again in git", cause=Cause.GIT)
    if user.active:
        base = scene.memory.base_user(scene.users.formers(user.key))
        said = base is not None and base.active is True
        return Turn(active=True, reason="active: true", cause=Cause.DRIFT if said else Cause.GIT)
    draft.findings.append(
        Finding(
            code="disabled-elsewhere",
            severity=Severity.WARNING,
            message=f"{user.key} was disabled by somebody else and stays so",
            address=scene.user_address(user.key),
            origin=user.origin,
            fix="write `active: true` to enable the user again, or `active: false` to own the decision",
        )
    )
    return None


def _made_inactive(scene: Scene, user: User, live: LiveUser) -> bool:
    """Whether git made the user inactive, then or since: by time, by word, or by leaving it out."""
    if scene.memory.ledger is not None:
        given = scene.users.given.get(live.id)
        return given is not None and (given.inactive or given.left)
    left_out = False
    for state in scene.memory.states:
        declared = [key for key in scene.users.formers(user.key) if key in state.users]
        if any(not state.wants(key) for key in declared) or (declared and left_out):
            return True
        left_out = left_out or not declared
    return False

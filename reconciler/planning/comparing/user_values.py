"""The values of a live user as git sees them."""

from __future__ import annotations

from reconciler.model.resources import User, Value
from reconciler.model.state import LiveUser
from reconciler.planning.context import PlanContext


def given_before(context: PlanContext, user: User, live: LiveUser) -> set[str]:
    """The attributes that git gave the user, or said of it in remembered states, and says no longer."""
    if context.memory.ledger is not None:
        given = context.users.given.get(live.id)
        return {name for name in given.attributes if name not in user.attributes} if given else set()
    gone: set[str] = set()
    for former in context.memory.former_user(context.users.previous_keys(user.key)):
        if former is not user and not former.attributes.keys() <= user.attributes.keys():
            gone |= former.attributes.keys() - user.attributes.keys()
    return gone


def with_manager_key(context: PlanContext, live: LiveUser) -> dict[str, Value]:
    """The live attributes, with the manager by key: remote ids stay on the live side."""
    values = dict(live.attributes)
    if isinstance(manager := values.get("manager"), str):
        values["manager"] = context.user_key(manager)
    return values

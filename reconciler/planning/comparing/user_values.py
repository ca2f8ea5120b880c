"""The values of a live user as git sees them."""

from __future__ import annotations

from reconciler.model.resources import User, Value
from reconciler.model.state import LiveUser
from reconciler.planning.scene import Scene


def given_before(scene: Scene, user: User, live: LiveUser) -> set[str]:
    """The attributes that git gave the user, or said of it in remembered states, and says no longer."""
    if scene.memory.ledger is not None:
        given = scene.users.given.get(live.id)
        return {name for name in given.attributes if name not in user.attributes} if given else set()
    gone: set[str] = set()
    for former in scene.memory.former_user(scene.users.formers(user.key)):
        if former is not user and not former.attributes.keys() <= user.attributes.keys():
            gone |= former.attributes.keys() - user.attributes.keys()
    return gone


def with_manager_key(scene: Scene, live: LiveUser) -> dict[str, Value]:
    """The live attributes, with the manager by key: remote ids stay on the live side."""
    values = dict(live.attributes)
    if isinstance(manager := values.get("manager"), str):
        values["manager"] = scene.user_key(manager)
    return values

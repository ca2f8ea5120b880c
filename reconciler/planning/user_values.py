"""The values of a live user as git sees them. Pure.

Of lists at a service (addresses, numbers, roles) git gives one entry. The other entries are somebody else's
(RFC 7643 section 2.4: a list holds what any client put there). So an entry is altered or taken away only
where git gave it, and where the wanted one is there already, nothing is written, whichever of them the
service calls primary.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from reconciler.model.change import FieldChange
from reconciler.model.names import same_value
from reconciler.model.resources import Attributes, User, Value, defaults
from reconciler.model.state import LiveUser
from reconciler.planning.context import PlanContext


def given_entry(live: LiveUser, name: str, previous_keys: Iterable[User]) -> Value:
    """The entry of a list that git gave, as it is there now; None where there is none.

    `previous_keys` are the earlier declarations of the user. An entry counts as given where git declared it,
    in any case; and the only entry there is, where git had given one, is that one, altered by somebody.
    """
    given = [value for each in previous_keys if (value := _given(each, name)) is not None]
    values = live.values(name)
    for value in given:
        if (found := next((each for each in values if same_value(each, value)), None)) is not None:
            return found
    return values[0] if given and len(values) == 1 else None


def _given(user: User, name: str) -> Value:
    """What a declaration gave, defaults of a creation included."""
    if name in user.attributes:
        return user.attributes[name]
    return defaults(user.attributes).get(name)


def as_planned(user: LiveUser, fields: Iterable[FieldChange], shared: Collection[str]) -> Attributes:
    """The attributes of a user as a change is told by them: of `shared` lists the entry that is git's.

    Where the planned entry is among the values, it stands for the list; where one was to go and is gone,
    nothing does. Otherwise it is the value that the service says counts.
    """
    found: dict[str, Value] = {}
    for each in fields:
        if each.name not in shared:
            continue
        values = user.values(each.name)
        if each.after is None:
            if each.before not in values:
                found[each.name] = None
        elif each.after in values:
            found[each.name] = each.after
    return _with(user.attributes, found) if found else user.attributes


def _with(attributes: Attributes, more: Mapping[str, Value]) -> Attributes:
    return {**attributes, **more}


def with_manager_key(attributes: Attributes, key: Callable[[str], str]) -> Attributes:
    """The attributes with the manager by `key` of the remote id: remote ids stay on the live side."""
    manager = attributes.get("manager")
    return _with(attributes, {"manager": key(manager)}) if isinstance(manager, str) else attributes


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

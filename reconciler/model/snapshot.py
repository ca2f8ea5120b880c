"""What a target had at one moment, kept so that a plan can be made where no service can be asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.capabilities import Capabilities
from reconciler.model.resources import Attributes, Value, texts_in
from reconciler.model.state import Identities, Live, LiveGroup, LiveUser

# Stands for a value that git does not say and that a redacted snapshot does not tell.
REDACTED = "(redacted)"
# Attributes that name no person: remote ids, and what the service alone decides.
_SHOWN = frozenset({"manager"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`live` as it was read whole at `taken_at` (aware), and what could be written then.

    `redacted` says that personal values which git does not hold were left out.
    """

    taken_at: datetime
    live: Live
    capabilities: Capabilities
    tool_version: str = ""
    redacted: bool = False


def redact(snapshot: Snapshot, identities: Identities) -> Snapshot:
    """The snapshot without the values of people and groups that `identities` do not hold.

    The files of git show those anyway to everybody who may read the snapshot. All others are replaced, names
    by one that no other object has. Ids, accounts, permission sets and who is a member of what stay.
    """
    live = snapshot.live
    users = _known(user.attributes for user in identities.users.values())
    users |= _known(override.attributes for override in identities.overrides.values())
    groups = _known(group.attributes for group in identities.groups.values())
    return replace(
        snapshot,
        redacted=True,
        live=replace(
            live,
            caller="",
            users={one: _user(user, users) for one, user in live.users.items()},
            groups={one: _group(group, groups) for one, group in live.groups.items()},
            # Their sentences may name people.
            findings=tuple(
                replace(each, message=f"{each.code} {REDACTED}", fix=None, details=())
                for each in live.findings
            ),
        ),
    )


def _known(written: Iterable[Attributes]) -> set[tuple[str, str]]:
    """Every value that git holds, by attribute; case does not count, as it does not to services."""
    return {
        (name, text.casefold())
        for attributes in written
        for name, value in attributes.items()
        for text in texts_in(value)
    }


def _user(user: LiveUser, known: set[tuple[str, str]]) -> LiveUser:
    return replace(
        user,
        attributes=_shown(user.id, "user_name", user.attributes, known),
        lists={
            name: tuple(_value(name, each, known) for each in values) for name, values in user.lists.items()
        },
    )


def _group(group: LiveGroup, known: set[tuple[str, str]]) -> LiveGroup:
    return replace(group, attributes=_shown(group.id, "display_name", group.attributes, known))


def _shown(identifier: str, key: str, attributes: Attributes, known: set[tuple[str, str]]) -> Attributes:
    """Each value as git holds it, or replaced; the name by which an object is found stays its own."""
    return {
        name: f"{REDACTED} {identifier}"
        if name == key and _value(name, value, known) == REDACTED
        else _value(name, value, known)
        for name, value in attributes.items()
    }


def _value(name: str, value: Value, known: set[tuple[str, str]]) -> Value:
    if name in _SHOWN or all((name, text.casefold()) in known for text in texts_in(value)):
        return value
    return REDACTED

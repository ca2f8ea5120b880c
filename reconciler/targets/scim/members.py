"""Who the members of groups are: what services write there, made into users by id. Pure.

By the RFC a member's `value` is an id (RFC 7643 section 4.2). Some write user names, some write groups, some
write one member twice, and some keep members who were deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.model.names import fold
from reconciler.model.state import LiveUser
from reconciler.targets.scim.mapping import Raw, as_list, find, text_of


class Entry(NamedTuple):
    """One entry of `members`, or of a user's `groups`: an id, or whatever stands for one."""

    value: str
    is_group: bool = False


@dataclass(slots=True)
class Resolved:
    """The members of one group: user id -> how the group writes the user, "" where that is the id.

    `nested` are groups among them, `undeclared` what is neither a user nor a group that we know.
    """

    members: dict[str, str] = field(default_factory=dict)
    nested: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)
    twice: bool = False


def entries(raw: Raw, name: str = "members") -> tuple[Entry, ...] | None:
    """What stands in `members` (or `groups`) of a resource; None where it has no such attribute."""
    found = find(raw, name)
    if found is None:
        return None
    made = (_entry(each) for each in as_list(found))
    return tuple(each for each in made if each is not None)


def direct(raw: Raw) -> tuple[str, ...]:
    """The groups that a user says to be in, those by way of other groups left out."""
    return tuple(
        value
        for each in as_list(find(raw, "groups"))
        if (value := text_of(find(each, "value"))) and str(find(each, "type")).lower() != "indirect"
    )


def _entry(raw: Mapping[str, Any]) -> Entry | None:
    value = text_of(find(raw, "value"))
    if value is None:
        return None
    said, place = find(raw, "type"), find(raw, "$ref")
    is_group = str(said).lower() == "group" or (isinstance(place, str) and "/groups/" in place.lower())
    return Entry(value, is_group)


class Names:
    """Users by what members may be written as. `users` and `groups` are what the lists brought, by id."""

    def __init__(self, users: Mapping[str, LiveUser], groups: Iterable[str]) -> None:
        self._users, self._groups = users, frozenset(groups)
        self._by_name: dict[str, str] | None = None
        self._prefers_names = False

    def learn(self, given: Sequence[Entry]) -> None:
        """See from all entries of a service whether it writes names: then a name may be another's id."""
        users = [each.value for each in given if not each.is_group]
        if any(value not in self._users and self._named(value) is not None for value in users):
            ids = (value for value in users if value in self._users)
            self._prefers_names = all(self._named(value) is not None for value in ids)

    def resolve(self, given: Iterable[Entry]) -> Resolved:
        """Who the entries of one group are."""
        found = Resolved()
        for each in given:
            if each.is_group or (each.value in self._groups and each.value not in self._users):
                found.nested.append(each.value)
                continue
            user = self._user(each.value)
            if user is None:
                found.undeclared.append(each.value)
            elif user in found.members:
                found.twice = True
            else:
                found.members[user] = "" if user == each.value else each.value
        return found

    def _user(self, value: str) -> str | None:
        if value not in self._users:
            return self._named(value)
        return (self._named(value) if self._prefers_names else None) or value

    def _named(self, value: str) -> str | None:
        if self._by_name is None:
            names: dict[str, str] = {}
            doubtful: set[str] = set()
            for identifier, user in self._users.items():
                name = fold(str(user.attributes.get("user_name", "")))
                if names.setdefault(name, identifier) != identifier:
                    doubtful.add(name)
            self._by_name = {name: identifier for name, identifier in names.items() if name not in doubtful}
        return self._by_name.get(fold(value)) if value else None

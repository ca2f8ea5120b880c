"""What an odd SCIM service holds, and the switches of its habits."""

from __future__ import annotations

import threading  # noqa: TID251  # a server needs threads of its own
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Resource = dict[str, Any]


class Refusal(Exception):
    """An answer other than success; a body of text is sent as it is."""

    def __init__(self, status: int, detail: str = "", *, kind: str = "", body: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind, self.body = status, detail, kind, body


class Lost(Exception):
    """The connection ends without a word."""


@dataclass
class Held:
    """What the service holds, and how it misbehaves. Nothing is odd by default, and nothing is offered."""

    users: dict[str, Resource] = field(default_factory=dict)
    groups: dict[str, Resource] = field(default_factory=dict)
    token: str = "good"
    # Lists.
    page: int = 100
    total: str = "true"  # "page", "none"
    ignores_index: bool = False
    first_page_only: bool = False
    wraps: bool = False
    past_end: str = ""  # "null", "absent", "204", or a status of an error behind the end
    filter: str = "works"  # "ignored", "nothing", "400"
    lists_twice: str = ""
    hides_from_list: frozenset[str] = frozenset()
    filter_finds_hidden: bool = False
    shows_none_in_list: frozenset[str] = frozenset()
    # Members.
    members: str = "id"  # "name", "hidden", "one-by-one", "in-user", "by-filter"
    refuses_again: int = 0  # the status for who is in already, or out
    most_members: int = 10_000
    stores_twice: bool = False
    needs_member: bool = False
    # Where a PATCH by a path with a URN goes: to its place, or "beside" it, under the path itself.
    extensions: str = ""
    takes_pathless: bool = True
    # Words that the service refuses wherever they stand as a key, or at the end of a path.
    refuses: frozenset[str] = frozenset()
    # In which forms a removal is carried out; all are answered with success. "wipes" is RFC 7644's way.
    removal: frozenset[str] = frozenset(("path", "many", "value"))
    # Writes.
    drops: frozenset[str] = frozenset()
    patch: int = 204  # or 200, 405, 501, 404; 0 is no answer at all
    put: bool = True
    delete: int = 204
    unique: bool = True
    conflict_kind: str = "uniqueness"
    losing: list[tuple[str, bool]] = field(default_factory=list)
    # The writes, by their number, whose answer is lost, and whether they are carried out before.
    lost_writes: frozenset[int] = frozenset()
    lost_after: bool = True
    etag: str = ""  # "kept", "ignored", "second"
    etag_of_groups: bool = True
    # Ids: what a creation calls an object that is listed otherwise ("upper", "new"), and what a look at one
    # by id calls it. Both names are known.
    creates_as: str = ""
    gets_as: str = ""
    # What is made of the names of users and groups.
    respells: Callable[[str], str] = str
    # Discovery and errors.
    config: Any = None
    types: Any = None
    schemas: Any = None
    discovery_status: int = 404
    discovery_body: str | None = None
    bulk: str = ""  # "works", "lost", "half", "501", "413"
    fail: Callable[[str, str], Refusal | None] = lambda _method, _path: None
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _next: int = 0

    # What the world is, for tests to look at and to change behind the client's back.

    def add_user(self, name: str, **more: Any) -> str:
        names = {"givenName": name, "familyName": "X"}
        made = {"userName": name, "name": names, "active": True, **more}
        return str(self._create(self.users, "u", made)["id"])

    def add_group(self, name: str, *members: str) -> str:
        made = self._create(self.groups, "g", {"displayName": name})
        made["members"] = [{"value": each} for each in members]
        return str(made["id"])

    def named(self, name: str) -> Resource:
        return next(each for each in self.users.values() if each["userName"] == name)

    def crews(self) -> dict[str, set[str]]:
        """Who is in which group, by names; whoever does not exist by id."""
        return {
            group["displayName"]: {self._name(each["value"]) for each in group.get("members", ())}
            for group in self.groups.values()
        }

    def called(self, one: Resource, how: str) -> str:
        """The id of an object, or another one by which it goes as well."""
        own = str(one["id"])
        return {"upper": own.upper(), "new": f"new-{own}", "": own}[how]

    def own(self, identifier: str) -> str:
        """The id of whoever goes by `identifier`."""
        if not (self.creates_as or self.gets_as):
            return identifier
        return identifier.removeprefix("new-").lower()

    def writes(self) -> list[tuple[str, str, Any]]:
        return [one for one in self.asked if one[0] != "GET"]

    def _name(self, user: str) -> str:
        return str(self.users[user]["userName"]) if user in self.users else user

    def _create(self, where: dict[str, Resource], letter: str, body: Resource) -> Resource:
        self._next += 1
        made = {**body, "id": f"{letter}{self._next}"}
        self._touch(made)
        where[made["id"]] = made
        return made

    def _touch(self, one: Resource) -> None:
        if self.etag and (self.etag_of_groups or "userName" in one):
            self._next += 1
            mark = "second" if self.etag == "second" else str(self._next)
            one["meta"] = {"version": f'W/"{mark}"'}

"""Reads users, groups and memberships, whole or by id, and says so when they cannot be whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.errors import IncompleteRead, NotFound
from reconciler.model.observer import Observer
from reconciler.model.state import LiveGroup, LiveUser
from reconciler.targets.base import ReadRequest
from reconciler.targets.crew import each, together
from reconciler.targets.identity_center.directory import mapping
from reconciler.targets.identity_center.directory.api import Directory, Raw

Found = TypeVar("Found", LiveUser, LiveGroup)

# Objects that one page of a list brings; asking for more than one in a hundred by id costs more calls.
_PAGE = 100
# So many by id when nobody has counted the objects yet.
_FEW = 20
_STATUS = {"ENABLED": True, "DISABLED": False}

Members = dict[str, dict[str, str]]


@dataclass(slots=True)
class Read:
    """What was read, by remote id; the shapes are those of Live."""

    users: dict[str, LiveUser] = field(default_factory=dict)
    groups: dict[str, LiveGroup] = field(default_factory=dict)
    members: Members = field(default_factory=dict)


class Reader:
    """Reads one identity store. Thread-safe."""

    def __init__(self, directory: Directory, observer: Observer, target: str) -> None:
        self._directory, self._observer, self._target = directory, observer, target
        # How many there were when they were last listed, to choose the cheaper way by id.
        self._sizes: dict[str, int] = {}

    def read(self, request: ReadRequest, listed: Read) -> Read:
        """What `request` asks for; `listed` is what `lists` said of the same request.

        Raises IncompleteRead when it cannot be had whole, ServiceError.
        """
        users = (
            listed.users
            if request.users is None
            else self._by_id("users", request.users, self._user, self._list_users)
        )
        groups = (
            listed.groups
            if request.groups is None
            else self._by_id("groups", request.groups, self._group, self._list_groups)
        )
        read = Read(users, groups)
        if request.members_of is None:
            self._all_members(read, listed)
        else:
            self._members_of(request.members_of, read, request)
        return read

    def lists(self, request: ReadRequest) -> Read:
        """The users and groups that are wanted as a whole, both at once. Raises ServiceError."""
        read = Read()
        jobs: list[Callable[[], object]] = []
        if request.users is None:
            jobs.append(lambda: read.users.update(self._list_users()))
        if request.groups is None or request.members_of is None:
            jobs.append(lambda: read.groups.update(self._list_groups()))
        together(*jobs)
        return read

    def know(self, read: Read, users: Collection[str], groups: Collection[str]) -> None:
        """Read again the lists in which one of these is missing although it exists.

        Who does not exist is left out: permission sets stay assigned to users and groups that were deleted.
        """
        if self._exist(self._user, set(users) - read.users.keys()):
            read.users.update(self._list_users())
            self._still_missing("users", self._exist(self._user, set(users) - read.users.keys()))
        if self._exist(self._group, set(groups) - read.groups.keys()):
            again = self._list_groups()
            new = again.keys() - read.groups.keys()
            read.groups.update((group, again[group]) for group in new)
            self._still_missing("groups", self._exist(self._group, set(groups) - read.groups.keys()))
            self._read_again(sorted(new), read)
            self._know_members(read)

    @staticmethod
    def _exist(look: Callable[[str], LiveUser | LiveGroup | None], wanted: Collection[str]) -> list[str]:
        """Those of `wanted` that the service knows."""
        return [identifier for identifier, one in each(look, sorted(wanted)) if one is not None]

    def _still_missing(self, what: str, missing: Sequence[str]) -> None:
        if missing:
            message = f"{missing[0]} is assigned access, and in no list of {what}, not even in a second one"
            raise self._incomplete(message, f"List{what.title()}")

    # Users and groups.

    def _list_users(self) -> dict[str, LiveUser]:
        return self._list("users", self._directory.users(), lambda raw: (raw["UserId"], live_user(raw)))

    def _list_groups(self) -> dict[str, LiveGroup]:
        return self._list("groups", self._directory.groups(), lambda raw: (raw["GroupId"], live_group(raw)))

    def _list(
        self, what: str, pages: Iterator[Sequence[Raw]], entry: Callable[[Raw], tuple[str, Found]]
    ) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for page in pages:
            found.update(entry(raw) for raw in page)
            self._observer.reading(self._target, what, len(found), None)
        self._sizes[what] = len(found)
        self._observer.reading(self._target, what, len(found), len(found))
        return found

    def _user(self, identifier: str) -> LiveUser | None:
        raw = self._directory.user(identifier)
        return None if raw is None else live_user(raw)

    def _group(self, identifier: str) -> LiveGroup | None:
        raw = self._directory.group(identifier)
        return None if raw is None else live_group(raw)

    def _by_id(
        self,
        what: str,
        wanted: Sequence[str],
        look: Callable[[str], Found | None],
        whole: Callable[[], Mapping[str, Found]],
    ) -> dict[str, Found]:
        """Those of `wanted` that exist, by whatever takes fewer calls."""
        found: dict[str, Found] = {}
        if len(wanted) > self._sizes.get(what, _FEW * _PAGE) / _PAGE:
            listed = whole()
            found = {each: listed[each] for each in wanted if each in listed}
        # Also behind a list: what seems gone is gone only when the service says so of itself.
        missing = [each for each in wanted if each not in found]
        for identifier, one in each(look, missing):
            if one is not None:
                found[identifier] = one
        return found

    # Memberships.

    def _all_members(self, read: Read, listed: Read) -> None:
        """The members of every group there is, from the side that takes fewer calls."""
        if read.users is listed.users and len(listed.users) < len(listed.groups):
            self._members_by_user(read, listed)
        else:
            self._members_of(tuple(listed.groups), read, None)

    def _members_of(self, wanted: Sequence[str], read: Read, request: ReadRequest | None) -> None:
        """The members of `wanted` groups, one list a group; `request` None: they come from our own list."""
        for done, (group, members) in enumerate(each(self._members, wanted), 1):
            if members is not None:
                read.members[group] = members
            elif request is None:
                # It was listed, so it went meanwhile; unless it is still there, which makes no sense.
                self._drop_group(group, read)
            self._observer.reading(self._target, "memberships", done, len(wanted))
        if request is None or request.users is None:
            self._know_members(read)

    def _members(self, group: str) -> dict[str, str] | None:
        """The members of one group; None when there is no such group."""
        found: dict[str, str] = {}
        try:
            for page in self._directory.memberships_of(group):
                for raw in page:
                    user = self._end(raw, "ListGroupMemberships", group=group)[1]
                    self._put(found, user, raw, "ListGroupMemberships")
        except NotFound:
            return None
        return found

    def _members_by_user(self, read: Read, listed: Read) -> None:
        members: Members = {group: {} for group in listed.groups}
        undeclared: set[str] = set()
        wanted = tuple(listed.users)
        request = "ListGroupMembershipsForMember"
        for done, (user, rows) in enumerate(each(self._rows_for, wanted), 1):
            if rows is None and self._user(user) is not None:
                raise self._incomplete(
                    f"the memberships of {user} are not found, and yet the user is", request
                )
            if rows is None:
                read.users.pop(user, None)
            for raw in rows or ():
                group = self._end(raw, request, user=user)[0]
                if group not in members:
                    undeclared.add(group)
                self._put(members.setdefault(group, {}), user, raw, request)
            self._observer.reading(self._target, "memberships", done, len(wanted))
        # Groups were made and deleted since they were listed. A second list tells, and costs little.
        again = self._list_groups()
        for group in sorted(members.keys() - again.keys()):
            if self._group(group) is None:
                del members[group]
                read.groups.pop(group, None)
            elif group in undeclared:
                raise self._incomplete(f"the group {group} has members and is in no list", "ListGroups")
        undeclared &= members.keys()
        if read.groups is listed.groups:
            read.groups.update((group, again[group]) for group in undeclared)
        read.members.update(members)
        # Whoever came to a new group after being asked is missing from it: ask the group itself.
        self._read_again(sorted(undeclared), read)
        self._know_members(read)

    def _rows_for(self, user: str) -> list[Raw] | None:
        """The memberships of one user; None when there is no such user."""
        try:
            return [raw for page in self._directory.memberships_for(user) for raw in page]
        except NotFound:
            return None

    def _know_members(self, read: Read) -> None:
        """Every member must be a user that we know; who is not was made meanwhile, or a page was lost."""
        undeclared = _strays(read)
        if not undeclared:
            return
        read.users.update(self._list_users())
        self._read_again(
            [
                group
                for group, members in read.members.items()
                if any(user not in read.users for user in members)
            ],
            read,
        )
        undeclared = _strays(read)
        if undeclared:
            some = ", ".join(sorted(undeclared)[:3])
            message = f"{len(undeclared)} members are in no list of users, not even in a second one: {some}"
            raise self._incomplete(message, "ListUsers")

    def _read_again(self, groups: Sequence[str], read: Read) -> None:
        for group, members in each(self._members, groups):
            if members is None:
                self._drop_group(group, read)
            else:
                read.members[group] = members

    def _drop_group(self, group: str, read: Read) -> None:
        """Forget a group whose memberships are not found, once the group itself is not found either."""
        if self._group(group) is not None:
            message = f"the memberships of {group} are not found, and yet the group is"
            raise self._incomplete(message, "ListGroupMemberships")
        read.groups.pop(group, None)
        read.members.pop(group, None)

    def _end(
        self, raw: Raw, request: str, *, group: str | None = None, user: str | None = None
    ) -> tuple[str, str]:
        """The group and the user of a membership, which must be the ones that were asked for."""
        member = raw.get("MemberId")
        found = (raw.get("GroupId"), member.get("UserId") if isinstance(member, Mapping) else None)
        if not (isinstance(found[0], str) and isinstance(found[1], str)):
            raise self._incomplete(f"the membership {raw['MembershipId']} has no group, or no user", request)
        if (group or found[0], user or found[1]) != found:
            asked = group or user
            raise self._incomplete(f"asked for {asked}, answered about {found[0]} and {found[1]}", request)
        return found[0], found[1]

    def _put(self, members: dict[str, str], user: str, raw: Raw, request: str) -> None:
        if user in members:
            message = f"{user} is a member of one group twice: {members[user]}, {raw['MembershipId']}"
            raise self._incomplete(message, request)
        members[user] = raw["MembershipId"]

    def _incomplete(self, message: str, operation: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._target, request=f"identitystore.{operation}")


def live_user(raw: Raw) -> LiveUser:
    """A user as DescribeUser and ListUsers show it."""
    return LiveUser(
        id=raw["UserId"],
        attributes=mapping.user_attributes(raw),
        active=_STATUS.get(raw.get("UserStatus", "")),
        version=raw.get("Revision"),
    )


def live_group(raw: Raw) -> LiveGroup:
    """A group as DescribeGroup and ListGroups show it."""
    return LiveGroup(id=raw["GroupId"], attributes=mapping.group_attributes(raw), version=raw.get("Revision"))


def _strays(read: Read) -> set[str]:
    return {user for members in read.members.values() for user in members if user not in read.users}

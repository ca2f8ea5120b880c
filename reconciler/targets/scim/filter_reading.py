"""Reads who is in which group by filters, where groups do not show their members.

What comes back cannot be checked against the filter, because that is just what it does not show. So when a
filter finds everybody, another one is tried that must find nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors import NotFound, Rejected
from reconciler.model.address import Kind
from reconciler.model.observer import Observer
from reconciler.model.state import LiveGroup, LiveUser
from reconciler.targets.crew import each
from reconciler.targets.scim import findings
from reconciler.targets.scim.reading import Objects, Read
from reconciler.targets.scim.terms import equals

# An id that nobody has: whoever is found by it is found by a filter that is not looked at.
_NOBODY = "00000000-0000-0000-0000-000000000000"


class IgnoredError(Exception):
    """The service does not look at the filter by which members are read."""


class ByFilter:
    """Reads the memberships of one service by filter. Thread-safe."""

    def __init__(self, objects: Objects, observer: Observer) -> None:
        self._objects, self._service, self._observer = objects, objects.service, observer

    def all(self, read: Read, known: dict[str, LiveUser], groups: Mapping[str, LiveGroup]) -> None:
        """The members of every group, from the side that takes fewer calls."""
        members: dict[str, dict[str, str]] = {group: {} for group in groups}
        by_user = len(known) < len(groups)
        wanted, other = (tuple(known), groups) if by_user else (tuple(groups), known)
        checked = not other
        listed_users = frozenset(known)
        strange: set[str] = set()
        for done, (one, found) in enumerate(each(self.of_user if by_user else self.of_group, wanted), 1):
            if found is None:
                # It was listed, so it went meanwhile.
                (known if by_user else members).pop(one, None)
                (read.users if by_user else read.groups).pop(one, None)
            elif not checked and found.keys() >= other.keys():
                self._try_filter(by_user=by_user)
                checked = True
            for each_found, made in (found or {}).items():
                group, user = (each_found, one) if by_user else (one, each_found)
                if isinstance(made, LiveUser):
                    known.setdefault(user, made)
                elif group not in members:
                    # Made since the groups were listed: whoever was asked before may be in it as well.
                    strange.add(group)
                    continue
                members[group][user] = ""
            self._observer.reading(self._service.target, "memberships", done, len(wanted))
        read.members.update(members)
        self._check_groups(sorted(strange))
        self._check_users(sorted(known.keys() - listed_users), known, read)

    def _check_users(self, strange: Sequence[str], known: dict[str, LiveUser], read: Read) -> None:
        """Members who were in no list: made since, disabled and hidden, or the list was not whole."""
        if not strange:
            return
        again = Read()
        self._objects.list_users(again)
        hidden = [one for one in strange if one not in again.users]
        enabled = [one for one in hidden if known[one].active is not False]
        for one, user in each(self._objects.find_user, enabled):
            if user is not None:
                message = f"the member {one} is in no list of users, not even in a second one"
                raise self._service.incomplete(message, "ListUsers")
        for one in enabled:
            del known[one]
        known.update(again.users)
        if disabled := [one for one in hidden if one not in enabled]:
            read.findings.append(findings.hidden_users(disabled))

    def _check_groups(self, strange: Sequence[str]) -> None:
        """Groups with members that were in no list: made since, gone again, or the list was not whole."""
        if not strange:
            return
        again = Read()
        self._objects.list_groups(again)
        lost = [one for one in strange if one not in again.groups]
        for one, group in each(self._objects.find_group, lost):
            if group is not None:
                message = f"the group {one} has members and is in no list"
                raise self._service.incomplete(message, "ListGroups")

    def _try_filter(self, *, by_user: bool) -> None:
        """Everything was found by one filter: see that not everything is found by any."""
        kind, attribute = (Kind.GROUP, "members.value") if by_user else (Kind.USER, "groups.value")
        try:
            # To the end of the list: one empty page proves nothing.
            if self._service.listed(kind, dict, condition=equals(attribute, _NOBODY)).items:
                raise IgnoredError
        except (NotFound, Rejected):
            return

    def found_in(self, group: str) -> bool:
        """Whether a filter that works finds anybody in a group; False also where there is no such filter."""
        try:
            if not self._service.hits(Kind.USER, "groups.value", group):
                return False
            self._try_filter(by_user=False)
        except (NotFound, Rejected, IgnoredError):
            return False
        return True

    def of_group(self, group: str) -> dict[str, LiveUser] | None:
        """The users in one group; None when there is no such group."""
        condition = equals("groups.value", group)
        try:
            return self._service.listed(Kind.USER, self._objects.user, condition=condition).items
        except NotFound:
            if self._objects.find_group(group) is not None:
                message = f"the members of {group} are not found, and yet the group is"
                raise self._service.incomplete(message, "ListUsers") from None
            return None

    def of_user(self, user: str) -> dict[str, LiveGroup] | None:
        """The groups that one user is in; None when there is no such user."""
        condition = equals("members.value", user)
        try:
            return self._service.listed(Kind.GROUP, self._objects.group, condition=condition).items
        except NotFound:
            if self._objects.find_user(user) is not None:
                message = f"the groups of {user} are not found, and yet the user is"
                raise self._service.incomplete(message, "ListGroups") from None
            return None

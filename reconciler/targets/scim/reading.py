"""Reads users, groups and memberships, whole or by id, and says so when they cannot be whole."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from reconciler.model.address import Kind
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding
from reconciler.model.state import NO_LISTS, Gap, LiveGroup, LiveUser
from reconciler.targets.base import ReadRequest
from reconciler.targets.crew import each, together
from reconciler.targets.scim import findings, mapping
from reconciler.targets.scim.api import Service
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.mapping import Raw
from reconciler.targets.scim.members import Entry, direct, entries
from reconciler.wire.pool import Guarded

Found = TypeVar("Found", LiveUser, LiveGroup)

# So many come with one page where nobody has counted; asking for more than one in as many by id costs more.
_PAGE = 100
# So many of those who are known and not listed are looked at.
_PROBES = 20
# So many by id when nobody has counted the objects yet.
_FEW = 20

Members = dict[str, dict[str, str]]


def _short(kind: Kind) -> str:
    """The habit of a list that shows a part: by the id of one who is missing."""
    return f"short-list-of-{kind}s"


@dataclass(slots=True)
class Read:
    """What was read, by remote id; the shapes are those of Live.

    `shown` is what lists of groups show as members (None: the group shows no such attribute), `claims` the
    groups that users say to be in.
    """

    users: dict[str, LiveUser] = field(default_factory=dict)
    groups: dict[str, LiveGroup] = field(default_factory=dict)
    members: Members = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    shown: dict[str, tuple[Entry, ...] | None] = field(default_factory=dict)
    claims: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Objects:
    """Users and groups of one service, in lists and by id. Thread-safe."""

    def __init__(
        self, service: Service, observer: Observer, extensions: Sequence[str], habits: Habits | None = None
    ) -> None:
        self._habits = habits or Habits()
        self.service, self._observer, self._extensions = service, observer, tuple(extensions)
        # How many there were when they were last listed, to choose the cheaper way by id.
        self._sizes: Guarded[dict[Kind, int]] = Guarded({})

    def lists(self, request: ReadRequest) -> Read:
        """The users and groups that are wanted as a whole, both at once. Raises ServiceError."""
        read = Read()
        jobs: list[Callable[[], object]] = []
        if request.users is None:
            jobs.append(lambda: self.list_users(read))
        if (request.groups is None or request.members_of is None) and self.service.traits().groups:
            jobs.append(lambda: self.list_groups(read))
        together(*jobs)
        if request.users is None:
            self._check_whole(Kind.USER, read.users, request.known_users, self.find_user)
        if request.groups is None and self.service.traits().groups:
            self._check_whole(Kind.GROUP, read.groups, request.known_groups, self.find_group)
        return read

    def _check_whole(
        self,
        kind: Kind,
        listed: Mapping[str, Found],
        known: Sequence[str],
        look: Callable[..., Found | None],
    ) -> None:
        """Hold a list against ids that are known. Raises IncompleteRead where one is there and not listed.

        Whoever is disabled may be in no list.
        """
        what = _short(kind)
        witness = self._habits.how(what)
        missing = [one for one in (witness, *known) if one and one not in listed]
        for one, found in each(partial(look, listed=listed), missing[:_PROBES]):
            if found is not None and found.id not in listed and getattr(found, "active", None) is not False:
                message = (
                    f"the list shows a part: {len(listed):,} came, and {one}, which is there, is none of "
                    "them; in `settings` of the target, set `paging: cursor` if it pages by cursor, or a "
                    "`page_size` that holds everything"
                )
                raise self.service.incomplete(message, f"List{kind.title()}s")
        self._habits.forget(what)

    def list_users(self, read: Read) -> None:
        """All users, into `read`."""
        claims: dict[str, tuple[str, ...]] = {}
        known: dict[str, str] = {}

        def make(raw: Raw) -> LiveUser:
            user = self.user(raw)
            # The same few ids, over and over: each text is kept once.
            said = tuple(known.setdefault(group, group) for group in direct(raw))
            if said:
                claims[user.id] = said
            return user

        read.users.update(self._list(Kind.USER, "users", make, read))
        read.claims.update(claims)

    def list_groups(self, read: Read) -> None:
        """All groups, into `read`, with what they show as members."""
        shown: dict[str, tuple[Entry, ...] | None] = {}

        def make(raw: Raw) -> LiveGroup:
            group = self.group(raw)
            shown[group.id] = entries(raw)
            return group

        found = self._list(Kind.GROUP, "groups", make, read)
        read.groups.update(found)
        read.shown.update((group, shown[group]) for group in found)

    def _list(self, kind: Kind, what: str, make: Callable[[Raw], Found], read: Read) -> dict[str, Found]:
        target = self.service.target
        listed = self.service.listed(
            kind, make, progress=lambda count: self._observer.reading(target, what, count, None)
        )
        if listed.twice:
            read.findings.append(findings.listed_twice(what[:-1], listed.twice))
        with self._sizes as sizes:
            sizes[kind] = len(listed.items)
        self.service.names.listed(kind, listed.items)
        self._observer.reading(target, what, len(listed.items), len(listed.items))
        return listed.items

    def some_users(self, wanted: Sequence[str], read: Read) -> None:
        """Those of `wanted` that exist, into `read`, by whatever takes fewer calls."""
        whole = Read()
        if listed := self.is_list_cheaper(Kind.USER, len(wanted)):
            self.list_users(whole)
        found = self._some(wanted, whole.users, self.find_user)
        if listed:
            self._learn(Kind.USER, [one for one in found.values() if one.id not in whole.users])
        read.users.update(found)

    def some_groups(self, wanted: Sequence[str], read: Read) -> None:
        """Those of `wanted` that exist, into `read`, by whatever takes fewer calls."""
        whole = Read()
        if listed := self.is_list_cheaper(Kind.GROUP, len(wanted)):
            self.list_groups(whole)
        found = self._some(wanted, whole.groups, self.find_group)
        if listed:
            self._learn(Kind.GROUP, [one for one in found.values() if one.id not in whole.groups])
        read.groups.update(found)

    def _learn(self, kind: Kind, unlisted: Sequence[LiveUser | LiveGroup]) -> None:
        """Note one of those that are there and in no list, by which the next read is checked."""
        shown = [one.id for one in unlisted if getattr(one, "active", None) is not False]
        if shown:
            self._habits.learn(_short(kind), min(shown))

    def is_list_cheaper(self, kind: Kind, wanted: int) -> bool:
        """Whether a whole list takes fewer calls than so many by id."""
        with self._sizes as sizes:
            size = sizes.get(kind, _FEW * _PAGE)
        return wanted > 1 + size / (self.service.known.count or _PAGE)

    @staticmethod
    def _some(
        wanted: Iterable[str], listed: Mapping[str, Found], look: Callable[[str], Found | None]
    ) -> dict[str, Found]:
        found = {one: listed[one] for one in wanted if one in listed}
        # Also behind a list: what seems gone is gone only when the service says so of itself.
        missing = [one for one in wanted if one not in found]
        return found | {identifier: one for identifier, one in each(look, missing) if one is not None}

    def find_user(self, identifier: str, listed: Container[str] = ()) -> LiveUser | None:
        """One user; None when there is none. `listed` as in Service.get."""
        raw = self.service.get(Kind.USER, identifier, listed=listed)
        return None if raw is None else self.user(raw)

    def find_group(self, identifier: str, listed: Container[str] = ()) -> LiveGroup | None:
        """One group; None when there is none. `listed` as in Service.get."""
        raw = self.service.get(Kind.GROUP, identifier, listed=listed)
        return None if raw is None else self.group(raw)

    def user(self, raw: Raw) -> LiveUser:
        """A user as the service shows it."""
        attributes = mapping.user_attributes(
            raw, extensions=self._extensions, manager_value=self.service.profile.manager_value
        )
        return LiveUser(
            id=mapping.identifier(raw) or "",
            attributes=attributes,
            active=mapping.active(raw),
            version=self._version(raw),
            lists=mapping.user_lists(raw) or NO_LISTS,
        )

    def group(self, raw: Raw) -> LiveGroup:
        """A group as the service shows it."""
        return LiveGroup(
            id=mapping.identifier(raw) or "",
            attributes=mapping.group_attributes(raw),
            version=self._version(raw),
        )

    def _version(self, raw: Raw) -> str | None:
        return mapping.version(raw) if self.service.traits().etag else None

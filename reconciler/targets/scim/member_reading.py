"""Reads who is in which group, from wherever the service shows it, and says so when it shows it nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.errors import Rejected
from reconciler.model.address import Kind
from reconciler.model.observer import Observer
from reconciler.model.state import Gap, LiveGroup, LiveUser
from reconciler.targets.base import ReadRequest
from reconciler.targets.crew import each
from reconciler.targets.scim import findings
from reconciler.targets.scim.filter_reading import ByFilter, IgnoredError
from reconciler.targets.scim.mapping import Raw, identifier
from reconciler.targets.scim.members import Entry, Names, entries
from reconciler.targets.scim.profile import Memberships
from reconciler.targets.scim.reading import Objects, Read
from reconciler.wire.pool import Guarded

# So many groups are looked at one by one, where no group in the list shows a member, before that is believed.
_PROBES = 5


class Reader:
    """Reads one SCIM service. Thread-safe."""

    def __init__(self, objects: Objects, observer: Observer) -> None:
        self._objects, self._service, self._observer = objects, objects.service, observer
        # What members were written as, and who of them was gone, when all were last read; for a look at few.
        self._written: Guarded[dict[str, str]] = Guarded({})
        self._gone: Guarded[set[str]] = Guarded(set())
        # Where members were found when all were last read (None: not read yet).
        self._place: Guarded[list[Memberships]] = Guarded([])
        self._one_by_one = self._ever_shown = self._by_id = False
        # Every user of the last whole list.
        self._ids: frozenset[str] = frozenset()
        self._filter = ByFilter(objects, observer)

    def read(self, request: ReadRequest) -> Read:
        """What `request` asks for. Raises IncompleteRead when it cannot be had whole, ServiceError."""
        traits = self._service.traits()
        read = self._objects.lists(request)
        listed_groups = read.groups
        if request.users is not None:
            self._objects.some_users(request.users, read)
        if request.groups is not None:
            read.groups = {}
            self._objects.some_groups(request.groups, read)
        if not traits.groups or request.members_of == ():
            return read
        if request.members_of is None:
            self._all(read, listed_groups, whole=request.users is None)
        else:
            read.members.update(self.some(request.members_of))
        return read

    # All memberships.

    def _all(self, read: Read, groups: Mapping[str, LiveGroup], *, whole: bool) -> None:
        """The members of every group of the list; `whole` says that the users are a whole list, too."""
        if not whole:
            users = Read()
            self._objects.list_users(users)
            read.claims = users.claims
            known: dict[str, LiveUser] = users.users
        else:
            known = read.users
        place = self._service.profile.memberships
        if place is Memberships.NOWHERE or not self._service.known.members_returned:
            self._gap(read, "the service never shows them")
            return
        if place is Memberships.BY_FILTER:
            try:
                self._filter.all(read, known, groups)
            except IgnoredError:
                self._gap(read, "the service does not look at the filter by which they are read")
            return
        if place is Memberships.IN_GROUP:
            place = self._where(read, groups)
        with self._place as kept:
            kept[:] = [place]
        if place is Memberships.IN_USER:
            given = _by_group(read.claims, groups)
            self._missing_groups(given.keys() - groups.keys(), given)
        else:
            given = {group: list(read.shown.get(group) or ()) for group in groups}
            self._ever_shown = self._ever_shown or any(given.values())
        self._ids = frozenset(known)
        self._settle(read, known, groups, given)
        if place is Memberships.IN_GROUP:
            self._compare(read, known, groups)

    def _gap(self, read: Read, reason: str) -> None:
        read.gaps.append(Gap(Kind.MEMBERSHIP, "*", reason))
        read.findings.append(findings.unreadable(reason))
        with self._place as kept:
            kept[:] = [Memberships.NOWHERE]

    def _where(self, read: Read, groups: Mapping[str, LiveGroup]) -> Memberships:
        """Whether groups do show their members: in the list, one by one, or with their users.

        A group that shows no such attribute may be empty, or too large for a list: it is asked itself, unless
        users say who is in which group, by which it is checked later.
        """
        silent = [group for group in groups if read.shown.get(group) is None]
        claimed = {group for said in read.claims.values() for group in said if group in groups}
        if self._one_by_one:
            self._ask(read, groups)
        elif any(read.shown.values()):
            self._ask(read, silent if not claimed else ())
        elif claimed:
            if not self._ask(read, sorted(claimed)[:_PROBES]):
                return Memberships.IN_USER
            self._one_by_one = True
            self._ask(read, groups)
        elif self._ask(read, silent or list(groups)[:_PROBES]):
            self._one_by_one = True
            self._ask(read, [group for group in groups if group not in silent])
        return Memberships.IN_GROUP

    def _ask(self, read: Read, groups: Iterable[str]) -> bool:
        """Whether any of the groups, asked one by one, shows a member; into `read`."""
        found = dict(each(self._shown, list(groups)))
        read.shown.update(found)
        return any(found.values())

    def _shown(self, group: str) -> tuple[Entry, ...] | None:
        """What one group shows as its members; None where it shows no such thing, or is gone."""
        raw = self._service.get(Kind.GROUP, group)
        return None if raw is None else entries(raw)

    def _settle(
        self,
        read: Read,
        known: dict[str, LiveUser],
        groups: Mapping[str, LiveGroup],
        given: Mapping[str, Iterable[Entry]],
    ) -> None:
        """Make users of entries, and look after what is none."""
        names = Names(known, groups)
        everybody = [entry for said in given.values() for entry in said]
        names.learn(everybody)
        resolved = {group: names.resolve(given.get(group, ())) for group in groups}
        undeclared = {stray for one in resolved.values() for stray in one.undeclared}
        gone = self._gone_among(sorted(undeclared), known, read)
        if undeclared - gone:
            names = Names(known, groups)
            names.learn(everybody)
            again = [group for group, one in resolved.items() if set(one.undeclared) - gone]
            resolved.update((group, names.resolve(given.get(group, ()))) for group in again)
        read.members.update((group, one.members) for group, one in resolved.items())
        with self._written as written:
            written.clear()
            written.update(
                (text, user) for one in resolved.values() for user, text in one.members.items() if text
            )
        with self._gone as forgotten:
            forgotten.clear()
            forgotten.update(gone)
            forgotten.update(group for one in resolved.values() for group in one.nested)
        self._say(
            read, "dangling", [f"{_name(groups, g)}: {s}" for g, r in resolved.items() for s in r.undeclared]
        )
        self._say(
            read,
            "nested",
            [f"{_name(groups, g)}: {_name(groups, n)}" for g, r in resolved.items() for n in r.nested],
        )
        self._say(read, "twice", [_name(groups, group) for group, one in resolved.items() if one.twice])

    def _gone_among(self, undeclared: Sequence[str], known: dict[str, LiveUser], read: Read) -> set[str]:
        """Those who do not exist; who does goes into `known`. Raises IncompleteRead where a list lost one."""
        gone: set[str] = set()
        found: dict[str, LiveUser] = {}
        for stray, user in each(self._stray, undeclared):
            if user is None:
                gone.add(stray)
            else:
                found[stray] = user
        if not found:
            return gone
        again = Read()
        self._objects.list_users(again)
        known.update(again.users)
        hidden = [stray for stray in found if stray not in known]
        lost = [stray for stray in hidden if found[stray].active is not False]
        if lost:
            message = f"{len(lost)} members are in no list of users, not even in a second one: {lost[0]}"
            raise self._service.incomplete(message, "ListUsers")
        known.update((stray, found[stray]) for stray in hidden)
        if hidden:
            read.findings.append(findings.hidden_users(hidden))
        return gone

    def _stray(self, value: str) -> LiveUser | None:
        try:
            return self._objects.find_user(value)
        except Rejected as refusal:
            # A value that is no id at all, and never was.
            if refusal.code != "400":
                raise
            return None

    def _compare(self, read: Read, known: Mapping[str, LiveUser], groups: Mapping[str, LiveGroup]) -> None:
        """Hold what groups show against what users say, and ask again the groups that say less."""

        def missing() -> list[tuple[str, str]]:
            return [
                (group, user)
                for user, said in read.claims.items()
                for group in said
                if group in groups and user in known and user not in read.members.get(group, {})
            ]

        doubtful = sorted({group for group, _ in missing()})
        if not doubtful:
            return
        names = Names(known, groups)
        names.learn([entry for said in read.shown.values() for entry in said or ()])
        for group, given in each(self._shown, doubtful):
            for user, text in names.resolve(given or ()).members.items():
                read.members[group].setdefault(user, text)
        pairs = [f"{_name(groups, group)}: {_user(known, user)}" for group, user in missing()]
        # A user may say what comes by way of a group inside a group.
        if not any(finding.code == "nested-groups" for finding in read.findings):
            self._say(read, "disagree", pairs)

    def _missing_groups(self, undeclared: Iterable[str], given: dict[str, list[Entry]]) -> None:
        """Users name groups that are in no list: gone, or the list is not whole."""
        for group, found in each(self._objects.find_group, sorted(undeclared)):
            if found is not None:
                message = f"the group {group} has members and is in no list"
                raise self._service.incomplete(message, "ListGroups")
            del given[group]

    @staticmethod
    def _say(read: Read, what: str, details: Sequence[str]) -> None:
        say = {
            "dangling": findings.dangling,
            "nested": findings.nested,
            "twice": findings.member_twice,
            "disagree": findings.disagree,
        }
        if details:
            read.findings.append(say[what](details))

    # A look at some groups.

    def some(self, groups: Sequence[str]) -> dict[str, dict[str, str]]:
        """The members of these groups, those that do not exist left out; `groups` that are gone as well."""
        place = self.place()
        found: dict[str, dict[str, str]] = {}
        if place is Memberships.NOWHERE or not groups:
            return found
        if place is Memberships.BY_FILTER:
            for group, users in each(self._filter.of_group, groups):
                if users is not None:
                    found[group] = dict.fromkeys(users, "")
            return found
        given = dict(self._entries(groups)) if place is Memberships.IN_GROUP else {}
        if place is Memberships.IN_USER or not (self._ever_shown or any(given.values())):
            # Where no group was ever seen to show a member, it may be that users show their groups.
            read = Read()
            self._objects.list_users(read)
            if place is Memberships.IN_USER or any(read.claims.values()):
                with self._place as kept:
                    kept[:] = [Memberships.IN_USER]
                return {group: self._users(said) for group, said in _by_group(read.claims, groups).items()}
        self._ever_shown = self._ever_shown or any(given.values())
        self._learn_names({one.value for shown in given.values() for one in shown or () if not one.is_group})
        return {group: self._users(shown) for group, shown in given.items() if shown is not None}

    def _learn_names(self, values: set[str]) -> None:
        """Members who are not known, perhaps only just made: see whether they are written by id or name."""
        with self._written as written, self._gone as gone:
            new = sorted(values - self._ids - written.keys() - gone)
        if not new or (self._by_id and not written):
            return
        if self._stray(new[0]) is not None:
            self._by_id = True
            return
        read = Read()
        self._objects.list_users(read)
        resolved = Names(read.users, ()).resolve(Entry(value) for value in new)
        with self._written as written:
            written.update((text, user) for user, text in resolved.members.items() if text)

    def hides_members(self, raw: Raw) -> bool:
        """Whether a group as it shows itself lacks members that it has, as far as can be found out.

        Whoever puts such a group back removes them (RFC 7644 section 3.5.1).
        """
        group = identifier(raw) or ""
        shown = {each.value for each in entries(raw) or ()}
        place = self.place()
        if place is Memberships.NOWHERE:
            return not shown
        if place is Memberships.IN_GROUP:
            # No user said to be in a group either, when all were read.
            return not shown and not self._ever_shown and self._filter.found_in(group)
        inside = self.some((group,)).get(group, {})
        if any(user not in shown and written not in shown for user, written in inside.items()):
            return True
        return not shown and self._filter.found_in(group)

    def place(self) -> Memberships:
        """Where members are to be read, as far as that is known."""
        with self._place as kept:
            return kept[0] if kept else self._service.profile.memberships

    def _entries(self, groups: Sequence[str]) -> Iterator[tuple[str, tuple[Entry, ...] | None]]:
        shown: dict[str, tuple[Entry, ...] | None] = {}
        if not self._one_by_one and self._objects.is_list_cheaper(Kind.GROUP, len(groups)):
            read = Read()
            self._objects.list_groups(read)
            shown = {group: given for group, given in read.shown.items() if given}
        yield from ((group, shown[group]) for group in groups if group in shown)
        yield from each(self._shown_or_gone, [group for group in groups if group not in shown])

    def _shown_or_gone(self, group: str) -> tuple[Entry, ...] | None:
        raw = self._service.get(Kind.GROUP, group)
        return None if raw is None else entries(raw) or ()

    def _users(self, given: Iterable[Entry]) -> dict[str, str]:
        """Entries as users, by what was learnt when all were read."""
        with self._written as written, self._gone as gone:
            found: dict[str, str] = {}
            for one in given:
                if one.is_group or one.value in gone:
                    continue
                user = written.get(one.value, one.value)
                found[user] = "" if user == one.value else one.value
            return found


def _by_group(claims: Mapping[str, Iterable[str]], groups: Iterable[str]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {group: [] for group in groups}
    for user, said in claims.items():
        for group in said:
            found.setdefault(group, []).append(Entry(user))
    return found


def _name(groups: Mapping[str, LiveGroup], group: str) -> str:
    return str(groups[group].attributes.get("display_name", group)) if group in groups else group


def _user(users: Mapping[str, LiveUser], user: str) -> str:
    return str(users[user].attributes.get("user_name", user))

"""A report as the data of its page: tables of values, and rows of numbers that stand for them.

Every text is escaped as plain text here (`escape.text`), so that the page shows what it hides; a script
never has to. Rows of access come out of `reconciler.access` and are in its order, so that the page and the
command cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from reconciler.access.asking import TargetAccess
from reconciler.access.facts import MemberFacts
from reconciler.access.page import AccessPage, TargetPage
from reconciler.errors import Place
from reconciler.model.access import AccessChange, AccessRule, ApplicationGrant, Holding
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Finding
from reconciler.model.resources import Origin
from reconciler.render import drift as drift_words
from reconciler.render import escape
from reconciler.render.access_report import not_read

# Raised when an old script would misread it.
VERSION = 1
# What a row is, bit by bit; reconciler/render/html/js/model.js reads them.
PRIVILEGED, UNKNOWN = 1, 2
DECLARED, PRESENT, ABSENT, ACTIVE, INACTIVE, EXTERNAL, SELECTOR, UNNAMED = 1, 2, 4, 8, 16, 32, 64, 128
# An account that a file names by its id alone.
_ID = re.compile(r"[0-9]{12}", re.ASCII)


def page_data(page: AccessPage) -> Mapping[str, object]:
    """The data of the page, ready for JSON."""
    made = page.made
    answers = [one.access for one in page.targets if one.access is not None]
    files = _Table()
    parts = [_Target(one, page, files).data() for one in page.targets]
    return {
        "format": "reconciler access page",
        "version": VERSION,
        "source": str(made.source),
        "origin": escape.text(made.origin),
        "now": moment(made.now),
        "desired": made.desired,
        "commit": made.commit,
        "changed": [escape.text(each) for each in made.changed],
        "tool": escape.text(made.tool_version),
        "redacted": made.redacted,
        "not_read": list(not_read(answers)),
        "targets": parts,
        "findings": [_finding(target, one, page, files) for target, one in page.findings],
        "files": files.items,
    }


def moment(at: datetime | None) -> str | None:
    """An instant in UTC, to the second."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _finding(target: str, one: Finding, page: AccessPage, files: _Table) -> Sequence[object]:
    return (
        escape.text(target),
        str(one.severity),
        escape.text(one.code),
        escape.sentence(one.message),
        escape.sentence(one.fix or ""),
        _line(one.origin, page.places, files),
        [escape.sentence(each) for each in one.details],
    )


def _line(origin: Origin | None, places: Mapping[Origin, Place], files: _Table) -> Sequence[int] | None:
    """Number of the file, and the line (0: not known)."""
    if origin is None:
        return None
    place = places.get(origin)
    if place is None:
        return files.of(escape.text(origin.path)), 0
    return files.of(escape.text(place.path)), place.line


class _Table:
    """Values, each with its number, in the order in which they came."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._numbers: dict[Hashable, int] = {}

    def known(self, key: Hashable) -> int | None:
        """The number of `key`, if it has one."""
        return self._numbers.get(key)

    def of(self, key: Hashable, value: object = None) -> int:
        """The number of `key`, of which `value` (`key` itself) is kept."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.items)
            self.items.append(key if value is None else value)
        return number


class _Target:
    """The data of one target; what access speaks of and facts do not have is there with its key alone."""

    def __init__(self, part: TargetPage, page: AccessPage, files: _Table) -> None:
        self._part, self._page, self._files = part, page, files
        self._people, self._groups, self._accounts = _Table(), _Table(), _Table()
        self._sets, self._entries, self._lists = _Table(), _Table(), _Table()
        access = part.access
        self._names: Mapping[str, str] = {} if access is None else access.names
        # How rules spell accounts that stand in the files one by one.
        self._named = {f"{one.name} ({one.id})": one.id for one in part.facts.accounts}

    def data(self) -> Mapping[str, object]:
        part, access = self._part, self._part.access
        self._facts()
        rows = self._rows(access)
        changes = None if part.changes is None else [self._change(one) for one in part.changes]
        applications = None if access is None else access.applications
        drift = None if part.drift is None else self._drift()
        gaps = () if access is None else access.gaps
        return {
            "target": escape.text(part.target),
            "read": moment(part.read_at),
            "rows": rows,
            "changes": changes,
            "applications": None
            if applications is None
            else [self._application(one) for one in applications],
            "drift": drift,
            "gaps": [[str(gap.kind), escape.text(gap.scope), escape.sentence(gap.reason)] for gap in gaps],
            "unread": [] if access is None else [escape.sentence(each) for each in access.unread],
            "people": self._people.items,
            "groups": self._groups.items,
            "sets": self._sets.items,
            "accounts": self._accounts.items,
            "entries": self._entries.items,
            "lists": self._lists.items,
        }

    def _facts(self) -> None:
        facts = self._part.facts
        for one in facts.people:
            flags = _flags(one.declared, one.present, one.active) | (EXTERNAL if one.external else 0)
            texts = [escape.text(each) for each in (one.key, one.name, one.display)]
            line, until, denied = self._line(one.origin), one.until or 0, one.denied
            self._people.of(one.key, [*texts, flags, line, until, escape.sentence(one.reason), denied])
        for account in facts.accounts:
            texts = [escape.text(each) for each in (account.id, account.name, account.unit, account.state)]
            self._accounts.of(account.id, [*texts, 0, self._line(account.origin)])
        for permission_set in facts.sets:
            texts = [
                escape.text(each)
                for each in (permission_set.name, permission_set.description, permission_set.duration)
            ]
            flags = _flags(permission_set.declared, permission_set.present, None)
            carries = [escape.sentence(each) for each in permission_set.carries]
            line = self._line(permission_set.origin)
            self._sets.of(permission_set.name, [*texts, flags, line, carries])
        for entry in facts.entries:
            self._entries.of(
                entry.key,
                [
                    escape.text(entry.key),
                    self._line(entry.origin),
                    [escape.text(each) for each in entry.accounts],
                    [escape.text(each) for each in entry.excepted],
                    entry.start or 0,
                    entry.until or 0,
                    escape.sentence(entry.reason),
                ],
            )
        numbers = {one.key: number for number, one in enumerate(facts.groups)}
        for group in facts.groups:
            flags = _flags(group.declared, group.present, None) | (EXTERNAL if group.external else 0)
            texts = [escape.text(each) for each in (group.key, group.name, group.description)]
            members, lines = self._members(group.members, numbers)
            includes = [
                [numbers[key], self._line(origin)] for key, origin in group.includes if key in numbers
            ]
            idle = [[self._set(name), self._account(account)] for name, account in group.idle]
            line = self._line(group.origin)
            self._groups.of(group.key, [*texts, flags, line, members, lines, includes, idle])

    def _members(
        self, members: Mapping[str, MemberFacts] | None, groups: Mapping[str, int]
    ) -> tuple[int, Sequence[object]]:
        """Number of the list of members (-1: not known), and of each the line, or the group taken in."""
        if members is None:
            return -1, ()
        lines: list[object] = []
        for why in members.values():
            line = self._line(why.origin)
            through = groups.get(why.include)
            lines.append(line if line is None or through is None else [*line, through])
        return self._list(map(self._person, members)), lines

    def _line(self, origin: Origin | None) -> Sequence[int] | None:
        return _line(origin, self._page.places, self._files)

    def _rows(self, access: TargetAccess | None) -> Sequence[Sequence[object]]:
        if access is None:
            return [self._rule(one) for one in self._part.rules or ()]
        return [self._holding(row) if isinstance(row, Holding) else self._change(row) for row in access.rows]

    def _holding(self, one: Holding) -> Sequence[object]:
        entries = self._list(self._entry(each) for each in one.entries)
        return (*self._couple(one), entries, _marks(one), one.until or 0)

    def _change(self, one: AccessChange) -> Sequence[object]:
        ends = one.until or 0, str(one.direction), one.was_until or 0
        return (*self._couple(one), -1, _marks(one), *ends)

    def _couple(self, one: Holding | AccessChange) -> Sequence[int]:
        return (
            self._set(one.permission_set),
            self._list(map(self._person, one.people)),
            self._list(map(self._account, one.accounts)),
            self._list(self._group(each) for each in one.groups),
        )

    def _rule(self, one: AccessRule) -> Sequence[object]:
        people = [self._person(each) for each in one.people]
        if one.members_unknown:
            text = f"members of {escape.text(one.group)}, whom git does not name"
            people.append(self._people.of((one.group, ""), [text, "", "", UNNAMED, None, 0, ""]))
        entry = self._entry(one.entry)
        return (
            self._set(one.permission_set),
            self._list(people),
            self._list(self._sentence(each) for each in one.accounts),
            self._list([self._group(one.group)]),
            self._list([entry]),
            PRIVILEGED if one.privileged else 0,
            one.until or 0,
            "",
            one.start or 0,
            [escape.text(each) for each in one.excepted],
        )

    def _sentence(self, accounts: str) -> int:
        """An account that is named, or a selector, as the files have it."""
        text = escape.text(accounts)
        identifier = self._named.get(accounts, accounts if _ID.fullmatch(accounts) else "")
        if identifier:
            return self._account(identifier)
        return self._accounts.of((accounts, ""), [text, "", "", "", SELECTOR, None])

    def _list(self, numbers: Iterable[int]) -> int:
        found = tuple(numbers)
        return self._lists.of(found, list(found))

    def _person(self, key: str) -> int:
        number = self._people.known(key)
        if number is not None:
            return number
        name = escape.text(self._names.get(key, ""))
        return self._people.of(key, [escape.text(key), name, "", 0, None, 0, ""])

    def _group(self, key: str) -> int:
        """The number of a group; -1 is a person's own assignment."""
        if not key:
            return -1
        name = escape.text(self._names.get(key, ""))
        return self._groups.of(key, [escape.text(key), name, "", 0, None, -1, (), (), ()])

    def _account(self, identifier: str) -> int:
        number = self._accounts.known(identifier)
        if number is not None:
            return number
        name = escape.text(self._names.get(identifier, ""))
        return self._accounts.of(identifier, [escape.text(identifier), name, "", "", 0, None])

    def _set(self, name: str) -> int:
        return self._sets.of(name, [escape.text(name), "", "", 0, None, ()])

    def _entry(self, key: str) -> int:
        """The number of an entry of `assignments`; -1 where git says nothing."""
        if not key:
            return -1
        return self._entries.of(key, [escape.text(key), None, (), (), 0, 0, ""])

    def _application(self, one: ApplicationGrant) -> Sequence[object]:
        people = self._list(map(self._person, one.people))
        return escape.text(one.application), people, self._group(one.group)

    def _drift(self) -> Mapping[str, object]:
        found = self._part.drift
        assert found is not None
        return {
            "error": escape.sentence(found.error),
            "checked": moment(found.checked),
            "verdict": drift_words.verdict(found),
            "entries": [
                [title, int(privileged), text, *self._ends(address)]
                for title, privileged, text, address in drift_words.entries(found)
            ],
        }

    def _ends(self, address: Address) -> Sequence[int]:
        """Person, group, permission set and account that something is about, by their numbers; -1 is none."""
        kind, person, group = address.kind, "", ""
        if kind is Kind.USER:
            person = address.own_key
        elif kind is Kind.GROUP:
            group = address.own_key
        elif kind is Kind.MEMBERSHIP:
            person, group = address.user.own_key, address.group.own_key
        elif kind is Kind.ASSIGNMENT:
            principal = address.principal
            if principal.kind is Kind.USER:
                person = principal.own_key
            else:
                group = principal.own_key
        name = address.permission_set.own_key if address.has("permission_set") else ""
        account = str(address.account) if address.has("account") else ""
        return (
            self._person(person) if person else -1,
            self._group(group) if group else -1,
            self._set(name) if name else -1,
            self._account(account) if account else -1,
        )


def _flags(declared: bool, present: bool | None, active: bool | None) -> int:  # noqa: FBT001  # three states of one thing
    found = DECLARED if declared else 0
    if present is not None:
        found |= PRESENT if present else ABSENT
    if active is not None:
        found |= ACTIVE if active else INACTIVE
    return found


def _marks(one: Holding | AccessChange) -> int:
    return (PRIVILEGED if one.privileged else 0) | (UNKNOWN if one.unknown else 0)

"""Git as people edit it, bit by bit: a book of persons, teams, sets and entries that is always consistent.

Everything goes by its stem, which never changes (`ada`, `ops`, `Admin`, `e0`), while keys and names do; so
that an oracle can tell who is who without asking the code under test.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import cached_property, partial

from hypothesis import strategies as st

from reconciler.model.resources import (
    ALWAYS,
    Assignment,
    Block,
    Grant,
    Group,
    Include,
    PermissionSet,
    Selector,
    Sharing,
    User,
    Value,
    Window,
)
from reconciler.model.state import Identities
from tests.planning.entitled import DEV, HOME, PAY, entry, pset
from tests.planning.world import NOW, ORIGIN, identities, person

PEOPLE = ["ada", "bob", "cyd", "dan"]
TEAMS = ["ops", "dev", "sec"]
SETS = ["Admin", "Read", "Bill"]
ENTRIES = ["e0", "e1", "e2"]
# A person and a group that somebody else owns and that git refers to.
PARTNER, CORP = "partner", "corp"
_DAY = timedelta(days=1)
WINDOWS = [
    *[ALWAYS] * 5,
    Window(end=NOW - _DAY),
    Window(end=NOW + _DAY),
    Window(start=NOW + _DAY),
    Window(start=NOW + _DAY, end=NOW + 3 * _DAY),
]
PLACES = ["all", "Prod", "Lab", PAY, DEV, HOME]


def stem(name: str) -> str:
    """The stem of a key, user name, display name or name of a permission set."""
    return name.partition("@")[0].partition(".")[0].removesuffix("2")


@dataclass(frozen=True)
class Book:
    """What is written, by stem; a reference to what is not written any more is left out on reading."""

    people: Mapping[str, User] = field(default_factory=dict)
    teams: Mapping[str, Group] = field(default_factory=dict)
    sets: Mapping[str, PermissionSet] = field(default_factory=dict)
    entries: Mapping[str, Assignment] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()

    @cached_property
    def read(self) -> Identities:
        """What loading makes of it: references by key, and all of them hold."""
        partner = replace(person(PARTNER, user_name=f"{PARTNER}@elsewhere.example"), external=True)
        people = {**self.people, PARTNER: partner}
        teams = {**self.teams, CORP: Group(CORP, {}, ORIGIN, external=True)}
        keys = {each: one.key for each, one in people.items()}
        found = identities(
            [self._user(one, keys) for one in people.values()],
            [self._group(one, keys) for one in teams.values()],
            permission_sets={one.key: one for one in self.sets.values()},
            blocked={
                keys.get(each, each): Block(keys.get(each, each), ORIGIN) for each in sorted(self.blocked)
            },
        )
        entries = {
            one.key: replace(
                one,
                users=tuple(keys[each] for each in one.users if each in keys),
                groups=tuple(teams[each].key for each in one.groups if each in teams),
                permission_sets=tuple(self.sets[each].key for each in one.permission_sets),
            )
            for one in self.entries.values()
            if set(one.permission_sets) <= self.sets.keys()
        }
        return replace(found, assignments=entries)

    def names(self, *, but: str) -> set[str]:
        """The user names of everybody else."""
        return {str(one.attributes["user_name"]) for key, one in self.people.items() if key != but}

    def titles(self, *, but: str) -> set[str]:
        """The display names of all other teams."""
        found = {key: one for key, one in self.teams.items() if key != but}
        return {str(one.attributes.get("display_name") or one.key) for one in found.values()}

    def _user(self, one: User, keys: Mapping[str, str]) -> User:
        manager = str(one.attributes.get("manager"))
        rest = {name: value for name, value in one.attributes.items() if name != "manager"}
        return replace(one, attributes={**rest, "manager": keys[manager]} if manager in keys else rest)

    def _group(self, one: Group, keys: Mapping[str, str]) -> Group:
        members = one.members and {keys[each]: how for each, how in one.members.items() if each in keys}
        include = one.include and tuple(
            replace(each, group=self.teams[each.group].key)
            for each in one.include
            if each.group in self.teams
        )
        return replace(one, members=members, include=include)

    def unmistakable(self) -> Book:
        """The book with names that nobody else in it ever had, and merges that are long over."""
        people = {
            key: replace(one, attributes={**one.attributes, "user_name": f"{key}.final@example.com"})
            for key, one in self.people.items()
        }
        teams = {
            key: replace(
                one,
                attributes={**one.attributes, "display_name": f"{key}.final"},
                previously=one.previously[:1],
            )
            for key, one in self.teams.items()
        }
        return replace(self, people=people, teams=teams)


def edited(draw: st.DrawFn, book: Book, *, applied: Collection[str] = ()) -> Book:
    """The book after one edit. Of those of whom objects are there (`applied`, stems) more can be said.

    Names go from one to the other, keys change without a word, and groups merge.
    """
    edits = [_person, _team, _team, _set, _entry, _entry, _block]
    if applied:
        edits += [partial(_name, applied=applied), partial(_key, applied=applied)]
        edits += [partial(_merge, applied=applied)]
    return draw(st.sampled_from(edits))(draw, book)


def _name(draw: st.DrawFn, book: Book, *, applied: Collection[str]) -> Book:
    """Somebody, or a team, takes a name that another one had or has not yet.

    Where the key has changed without a word, the name tells who they are, and stays.
    """
    if draw(st.booleans()):
        which = draw(st.sampled_from(PEOPLE))
        one = book.people.get(which)
        if one is None or which not in applied or not one.previously:
            return book
        taken = book.names(but=which)
        names = [f"{each}@example.com" for each in (*PEOPLE, f"{which}.married")]
        name = draw(st.sampled_from([each for each in names if each not in taken]))
        return replace(
            book,
            people={**book.people, which: replace(one, attributes={**one.attributes, "user_name": name})},
        )
    which = draw(st.sampled_from(TEAMS))
    team, taken = book.teams.get(which), book.titles(but=which)
    if team is None or which not in applied or not team.previously:
        return book
    title = draw(st.sampled_from([each for each in (*TEAMS, f"{which}.team") if each not in taken]))
    return replace(
        book,
        teams={**book.teams, which: replace(team, attributes={**team.attributes, "display_name": title})},
    )


def _key(draw: st.DrawFn, book: Book, *, applied: Collection[str]) -> Book:
    """A key changes without `previously`, and the name stays."""
    which = draw(st.sampled_from([*PEOPLE, *TEAMS]))
    if which not in applied:
        return book
    if (one := book.people.get(which)) is not None:
        if stem(str(one.attributes["user_name"])) != which:
            return book
        key = which if one.key != which else f"{which}.new"
        return replace(book, people={**book.people, which: replace(one, key=key, previously=())})
    if (team := book.teams.get(which)) is not None:
        key = which if team.key != which else f"{which}.new"
        attributes = {**team.attributes, "display_name": team.attributes.get("display_name") or team.key}
        if stem(str(attributes["display_name"])) != which:
            return book
        new = replace(team, key=key, previously=(), attributes=attributes)
        return replace(book, teams={**book.teams, which: new})
    return book


def _merge(draw: st.DrawFn, book: Book, *, applied: Collection[str]) -> Book:
    """A team goes into another one, which says so."""
    both = [each for each in TEAMS if each in applied and each in book.teams]
    if len(both) < 2:
        return book
    old, new = draw(st.permutations(both))[:2]
    gone, heir = book.teams[old], book.teams[new]
    if not heir.previously:
        return book  # by its name alone it is what it was; if somebody renames it, it is what the other was
    members = {**(gone.members or {}), **(heir.members or {})}
    heir = replace(heir, members=members, unmanaged=False, previously=(*heir.previously, gone.key))
    rest = {key: one for key, one in book.teams.items() if key not in (old, new)}
    return replace(book, teams={**rest, new: heir})


def _person(draw: st.DrawFn, book: Book, which: str = "") -> Book:
    which = which or draw(st.sampled_from(PEOPLE))
    if which in book.people and draw(st.integers(0, 3)) == 0:
        return replace(book, people={key: one for key, one in book.people.items() if key != which})
    new = draw(st.integers(0, 4)) == 0
    married = ".married" if draw(st.integers(0, 4)) == 0 else ""
    name = f"{which}{married}@example.com"
    if name in book.names(but=which):
        name = f"{which}.married@example.com"
    more: dict[str, Value] = {"user_name": name}
    if draw(st.integers(0, 3)) == 0:
        more["manager"] = draw(st.sampled_from(PEOPLE))
    if draw(st.booleans()):
        more["title"] = draw(st.sampled_from(["Engineer", "Lead"]))
    user = replace(
        person(f"{which}.new" if new else which, **more),
        active=draw(st.sampled_from([None, None, None, True, False])),
        window=draw(st.sampled_from(WINDOWS)),
        previously=(which if new else f"{which}.new",),
    )
    return replace(book, people={**book.people, which: user})


def _team(draw: st.DrawFn, book: Book, which: str = "") -> Book:
    which = which or draw(st.sampled_from(TEAMS))
    if which in book.teams and draw(st.integers(0, 3)) == 0:
        return replace(book, teams={key: one for key, one in book.teams.items() if key != which})
    new = draw(st.integers(0, 4)) == 0
    chosen = draw(st.lists(st.sampled_from([*PEOPLE, PARTNER]), unique=True))
    members: dict[str, int | Grant] = dict.fromkeys(chosen, 1)
    if chosen and draw(st.integers(0, 3)) == 0:
        members[chosen[0]] = Grant(2, draw(st.sampled_from(WINDOWS)))
    include = tuple(
        Include(each, 3, draw(st.sampled_from(WINDOWS)))
        for each in draw(st.lists(st.sampled_from(TEAMS), unique=True, max_size=1))
        if each < which
    )
    key = f"{which}.new" if new else which
    attributes: dict[str, Value] = {"description": which}
    if draw(st.integers(0, 4)) == 0 or key in book.titles(but=which):
        attributes["display_name"] = f"{which}.team"
    untold = draw(st.integers(0, 7)) == 0
    unmanaged = untold and draw(st.booleans())
    one = Group(
        key,
        attributes,
        ORIGIN,
        members=None if untold else members,
        include=None if unmanaged else include or None,
        unmanaged=unmanaged,
        shared=draw(st.sampled_from([None, None, True, False])),
        previously=(which if new else f"{which}.new",),
    )
    return replace(book, teams={**book.teams, which: one})


def _set(draw: st.DrawFn, book: Book, which: str = "") -> Book:
    which = which or draw(st.sampled_from(SETS))
    if which in book.sets and draw(st.integers(0, 3)) == 0:
        return replace(book, sets={key: one for key, one in book.sets.items() if key != which})
    new = draw(st.integers(0, 4)) == 0
    one = pset(
        f"{which}2" if new else which,
        session_duration=draw(st.sampled_from(["PT1H", "PT4H"])),
        assignments=draw(st.sampled_from([None, Sharing.EXCLUSIVE, Sharing.SHARED])),
        previously=(which if new else f"{which}2",),
    )
    return replace(book, sets={**book.sets, which: one})


def _entry(draw: st.DrawFn, book: Book, which: str = "") -> Book:
    which = which or draw(st.sampled_from(ENTRIES))
    if which in book.entries and draw(st.integers(0, 3)) == 0:
        return replace(book, entries={key: one for key, one in book.entries.items() if key != which})
    who = [
        f"group:{each}" for each in draw(st.lists(st.sampled_from([*TEAMS, CORP]), unique=True, max_size=2))
    ]
    who += [f"user:{each}" for each in draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=1))]
    where = draw(st.lists(st.sampled_from(PLACES), unique=True, min_size=1, max_size=2))
    one = entry(which, " ".join(who), draw(st.sampled_from(SETS)), *where)
    if draw(st.integers(0, 2)) == 0:
        one = replace(one, excluded=entry("", "", "", draw(st.sampled_from(["Prod", DEV]))).accounts)
    return replace(book, entries={**book.entries, which: replace(one, window=draw(st.sampled_from(WINDOWS)))})


def _block(draw: st.DrawFn, book: Book) -> Book:
    return replace(book, blocked=book.blocked ^ {draw(st.sampled_from(PEOPLE))})


def differences(book: Book, other: Book) -> list[str]:
    """What differs between two books, for people."""
    found = []
    for name in ("people", "teams", "sets", "entries"):
        before, after = getattr(book, name), getattr(other, name)
        changed = [
            each for each in sorted(before.keys() | after.keys()) if before.get(each) != after.get(each)
        ]
        found += [f"{key} is now {_short(after.get(key))}" for key in changed]
    if book.blocked != other.blocked:
        found.append(f"blocked are {sorted(other.blocked)}")
    return found or ["nothing new"]


def _short(one: object) -> str:
    """The fields of a resource that say anything."""
    if one is None:
        return "not there"
    quiet: tuple[object, ...] = (None, (), False, ALWAYS, ORIGIN, frozenset())
    declared = {each.name: getattr(one, each.name) for each in fields(one)}  # type: ignore[arg-type]  # dataclasses all
    return ", ".join(f"{name}={_plain(value)}" for name, value in declared.items() if value not in quiet)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, Window):
        return f"{value.start or ''}..{value.end or ''}"
    if isinstance(value, Selector):
        return value.account or ",".join(value.ou) or "all"
    if isinstance(value, Grant):
        return _plain(value.window)
    if isinstance(value, Include):
        return f"{value.group} {_plain(value.window)}"
    return str(value)


def drafted(draw: st.DrawFn, edits: int) -> Book:
    """A book that somebody has worked at for a while."""
    book = Book()
    for write, names in ((_person, PEOPLE[:3]), (_team, TEAMS), (_set, SETS[:2]), (_entry, ENTRIES[:2])):
        for which in names:
            book = write(draw, book, which)
    for _ in range(edits):
        book = edited(draw, book)
    return book

"""Access first: a table of who gains and loses what where, what is privileged on top, and a graph of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.model.access import AccessChange, Direction
from reconciler.render import escape, words
from reconciler.render.access import UNKNOWN, rank
from reconciler.render.authors import SAID
from reconciler.render.comment.levels import Level
from reconciler.render.naming import Names

_HEAD = ("| Change | Who | Permission set | Where |", "|---|---|---|---|")
_SAID = {
    Direction.GAIN: "gains",
    Direction.LOSE: "loses",
    Direction.ALTER: "changes",
    Direction.LONGER: "longer",
    Direction.SHORTER: "shorter",
}
# More names than this are folded behind how many there are.
_OPEN = 3
# So many rows that give nothing privileged are shown, by level; beyond, they are numbers.
_ROWS = {
    Level.WHOLE: 60,
    Level.MEMBERS_FOLDED: 40,
    Level.OBJECTS_FOLDED: 20,
    Level.GROUPS_FOLDED: 12,
    Level.COUNTS: 0,
    Level.DENSE: 0,
    Level.LISTED: 0,
}
_TIMED = (Direction.LONGER, Direction.SHORTER)
AUTHOR = "**(author)**"


def merged(access: Iterable[AccessChange]) -> list[AccessChange]:
    """One row for each permission set and group of accounts: the people of all ways in it.

    In the order in which they are shown: privileged, then what is lost, then by how far it reaches.
    """
    found: dict[object, list[AccessChange]] = {}
    for one in access:
        key = (
            one.direction,
            one.permission_set,
            one.accounts,
            one.privileged,
            one.unknown,
            one.was_until,
            one.until,
        )
        found.setdefault(key, []).append(one)
    rows = []
    for alike in found.values():
        first = alike[0]
        if len(alike) > 1:
            people = sorted({person for one in alike for person in one.people})
            groups = sorted({group for one in alike for group in one.groups})
            first = replace(first, people=tuple(people), groups=tuple(groups))
        rows.append(first)
    return sorted(rows, key=rank)


def table(rows: Sequence[AccessChange], marked: Collection[str], names: Names, level: Level) -> list[str]:
    """The lines of the table; nothing where there are no rows, which are `merged`. `marked` are authors.

    What is privileged and what is lost has its row. At DENSE losses are numbers, because the removals behind
    them are listed, and at LISTED so is what is privileged, which `grants` lists.
    """
    if not rows:
        return []
    shown, rest = _chosen(rows, level)
    return [*_HEAD, *(_row(one, names, level, marked) for one in shown), *_rest(rest)]


def _chosen(
    rows: Sequence[AccessChange], level: Level
) -> tuple[Sequence[AccessChange], Sequence[AccessChange]]:
    if level is Level.LISTED:
        return (), rows
    kept = {id(one) for one in rows if must_show(one) or (level < Level.DENSE and _takes(one))}
    room = _ROWS[level]
    others = [one for one in rows if id(one) not in kept]
    if len(others) - room == 1 and room:
        room += 1
    kept.update(id(one) for one in others[:room])
    return [one for one in rows if id(one) in kept], others[room:]


def must_show(one: AccessChange) -> bool:
    """Whether a row gives something privileged."""
    return one.privileged and one.direction is not Direction.SHORTER and one.direction is not Direction.LOSE


def _takes(one: AccessChange) -> bool:
    return one.direction in (Direction.LOSE, Direction.SHORTER)


def _row(one: AccessChange, names: Names, level: Level, marked: Collection[str]) -> str:
    limit = (
        None if must_show(one) or level is Level.WHOLE or (_takes(one) and level < Level.COUNTS) else _OPEN
    )
    folds = level < Level.COUNTS
    authors = marked if one.direction in SAID else ()
    people = [
        _span(names.user(key)) + (f" {AUTHOR}" if key in authors else "")
        for key in sorted(one.people, key=lambda key: key not in authors)
    ]
    who = _several(people, words.PERSON, limit, folds=folds)
    through = [_span(names.group(key)) for key in one.groups if key]
    # A fold has a gap of its own below it.
    gap = "" if who.endswith("</details>") else "<br>"
    if through:
        who += f"{gap}through {', '.join(_some(through, _OPEN if limit else None))}"
    if "" in one.groups and (through or one.direction is not Direction.ALTER):
        who += f"{'<br>' if through else gap}directly"
    what = _span(escape.name(one.permission_set))
    if one.privileged:
        what += "<br>**privileged**"
    if one.unknown:
        what += f"<br>{UNKNOWN}"
    if one.direction in _TIMED:
        was, until = (_span(escape.text(each or "never")) for each in (one.was_until, one.until))
        what += f"<br>until {until}<br>instead of {was}"
    where = _several([_span(names.account(key)) for key in one.accounts], words.ACCOUNT, limit, folds=folds)
    change = _SAID[one.direction]
    return f"| {f'**{change}**' if one.privileged else change} | {who} | {what} | {where} |"


def _span(shown: str) -> str:
    return escape.cell(shown)


def _several(labels: Sequence[str], nouns: tuple[str, str], limit: int | None, *, folds: bool) -> str:
    """The names, behind how many there are where they are more than a few."""
    if len(labels) <= _OPEN:
        return ", ".join(labels)
    count = words.counted(len(labels), nouns)
    shown = ", ".join(_some(labels, limit))
    if folds and limit is None:
        return f"<details><summary>{count}</summary>{shown}</details>"
    return f"{count}: {shown}"


def _some(labels: Sequence[str], limit: int | None) -> Sequence[str]:
    if limit is None or len(labels) <= limit + 1:
        return labels
    return [*labels[:limit], f"… {len(labels) - limit:,} more"]


def _rest(rest: Sequence[AccessChange]) -> Iterator[str]:
    """What has no row of its own, in numbers, one row for each direction."""
    for direction, said in _SAID.items():
        found = [one for one in rest if one.direction is direction]
        if not found:
            continue
        people = len({person for one in found for person in one.people})
        sets = len({one.permission_set for one in found})
        accounts = len({account for one in found for account in one.accounts})
        yield (
            f"| {said} | {words.counted(people, words.PERSON)} | "
            f"{words.counted(sets, ('permission set', 'permission sets'))} | "
            f"{words.counted(accounts, words.ACCOUNT)} |"
        )


# A graph of more rows or nodes than this is not taken in at a glance.
_EDGES, _NODES = 8, 14


def graph(rows: Sequence[AccessChange], names: Names) -> tuple[str, ...]:
    """The lines of a Mermaid flow chart of `merged` rows: who, by which permission set, where.

    Nothing where one row says it as well, and where it would be large.
    """
    if not 2 <= len(rows) <= _EDGES:
        return ()
    nodes: dict[tuple[str, str], str] = {}
    edges: dict[str, None] = {}

    def node(kind: str, shown: str, shape: tuple[str, str]) -> str:
        key = kind, shown
        if key not in nodes:
            nodes[key] = f'{kind}{len(nodes)}{shape[0]}"{shown}"{shape[1]}'
        return nodes[key].partition(shape[0])[0]

    for one in rows:
        who = node("who", _who(one, names), ("([", "])"))
        kept = " privileged" if one.privileged else ""
        what = node("set", escape.label(one.permission_set) + kept, ("[", "]"))
        where = node(
            "at", _called(one.accounts, lambda key: names.accounts.get(key, key), words.ACCOUNT), ("[", "]")
        )
        verb = _SAID[one.direction]
        line = f"-. {verb} .->" if _takes(one) else f"== {verb} ==>" if one.privileged else f"-- {verb} -->"
        edges[f"  {who} {line} {what}"] = None
        edges[f"  {what} --- {where}"] = None
    if len(nodes) > _NODES:
        return ()
    return ("flowchart LR", *(f"  {each}" for each in nodes.values()), *edges)


def _who(one: AccessChange, names: Names) -> str:
    people = _called(one.people, lambda key: _bare(key, names.users), words.PERSON)
    groups = [group for group in one.groups if group]
    if len(groups) == 1 and len(one.people) > 1:
        return f"{escape.label(_bare(groups[0], names.groups))} {escape.label(f'({len(one.people):,})')}"
    return people


def _bare(key: str, named: Mapping[str, str]) -> str:
    return named.get(key) or key if key.startswith("~") else key


def _called(keys: Sequence[str], name: Callable[[str], str], nouns: tuple[str, str]) -> str:
    return escape.label(name(keys[0])) if len(keys) == 1 else words.counted(len(keys), nouns)

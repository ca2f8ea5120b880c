"""What a comment says that lacks the room: refusals, privileged grants and removals, as far as they fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.access import AccessChange
from reconciler.model.plan import Plan
from reconciler.render import escape, findings, words
from reconciler.render.comment import changes, reach
from reconciler.render.comment.blocks import wrapped
from reconciler.render.comment.levels import Level
from reconciler.render.comment.sheet import Sheet, Where
from reconciler.render.naming import Names
from reconciler.render.rows import Row, sample

# The smallest limit: a verdict, a digest, and that the rest is elsewhere.
LEAST = 2048
_MARGIN = 256
# So many people stand in one line.
_TOGETHER = 8
# A line, and how many of what is counted it stands for.
_Unit = tuple[str, int]


def not_everything(where: Where) -> str:
    """The first line of a document that does not show all."""
    return f"**Not everything is shown here. Do not approve by this text:** read all of it in {where}."


def cut(sheet: Sheet, digests: str, max_bytes: int) -> str:
    """Refusals, privileged grants and removals as far as they fit, below a line that says so."""
    opening = f"{not_everything(sheet.where)}\n\n### {sheet.title}"
    if len(opening.encode()) > max_bytes // 3:
        opening = not_everything(Where())
    if len(digests.encode()) > max_bytes // 3:
        digests = _first(digests.split("  \n"), max_bytes // 3)
    room = max_bytes - len(f"{opening}\n\n{digests}\n".encode()) - 3 * _MARGIN
    shown = []
    for one, many, units, language in (
        ("reason to refuse it", "reasons to refuse it", _refusals(sheet.plan), "text"),
        ("privileged grant", "privileged grants", _grants(sheet, room // 2), "diff"),
        ("removal", "removals", _removals(sheet, room), "diff"),
    ):
        text, room = _fitting((f"{one} is", f"{many} are"), list(units), language, room)
        shown.append(text)
    return "\n\n".join(filter(None, (opening, *shown, digests))) + "\n"


def _fitting(nouns: tuple[str, str], units: Sequence[_Unit], language: str, room: int) -> tuple[str, int]:
    """As many lines as fit, and the room that is left."""
    total = sum(number for _, number in units)
    if not total:
        return "", room
    shown: list[str] = []
    count = 0
    for line, number in units:
        made = wrapped([line])
        size = _size(made)
        if size > room:
            break
        room -= size
        shown += made
        count += number
    described = f"{count:,} of {words.counted(total, nouns)} listed here."
    block = escape.fenced(shown, language) if shown else ""
    return "\n\n".join(filter(None, (described, block))), room


def _size(lines: Iterable[str]) -> int:
    """What lines take in a fence, which is as long as their backticks ask for."""
    return sum(len(each.encode()) + 1 + 2 * each.count("`") for each in lines)


def _refusals(plan: Plan) -> Iterable[_Unit]:
    for _, finding in findings.refusals(plan):
        yield f"{escape.name(finding.code)}: {escape.sentence(finding.message)}", 1


def _grants(sheet: Sheet, room: int) -> Iterable[_Unit]:
    """Privileged grants by name where that fits; else with how many people gain by which groups."""
    units: dict[bool, list[_Unit]] = {True: [], False: []}
    for part, rows in zip(sheet.plan.targets, sheet.rows, strict=True):
        for named in units:
            units[named] += grants(rows, sheet.names[part.target], named=named)
    return units[_size(line for line, _ in units[True]) <= room]


def grants(rows: Iterable[AccessChange], names: Names, *, named: bool = True) -> Iterable[_Unit]:
    """What is privileged of `merged` rows: a line for a set and a group of accounts, then the people."""
    for one in filter(reach.must_show, rows):
        head = f"+ {escape.name(one.permission_set)} ({one.direction}) on "
        if not named:
            where = words.counted(len(one.accounts), words.ACCOUNT)
            groups = [names.group(key) for key in one.groups if key]
            through = f" through {', '.join(sample(groups))}" if groups else ""
            yield f"{head}{where}: {words.counted(len(one.people), words.PERSON)}{through}", 1
            continue
        yield f"{head}{', '.join(map(names.account, one.accounts))}:", 1
        for start in range(0, len(one.people), _TOGETHER):
            yield f"+   {', '.join(map(names.user, one.people[start : start + _TOGETHER]))}", 0


def _removals(sheet: Sheet, room: int) -> Iterable[_Unit]:
    """Each removal by name where that fits; else, where that does, how many there are by group or account."""
    rows = [
        row
        for number in range(len(sheet.plan.targets))
        for section in sheet.sections(number, Level.DENSE)
        for row in section.rows
    ]
    each = [
        (line, int(bool(row.glyph) and not place))
        for row in rows
        for place, line in enumerate(changes.diffs([row]))
    ]
    together = list(_together(rows))
    fits = _size(line for line, _ in each) <= room or _size(line for line, _ in together) > room
    return each if fits else together


def _together(rows: Sequence[Row]) -> Iterable[_Unit]:
    """Headings, which say how many stand below them, and what stands below none."""
    heading: Row | None = None
    below = 0
    for row in rows:
        if row.glyph and row.depth > 1:
            below += 1
            continue
        if heading is not None:
            yield changes.diffs([heading])[0], below
        heading, below = (None, 0) if row.glyph else (row, 0)
        if heading is None:
            yield changes.diffs([row])[0], 1
    if heading is not None:
        yield changes.diffs([heading])[0], below


def _first(lines: Sequence[str], room: int) -> str:
    """The digests that fit, and how many there are beyond."""
    shown: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 3
        if room < 64:
            break
        shown.append(line)
    return "  \n".join([*shown, f"… and {len(lines) - len(shown):,} digests more"])

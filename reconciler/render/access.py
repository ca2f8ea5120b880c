"""Who gains and loses which permission set where, for whom one changes, and through what: the end of a plan.

It repeats in people what the sections above say in things, so it may be folded; its numbers are always
there, and what is privileged comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from reconciler.model.access import AccessChange, Direction
from reconciler.model.plan import TargetPlan
from reconciler.render import escape, words
from reconciler.render.layout import Layout, Line
from reconciler.render.naming import PRIVILEGED, Names
from reconciler.render.rows import Fold, Row, Section, sample
from reconciler.render.style import Tone

_GLYPHS = {
    Direction.LOSE: "-",
    Direction.GAIN: "+",
    Direction.LONGER: "+",
    Direction.ALTER: "~",
    Direction.SHORTER: "~",
}
_VERBS = {
    Direction.LOSE: ("loses", "lose"),
    Direction.GAIN: ("gains", "gain"),
    Direction.ALTER: ("has", "have"),
    Direction.LONGER: ("keeps", "keep"),
    Direction.SHORTER: ("keeps", "keep"),
}
# What follows the permission set in a sentence.
_HOW = {Direction.ALTER: " changes", Direction.LONGER: " longer", Direction.SHORTER: " less long"}
# What is worth the first lines of a plan where it is privileged.
_GIVEN = (Direction.GAIN, Direction.ALTER, Direction.LONGER)
# How many rows there are at most, and how many people and accounts a row names, by how much is folded.
_ROWS = {Fold.NOTHING: 40, Fold.MEMBERS: 20, Fold.OBJECTS: 15, Fold.GROUPS: 12}
_NAMED = 12
# So many permission sets stand in the first lines of a plan.
_FIRST = 5
UNKNOWN = "unknown content"


def section(part: TargetPlan, names: Names, fold: Fold) -> Section | None:
    """The access that a target's plan changes; None where it changes nobody's.

    With `names.verbose` nothing is folded.
    """
    if not part.access:
        return None
    ordered = sorted(part.access, key=rank)
    limit = len(ordered) if names.verbose else _ROWS[fold]
    shown, rest = ordered[:limit], ordered[limit:]
    if len(rest) == 1:
        shown, rest = ordered, []
    rows = [_row(change, names, fold) for change in shown]
    rows += _rest(rest)
    return Section("Access", _numbers(part.access), tuple(rows))


def first_lines(part: TargetPlan, names: Names, layout: Layout) -> list[Line]:
    """Who gains what is privileged, above everything else; nothing where nobody does."""
    gained = sorted(
        (one for one in part.access if one.privileged and one.direction in _GIVEN),
        key=rank,
    )
    if not gained:
        return []
    people, altered, longer = (
        {key for change in gained if change.direction is direction for key in change.people}
        for direction in _GIVEN
    )
    altered, longer = altered - people, longer - people - altered
    described = []
    if people:
        verb = "gains" if len(people) == 1 else "gain"
        described.append(f"{words.counted(len(people), words.PERSON)} {verb} privileged access")
    if altered:
        described.append(f"privileged access changes for {words.counted(len(altered), words.PERSON)}")
    if longer:
        verb = "keeps" if len(longer) == 1 else "keep"
        described.append(f"{words.counted(len(longer), words.PERSON)} {verb} privileged access longer")
    head = words.listed(described)
    lines = [layout.line(f"{head[:1].upper()}{head[1:]}:", Tone.CAUTION, kept=True)]
    limit = len(gained) if names.verbose else _FIRST
    for change in gained[:limit]:
        who = ", ".join(_some([names.user(key) for key in change.people], None if names.verbose else _NAMED))
        _, where = _named(change.accounts, names.account, words.ACCOUNT)
        mark = f" ({UNKNOWN})" if change.unknown else ""
        how = _HOW.get(change.direction, "")
        end = f", {_ends(change)}" if change.direction is Direction.LONGER else ""
        text = f"{escape.name(change.permission_set)}{mark}{how} on {where}{end}: {who}"
        lines += layout.paragraph(text, indent=2, hang=4, kept=True)
    if len(gained) > limit:
        lines.append(layout.line(f"  … and {len(gained) - limit:,} more, below under Access", Tone.FAINT))
    return [*lines, layout.line()]


def rank(change: AccessChange) -> tuple[bool, int, int, str, tuple[str, ...]]:
    """Privileged first, then what is lost, then what reaches most."""
    reach = len(change.people) * len(change.accounts)
    return (
        not change.privileged,
        list(_GLYPHS).index(change.direction),
        -reach,
        change.permission_set,
        change.people,
    )


def _numbers(access: Sequence[AccessChange]) -> str:
    """`3 people gain, 1 loses, 40 keep what an edit alters; 2 gain what is privileged`."""
    described: dict[Direction, set[str]] = {direction: set() for direction in Direction}
    privileged: set[str] = set()
    for change in access:
        described[change.direction].update(change.people)
        if change.privileged and change.direction in (Direction.GAIN, Direction.LONGER):
            privileged.update(change.people)
    verbs = {
        **_VERBS,
        Direction.LONGER: ("keeps access longer", "keep access longer"),
        Direction.SHORTER: ("keeps access less long", "keep access less long"),
    }
    parts = []
    for direction in Direction:
        count = words.counted(len(described[direction]), words.PERSON)
        if described[direction]:
            altered = direction is Direction.ALTER
            verb = verbs[direction][len(described[direction]) != 1]
            parts.append(f"a permission set changes for {count}" if altered else f"{count} {verb}")
    some = len(privileged)
    only = all(change.direction is not Direction.GAIN for change in access if change.privileged)
    gain = ("keeps", "keep") if only else ("gains", "gain")
    first = f"{some:,} {gain[some != 1]} privileged access{' longer' if only else ''}" if some else ""
    return "; ".join(filter(None, (words.listed(parts), first)))


def _row(change: AccessChange, names: Names, fold: Fold) -> Row:
    """`12 people gain ReadOnly on 40 accounts (through platform)`, and below it their names, as far as asked.

    One or two of them stand by name in the sentence itself.
    """
    limit = None if names.verbose else _NAMED
    people, who = _named(change.people, names.user, words.PERSON)
    accounts, where = _named(change.accounts, names.account, words.ACCOUNT)
    if fold > Fold.NOTHING:
        # Whom it takes something from is worth a longer line, unless they are very many.
        people = people if change.direction is Direction.LOSE and len(people) <= _NAMED else ()
        accounts = ()
    verb = _VERBS[change.direction][len(change.people) != 1]
    how = _HOW.get(change.direction, "")
    mark = f"{PRIVILEGED} " if change.privileged else ""
    mark += f"{UNKNOWN} " if change.unknown else ""
    called = escape.name(change.permission_set)
    label = f"{mark}{who} {verb} {called}{how} on {where}"
    if change.direction is Direction.ALTER:
        label = f"{mark}{called} changes for {who} on {where}"
    if change.direction in (Direction.LONGER, Direction.SHORTER):
        label = f"{label}, {_ends(change)}"
    pieces = tuple(", ".join(_some(each, limit)) for each in (people, accounts) if each)
    tall = bool(people and accounts)
    return Row(
        glyph=_GLYPHS[change.direction],
        label=f"{label}:" if pieces and not tall else label,
        pieces=pieces,
        remarks=_through(change.groups, names, limit),
        tall=tall,
    )


def _ends(change: AccessChange) -> str:
    """`until <then> -> <now>`, of access that is kept for another time."""
    was, until = (escape.text(each or "never") for each in (change.was_until, change.until))
    return f"until {was} -> {until}"


def _named(
    keys: Sequence[str], called: Callable[[str], str], nouns: tuple[str, str]
) -> tuple[Sequence[str], str]:
    """What is to be listed apart, and how the sentence calls it: by name where it is one or two."""
    labels = [called(key) for key in keys]
    if len(labels) in (1, 2):
        return (), words.listed(labels)
    return labels, words.counted(len(labels), nouns)


def _some(labels: Sequence[str], limit: int | None) -> Sequence[str]:
    return labels if limit is None or len(labels) <= limit else sample(labels, limit)


def _through(groups: Sequence[str], names: Names, limit: int | None) -> str:
    """Through which groups; an assignment to the person themself is none."""
    through = [names.group(key) for key in groups if key]
    notes = [f"through {', '.join(_some(through, limit))}"] if through else []
    if "" in groups:
        notes.append("directly")
    return f"({'; '.join(notes)})" if notes else ""


def _rest(rest: Sequence[AccessChange]) -> Iterable[Row]:
    """What has no row any more, in numbers, one row for each direction."""
    for direction, glyph in _GLYPHS.items():
        if found := [change for change in rest if change.direction is direction]:
            people = {key for change in found for key in change.people}
            accounts = {key for change in found for key in change.accounts}
            sets = sorted({change.permission_set for change in found})
            more = f"more{_HOW.get(direction, '')}"
            verb = _VERBS[direction][len(people) != 1]
            where = words.counted(len(accounts), words.ACCOUNT)
            count = words.counted(len(people), words.PERSON)
            altered = direction is Direction.ALTER
            yield Row(
                glyph=glyph,
                label=f"more changes for {count}, on {where}:"
                if altered
                else f"{count} {verb} {more}, on {where}:",
                pieces=sample([escape.name(each) for each in sets]),
            )

"""A plan as Markdown for a pull request's comment or a job's summary.

Everything that comes from data stands in fenced blocks or code spans, so that no name can become a link,
an image, a mention or a heading (CommonMark 0.31; GitHub's mentions and references do not reach into code).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import groupby

from reconciler.model.plan import Plan, Severity, TargetPlan
from reconciler.render import access, escape, findings, words
from reconciler.render.layout import Layout, Line
from reconciler.render.naming import Names, takes_away
from reconciler.render.rows import Fold, Row, Section
from reconciler.render.sections import sections
from reconciler.render.style import Style
from reconciler.render.text import no_changes

# A section without removals that is longer than this is collapsed behind its counts.
_LONG = 40
_LAYOUT = Layout(Style())
# A line of a diff has a mark, a blank, a name of one letter and a line break.
_LEAST = 4


class _Level(IntEnum):
    """How much is shown, from everything to what must never be left out."""

    WHOLE = 0
    MEMBERS_FOLDED = 1
    OBJECTS_FOLDED = 2
    GROUPS_FOLDED = 3
    COUNTS = 4  # what gives only as numbers; every removal still has its line
    DENSE = 5  # removals with many names to a line


_FOLDS = {
    _Level.WHOLE: Fold.NOTHING,
    _Level.MEMBERS_FOLDED: Fold.MEMBERS,
    _Level.OBJECTS_FOLDED: Fold.OBJECTS,
    _Level.GROUPS_FOLDED: Fold.GROUPS,
    _Level.COUNTS: Fold.GROUPS,
    _Level.DENSE: Fold.GROUPS,
}


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of the document that stands or falls whole; `lines` are a fenced block of `language`."""

    head: str = ""
    lines: tuple[str, ...] = ()
    language: str = "text"
    collapsed: str = ""

    def __str__(self) -> str:
        body = escape.fenced(list(self.lines), self.language) if self.lines else ""
        text = "\n\n".join(filter(None, (self.head, body)))
        if self.collapsed:
            return f"<details>\n<summary>{self.collapsed}</summary>\n\n{text}\n\n</details>"
        return text


def plan_markdown(plan: Plan, *, max_bytes: int | None = None) -> str:
    """The plan as GitHub-flavoured Markdown, at most `max_bytes` of UTF-8 (None: no limit).

    Where it is too long, what gives is folded level by level, and the document says so; refusals and all
    that takes something away stay listed. Where even those do not fit, it says on top that it is
    incomplete, how many of how many removals it lists, and that nobody should approve by it. Raises
    ValueError where `max_bytes` is under 2,048: too little to say even that.
    """
    if max_bytes is not None and max_bytes < 2048:
        raise ValueError("max_bytes must be at least 2048")
    document = ""
    for level in _Level:
        if max_bytes is not None and _LEAST * _lines(plan, level) > max_bytes:
            continue
        document = "\n\n".join(map(str, _document(plan, level))) + "\n"
        if max_bytes is None or len(document.encode()) <= max_bytes:
            return document
    assert max_bytes is not None
    return _incomplete(plan, max_bytes)


def _lines(plan: Plan, level: _Level) -> int:
    """How many lines a level has at least: what cannot fit is not even tried."""
    if level is _Level.WHOLE:
        return len(plan.changes)
    return 0 if level is _Level.DENSE else sum(map(takes_away, plan.changes))


def _document(plan: Plan, level: _Level) -> Iterable[_Block]:
    yield _Block(f"### {_title(plan)}")
    names = {part.target: Names.of(part, plan.places, verbose=False) for part in plan.targets}
    named = total = len(plan.changes)
    for part in plan.targets:
        if len(plan.targets) > 1:
            yield _Block(f"#### {escape.code(part.target)}")
        if gained := _trimmed(access.first_lines(part, names[part.target], _LAYOUT)):
            yield _Block(lines=gained)
        if loud := _trimmed(findings.loud(part, names[part.target], _LAYOUT)):
            yield _Block(lines=loud)
        made = sections(part, names[part.target], _FOLDS[level])
        named -= sum(row.folded for section in made for row in section.rows)
        for section in made:
            yield from _section(section, level)
        if reached := access.section(part, names[part.target], _FOLDS[level]):
            yield _reached(reached, level)
        if not part.changes:
            yield _Block(lines=(no_changes(part),))
        if level < _Level.COUNTS and (notes := _trimmed(findings.quiet(part, names[part.target], _LAYOUT))):
            yield _Block(lines=notes[1:], collapsed=_notes(part))
    if level >= _Level.COUNTS:
        named = sum(map(takes_away, plan.changes))
    if named < total:
        yield _Block(
            f"{named:,} of {words.counted(total, ('change', 'changes'))} "
            "are named here, and all that take something away are among them. `reconciler show -v` of the "
            "saved plan names every one."
        )
    yield from _digests(plan)


def _title(plan: Plan) -> str:
    head = f"{findings.INCOMPLETE_PLAN}. " if plan.incomplete else ""
    head += "Refused. " if findings.refusals(plan) else ""
    if plan.blocked:
        head += f"{words.counted(len(plan.blocked), ('object is', 'objects are'))} blocked. "
    if plan.changes:
        return head + words.summary(plan)
    return head + ("What would be removed is not known." if plan.incomplete else "No changes.")


def _notes(part: TargetPlan) -> str:
    count = sum(finding.severity is Severity.NOTE for finding in part.findings)
    return words.counted(count, ("note", "notes"))


def _digests(plan: Plan) -> Iterable[_Block]:
    lines = [
        f"{escape.code(part.target)} {escape.code(part.digest)}" for part in plan.targets if part.changes
    ]
    if lines:
        yield _Block("  \n".join(lines))


def _section(section: Section, level: _Level) -> Iterable[_Block]:
    head = f"**{section.title}**: {section.counts}"
    rows: Sequence[Row] = section.rows
    if level >= _Level.COUNTS:
        rows = [row for row in rows if row.takes_away or row.kept]
    lines = _dense(rows) if level is _Level.DENSE else _diffs(rows)
    if len(lines) > _LONG and not any(row.takes_away or row.kept for row in rows):
        yield _Block(lines=tuple(lines), language="diff", collapsed=f"{section.title}: {section.counts}")
    else:
        yield _Block(head, tuple(lines), "diff")


def _reached(section: Section, level: _Level) -> _Block:
    """Who gains and loses what; only the numbers where there is no room for more."""
    head = f"**{section.title}**: {section.counts}"
    return _Block(head, tuple(_diffs(section.rows)) if level < _Level.COUNTS else (), "diff")


def _diffs(rows: Iterable[Row]) -> list[str]:
    return [line for row in rows for line in _diff(row)]


def _diff(row: Row) -> Iterable[str]:
    """A row as lines of a diff: the mark stands first, which is what colours it. `!` marks an update."""
    if row.tall:
        yield _one(replace(row, pieces=(), tall=False))
        yield from (_one(replace(row, label=f"    {piece}", pieces=(), remarks="")) for piece in row.pieces)
        return
    yield _one(row)


def _one(row: Row) -> str:
    mark = {"+": "+", "-": "-", "~": "!", "": " "}[row.glyph]
    pieces = ", ".join(row.pieces)
    gap = " " if row.label.endswith(":") else "  "
    text = f"{row.label}{gap}{pieces}" if pieces else row.label
    return f"{mark} {'  ' * (row.depth - 1)}{text}" + (f"  {row.remarks}" if row.remarks else "")


def _dense(rows: Sequence[Row]) -> list[str]:
    """Runs of removals that differ in name alone as one line of names; everything else as it is."""
    lines: list[str] = []
    for (plain, remarks), run in groupby(rows, key=_denseness):
        bunch = list(run)
        if plain and len(bunch) > 1:
            names = ", ".join(row.label for row in bunch)
            lines.append(f"- {'  ' * (bunch[0].depth - 1)}{names}  {remarks}".rstrip())
        else:
            lines += _diffs(bunch)
    return lines


def _denseness(row: Row) -> tuple[bool, str]:
    return (row.glyph == "-" and not row.pieces), row.remarks


def _trimmed(lines: Sequence[Line]) -> tuple[str, ...]:
    """The lines' text, without blank ones at the end."""
    texts = [line.text for line in lines]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _incomplete(plan: Plan, max_bytes: int) -> str:
    """Refusals and removals as far as they fit, under a title that says that they do not."""
    refused = [
        f"! {escape.name(finding.code)}: {escape.sentence(finding.message)}"
        for _, finding in findings.refusals(plan)
    ]
    rows: list[Row] = []
    for part in plan.targets:
        names = Names.of(part, plan.places, verbose=False)
        for section in sections(part, names, Fold.GROUPS):
            rows += [row for row in section.rows if row.takes_away or row.kept]
    wanted = [
        *((line, False) for line in refused),
        *(("\n".join(_diff(row)), bool(row.glyph)) for row in rows),
    ]
    head = (
        f"### {_title(plan)}\n\n**Incomplete: this plan does not fit here. Do not approve it by this text; "
        "read all of it with `reconciler show` of the saved plan.**"
    )
    tail = "\n\n".join(map(str, _digests(plan)))
    if len(tail.encode()) > max_bytes // 4:
        tail = "The digests do not fit, either."
    room = max_bytes - len(f"{head}\n\n{tail}\n".encode()) - 256
    shown: list[str] = []
    removals = 0
    for line, removal in wanted:
        room -= len(line.encode()) + 1 + 2 * line.count("`")
        if room < 0:
            break
        shown.append(line)
        removals += removal
    total = sum(removal for _, removal in wanted)
    described = f"{removals:,} of {words.counted(total, ('removal is', 'removals are'))} listed here."
    block = escape.fenced(shown, "diff") if shown else ""
    return "\n\n".join(filter(None, (head, described, block, tail))) + "\n"

"""A plan as Markdown for a pull request's comment or a job's summary.

It answers first who can do what afterwards that they could not before. Everything that comes from data stands
in code spans and fences, words of sentences apart that are nothing but words, so that no name can become a
link, an image, a mention or a heading (CommonMark 0.31; GitHub's mentions and references do not reach into
code). No line of a fence is wider than 80 columns, so that nothing scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from reconciler.model.address import Kind
from reconciler.model.plan import Plan, TargetPlan
from reconciler.planning.ordering.estimate import Estimate
from reconciler.render import escape, findings, words
from reconciler.render.comment import changes, reach, remarks
from reconciler.render.comment.blocks import Block, joined
from reconciler.render.comment.cut import LEAST, cut, grants
from reconciler.render.comment.levels import Level
from reconciler.render.comment.sheet import Sheet, Where
from reconciler.render.naming import takes_away
from reconciler.render.text import no_changes

# What GitHub takes of a comment, in characters; bytes are never fewer.
MAX_BYTES = 65_536
# A line of a diff has a mark, a blank, a name of one letter and a line break.
_LEAST = 4
# Many in one line, an assignment is told by an account (twelve digits) or by its two ends (`X to user a`).
_LEAST_ASSIGNMENT = 11
# More changes than this are folded further without trying what shows more.
_MANY = 4000


def plan_markdown(
    plan: Plan,
    *,
    max_bytes: int | None = MAX_BYTES,
    estimates: Mapping[str, Estimate] | None = None,
    saved: str | None = None,
    whole_plan: str | None = None,
) -> str:
    """The plan as GitHub-flavoured Markdown, at most `max_bytes` of UTF-8 (None: no limit).

    Where it is too long, what gives is folded level by level, and the document says so; refusals, removals
    and privileged grants stay listed. Where even those do not fit, its first line says that not everything
    is shown and where the whole plan is: at the https address `whole_plan`, else in the file `saved`. The
    digests stand in it always. `estimates` tells by target what applying takes. Raises ValueError where
    `max_bytes` is too little to say even that, or `whole_plan` is not an https address.
    """
    sheet = Sheet(plan, Where(whole_plan, saved), estimates or {})
    if max_bytes is not None and max_bytes < LEAST:
        raise ValueError(f"max_bytes must be at least {LEAST}")
    for level in Level:
        if max_bytes is not None and not _may_fit(plan, level, max_bytes):
            continue
        document = joined(blocks(sheet, level))
        if max_bytes is None or len(document.encode()) <= max_bytes:
            return document
    assert max_bytes is not None
    return cut(sheet, "\n\n".join(map(str, digests(plan))), max_bytes)


def _may_fit(plan: Plan, level: Level, max_bytes: int) -> bool:
    """Whether it is worth a try: lines of removals have some bytes each, and many changes must be folded."""
    if level is Level.WHOLE:
        return _LEAST * len(plan.changes) <= max_bytes
    if level in (Level.MEMBERS_FOLDED, Level.OBJECTS_FOLDED) and len(plan.changes) > _MANY:
        return False
    taken = [change.address.kind for change in plan.changes if takes_away(change)]
    if level >= Level.DENSE:
        return _LEAST_ASSIGNMENT * taken.count(Kind.ASSIGNMENT) <= max_bytes
    return _LEAST * len(taken) <= max_bytes


def blocks(sheet: Sheet, level: Level) -> Iterable[Block]:
    """The document of one level, block by block."""
    plan = sheet.plan
    yield Block(f"### {sheet.title}")
    yield Block("\n".join(f"- {line}" for line in sheet.heads))
    told = partial(_told, plan)
    for number, part in enumerate(plan.targets):
        yield from told(part, _access(sheet, number, level))
    total = len(plan.changes)
    shown = total
    for number, part in enumerate(plan.targets):
        made = sheet.sections(number, level)
        shown -= sum(row.folded for section in made for row in section.rows)
        body = list(changes.blocks(made, level))
        yield from told(part, body if part.changes else [Block(escape.told(no_changes(part)))])
    if plan.changes:
        yield Block(f"Plan: {words.todo(plan.changes)}.")
    if level >= Level.COUNTS:
        shown = sum(map(takes_away, plan.changes))
    if shown < total:
        yield Block(
            f"{shown:,} of {words.counted(total, ('change', 'changes'))} are named here, and all that take "
            f"something away are among them; every one stands in {sheet.where}."
        )
    for part in plan.targets:
        yield from told(part, list(remarks.blocks(part, sheet.names[part.target], level)))
    yield from _estimates(plan, sheet.estimates)
    yield from digests(plan)


def _told(plan: Plan, part: TargetPlan, found: list[Block]) -> Iterable[Block]:
    """Blocks on one target, under its name where there are several."""
    if found and len(plan.targets) > 1:
        yield Block(f"**{escape.code(part.target)}**")
    yield from found


def _access(sheet: Sheet, number: int, level: Level) -> list[Block]:
    found = []
    rows, names = sheet.rows[number], sheet.names[sheet.plan.targets[number].target]
    if lines := reach.table(rows, sheet.authors[number], names, level):
        found.append(Block("\n".join(lines)))
    if level is Level.LISTED and (lines := [line for line, _ in grants(rows, names)]):
        found.append(Block("Privileged access:", tuple(lines), "diff"))
    if level is Level.WHOLE and (drawn := reach.graph(rows, names)):
        found.append(Block(escape.fenced(drawn, "mermaid")))
    return found


def _estimates(plan: Plan, estimates: Mapping[str, Estimate]) -> Iterable[Block]:
    lines = []
    for part in plan.targets:
        takes = words.taken(part, estimates)
        if part.changes and not findings.refusals(plan) and takes:
            where = "" if len(plan.targets) == 1 else f" to {escape.code(part.target)}"
            lines.append(f"Applying{where} takes about {takes}.")
    if lines:
        yield Block("  \n".join(lines))


def digests(plan: Plan) -> Iterable[Block]:
    """What people approve, a line for each target."""
    lines = [
        f"{escape.code(part.target)} {escape.code(part.digest)}" for part in plan.targets if part.changes
    ]
    if lines:
        yield Block("  \n".join(lines))

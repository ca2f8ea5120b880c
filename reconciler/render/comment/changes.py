"""The changes of a plan in a comment: one fold for each kind, its rows as a diff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from reconciler.render.comment.blocks import Block
from reconciler.render.comment.levels import Level
from reconciler.render.rows import Row, Section

# A section that takes something away stands open unless it is longer than this.
_LONG = 60


def blocks(made: Iterable[Section], level: Level) -> Iterable[Block]:
    """One block for each section; one that takes something away stands open."""
    for section in made:
        rows: Sequence[Row] = section.rows
        takes = any(row.takes_away or row.kept for row in rows)
        lines = dense(rows) if level >= Level.DENSE else diffs(rows)
        head = f"{section.title}: {section.counts}"
        if lines:
            yield Block(
                lines=tuple(lines), language="diff", summary=head, is_open=takes and len(lines) <= _LONG
            )
        else:
            yield Block(head)


def diffs(rows: Iterable[Row]) -> list[str]:
    """Rows as lines of a diff: the mark stands first, which is what colours it. `!` marks an update."""
    return [line for row in rows for line in _diff(row)]


def _diff(row: Row) -> Iterable[str]:
    if row.tall:
        yield _one(replace(row, pieces=(), tall=False))
        yield from (_one(replace(row, label=f"    {piece}", pieces=(), remarks="")) for piece in row.pieces)
        return
    yield _one(row)


def _one(row: Row) -> str:
    mark = {"+": "+", "-": "-", "~": "!", "": " "}.get(row.glyph, row.glyph)
    pieces = ", ".join(row.pieces)
    gap = " " if row.label.endswith(":") else "  "
    text = f"{row.label}{gap}{pieces}" if pieces else row.label
    return f"{mark} {'  ' * (row.depth - 1)}{text}" + (f"  {row.remarks}" if row.remarks else "")


def dense(rows: Sequence[Row]) -> list[str]:
    """Runs of removals that differ in name alone as one line of names; everything else as it is."""
    lines: list[str] = []
    for (plain, remarks), run in groupby(rows, key=_denseness):
        bunch = list(run)
        if plain and len(bunch) > 1:
            names = ", ".join(row.label for row in bunch)
            lines.append(f"- {'  ' * (bunch[0].depth - 1)}{names}  {remarks}".rstrip())
        else:
            lines += diffs(bunch)
    return lines


def _denseness(row: Row) -> tuple[bool, str]:
    return (row.glyph == "-" and not row.pieces), row.remarks

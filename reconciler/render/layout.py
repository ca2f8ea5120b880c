"""Rows as lines of text: glyph, label, pieces and remarks, in columns; wrapped where a width is given."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.render import escape
from reconciler.render.rows import Row, Section
from reconciler.render.style import Style, Tone

# Labels longer than this do not push the column of everybody else to the right.
_COLUMN = 32
_NARROWEST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output. `kept` lines are shown also beyond a limit on lines."""

    text: str
    kept: bool = False


def joined(lines: Iterable[Line]) -> str:
    """The lines as text that ends in a line break, none of them a command to a runner."""
    return "".join(f"{escape.line(line.text)}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Layout:
    """How lines are made. `width` is the terminal's, in columns; None never wraps.

    `spread` puts every piece of a row on a line of its own.
    """

    style: Style
    width: int | None = None
    spread: bool = False

    def line(self, text: str = "", tone: Tone = Tone.PLAIN, *, kept: bool = False) -> Line:
        """One line in one tone; `text` is escaped already."""
        return Line(self.style(escape.line(text), tone), kept)

    def title(self, section: Section, *, kept: bool = False) -> Line:
        """What stands above the rows of a section."""
        return Line(self.style(section.title, Tone.HEADING) + f": {section.counts}", kept)

    def paragraph(
        self, text: str, *, indent: int = 0, hang: int = 0, tone: Tone = Tone.PLAIN, kept: bool = False
    ) -> list[Line]:
        """Running text behind `indent` blanks, further lines `hang` deeper."""
        first = " " * indent
        if self.width is None:
            return [self.line(first + text, tone, kept=kept)]
        wrapped = textwrap.wrap(
            text,
            max(self.width, _NARROWEST),
            initial_indent=first,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [self.line(each, tone, kept=kept) for each in wrapped or [first]]

    def rows(self, rows: Sequence[Row]) -> list[Line]:
        """The rows of one section, their pieces in a column for each depth."""
        columns: dict[int, int] = {}
        for row in rows:
            if not row.glyph or row.folded or row.tall or len(row.label) > _COLUMN:
                continue
            if row.pieces or row.remarks:
                columns[row.depth] = max(columns.get(row.depth, 0), len(row.label))
        return [line for row in rows for line in self._row(row, columns.get(row.depth, 0))]

    def _row(self, row: Row, column: int) -> Iterable[Line]:
        head = "  " * row.depth + (f"{row.glyph} " if row.glyph else "")
        start = self.style(head, row.tone if row.glyph else Tone.PLAIN) + self.style(row.label, row.tone)
        used = len(head) + len(row.label)
        kept = row.takes_away or row.kept
        remark = self.style(row.remarks, Tone.FAINT if not row.takes_away else Tone.REMOVED)
        if (row.tall or (self.spread and len(row.pieces) > 1)) and not row.folded and row.glyph:
            yield Line(f"{start}  {remark}" if remark else start, kept)
            for piece in row.pieces:
                yield Line("  " * row.depth + "    " + piece, kept)
            return
        if not row.pieces and not row.remarks:
            yield Line(start, kept)
            return
        if not row.glyph or row.label.endswith(":"):
            start, used = f"{start} ", used + 1
        else:
            pad = max(column - len(row.label), 0) + 2
            start, used = start + " " * pad, used + pad
        indent = 2 * row.depth + 6
        lines, room = self._filled(row.pieces, used, indent)
        if remark and self.width is not None and row.pieces and room + 2 + len(row.remarks) > self.width:
            lines.append(" " * indent + remark)
        elif remark:
            lines[-1] += f"  {remark}" if row.pieces else remark
        yield Line(start + lines[0], kept)
        for rest in lines[1:]:
            yield Line(rest, kept)

    def _filled(self, pieces: Sequence[str], used: int, indent: int) -> tuple[list[str], int]:
        """The pieces joined by commas, broken between pieces where they pass the width; the last column."""
        lines = [""]
        room = used
        for position, piece in enumerate(pieces):
            more = "," if position + 1 < len(pieces) else ""
            gap = " " if position and lines[-1] else ""
            size = len(gap) + len(piece) + len(more)
            if self.width is not None and position and room + size > self.width:
                lines.append(" " * indent + piece + more)
                room = indent + len(piece) + len(more)
            else:
                lines[-1] += gap + piece + more
                room += size
        return lines, room

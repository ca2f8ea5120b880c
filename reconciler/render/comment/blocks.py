"""What a comment is made of: blocks that stand or fall whole, and lines that never scroll sideways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.render import escape

# The columns of a fenced line: what GitHub shows of a comment without a scroll bar, with room to spare.
COLUMNS = 80
# What a wrapped line goes on behind.
_GOES_ON = "↳ "
_DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of Markdown: running text, then lines in a fence; folded behind `summary`, where it has one.

    All of it is escaped. `summary` is of our own words alone.
    """

    text: str = ""
    lines: tuple[str, ...] = ()
    language: str = "text"
    summary: str = ""
    is_open: bool = False

    def __str__(self) -> str:
        body = escape.fenced(wrapped(self.lines), self.language) if self.lines else ""
        whole = "\n\n".join(filter(None, (self.text, body)))
        if not self.summary:
            return whole
        start = "<details open>" if self.is_open else "<details>"
        return f"{start}\n<summary>{self.summary}</summary>\n\n{whole}\n\n</details>"


def joined(blocks: Iterable[Block]) -> str:
    """The blocks as one document that ends in a line break."""
    return "\n\n".join(filter(None, map(str, blocks))) + "\n"


def wrapped(lines: Iterable[str], limit: int = COLUMNS) -> list[str]:
    """Escaped lines of at most `limit` columns; what a line goes on with has its mark, and stands deeper.

    The first character of a line is its mark (`+`, `-`, `!` or a blank, as in a diff).
    """
    found: list[str] = []
    for line in lines:
        if len(line) <= limit // 2 or escape.columns(line) <= limit:
            found.append(line)
        else:
            found += _wrapped(line, limit)
    return found


def _wrapped(line: str, limit: int) -> list[str]:
    mark = line[:1] if line[:1] in "+-!" else " "
    deep = min(len(line) - len(line[1:].lstrip(" ")), _DEEPEST) + 1
    rest = mark + " " * deep + _GOES_ON
    found: list[str] = []
    now, room, empty = "", limit, True
    for piece in _words(line):
        word, width = piece, escape.columns(piece)
        if width > room and not empty and width <= limit - len(rest):
            found.append(now.rstrip(" "))
            now, room = rest, limit - len(rest)
            word = piece.lstrip(" ")
            width = escape.columns(word)
        if width <= room:
            now, room = now + word, room - width
        else:
            for letter in escape.letters(word):
                size = escape.columns(letter)
                if size > room:
                    found.append(now)
                    now, room = rest, limit - len(rest)
                now, room = now + letter, room - size
        empty = empty and not word.strip(" +-!")
    return [*found, now]


def _words(line: str) -> Sequence[str]:
    """The words of a line, each with the blanks that stand before it."""
    found: list[str] = []
    blanks = 0
    for piece in line.split(" "):
        if piece:
            found.append(" " * blanks + piece)
            blanks = 0
        blanks += 1
    return found

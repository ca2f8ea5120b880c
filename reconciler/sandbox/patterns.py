r"""Regular expressions of the AWS models, which speak Java's dialect, as Python's.

The two differ here in `\p{L}` and its kin, which `re` lacks, and in `\w`, `\d` and `\s`, which are ASCII
in Java. A value must match from end to end.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

_PROPERTY = re.compile(r"\\p\{([A-Z][a-z]?)\}")


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for `pattern`. The tables of Unicode are built only when a value outside ASCII comes."""
    ascii_only = _compile(pattern, limit=0x80)

    def matches(value: str) -> bool:
        compiled = ascii_only if value.isascii() else _compile(pattern, limit=sys.maxunicode + 1)
        return compiled.fullmatch(value) is not None

    return matches


@cache
def _compile(pattern: str, *, limit: int) -> re.Pattern[str]:
    """`pattern` with its properties written out, for characters below `limit`."""
    out: list[str] = []
    position, inside = 0, False
    while position < len(pattern):
        found = _PROPERTY.match(pattern, position)
        if found:
            ranges = _ranges(found[1], limit)
            out.append(ranges if inside else f"[{ranges}]")
            position = found.end()
            continue
        step = 2 if pattern[position] == "\\" else 1
        piece = pattern[position : position + step]
        if piece == "[":
            inside = True
        elif piece == "]":
            inside = False
        out.append(piece)
        position += step
    return re.compile("".join(out), re.ASCII)


@cache
def _ranges(category: str, limit: int) -> str:
    """The characters of a Unicode category (`L`, `Lu`) below `limit`, as the inside of a character class."""
    return "".join(
        f"\\U{first:08x}-\\U{min(last, limit - 1):08x}"
        for name, first, last in _runs(limit)
        if name.startswith(category)
    )


@cache
def _runs(limit: int) -> list[tuple[str, int, int]]:
    """Runs of characters of one category: name, first, last. One pass over what Unicode assigns."""
    runs: list[tuple[str, int, int]] = []
    # Nothing is assigned in planes 4 to 13; planes 15 and 16 are for private use.
    for point in (*range(min(limit, 0x40000)), *(range(0xE0000, 0xF0000) if limit > 0xE0000 else ())):
        name = unicodedata.category(chr(point))
        if runs and runs[-1][0] == name and runs[-1][2] == point - 1:
            runs[-1] = (name, runs[-1][1], point)
        else:
            runs.append((name, point, point))
    return runs

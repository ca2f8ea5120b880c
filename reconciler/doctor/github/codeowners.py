r"""CODEOWNERS as GitHub reads it: the last line that fits counts, and its syntax is not that of .gitignore.

(docs.github.com, "About code owners": `!` does not negate, `[ ]` is no range, `\#` does not escape; a line
that is not valid is skipped; a pattern without owners takes owners away; `docs/*` fits files directly in the
folder and no deeper ones.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

# A larger file is not loaded.
LARGEST = 3 * 2**20
_OWNER = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9_-]*)(?:/[A-Za-z0-9._-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+", re.ASCII)
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line with a pattern: `number` counts from 1; no owners means that it takes them away."""

    number: int
    pattern: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that GitHub skips, and why."""

    number: int
    says: str


def read(text: str) -> tuple[list[Line], list[Fault]]:
    """The lines that count, in their order, and those that are skipped."""
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, written in enumerate(text.splitlines(), start=1):
        if not written.strip() or written.lstrip().startswith("#"):
            continue
        pattern, *rest = _WORD.findall(written.strip())
        owners = []
        for word in rest:
            if word.startswith("#"):
                break
            owners.append(word)
        if why := _wrong(pattern, owners):
            faults.append(Fault(number, why))
        else:
            lines.append(Line(number, pattern, tuple(owners)))
    return lines, faults


def _wrong(pattern: str, owners: list[str]) -> str:
    if pattern.startswith("!"):
        return f"{pattern}: a pattern cannot be negated with `!`"
    if "[" in pattern or "]" in pattern:
        return f"{pattern}: `[ ]` does not stand for a range of characters"
    if pattern.startswith("\\#"):
        return f"{pattern}: `\\#` does not escape a number sign"
    bad = [one for one in owners if not _OWNER.fullmatch(one)]
    if bad:
        return f"{bad[0]} is not @USER, @ORGANIZATION/TEAM or an address"
    return ""


def decider(lines: list[Line], path: str) -> Line | None:
    """The line that decides about a file: the last one that fits; None where none does."""
    return next((one for one in reversed(lines) if fits(one.pattern, path)), None)


def shadowed(lines: list[Line], files: tuple[str, ...]) -> Iterator[tuple[Line, Line, tuple[str, ...]]]:
    """Each line that decides about none of its files because one later, wider line does, and those files."""
    deciding = {path: decider(lines, path) for path in files}
    for one in lines:
        own = tuple(path for path in files if fits(one.pattern, path))
        if not own or any(deciding[path] is one for path in own):
            continue
        for later in lines:
            wide = later.number > one.number and all(fits(later.pattern, path) for path in own)
            if wide and set(later.owners) != set(one.owners):
                yield one, later, own
                break


def fits(pattern: str, path: str) -> bool:
    """Whether a pattern fits the path of a file, which has no slash at its beginning; case counts."""
    return re.fullmatch(_expression(pattern), path) is not None


@cache
def _expression(pattern: str) -> str:
    anchored = "/" in pattern.rstrip("/")
    folder = pattern.endswith("/")
    body = pattern.strip("/")
    made, position = "", 0
    while position < len(body):
        if body.startswith("**/", position) and (position == 0 or body[position - 1] == "/"):
            made, position = made + r"(?:[^/]+/)*", position + 3
        elif body.startswith("/**", position) and position + 3 == len(body):
            made, position = made + "/.+", position + 3
        elif body.startswith("**", position):
            made, position = made + (".*" if body == "**" else "[^/]*"), position + 2
        elif body[position] == "*":
            made, position = made + "[^/]*", position + 1
        elif body[position] == "?":
            made, position = made + "[^/]", position + 1
        elif body[position] == "\\" and position + 1 < len(body):
            made, position = made + re.escape(body[position + 1]), position + 2
        else:
            made, position = made + re.escape(body[position]), position + 1
    start = "" if anchored else r"(?:.+/)?"
    if not body:
        return r"(?s:.+)"
    if folder:
        return f"(?s:{start}{made}/.+)"
    # `docs/*` is about files of the folder alone; anything else also about what is below a folder.
    end = "" if pattern.endswith("/*") else r"(?:/.+)?"
    return f"(?s:{start}{made}{end})"

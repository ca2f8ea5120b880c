"""What is probably wrong with a file that cannot be read: where, what, and the fix. Pure."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_HINTS = (
    ("mapping values are not allowed", 'put quotes around a value that holds ": "'),
    ("cannot start any token", "indent with spaces, not tabs; quote what begins with @ ` or %"),
    ("did not find expected key", "check the indentation of this line and the one before"),
    ("could not find expected ':'", "write `key: value`, with a space after the colon"),
    ("did not find expected '-' indicator", "check the indentation of this line and the one before"),
    ("expected ',' or", "close the bracket; put quotes around text that holds , [ ] { or }"),
    ("unexpected end of stream", "close the quotes or brackets that are open"),
)
# What git writes around two sides that it could not merge (git-merge, "How conflicts are presented").
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
# A key whose colon is followed by its value at once, alone on its line.
_GLUED = re.compile(r"[ ]*(?:- )?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*):(?P<value>[^\s:/][^\n]*)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'")


class Hint(NamedTuple):
    """A line and a column, both from 1, what is wrong there, and the fix."""

    line: int
    column: int
    message: str
    fix: str


def yaml_hint(text: str, line: int, column: int, problem: str) -> Hint:
    """For a YAML file where libyaml says `said` at a line and a column."""
    if conflict := _conflict(text):
        return conflict
    lines = text.splitlines()
    if "mapping values are not allowed" in problem or "could not find expected ':'" in problem:
        # A scalar goes on over lines, so that the fault is found behind the line that has it.
        for number in (line - 1, line):
            glued = _GLUED.fullmatch(lines[number - 1]) if 0 < number <= len(lines) else None
            if glued and not _value_is_map(glued["value"]):
                fix = f"write `{glued['key']}: {glued['value']}`, with a space after the colon"
                return Hint(number, glued.start("key") + 1, "a space is missing after the colon", fix)
    if 0 < line <= len(lines) and (found := _inner_quote(lines, line, column)):
        return found
    fix = next((hint for part, hint in _HINTS if part in problem), "check the indentation and the quotes")
    return Hint(line, column, f"this is not YAML: {problem}", fix)


def json_hint(text: str, error: json.JSONDecodeError) -> Hint:
    """For a JSON file that is none (RFC 8259)."""
    if conflict := _conflict(text):
        return conflict
    before = text[: error.pos].rstrip()
    after = text[error.pos :].lstrip()
    if before.endswith(",") and after[:1] in ("}", "]"):
        return _trailing(before, after)
    # Newer versions of Python point at the comma itself.
    rest = after[1:].lstrip()
    if after.startswith(",") and rest[:1] in ("}", "]"):
        return _trailing(f"{text[: error.pos]},", rest)
    return Hint(error.lineno, error.colno, f"this is not JSON: {error.msg}", "a policy is one JSON object")


def _trailing(before: str, after: str) -> Hint:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1)
    return Hint(line, column, f"this is not JSON: a comma is before {after[0]}", "delete the comma")


def _conflict(text: str) -> Hint | None:
    marks = list(_CONFLICT.finditer(text))
    if not any(mark[0].startswith("<") for mark in marks) or len(marks) < 2:
        return None
    line = text.count("\n", 0, marks[0].start()) + 1
    fix = "keep the lines that are meant, and delete those that begin with <<<<<<<, ======= and >>>>>>>"
    return Hint(line, 1, "the file has a merge conflict that nobody resolved", fix)


def _value_is_map(value: str) -> bool:
    return ": " in value or value.endswith(":")


def _inner_quote(lines: list[str], line: int, column: int) -> Hint | None:
    """A quote in quoted text ends it: what follows is neither a comma nor the end of the line.

    libyaml says so where the text goes on, or at the line after it.
    """
    for number in (line, line - 1):
        text = lines[number - 1] if number > 0 else ""
        for match in _QUOTED.finditer(text):
            begins = re.search(r"(?:^|[\s,\[{:-])$", text[: match.start()]) is not None
            rest = text[match.end() :]
            if begins and rest.strip() and not re.match(r"\s*(?:[,\]}#]|:(?:\s|$))", rest):
                if number == line and match.end() > column:
                    continue
                quote = match[0][0]
                fix = (
                    'write \\" for a quote inside "…"'
                    if quote == '"'
                    else "write '' for a quote inside '…', or put the text into \"…\""
                )
                return Hint(number, match.end(), "a quote inside quoted text ends the text", fix)
    return None

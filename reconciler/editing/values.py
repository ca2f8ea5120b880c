"""Values as YAML: on one line, or as a block of lines; and what the strict reader makes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.errors import InputError, Problem
from reconciler.files.characters import FORBIDDEN, show
from reconciler.files.writing import scalar

# Text, null, a flag, a number, or a map or list of them.
Value = Any
# A day or an instant, as files have them without quotes.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?", re.ASCII)


def as_read(value: Value) -> Value:
    """The value as `reconciler.files.yaml` reads it: text, null, maps and lists of them.

    Raises TypeError for what YAML of this project cannot say.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_read(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [as_read(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} is not a value of these files")


def check_text(text: str) -> None:
    """Raises InputError for text that no file may hold, so that it is not blamed on the file."""
    if FORBIDDEN.search(text):
        problem = (
            f"{show(text)} has a character that no file may hold: a control character, or an invisible one"
        )
        raise InputError([Problem(problem, "write it with ordinary characters")])


def inline(value: Value) -> str:
    """The value on one line: a scalar, or a flow map or list. Raises InputError as `check_text`."""
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(as_read(value))
    if isinstance(value, str):
        check_text(value)
        return value if _TIME.fullmatch(value) else scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(str(key))}: {inline(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(inline, value)) + "]"


def entry(key: str, value: Value, *, block: bool) -> list[str]:
    """A key with its value as lines without indentation; `block` puts each field of a map on its own."""
    if block and isinstance(value, Mapping) and value:
        inner = [line for name, one in value.items() for line in entry(str(name), one, block=False)]
        return [f"{inline(key)}:", *(f"  {line}" for line in inner)]
    return [f"{inline(key)}: {inline(value)}"]


def requoted(text: str, style: str | None) -> str:
    """Text as a scalar in the quotes that another one had: `'`, `"`, or none where none are needed.

    Raises InputError as `check_text`.
    """
    check_text(text)
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style == '"':
        plain = scalar(text)
        return plain if plain.startswith('"') else f'"{plain}"'
    return inline(text)

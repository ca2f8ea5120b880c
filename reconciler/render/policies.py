"""IAM policy documents in a form whose differences read well: statements by name, lists as sets of words.

The order of statements, and of the items of an element, means nothing (IAM User Guide, "Grammar of the
IAM JSON policy language"), so neither is shown as a difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model.resources import Value

# The version that every document but a very old one has; not worth a line where the policy is new or gone.
_VERSION = "2012-10-17"
Readable = dict[str, Value]


class Word(str):
    """One item of a list in a policy, under itself as a key."""

    __slots__ = ()


def readable(before: Value, after: Value) -> tuple[Readable, Readable] | None:
    """Both sides of an inline policy, statements under their Sid or, without one, their number.

    Statements that both sides have without a name are left out of both. A side that is not set is empty.
    None where a side is not a policy document.
    """
    sides = [_document(before), _document(after)]
    if any(side is None for side in sides):
        return None
    one, other = (side or {} for side in sides)
    then, now = (_statements(side) for side in (one, other))
    if then is None or now is None:
        return None
    names = [Counter(_sid(each) for each in side) for side in (then, now)]
    unique = {sid for count in names for sid in count if sid and all(each[sid] <= 1 for each in names)}
    then_rest = [each for each in then if _sid(each) not in unique]
    now_rest = [each for each in now if _sid(each) not in unique]
    for each in list(then_rest):
        if each in now_rest:
            then_rest.remove(each)
            now_rest.remove(each)
    made = []
    for document, statements, rest in ((one, then, then_rest), (other, now, now_rest)):
        side: Readable = {key: _wide(value) for key, value in document.items() if key != "Statement"}
        if not (one and other) and side.get("Version") == _VERSION:
            del side["Version"]
        side |= {_sid(each): _wide(each) for each in statements if _sid(each) in unique}
        side |= {f"Statement.{number}": _wide(each) for number, each in enumerate(rest, start=1)}
        made.append(side)
    return made[0], made[1]


def flat(value: Value) -> Value:
    """A value of `readable` as it would be written: sets of words are lists again."""
    if isinstance(value, Mapping):
        if value and all(isinstance(each, Word) for each in value.values()):
            words = tuple(str(each) for each in value.values())
            return words[0] if len(words) == 1 else words
        return {key: flat(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(flat(each) for each in value)
    return str(value) if isinstance(value, Word) else value


def _document(side: Value) -> dict[str, Any] | None:
    if side is None:
        return {}
    try:
        document = json.loads(side) if isinstance(side, str) else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document else None


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """A list of maps; one statement may stand without the list."""
    found = document.get("Statement", [])
    listed = found if isinstance(found, list) else [found]
    return listed if all(isinstance(each, dict) for each in listed) else None


def _sid(statement: Mapping[str, Any]) -> str:
    sid = statement.get("Sid")
    # A Sid that reads like a number of ours, or like a part of the document, names nothing.
    plain = isinstance(sid, str) and sid.isascii() and sid.isalnum() and sid not in ("Version", "Id")
    return str(sid) if plain else ""


def _wide(value: Any, *, inside: bool = False) -> Value:
    """A JSON value with lists of words as maps; `Action: x` and `Action: [x]` are the same."""
    if isinstance(value, dict):
        return {key: _wide(each, inside=key != "Effect") for key, each in value.items() if key != "Sid"}
    if isinstance(value, Sequence) and not isinstance(value, str):
        if all(isinstance(each, str) for each in value):
            return {each: Word(each) for each in value}
        return tuple(_wide(each) for each in value)
    if inside and isinstance(value, str):
        return {value: Word(value)}
    return value  # type: ignore[no-any-return]  # a number, a truth, nothing: as json made it

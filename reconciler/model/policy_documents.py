"""When two IAM policy documents say the same, and one form for all that do. Pure.

What IAM reads alike, from the IAM User Guide: the order of statements and of the items of an element means
nothing, and one item may stand without its list ("Grammar of the IAM JSON policy language"); actions and the
names of condition keys are "not case sensitive" ("IAM JSON policy elements: Action", "… Condition"); a
condition compares text, so that `true` and `5` are "true" and "5"; an empty Sid or Condition is none; a
document without Version is of 2008-10-17.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

_ACTIONS = ("Action", "NotAction")
_LISTS = (*_ACTIONS, "Resource", "NotResource")
# "If you do not include a Version element, the value for Version defaults to 2008-10-17".
_OLD_VERSION = "2008-10-17"


@lru_cache(maxsize=8192)
def canonical(document: str) -> str:
    """A policy (JSON text) in one form: sorted, without white space, a list of one without the list.

    Every word stays as it was written, so that this is what a service may be sent. Text that is not a policy
    document comes back with its keys sorted, or as it is where it is no JSON.
    """
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return document
    try:
        return _text(_document(value))
    except RecursionError:
        return document


@lru_cache(maxsize=8192)
def meaning(document: str) -> str:
    """A text that two policies share where IAM reads them alike. It is for comparing, and no policy."""
    try:
        value = _document(json.loads(document))
        return _text(_folded(value))
    except (ValueError, RecursionError):
        return document


def same(one: str, other: str) -> bool:
    """Whether two policies (JSON texts) mean the same to IAM."""
    return one == other or meaning(one) == meaning(other)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _document(value: Any) -> Any:
    if not isinstance(value, dict) or "Statement" not in value:
        return value
    document = {name: each for name, each in value.items() if not (name == "Id" and each == "")}
    written = value["Statement"]
    statements = [_statement(each) for each in (written if isinstance(written, list) else [written])]
    # Even one statement stays in a list: that is how nearly everybody writes it, and reads it back.
    document["Statement"] = _unique(statements, _order) if _are_maps(statements) else written
    return document


def _are_maps(values: Iterable[Any]) -> bool:
    return all(isinstance(each, dict) for each in values)


def _statement(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    made = {name: each for name, each in value.items() if not (name == "Sid" and each == "")}
    for name in _LISTS:
        if name in made:
            made[name] = _items(made[name])
    condition = made.get("Condition")
    if condition == {}:
        del made["Condition"]
    elif isinstance(condition, dict):
        made["Condition"] = {
            operator: {key: _items(each) for key, each in keys.items()} if isinstance(keys, dict) else keys
            for operator, keys in condition.items()
        }
    return made


def _items(value: Any) -> Any:
    """A list sorted, each item once; a list of one as its item."""
    if not isinstance(value, list) or any(isinstance(each, (dict, list)) for each in value):
        return value
    found = _unique(value, lambda each: (str(each).lower(), _text(each)))
    return found[0] if len(found) == 1 else found


def _unique(values: Iterable[Any], key: Callable[[Any], Any]) -> list[Any]:
    by_text = {_text(each): each for each in values}
    return sorted(by_text.values(), key=key)


def _order(statement: dict[str, Any]) -> tuple[str, ...]:
    return str(statement.get("Sid", "")), _text(statement)


def _folded(value: Any) -> Any:
    """A canonical document without what IAM does not tell apart."""
    if not isinstance(value, dict) or not _are_maps(_listed(value.get("Statement"))):
        return value
    statements = _unique((_folded_statement(each) for each in value["Statement"]), _order)
    return {"Version": _OLD_VERSION, **value, "Statement": statements}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _folded_statement(value: dict[str, Any]) -> dict[str, Any]:
    made = dict(value)
    for name in _ACTIONS:
        if name in made:
            made[name] = _items(_each(made[name], _lower))
    condition = made.get("Condition")
    if isinstance(condition, dict) and _are_maps(condition.values()):
        made["Condition"] = {
            operator: {
                # Two spellings of one key are one key; both stay, since what IAM makes of them is not told.
                _key(key, keys): _items(_each(each, _word))
                for key, each in keys.items()
            }
            for operator, keys in condition.items()
            if keys
        }
        if not made["Condition"]:
            del made["Condition"]
    return made


def _key(key: str, keys: dict[str, Any]) -> str:
    folded = key.lower()
    return folded if sum(other.lower() == folded for other in keys) == 1 else key


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return [change(each) for each in value] if isinstance(value, list) else change(value)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _word(value: Any) -> Any:
    """What a condition compares is text: `true` is "true", and 5 is "5"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value

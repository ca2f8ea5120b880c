"""PATCH of a user: operations applied to the user as SCIM shows it (developer guide, PatchUser)."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.scim import resources
from reconciler.sandbox.scim.answers import UNPARSABLE, refused
from reconciler.sandbox.scim.call import Resource
from reconciler.sandbox.scim.resources import ENTERPRISE

# "Modifiable": roles are none of them.
_TEXTS = (*resources.TEXTS, "externalId")
_LISTS = ("emails", "addresses", "phoneNumbers")
# "Only one operation can be performed on" them in a request, and none of them can be removed.
_ONCE = ("userName", "active")
_PATH = re.compile(
    r"(?P<name>[A-Za-z]+)"
    r'(?:\[(?P<by>[A-Za-z]+) (?P<operator>[a-z]+) (?P<value>"(?:[^"\\]|\\.)*"|true|false)\])?'
    r"(?:\.(?P<part>[A-Za-z]+))?"
)


@dataclass(frozen=True, slots=True)
class _Path:
    """Where an operation works: `parts` below the attribute, `by` the one member that it selects."""

    name: str
    parts: tuple[str, ...] = ()
    by: tuple[str, Any] | None = None


def patched_user(resource: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> Resource:
    """A copy of `resource` with `operations` applied in order. Raises ValidationException."""
    result = copy.deepcopy(dict(resource))
    paths = [_path(operation["path"]) for operation in operations]
    for name in _ONCE:
        if sum(path.name == name for path in paths) > 1:
            raise refused(f"Only one operation on {name} is allowed in a request")
    for path, operation in zip(paths, operations, strict=True):
        if operation["op"] == "remove":
            _remove(result, path)
        elif path.name in _LISTS:
            _put_list(result, path, operation)
        else:
            _put(result, path, operation["value"])
    touched = {path.name: result.get(path.name) for path in paths if path.name in _LISTS}
    resources.check_lists(touched)
    for address in touched.get("addresses") or ():
        missing = sorted(part for part in resources.ADDRESS if not address.get(part))
        if missing:
            raise refused(f"addresses must have {', '.join(missing)}")
    return result


def _path(text: str) -> _Path:
    """The path, which must lead to what can be modified."""
    if text == ENTERPRISE:
        return _Path(ENTERPRISE)
    if text.startswith(ENTERPRISE + ":"):
        return _Path(ENTERPRISE, tuple(text[len(ENTERPRISE) + 1 :].split(".")))
    found = _PATH.fullmatch(text)
    if found is None:
        raise refused(f"The path {text} is not valid")
    name, part = found["name"], found["part"]
    if found["by"] is not None:
        if found["operator"] != "eq":
            raise refused("Only the operator eq is supported in a path")
        if name in _LISTS:
            return _Path(name, (part,) if part else (), (found["by"], json.loads(found["value"])))
    elif (part is None and name in {*_TEXTS, *_LISTS, "active", "name"}) or (part and name == "name"):
        return _Path(name, (part,) if part else ())
    raise refused(f"The path {text} is not supported")


def _remove(result: Resource, path: _Path) -> None:
    if path.name in _ONCE:
        raise refused(f"{path.name} cannot be removed")
    if path.by is not None:
        items = result.get(path.name, [])
        item = _selected(items, path)
        if path.parts:
            item.pop(path.parts[0], None)
        else:
            items.remove(item)
        if not items:
            del result[path.name]
        return
    _prune(result, (path.name, *path.parts))


def _prune(target: dict[str, Any], steps: Sequence[str]) -> None:
    """Take away what `steps` lead to, and every structure that is empty without it."""
    first, *rest = steps
    below = target.get(first)
    if rest and isinstance(below, dict):
        _prune(below, rest)
    if not rest or below == {}:
        target.pop(first, None)


def _put(result: Resource, path: _Path, value: Any) -> None:
    """Add or replace what has one value. A part of a structure leaves the rest of it as it is."""
    target: Any = result
    *above, last = (path.name, *path.parts)
    for step in above:
        target = target.setdefault(step, {})
        if not isinstance(target, dict):
            raise refused(UNPARSABLE)
    if path.name in {"name", ENTERPRISE} and not path.parts:
        if not isinstance(value, dict) or not value:
            raise refused(f"The value of {path.name} must be an object that is not empty")
        target.setdefault(last, {}).update(value)
    else:
        target[last] = value


def _put_list(result: Resource, path: _Path, operation: Mapping[str, Any]) -> None:
    value = operation["value"]
    if path.by is None:
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise refused(f"The value of {path.name} must be a list of objects that is not empty")
        before = result.get(path.name, []) if operation["op"] == "add" else []
        result[path.name] = [*before, *(item for item in value if item not in before)]
        return
    item = _selected(result.get(path.name, []), path)
    if path.parts:
        item[path.parts[0]] = value
        return
    if not isinstance(value, dict) or not value:
        raise refused(UNPARSABLE)
    if operation["op"] == "replace":
        item.clear()
    item.update(value)


def _selected(items: Sequence[dict[str, Any]], path: _Path) -> dict[str, Any]:
    """The member that the path's filter selects. There must be one (RFC 7644, 3.5.2.3: noTarget)."""
    name, value = path.by or ("", None)
    for item in items:
        if name in item and item[name] == value:
            return item
    raise refused(f"The path selects no value of {path.name}")

"""What is sent: new resources, whole resources, and the operations of a PATCH. Pure.

Every operation of a PATCH has a path: some services take one without only where it changes one attribute
(RFC 7644 section 3.5.2 leaves the choice). No operation replaces or removes all members of a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.resources import Attributes, Value
from reconciler.model.scim import CORE_GROUP, CORE_USER, GROUP_PATHS
from reconciler.targets.objects import as_read
from reconciler.targets.scim.mapping import (
    ADDRESS,
    LISTS,
    SHARED,
    SINGLE,
    Path,
    Raw,
    as_list,
    chosen,
    entry_value,
    find,
    key_of,
    parse,
    path_of,
    text_of,
)
from reconciler.targets.scim.profile import Profile, Removal
from reconciler.targets.scim.terms import equals

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_ACTIVE = "active"
# Types of entries (RFC 7643 section 4.1.2): the one that git's has, and the one where that is taken.
_WORK, _OTHER = "work", "other"
# What the service alone writes (RFC 7643 sections 3.1 and 4.1.2), and some refuse to be told.
_READ_ONLY = ("meta", "groups")


def new_user(attributes: Attributes, profile: Profile) -> dict[str, Any]:
    """A user for POST; `manager` is a remote id, what is None is left out. New users are active."""
    wished = as_read(attributes)
    body: dict[str, Any] = {"schemas": [CORE_USER], _ACTIVE: bool(wished.pop(_ACTIVE, True))}
    _lay(body, wished, {}, profile)
    return body


def new_group(attributes: Attributes, profile: Profile) -> dict[str, Any]:
    """A group for POST, with what the service wants to see beside; it has no members yet."""
    body: dict[str, Any] = {"schemas": [CORE_GROUP, *profile.group_template]}
    body |= {
        urn: dict(value) if isinstance(value, Mapping) else value
        for urn, value in profile.group_template.items()
    }
    body |= {GROUP_PATHS[name]: value for name, value in as_read(attributes).items()}
    return body


def whole_user(raw: Raw, attributes: Attributes, before: Attributes, profile: Profile) -> dict[str, Any]:
    """The user as it is, changed in `attributes` (None clears), for PUT: what we do not know stays.

    `before` is what git gave of lists (see `user_operations`).
    """
    body = _kept(raw)
    wished = as_read(attributes)
    if isinstance(attributes.get(_ACTIVE), bool):
        body[key_of(body, _ACTIVE)] = attributes[_ACTIVE]
    for name in attributes:
        if name != _ACTIVE and name not in wished:
            path = path_of(name)
            if others := _others(name, body, before.get(name), profile):
                body[key_of(body, path)] = others
            else:
                _clear(body, parse(path))
    _lay(body, {name: value for name, value in wished.items() if name != _ACTIVE}, before, profile)
    return body


def whole_group(raw: Raw, attributes: Attributes) -> dict[str, Any]:
    """The group as it is, members included, changed in `attributes` (None clears), for PUT."""
    body = _kept(raw)
    wished = as_read(attributes)
    for name in attributes:
        key = key_of(body, GROUP_PATHS[name])
        if name in wished:
            body[key] = wished[name]
        else:
            body.pop(key, None)
    return body


def with_members(raw: Raw, coming: Iterable[str], going: Iterable[str]) -> dict[str, Any]:
    """The group as it is, some members more or less, for PUT where the service has no PATCH."""
    body = _kept(raw)
    gone, key = set(going), key_of(raw, "members")
    members = [each for each in as_list(body.get(key)) if text_of(find(each, "value")) not in gone]
    known = {text_of(find(each, "value")) for each in members}
    body[key] = [*members, *({"value": each} for each in coming if each not in known)]
    return body


def keeps_more(names: Iterable[str]) -> bool:
    """Whether writing these attributes replaces lists whose live values say more than we model."""
    return not LISTS.isdisjoint(names)


def user_operations(
    attributes: Attributes, before: Attributes, live: Raw, profile: Profile
) -> list[dict[str, Any]]:
    """The operations that give `attributes`; None clears. `before` is what was there, by our names.

    `live` is the user as it is now, of which the values of lists keep what we do not model; it matters only
    where `keeps_more`. Of a list `before` is the entry that git gave, None where git gave none: no other
    entry is dropped or altered, and where the wished one is there already, nothing is sent.
    """
    wished = as_read(attributes)
    found = []
    for name in attributes:
        if name == _ACTIVE:
            found.append({"op": "replace", "path": _ACTIVE, "value": bool(attributes[_ACTIVE])})
            continue
        path = path_of(name)
        there = before.get(name) is not None or (name in LISTS and bool(find(live, path)))
        if name in wished:
            value = _value(name, wished[name], live, before.get(name), profile)
            if name not in SHARED or value != find(live, path):
                found.append({"op": "replace" if there else "add", "path": path, "value": value})
        elif others := _others(name, live, before.get(name), profile):
            if others != find(live, path):
                found.append({"op": "replace", "path": path, "value": others})
        elif there:
            found.append({"op": "remove", "path": path})
    return found


def group_operations(attributes: Attributes, before: Attributes) -> list[dict[str, Any]]:
    """The operations that give `attributes`; None clears."""
    wished = as_read(attributes)
    found: list[dict[str, Any]] = []
    for name in attributes:
        path, there = GROUP_PATHS[name], before.get(name) is not None
        if name in wished:
            found.append({"op": "replace" if there else "add", "path": path, "value": wished[name]})
        elif there:
            found.append({"op": "remove", "path": path})
    return found


def additions(users: Sequence[str]) -> list[dict[str, Any]]:
    """The operation by which `users` enter a group."""
    return [{"op": "add", "path": "members", "value": [{"value": each} for each in users]}]


def removals(users: Sequence[str], form: Removal) -> list[dict[str, Any]]:
    """The operations by which `users`, at least one, leave a group."""
    assert users, "an empty removal would mean everybody"
    if form is Removal.BY_VALUE:
        return [{"op": "remove", "path": "members", "value": [{"value": each} for each in users]}]
    return [{"op": "remove", "path": f"members[{equals('value', each)}]"} for each in users]


def patch(operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a PATCH."""
    return {"schemas": [PATCH], "Operations": list(operations)}


def _kept(raw: Raw) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key.lower() not in _READ_ONLY}


def _lay(body: dict[str, Any], wished: Mapping[str, Value], before: Attributes, profile: Profile) -> None:
    """Put attributes where they belong, and name the schemas of extensions."""
    for name, value in wished.items():
        path = parse(path_of(name))
        given = _value(name, value, body, before.get(name), profile)
        inside = body
        if path.urn:
            key = key_of(body, path.urn)
            inside = body[key] = dict(body.get(key) or {})
            _say_schema(body, path.urn)
        key = key_of(inside, path.attribute)
        if path.sub:
            part = dict(inside[key]) if isinstance(inside.get(key), Mapping) else {}
            part[key_of(part, path.sub)] = given
            given = part
        inside[key] = given


def _clear(body: dict[str, Any], path: Path) -> None:
    inside = body
    if path.urn:
        key = key_of(body, path.urn)
        if not isinstance(body.get(key), Mapping):
            return
        inside = body[key] = dict(body[key])
    key = key_of(inside, path.attribute)
    if path.sub and isinstance(inside.get(key), Mapping):
        part = dict(inside[key])
        part.pop(key_of(part, path.sub), None)
        inside[key] = part
    else:
        inside.pop(key, None)


def _say_schema(body: dict[str, Any], urn: str) -> None:
    key = key_of(body, "schemas")
    said = body.get(key)
    known = [each for each in said if isinstance(each, str)] if isinstance(said, list) else [CORE_USER]
    if urn.lower() not in (each.lower() for each in known):
        body[key] = [*known, urn]


def _value(name: str, value: Value, live: Raw, before: Value, profile: Profile) -> Any:
    """An attribute as SCIM spells it; lists keep of `live` what we do not model."""
    if name == "manager":
        return {profile.manager_value: value}
    if name == "photos" and isinstance(value, tuple):
        known = {text_of(find(each, "value")): each for each in as_list(find(live, "photos"))}
        return [{**known.get(str(photo), {}), "value": photo} for photo in value]
    if name in SHARED:
        return _with_entry(name, value, find(live, path_of(name)), before, profile)
    return value


def _others(name: str, live: Raw, before: Value, profile: Profile) -> list[Any]:
    """What stays of a list of which the entry that git gave is cleared: nobody said that the others go."""
    if name not in SHARED or profile.single_values:
        return []
    return [each for each in _items(find(live, path_of(name))) if not _says(name, each, before)]


def _with_entry(name: str, value: Value, items: Any, before: Value, profile: Profile) -> list[Any]:
    """A list that holds `value`: in place of the entry that git gave, else beside what is there."""
    there = _items(items)
    spelled = _spelled(name, value)
    kind = SINGLE.get(name, _WORK)
    if profile.single_values:
        now = chosen(there)
        return [{**({"type": kind} if kind else {}), **_altered(now, spelled), "primary": True}]
    if any(_says(name, each, value) for each in there):
        return there
    place = next((at for at, each in enumerate(there) if _says(name, each, before)), None)
    if place is not None:
        return [*there[:place], _altered(as_list(there[place])[0], spelled), *there[place + 1 :]]
    known = as_list(there)
    if kind and any(str(find(each, "type")).lower() == kind for each in known):
        kind = _OTHER
    made = {**spelled, **({"type": kind} if kind else {})}
    # One value at most is the primary one (RFC 7643 section 2.4).
    return [*there, made if any(find(each, "primary") for each in known) else {**made, "primary": True}]


def _items(items: Any) -> list[Any]:
    """The entries of a list as the service spells them; one that stands alone is one."""
    given = items if isinstance(items, list) else [items]
    return [each for each in given if each not in (None, "", {})]


def _says(name: str, entry: Any, value: Value) -> bool:
    return value is not None and entry_value(name, entry) == value


def _spelled(name: str, value: Value) -> dict[str, Any]:
    if name == "address" and isinstance(value, Mapping):
        return {ADDRESS[part]: text for part, text in value.items()}
    return {"value": value}


def _altered(entry: Raw, spelled: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with another value; what we do not model of it stays."""
    ours = {"value", "display"} if "value" in spelled else {each.lower() for each in ADDRESS.values()}
    kept = {key: each for key, each in entry.items() if key.lower() not in ours and each is not None}
    return {**spelled, **kept}

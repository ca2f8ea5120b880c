"""Users and groups: SCIM's JSON on one side, attributes by our names on the other. Pure.

Reading is tolerant. Names of attributes and schemas are matched without regard to case (RFC 7643 section
2.1); null, an empty list and absence are one (section 2.5), and so is the empty text; what is unknown is
ignored. Where a list holds more values than we model, the primary one counts, else the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.model.resources import Value
from reconciler.model.scim import GROUP_PATHS, USER_PATHS, is_extension

Raw = Mapping[str, Any]

# Lists of which we model one value, and whether such a value is told by a type.
SINGLE = {"email": "work", "phone_number": "work", "role": None}
LISTS = frozenset((*SINGLE, "address", "photos"))
# Those of which git gives one entry, and which hold whatever others put there.
SHARED = (*SINGLE, "address")
# Parts of an address (RFC 7643 section 4.1.2), by our names.
ADDRESS: Mapping[str, str] = {
    "formatted": "formatted",
    "street_address": "streetAddress",
    "locality": "locality",
    "region": "region",
    "postal_code": "postalCode",
    "country": "country",
}
# How services spell truth, beside JSON's own way: as text, and as a number.
_TRUTHS = {
    **dict.fromkeys(("true", "1", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "0", "f", "no", "n", "off"), False),
}


class Path(NamedTuple):
    """Where an attribute stands: its schema's URN ("" is the core), its name, the sub-attribute or ""."""

    urn: str
    attribute: str
    sub: str = ""


@lru_cache(maxsize=512)
def parse(path: str) -> Path:
    """A path as RFC 7644 section 3.10 writes it, without filters."""
    urn, _, rest = path.rpartition(":")
    attribute, _, sub = rest.partition(".")
    return Path(urn, attribute, sub)


def path_of(name: str) -> str:
    """The path of a user's attribute by our name, or of an extension's attribute, which goes by its path."""
    return name if is_extension(name) else USER_PATHS[name]


def find(raw: Raw, name: str) -> Any:
    """A member of an object, whatever its case; None where there is none."""
    if name in raw:
        return raw[name]
    low = name.lower()
    for key, value in raw.items():
        if key.lower() == low:
            return value
    return None


def key_of(raw: Raw, name: str) -> str:
    """How an object spells a member, or `name` itself where it has none."""
    if name in raw:
        return name
    low = name.lower()
    return next((key for key in raw if key.lower() == low), name)


def user_attributes(
    raw: Raw, *, extensions: Iterable[str] = (), manager_value: str = "value"
) -> dict[str, Value]:
    """The attributes of a user, absent where unset or empty; `manager` is a remote id.

    `extensions` are the paths of what configuration maps beside our own names, `manager_value` is the
    sub-attribute that holds the manager's id.
    """
    parts = {"": _lowered(raw)}
    found: dict[str, Value] = {}
    for name, path in USER_PATHS.items():
        there = _at(parts, path)
        if there is not None and (value := _read(there, name, manager_value)):
            found[name] = value
    for path in extensions:
        if text := _text(_at(parts, path)):
            found[path] = text
    return found


def user_lists(raw: Raw) -> dict[str, tuple[Value, ...]]:
    """All values of the lists of which we model one, by our names, where there is more than one."""
    found = {}
    for name in SHARED:
        if isinstance(items := find(raw, USER_PATHS[name]), list) and len(items) > 1:
            values = values_of(raw, name)
            if len(values) > 1:
                found[name] = values
    return found


def values_of(raw: Raw, name: str) -> tuple[Value, ...]:
    """The values of a list of which we model one, in the order of the service."""
    read = (entry_value(name, each) for each in as_list(find(raw, USER_PATHS[name])))
    return tuple(value for value in read if value is not None)


def entry_value(name: str, entry: Any) -> Value:
    """What one entry of such a list says, as a read shows it; None where it says nothing."""
    return _read([entry], name, "value")


def group_attributes(raw: Raw) -> dict[str, Value]:
    """The attributes of a group, absent where unset or empty."""
    parts = {"": _lowered(raw)}
    found = {name: _text(_at(parts, path)) for name, path in GROUP_PATHS.items()}
    return {name: value for name, value in found.items() if value}


def active(raw: Raw) -> bool | None:
    """Whether a user is enabled, however that is spelled. None where the service does not tell."""
    return _told(find(raw, "active"))


def version(raw: Raw) -> str | None:
    """The mark of the resource's state (RFC 7643 section 3.1, `meta.version`), where it has one."""
    meta = find(raw, "meta")
    found = find(meta, "version") if isinstance(meta, Mapping) else None
    return found if isinstance(found, str) and found else None


def identifier(raw: Any) -> str | None:
    """The id of a resource; numbers are taken for their digits. None where there is none."""
    found = find(raw, "id") if isinstance(raw, Mapping) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None


def resource_type(raw: Raw) -> str:
    """The type that a resource says it has (`meta.resourceType`), in lower case; "" where it does not say."""
    meta = find(raw, "meta")
    found = find(meta, "resourceType") if isinstance(meta, Mapping) else None
    return found.lower() if isinstance(found, str) else ""


def chosen(items: Any) -> Mapping[str, Any]:
    """Of several values the primary one, else the first that has anything; {} of none."""
    values = as_list(items)
    primary = next((each for each in values if _truth(find(each, "primary"))), None)
    return primary if primary is not None else next((each for each in values if each), {})


def as_list(items: Any) -> list[Mapping[str, Any]]:
    """The values of a list; a value that stands alone, or is not an object, is taken for one."""
    if items is None:
        return []
    given: Sequence[Any] = items if isinstance(items, list) else [items]
    return [
        each if isinstance(each, Mapping) else {"value": each} for each in given if each not in (None, "")
    ]


def text_of(value: Any) -> str | None:
    """A plain value as text; None of what is no plain value."""
    return _text(value)


def _read(value: Any, name: str, manager_value: str) -> Value:
    if name in SINGLE:
        return _text(find(chosen(value), "value"))
    if name == "address":
        one = chosen(value)
        parts = {ours: _text(find(one, theirs)) for ours, theirs in ADDRESS.items()}
        return {ours: text for ours, text in parts.items() if text} or None
    if name == "photos":
        photos = [_text(find(each, "value")) for each in as_list(value)]
        return tuple(photo for photo in photos if photo) or None
    if name == "manager":
        if isinstance(value, Mapping):
            value = find(value, manager_value) or find(value, "value")
        elif isinstance(value, list):
            value = find(chosen(value), "value")
    return _text(value)


def _lowered(raw: Any) -> dict[str, Any]:
    return {key.lower(): value for key, value in raw.items()} if isinstance(raw, Mapping) else {}


def _at(parts: dict[str, dict[str, Any]], path: str) -> Any:
    """What stands at a path. `parts` holds what was looked into so far, in lower case: "" is the object."""
    place = _low(path)
    inside = parts.get(place.urn)
    if inside is None:
        inside = parts[place.urn] = _lowered(parts[""].get(place.urn))
    value = inside.get(place.attribute)
    if not place.sub:
        return value
    if isinstance(value, Mapping):
        part = parts.get(place.whole)
        if part is None:
            part = parts[place.whole] = _lowered(value)
        return part.get(place.sub)
    # Some write the path flat: "name.givenName".
    return inside.get(place.flat)


class _Low(NamedTuple):
    """A path in lower case, and what parts of it are called together."""

    urn: str
    attribute: str
    sub: str
    whole: str
    flat: str


@lru_cache(maxsize=512)
def _low(path: str) -> _Low:
    urn, attribute, sub = parse(path.lower())
    return _Low(urn, attribute, sub, f"{urn}:{attribute}.", f"{attribute}.{sub}")


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


def _truth(value: Any) -> bool:
    return _told(value) is True


def _told(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return _TRUTHS.get(str(int(value))) if value in (0, 1) else None
    return _TRUTHS.get(value.strip().lower()) if isinstance(value, str) else None

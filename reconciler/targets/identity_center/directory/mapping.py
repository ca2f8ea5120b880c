"""Users and groups: the Identity Store's JSON on one side, attributes by our names on the other. Pure.

Sources: Identity Store API reference, User, Group, CreateUser, UpdateUser (AttributeOperation). Attribute
paths are in lower camel case, as are the members inside a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.resources import ENTERPRISE_ATTRIBUTES, Attributes, Value
from reconciler.targets.objects import as_read

ENTERPRISE = "aws:identitystore:enterprise"
# External ids that came by SCIM have an issuer of this form; the Id is the SCIM externalId.
SCIM_ISSUER = "https://scim.aws.com/"
# The Identity Store's own word for an address, a number, … of which nobody said what it is for.
_TYPE = "Type"
_NEW_TYPE = "work"
_MAX_PHOTOS = 3

_TEXTS: Mapping[str, str] = {
    "user_name": "UserName",
    "display_name": "DisplayName",
    "nick_name": "NickName",
    "profile_url": "ProfileUrl",
    "user_type": "UserType",
    "title": "Title",
    "preferred_language": "PreferredLanguage",
    "locale": "Locale",
    "timezone": "Timezone",
    "website": "Website",
    "birthdate": "Birthdate",
}
_NAME: Mapping[str, str] = {
    "given_name": "GivenName",
    "middle_name": "MiddleName",
    "family_name": "FamilyName",
    "formatted_name": "Formatted",
    "honorific_prefix": "HonorificPrefix",
    "honorific_suffix": "HonorificSuffix",
}
# Lists of which we model one value.
_SINGLE: Mapping[str, str] = {"email": "Emails", "phone_number": "PhoneNumbers", "role": "Roles"}
_ADDRESS: Mapping[str, str] = {
    "formatted": "Formatted",
    "street_address": "StreetAddress",
    "locality": "Locality",
    "region": "Region",
    "postal_code": "PostalCode",
    "country": "Country",
}
_ENTERPRISE: Mapping[str, str] = {
    "employee_number": "employeeNumber",
    "cost_center": "costCenter",
    "organization": "organization",
    "division": "division",
    "department": "department",
    "manager": "manager",
}
_GROUP: Mapping[str, str] = {"display_name": "DisplayName", "description": "Description"}

# In which member of CreateUser each attribute stands.
USER_MEMBERS: Mapping[str, str] = (
    dict(_TEXTS)
    | dict.fromkeys(_NAME, "Name")
    | dict(_SINGLE)
    | {"address": "Addresses", "photos": "Photos"}
    | dict.fromkeys(_ENTERPRISE, "Extensions")
)
GROUP_MEMBERS: Mapping[str, str] = dict(_GROUP)


def user_attributes(raw: Mapping[str, Any]) -> dict[str, Value]:
    """The attributes of a user as DescribeUser and ListUsers show it; absent where unset or empty.

    `manager` is a remote id. Where a list holds more values than we model, the primary one counts, else
    the first.
    """
    name = raw.get("Name") or {}
    enterprise = (raw.get("Extensions") or {}).get(ENTERPRISE)
    enterprise = enterprise if isinstance(enterprise, Mapping) else {}
    found: dict[str, Value] = {
        "external_id": _external_id(raw),
        **{ours: raw.get(theirs) for ours, theirs in _TEXTS.items()},
        **{ours: name.get(theirs) for ours, theirs in _NAME.items()},
        **{ours: _chosen(raw.get(theirs)).get("Value") for ours, theirs in _SINGLE.items()},
        "address": _address(_chosen(raw.get("Addresses"))),
        "photos": _photos(raw.get("Photos")),
        **{ours: _text(enterprise.get(theirs)) for ours, theirs in _ENTERPRISE.items()},
    }
    return {ours: value for ours, value in found.items() if value}


def group_attributes(raw: Mapping[str, Any]) -> dict[str, Value]:
    """The attributes of a group as DescribeGroup and ListGroups show it; absent where unset or empty."""
    found: dict[str, Value] = {
        "external_id": _external_id(raw),
        **{ours: raw.get(theirs) for ours, theirs in _GROUP.items()},
    }
    return {ours: value for ours, value in found.items() if value}


def new_user(attributes: Attributes) -> dict[str, Any]:
    """What CreateUser takes; `manager` is a remote id, what is None is left out."""
    wished = as_read(attributes)
    body: dict[str, Any] = {theirs: wished[ours] for ours, theirs in _TEXTS.items() if ours in wished}
    name = {theirs: wished[ours] for ours, theirs in _NAME.items() if ours in wished}
    if name:
        body["Name"] = name
    for ours, theirs in _SINGLE.items():
        if ours in wished:
            body[theirs] = [{"Value": wished[ours], _TYPE: _NEW_TYPE, "Primary": True}]
    address = wished.get("address")
    if isinstance(address, Mapping):
        body["Addresses"] = [{**_their_address(address), _TYPE: _NEW_TYPE, "Primary": True}]
    photos = wished.get("photos")
    if isinstance(photos, tuple):
        body["Photos"] = [{"Value": photo} for photo in photos]
    enterprise = {
        theirs: _their_enterprise(ours, wished[ours])
        for ours, theirs in _ENTERPRISE.items()
        if ours in wished
    }
    if enterprise:
        body["Extensions"] = {ENTERPRISE: enterprise}
    return body


def new_group(attributes: Attributes) -> dict[str, Any]:
    """What CreateGroup takes; what is None is left out."""
    wished = as_read(attributes)
    return {theirs: wished[ours] for ours, theirs in _GROUP.items() if ours in wished}


def keeps_more(names: Iterable[str]) -> bool:
    """Whether writing these attributes replaces lists whose live values say more than we model."""
    return not {"email", "phone_number", "role", "address", "photos"}.isdisjoint(names)


def user_operations(attributes: Attributes, live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operations of UpdateUser that give `attributes`; None clears.

    `live` is the user as it is now, of which the values of lists keep what we do not model (type, display,
    primary); it matters only where `keeps_more`.
    """
    wished = as_read(attributes)
    return [
        _operation(_path(ours), _document(ours, wished[ours], live) if ours in wished else None)
        for ours in attributes
    ]


def group_operations(attributes: Attributes) -> list[dict[str, Any]]:
    """The operations of UpdateGroup that give `attributes`; None clears."""
    wished = as_read(attributes)
    return [_operation(_camel(_GROUP[ours]), wished.get(ours)) for ours in attributes]


def _path(ours: str) -> str:
    if ours in _NAME:
        return f"name.{_camel(_NAME[ours])}"
    if ours in ENTERPRISE_ATTRIBUTES:
        return f"{ENTERPRISE}.{_ENTERPRISE[ours]}"
    return _camel(USER_MEMBERS[ours])


def _document(ours: str, value: Value, live: Mapping[str, Any]) -> Any:
    """What stands in AttributeValue."""
    if ours in _SINGLE:
        kept = _chosen(live.get(_SINGLE[ours])) or {_TYPE: _NEW_TYPE, "Primary": True}
        return [_camels({**kept, "Value": value})]
    if ours == "address" and isinstance(value, Mapping):
        now = _chosen(live.get("Addresses")) or {_TYPE: _NEW_TYPE, "Primary": True}
        kept = {name: now[name] for name in (_TYPE, "Primary") if now.get(name) is not None}
        return [_camels({**_their_address(value), **kept})]
    if ours == "photos" and isinstance(value, tuple):
        known = {photo.get("Value"): photo for photo in live.get("Photos") or ()}
        return [_camels({**known.get(photo, {}), "Value": photo}) for photo in value]
    return _their_enterprise(ours, value)


def _their_enterprise(ours: str, value: Value) -> Any:
    return {"value": value} if ours == "manager" else value


def _operation(path: str, value: Any) -> dict[str, Any]:
    return {"AttributePath": path} | ({} if value is None else {"AttributeValue": value})


def _external_id(raw: Mapping[str, Any]) -> str | None:
    """The id that a source of truth gave: the one that came by SCIM, else the only one."""
    given: Sequence[Mapping[str, str]] = raw.get("ExternalIds") or ()
    by_scim = [each for each in given if str(each.get("Issuer", "")).startswith(SCIM_ISSUER)]
    found = by_scim if len(by_scim) == 1 else given
    return found[0].get("Id") if len(found) == 1 else None


def _chosen(items: Any) -> Mapping[str, Any]:
    """Of several values the primary one, else the first; {} of none."""
    values: Sequence[Mapping[str, Any]] = items or ()
    return next((each for each in values if each.get("Primary")), values[0] if values else {})


def _address(raw: Mapping[str, Any]) -> Value:
    return {ours: raw[theirs] for ours, theirs in _ADDRESS.items() if raw.get(theirs)}


def _their_address(parts: Mapping[str, Value]) -> dict[str, Value]:
    return {theirs: parts[ours] for ours, theirs in _ADDRESS.items() if ours in parts}


def _photos(items: Any) -> Value:
    values: Sequence[Mapping[str, Any]] = items or ()
    return tuple(each["Value"] for each in values if each.get("Value"))[:_MAX_PHOTOS]


def _text(value: Any) -> str | None:
    """An enterprise attribute; `manager` is an object around its value."""
    inner = value.get("value") if isinstance(value, Mapping) else value
    return inner if isinstance(inner, str) else None


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _camels(item: Mapping[str, Any]) -> dict[str, Any]:
    return {_camel(name): value for name, value in item.items() if value is not None}

"""Attribute paths, as UpdateUser and UpdateGroup take them, applied to an object.

Paths are in lower camel case (`name.givenName`, `aws:identitystore:enterprise.manager.value`), and so are
the members inside a value (`[{"value": …, "type": …, "primary": true}]`). A list is replaced whole and is
removed by null, never by an empty list; nothing may be an empty string. These forms are the ones that
Terraform's provider sends; that the service takes others is not documented, so the sandbox does not.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.answers import invalid
from reconciler.sandbox.directory.rules import ENTERPRISE, ENTERPRISE_TEXTS, check_text

_USER_TEXTS = {
    "userName": "UserName",
    "displayName": "DisplayName",
    "nickName": "NickName",
    "profileUrl": "ProfileUrl",
    "userType": "UserType",
    "title": "Title",
    "preferredLanguage": "PreferredLanguage",
    "locale": "Locale",
    "timezone": "Timezone",
    "website": "Website",
    "birthdate": "Birthdate",
}
_GROUP_TEXTS = {"displayName": "DisplayName", "description": "Description"}
_NAME = {
    "formatted": "Formatted",
    "familyName": "FamilyName",
    "givenName": "GivenName",
    "middleName": "MiddleName",
    "honorificPrefix": "HonorificPrefix",
    "honorificSuffix": "HonorificSuffix",
}
_VALUE = {"value": "Value", "type": "Type", "primary": "Primary"}
_LISTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "emails": ("Emails", _VALUE),
    "phoneNumbers": ("PhoneNumbers", _VALUE),
    "roles": ("Roles", _VALUE),
    "photos": ("Photos", _VALUE | {"display": "Display"}),
    "addresses": (
        "Addresses",
        {
            "streetAddress": "StreetAddress",
            "locality": "Locality",
            "region": "Region",
            "postalCode": "PostalCode",
            "country": "Country",
            "formatted": "Formatted",
            "type": "Type",
            "primary": "Primary",
        },
    ),
}


def updated_user(body: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A copy of `body` with `operations` applied in order. Raises ValidationException on a bad path."""
    result: dict[str, Any] = copy.deepcopy(dict(body))
    for operation in operations:
        path, value = operation["AttributePath"], operation.get("AttributeValue")
        if path in _USER_TEXTS:
            _put(result, _USER_TEXTS[path], path, value)
        elif path in _LISTS:
            key, members = _LISTS[path]
            _replace(result, key, None if value is None else _items(path, value, members))
        elif path == "name":
            _replace(result, "Name", None if value is None else _object(path, value, _NAME))
        elif path.startswith("name.") and path[5:] in _NAME:
            name = result.setdefault("Name", {})
            _put(name, _NAME[path[5:]], path, value)
        elif path == ENTERPRISE or path.startswith(ENTERPRISE + "."):
            _update_enterprise(result, path[len(ENTERPRISE) + 1 :], value)
        else:
            raise invalid(f"The attribute path {path} is not valid for a user, or cannot be updated")
    return result


def updated_group(body: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A copy of `body` with `operations` applied in order. Raises ValidationException on a bad path."""
    result = dict(body)
    for operation in operations:
        path = operation["AttributePath"]
        if path not in _GROUP_TEXTS:
            raise invalid(f"The attribute path {path} is not valid for a group, or cannot be updated")
        _put(result, _GROUP_TEXTS[path], path, operation.get("AttributeValue"))
    return result


def _update_enterprise(result: dict[str, Any], rest: str, value: Any) -> None:
    extensions = result.setdefault("Extensions", {})
    content = extensions.setdefault(ENTERPRISE, {})
    path = f"{ENTERPRISE}.{rest}"
    if not rest:
        content.clear()
        if value is not None:
            if not isinstance(value, dict):
                raise invalid(f"The attribute {ENTERPRISE} must be an object")
            content.update(copy.deepcopy(value))
    elif rest in ENTERPRISE_TEXTS:
        _put(content, rest, path, value)
    elif rest == "manager":
        _replace(content, "manager", copy.deepcopy(value))
    elif rest == "manager.value":
        if value is not None:
            check_text(path, value)
        _replace(content, "manager", None if value is None else {"value": value})
    else:
        raise invalid(f"The attribute path {path} is not valid for a user, or cannot be updated")
    if not content:
        del extensions[ENTERPRISE]
    if not extensions:
        del result["Extensions"]


def _put(target: dict[str, Any], key: str, path: str, value: Any) -> None:
    """Set one text, or remove it where `value` is None."""
    if value is not None:
        check_text(path, value)
    _replace(target, key, value)


def _replace(target: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value


def _items(path: str, value: Any, members: Mapping[str, str]) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise invalid(f"The attribute {path} must be a list")
    if not value:
        raise invalid(f"The attribute {path} cannot be empty; it is removed by null")
    return [_object(path, item, members) for item in value]


def _object(path: str, value: Any, members: Mapping[str, str]) -> dict[str, Any]:
    """An object in lower camel case, as the API's structures spell it."""
    if not isinstance(value, dict) or not value:
        raise invalid(f"The attribute {path} must hold objects that are not empty")
    result: dict[str, Any] = {}
    for key, content in value.items():
        if key not in members:
            raise invalid(f"The attribute {path}.{key} is not supported; there is {', '.join(members)}")
        if key == "primary":
            if not isinstance(content, bool):
                raise invalid(f"The attribute {path}.primary must be true or false")
        else:
            check_text(f"{path}.{key}", content)
        result[members[key]] = content
    return result

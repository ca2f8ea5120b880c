"""Users and groups as SCIM spells them, and as the store does.

The store's names are SCIM's with a capital letter, but for ids, status and the enterprise extension. Photos,
website and birthdate of the store have no place in this endpoint: it neither shows nor changes them.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.directory import rules
from reconciler.sandbox.directory.attributes import updated_user
from reconciler.sandbox.directory.records import Record
from reconciler.sandbox.directory.rules import SCIM_ISSUER
from reconciler.sandbox.directory.users import DISABLED, ENABLED
from reconciler.sandbox.scim.answers import UNPARSABLE, refused
from reconciler.sandbox.scim.call import Resource

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

TEXTS = (
    "userName",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
)
LISTS = ("emails", "addresses", "phoneNumbers", "roles")
_USER_ATTRIBUTES = ("name", *TEXTS, *LISTS, ENTERPRISE)
_GROUP_ATTRIBUTES = frozenset(("displayName", "members"))
_COMMON = frozenset(("schemas", "id", "externalId", "meta"))
_UNSEEN = ("Photos", "Website", "Birthdate")
# "An address update needs all of" these (Okta's knowledge base, on AWS).
ADDRESS = frozenset(("streetAddress", "locality", "region", "postalCode", "country"))


def user_resource(record: Record) -> Resource:
    """A user as it is answered; groups are never shown."""
    body = {key: value for key, value in record.body.items() if key not in _UNSEEN}
    extensions = body.pop("Extensions", {})
    enterprise = extensions.get(rules.ENTERPRISE)
    return {
        **_head(record, "User", [USER, ENTERPRISE]),
        **_lower(body),
        "active": record.status == ENABLED,
        **({ENTERPRISE: enterprise} if enterprise else {}),
    }


def group_resource(record: Record) -> Resource:
    """A group without its members; the store's description is not shown."""
    return {**_head(record, "Group", [GROUP]), "displayName": record.body["DisplayName"]}


def taken_user(sent: Mapping[str, Any], *, identifier: str = "") -> Resource:
    """The attributes that a POST or a PUT sets, without what is null or empty. Raises ValidationException."""
    return _taken(sent, {*_USER_ATTRIBUTES, "active"}, (USER, ENTERPRISE), identifier)


def taken_group(sent: Mapping[str, Any]) -> Resource:
    """The attributes that a POST sets. Raises ValidationException."""
    return _taken(sent, _GROUP_ATTRIBUTES, (GROUP,), "")


def stored_user(resource: Mapping[str, Any], before: Record | None = None) -> Mapping[str, Any]:
    """A user's body for the store. What `resource` does not change stays as it was `before`, to the letter.

    Raises ValidationException.
    """
    was = {} if before is None else user_resource(before)
    changes = [
        {
            "AttributePath": rules.ENTERPRISE if name == ENTERPRISE else name,
            "AttributeValue": resource.get(name),
        }
        for name in _USER_ATTRIBUTES
        if resource.get(name) != was.get(name)
    ]
    return updated_user({} if before is None else before.body, changes)


def check_lists(resource: Mapping[str, Any]) -> None:
    """One value at most in every list, and the e-mail address is the primary one.

    Raises ValidationException.
    """
    for name in LISTS:
        items = resource.get(name)
        if items is None:
            continue
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise refused(UNPARSABLE)
        if len(items) > 1:
            raise refused(f"List attribute {name} exceeds allowed limit of 1")
        if name == "emails" and items[0].get("primary") is not True:
            raise refused("emails must have primary set to true")


def status_of(resource: Mapping[str, Any]) -> str:
    """The store's status; a user is active where nothing is said. Raises ValidationException."""
    active = resource.get("active", True)
    if not isinstance(active, bool):
        raise refused("active must be true or false")
    return ENABLED if active else DISABLED


def external_of(resource: Mapping[str, Any], before: Record | None = None) -> Sequence[Mapping[str, str]]:
    """The ids that others gave: SCIM's by `resource`, those of other issuers as they were `before`.

    Raises ValidationException.
    """
    others = [item for item in before.external if item["Issuer"] != SCIM_ISSUER] if before else []
    external = resource.get("externalId")
    if external is None:
        return others
    rules.check_external_id(external)
    return [*others, {"Issuer": SCIM_ISSUER, "Id": external}]


def _head(record: Record, kind: str, schemas: Sequence[str]) -> Resource:
    external = [item["Id"] for item in record.external if item["Issuer"] == SCIM_ISSUER]
    return {
        "id": record.id,
        **({"externalId": external[0]} if external else {}),
        "meta": {
            "resourceType": kind,
            "created": _time(record.created_at),
            "lastModified": _time(record.updated_at),
        },
        "schemas": list(schemas),
    }


def _taken(
    sent: Mapping[str, Any], known: Container[str], schemas: Sequence[str], identifier: str
) -> Resource:
    for name in sent:
        if name not in known and name not in _COMMON:
            raise refused(f"The attribute {name} is not supported")
    given = sent.get("schemas")
    if given is not None and (not isinstance(given, list) or any(urn not in schemas for urn in given)):
        raise refused(f"schemas must be of {', '.join(schemas)}")
    if identifier and sent.get("id") not in {None, identifier}:
        raise refused("id must be that of the path")
    meta = sent.get("meta")
    if meta is not None and (not isinstance(meta, dict) or "version" in meta):
        raise refused("The attribute meta.version is not supported")
    taken = {name: value for name, value in sent.items() if name in known or name == "externalId"}
    # "Null, empty array and absent are equivalent" (RFC 7643, section 2.5); an empty string is a value.
    return {name: value for name, value in _without_nulls(taken).items() if value not in (None, [])}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lower(item) for item in value]
    return value


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

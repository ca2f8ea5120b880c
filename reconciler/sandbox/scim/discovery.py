"""Discovery: ServiceProviderConfig (as recorded in the field), Schemas and ResourceTypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.faulty_replies import Reply
from reconciler.sandbox.scim.answers import ScimError, answered
from reconciler.sandbox.scim.call import LIST, Call, Handler, Resource
from reconciler.sandbox.scim.resources import ENTERPRISE, GROUP, TEXTS, USER

_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_GUIDE = "https://docs.aws.amazon.com/singlesignon/latest/developerguide/what-is-scim.html"
# Pages hold 100, and there are cursors: neither is said here.
_CONFIG: Mapping[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "documentationUri": _GUIDE,
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token Standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "documentationUri": (
                "https://docs.aws.amazon.com/singlesignon/latest/developerguide/provision-automatically.html"
            ),
            "primary": True,
        }
    ],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 50},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
}


def service_provider_config(_: Call) -> Reply:
    """ServiceProviderConfig."""
    return answered(200, _CONFIG)


def list_resource_types(_: Call) -> Reply:
    """ListResourceTypes: users and groups."""
    return answered(200, _listed([_resource_type("User", USER, ENTERPRISE), _resource_type("Group", GROUP)]))


def list_schemas(_: Call) -> Reply:
    """ListSchemas."""
    return answered(200, _listed(list(_SCHEMAS.values())))


def get_schema(call: Call) -> Reply:
    """GetSchema, by its URN."""
    found = _SCHEMAS.get(call.identifier)
    if found is None:
        raise ScimError("ResourceNotFoundException", "Resource not found.")
    return answered(200, found)


def _listed(resources: Sequence[Resource]) -> Resource:
    total = len(resources)
    return {
        "totalResults": total,
        "itemsPerPage": total,
        "startIndex": 1,
        "schemas": [LIST],
        "Resources": list(resources),
    }


def _resource_type(name: str, schema: str, *extensions: str) -> Resource:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "description": f"{name} resource",
        "schema": schema,
        "schemaExtensions": [{"schema": urn, "required": False} for urn in extensions],
        "meta": {"resourceType": "ResourceType"},
    }


def _schema(urn: str, name: str, attributes: Sequence[Resource]) -> Resource:
    return {
        "schemas": [_SCHEMA],
        "id": urn,
        "name": name,
        "description": name,
        "attributes": list(attributes),
        "meta": {"resourceType": "Schema"},
    }


def _attribute(
    name: str,
    kind: str = "string",
    *,
    required: bool = False,
    unique: bool = False,
    parts: Sequence[Resource] = (),
    many: bool = False,
) -> Resource:
    """An attribute as RFC 7643, section 7, describes one."""
    return {
        "name": name,
        "type": "complex" if parts else kind,
        "multiValued": many,
        "description": name,
        "required": required,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "server" if unique else "none",
        **({"subAttributes": list(parts)} if parts else {}),
    }


def _texts(*names: str) -> Sequence[Resource]:
    return [_attribute(name) for name in names]


_VALUE = (*_texts("value", "type"), _attribute("primary", "boolean"))
_NAME = (
    _attribute("givenName", required=True),
    _attribute("familyName", required=True),
    *_texts("formatted", "middleName", "honorificPrefix", "honorificSuffix"),
)
_PLACE = (
    *_texts("streetAddress", "locality", "region", "postalCode", "country", "formatted", "type"),
    _attribute("primary", "boolean"),
)
_SCHEMAS: Mapping[str, Resource] = {
    USER: _schema(
        USER,
        "User",
        (
            *(
                _attribute(name, required=name in {"userName", "displayName"}, unique=name == "userName")
                for name in TEXTS
            ),
            _attribute("active", "boolean"),
            _attribute("name", required=True, parts=_NAME),
            _attribute("emails", parts=_VALUE, many=True),
            _attribute("phoneNumbers", parts=_VALUE, many=True),
            _attribute("addresses", parts=_PLACE, many=True),
            _attribute("roles", parts=_VALUE, many=True),
        ),
    ),
    GROUP: _schema(
        GROUP,
        "Group",
        (
            _attribute("displayName", required=True, unique=True),
            _attribute("members", parts=_texts("value"), many=True),
        ),
    ),
    ENTERPRISE: _schema(
        ENTERPRISE,
        "EnterpriseUser",
        (
            *_texts("employeeNumber", "costCenter", "organization", "division", "department"),
            _attribute("manager", parts=_texts("value")),
        ),
    ),
}
OPERATIONS: Mapping[str, Handler] = {
    "ServiceProviderConfig": service_provider_config,
    "ListResourceTypes": list_resource_types,
    "ListSchemas": list_schemas,
    "GetSchema": get_schema,
}

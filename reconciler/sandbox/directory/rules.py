"""What the Identity Store accepts in a user and a group, whichever door it came by.

Objects are JSON in the shape of the Identity Store API (`UserName`, `Name.GivenName`, …), without the ids.
Sources: the API reference of CreateUser and CreateGroup, and the service model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.answers import invalid
from reconciler.sandbox.models import service_model
from reconciler.sandbox.shapes import describe

ENTERPRISE = "aws:identitystore:enterprise"
# The issuer of the ids that SCIM writes begins like this (seen in the field).
SCIM_ISSUER = "https://scim.aws.com/sandbox"
ENTERPRISE_TEXTS = ("employeeNumber", "costCenter", "organization", "division", "department")

# "Administrator and AWSAdministrators are reserved names and can't be used for users or groups."
_RESERVED = frozenset(("administrator", "awsadministrators"))
_BIRTHDATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Any identity store id will do: the shape wants one, the rules do not.
_SOME_STORE = "d-0000000000"


def name_key(name: str) -> str:
    """Names that differ only in case or in the way accents are composed are one name."""
    return unicodedata.normalize("NFC", name).casefold()


def email_of(body: Mapping[str, Any]) -> str | None:
    """The one address of a user."""
    emails = body.get("Emails")
    return emails[0]["Value"] if emails else None


def check_user(body: Mapping[str, Any]) -> None:
    """Raise ValidationException unless `body` can be a user."""
    _check_shape("CreateUserRequest", body)
    if not body.get("UserName"):
        raise invalid("userName is a required attribute")
    name = body.get("Name")
    missing = [] if body.get("DisplayName") else ["displayname"]
    if not name:
        missing.append("name")
    else:
        missing += [part.lower() for part in ("GivenName", "FamilyName") if not name.get(part)]
    if missing:
        raise invalid(", ".join(f"{part}: The attribute {part} is required" for part in missing))
    _check_reserved("userName", body["UserName"])
    for kind in ("Emails", "PhoneNumbers", "Roles"):
        for item in body.get(kind, ()):
            if not item.get("Value"):
                raise invalid(f"{kind[:1].lower() + kind[1:]}: The attribute value is required")
    if "Birthdate" in body and not _BIRTHDATE.fullmatch(body["Birthdate"]):
        raise invalid("birthdate: The attribute must have the format YYYY-MM-DD")
    for extension, content in body.get("Extensions", {}).items():
        check_extension(extension, content)


def check_group(body: Mapping[str, Any]) -> None:
    """Raise ValidationException unless `body` can be a group."""
    _check_shape("CreateGroupRequest", body)
    if not body.get("DisplayName"):
        raise invalid("displayname: The attribute displayname is required")
    _check_reserved("displayName", body["DisplayName"])


def check_extension(extension: str, content: Any) -> None:
    """Raise ValidationException unless `content` is what the enterprise extension holds."""
    if extension != ENTERPRISE:
        raise invalid(f"The extension {extension} is not supported; {ENTERPRISE} is the only one")
    if not isinstance(content, dict) or not content:
        raise invalid(f"The extension {extension} must be an object that is not empty")
    for key, value in content.items():
        if key == "manager":
            if not isinstance(value, dict) or set(value) != {"value"}:
                raise invalid(f"The attribute {extension}.manager must be an object with value")
            check_text(f"{extension}.manager.value", value["value"])
        elif key in ENTERPRISE_TEXTS:
            check_text(f"{extension}.{key}", value)
        else:
            raise invalid(f"The attribute {extension}.{key} is not supported")


def check_external_id(value: Any) -> None:
    """Raise ValidationException unless `value` can be an id that somebody else gave (256 characters)."""
    if not isinstance(value, str):
        raise invalid("The attribute externalId must be a string")
    violations = service_model("identitystore").requests.check("ExternalIdIdentifier", value, "externalId")
    if violations:
        raise invalid(describe(violations))


def check_text(path: str, value: Any) -> None:
    """Raise ValidationException unless `value` is text as the directory takes it (1 to 1,024 characters)."""
    if not isinstance(value, str):
        raise invalid(f"The attribute {path} must be a string")
    violations = service_model("identitystore").requests.check("SensitiveStringType", value, path)
    if violations:
        raise invalid(describe(violations))


def _check_reserved(path: str, name: str) -> None:
    if name_key(name) in _RESERVED:
        raise invalid(f"{path}: {name} is a reserved name")


def _check_shape(shape: str, body: Mapping[str, Any]) -> None:
    full = {"IdentityStoreId": _SOME_STORE, **body}
    violations = service_model("identitystore").requests.check(shape, full)
    if violations:
        raise invalid(describe(violations))

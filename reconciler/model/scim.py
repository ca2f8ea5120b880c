"""Where each of our attributes stands in SCIM's schemas: the one table that configuration and targets share.

Paths are as RFC 7644 section 3.10 writes them: attributes of the core schemas by their name, those of an
extension behind its URN and a colon. Of the attributes that SCIM keeps as lists we model one value, so the
list's own name stands for it (`emails` is the value of the primary one). RFC 7643 sections 4.1 to 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

USER_PATHS: Mapping[str, str] = {
    "user_name": "userName",
    "external_id": "externalId",
    "given_name": "name.givenName",
    "middle_name": "name.middleName",
    "family_name": "name.familyName",
    "formatted_name": "name.formatted",
    "honorific_prefix": "name.honorificPrefix",
    "honorific_suffix": "name.honorificSuffix",
    "display_name": "displayName",
    "nick_name": "nickName",
    "email": "emails",
    "phone_number": "phoneNumbers",
    "address": "addresses",
    "user_type": "userType",
    "title": "title",
    "role": "roles",
    "preferred_language": "preferredLanguage",
    "locale": "locale",
    "timezone": "timezone",
    "profile_url": "profileUrl",
    "photos": "photos",
    "employee_number": f"{ENTERPRISE_USER}:employeeNumber",
    "cost_center": f"{ENTERPRISE_USER}:costCenter",
    "organization": f"{ENTERPRISE_USER}:organization",
    "division": f"{ENTERPRISE_USER}:division",
    "department": f"{ENTERPRISE_USER}:department",
    "manager": f"{ENTERPRISE_USER}:manager",
}
# SCIM has no place for these: only the Identity Store API knows them.
NOT_IN_SCIM = frozenset(("website", "birthdate"))
GROUP_PATHS: Mapping[str, str] = {"display_name": "displayName", "external_id": "externalId"}


def is_extension(name: str) -> bool:
    """Whether an attribute goes by its path in an extension (`urn:…:User:mailNickname`), not by our name."""
    return ":" in name

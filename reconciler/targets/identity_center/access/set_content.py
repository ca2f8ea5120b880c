"""What a permission set is, in our names: read from the API, part by part, and put into its words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.errors import IncompleteRead, NotFound
from reconciler.model import policy_documents
from reconciler.model.resources import TAG_PREFIX, Value
from reconciler.targets.identity_center.access.api import Raw, Sso, policy_path

# What a set has that never said how long its sessions last (CreatePermissionSet, SessionDuration).
DEFAULT_DURATION = "PT1H"
# No operation clears a description, and its least length is 1: a blank is what comes closest, and what is
# blank is read as none.
BLANK = " "
_PLAIN = {"description": "Description", "session_duration": "SessionDuration", "relay_state": "RelayState"}


def read(sso: Sso, arn: str, names: Collection[str] | None = None) -> dict[str, Value] | None:
    """`name` and the attributes of a set, as LivePermissionSet has them; None when there is no such set.

    `names` are those that are asked for (None: all); each part of the API that none of them needs is
    not called. Raises ServiceError.
    """
    raw = sso.permission_set(arn)
    if raw is None:
        return None

    def wanted(*some: str) -> bool:
        return names is None or any(name in names for name in some)

    found = plain(raw)
    try:
        if wanted("managed_policies"):
            policies = [str(item["Arn"]) for page in sso.managed_policies(arn) for item in page]
            found["managed_policies"] = tuple(sorted(policies))
        if wanted("customer_managed_policies"):
            references = [policy_path(item) for page in sso.customer_policies(arn) for item in page]
            found["customer_managed_policies"] = tuple(sorted(references))
        if wanted("inline_policy"):
            found["inline_policy"] = canonical(sso.inline_policy(arn))
        if names is None or any(name.startswith(TAG_PREFIX) for name in names):
            found |= {
                f"{TAG_PREFIX}{item['Key']}": str(item.get("Value") or "")
                for page in sso.tags(arn)
                for item in page
            }
    except NotFound:
        if sso.permission_set(arn) is None:
            return None
        raise
    if wanted("permissions_boundary"):
        found["permissions_boundary"] = _boundary(sso.permissions_boundary(arn))
    return {name: value for name, value in found.items() if value not in (None, ())}


def plain(raw: Raw) -> dict[str, Value]:
    """`name` and the attributes that DescribePermissionSet tells."""
    said = {ours: _text(raw.get(theirs)) for ours, theirs in _PLAIN.items()}
    said["description"] = (said["description"] or "").strip() or None
    return {"name": str(raw["Name"]), **{name: value for name, value in said.items() if value is not None}}


def definition(attributes: Mapping[str, Value]) -> dict[str, str]:
    """The body of UpdatePermissionSet and of CreatePermissionSet, apart from name and tags.

    It is whole, because UpdatePermissionSet is not a patch: a relay state that is left out is cleared.
    """
    body = {
        "Description": attributes.get("description"),
        "SessionDuration": attributes.get("session_duration") or DEFAULT_DURATION,
        "RelayState": attributes.get("relay_state"),
    }
    return {name: str(value) for name, value in body.items() if value is not None}


def canonical(document: str | None) -> str | None:
    """A policy in the one form of all that mean the same; text that is not JSON stays as it is."""
    return None if document is None else policy_documents.canonical(document)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _boundary(raw: Raw | None) -> str | None:
    if raw is None:
        return None
    arn, reference = raw.get("ManagedPolicyArn"), raw.get("CustomerManagedPolicyReference")
    found = arn if isinstance(arn, str) else policy_path(reference) if isinstance(reference, Mapping) else ""
    if not found:
        raise IncompleteRead("the permissions boundary names no policy", request="sso-admin")
    return found

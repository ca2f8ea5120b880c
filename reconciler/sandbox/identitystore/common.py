"""What the operations of the Identity Store share: ids and ARNs, times, who wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.answers import ApiError, invalid, not_found
from reconciler.sandbox.call import Answer, Call
from reconciler.sandbox.directory.memberships import Membership
from reconciler.sandbox.directory.records import Record

# "MaxResults: valid range 1 to 100", and as many where it is not given.
PAGE = 100


def bad_token() -> ApiError:
    """The refusal of a token that belongs to another request, or to none."""
    return invalid("The provided NextToken is invalid.")


def store_arn(call: Call) -> str:
    """The ARN of the identity store, which belongs to the management account."""
    account, store = call.meta["management_account"], call.meta["identity_store_id"]
    return f"arn:aws:identitystore::{account}:identitystore/{store}"


def arn(kind: str, identifier: str) -> str:
    """The ARN of a user, group or membership."""
    return f"arn:aws:identitystore:::{kind}/{identifier}"


def check_store(call: Call) -> str:
    """The id of the store that the call names, by id or ARN; it lives in one Region."""
    given = call.params["IdentityStoreId"]
    known = call.meta["identity_store_id"]
    if given not in {known, store_arn(call)} or call.region != call.meta["region"]:
        raise not_found("IDENTITY_STORE", message="IDENTITY_STORE not found.")
    return known


def plain_id(given: str, kind: str) -> str:
    """The id in `given`, which is one, or an ARN of that kind (1.44 of the model takes both)."""
    if not given.startswith("arn:"):
        return given
    head, _, identifier = given.rpartition("/")
    if not head.endswith(f":{kind}"):
        raise invalid(f"The ARN {given} does not name a {kind}")
    return identifier


def member_id(call: Call) -> str:
    """The user in the call's MemberId; there is nothing else that can be a member."""
    return plain_id(call.params["MemberId"]["UserId"], "user")


def one_filter(call: Call, path: str) -> str | None:
    """The value of the call's filter on `path` (in any case); None when the call has no filter."""
    filters: Sequence[Mapping[str, str]] = call.params.get("Filters") or ()
    if not filters:
        return None
    if filters[0]["AttributePath"].casefold() != path.casefold():
        raise invalid(f"Filtering by {filters[0]['AttributePath']} is not supported; {path} is")
    return filters[0]["AttributeValue"]


def unique_text(attribute: Mapping[str, Any], paths: Sequence[str]) -> tuple[str, str]:
    """The path (in lower case) and the value of a UniqueAttribute, which must be one of `paths`."""
    path, value = attribute["AttributePath"], attribute.get("AttributeValue")
    if not isinstance(value, str) or not value:
        raise invalid("attribute value cannot be empty or null for attribute path")
    if path.casefold() not in {known.casefold() for known in paths}:
        raise invalid(f"The attribute {path} is not a unique attribute")
    return path.casefold(), value


def without_nulls(value: Any) -> Any:
    """`value` without the members that are null, at any depth: JSON services treat them as absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def trail(record: Record) -> Answer:
    """When and by whom a record was made and changed."""
    return {
        "CreatedAt": record.created_at,
        "CreatedBy": record.created_by,
        "UpdatedAt": record.updated_at,
        "UpdatedBy": record.updated_by,
    }


def external_ids(record: Record) -> Answer:
    """The ids that others gave, where there are any."""
    return {"ExternalIds": list(record.external)} if record.external else {}


def membership_answer(store: str, membership: Membership) -> Answer:
    """A membership as describe and lists answer it. A membership is never changed, only made and ended."""
    return {
        "IdentityStoreId": store,
        "MembershipId": membership.id,
        "MembershipArn": arn("membership", membership.id),
        "GroupId": membership.group_id,
        "MemberId": {"UserId": membership.user_id},
        "CreatedAt": membership.created_at,
        "CreatedBy": membership.created_by,
        "UpdatedAt": membership.created_at,
        "UpdatedBy": membership.created_by,
    }

"""The instance: finding it, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.answers import ApiError, invalid
from reconciler.sandbox.call import Answer, Call, Handler

# InstanceList holds 10 at most, also where MaxResults is larger (service model).
_PAGE = 10


def list_instances(call: Call) -> Answer:
    """ListInstances: a Region without an instance answers an empty list, not an error."""
    everywhere = call.params.get("RegionScope") == "ALL_REGIONS"

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        here = everywhere or call.region == call.meta["region"]
        return [(1, _instance(call))] if here and after < 1 <= limit else []

    return call.page(rows, most=_PAGE, bad_token=invalid("The provided NextToken is invalid."))


def describe_instance(call: Call) -> Answer:
    """DescribeInstance: an instance that is not in this Region cannot be told from one that is not ours."""
    given, now = call.params["InstanceArn"], call.access.circumstances
    if given != call.meta["instance_arn"] or call.region != call.meta["region"]:
        raise ApiError(
            "AccessDeniedException",
            f"User: {call.hand.by} is not authorized to perform: sso:DescribeInstance on resource: {given}",
        )
    return {
        **_instance(call),
        "EncryptionConfigurationDetails": {
            **(
                {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": now.key}
                if now.key
                else {"KeyType": "AWS_OWNED_KMS_KEY"}
            ),
            "EncryptionStatus": "ENABLED",
        },
        "PermissionSetsEnabled": now.permission_sets,
    }


def _instance(call: Call) -> Answer:
    meta = call.meta
    created = float(meta["created_at"])
    account = meta["management_account"]
    return {
        "InstanceArn": meta["instance_arn"],
        "IdentityStoreId": meta["identity_store_id"],
        "IdentityStoreArn": f"arn:aws:identitystore::{account}:identitystore/{meta['identity_store_id']}",
        "OwnerAccountId": call.access.circumstances.instance_owner or account,
        "CreatedDate": created,
        "Status": "ACTIVE",
        "PrimaryRegion": meta["region"],
        "Regions": [
            {"RegionName": meta["region"], "Status": "ACTIVE", "AddedDate": created, "IsPrimaryRegion": True}
        ],
    }


OPERATIONS: Mapping[str, Handler] = {
    "ListInstances": list_instances,
    "DescribeInstance": describe_instance,
}

"""Provisioning: bringing the roles in the accounts up to the definition of their permission set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.access.requests import Kind, Request
from reconciler.sandbox.answers import invalid
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.sso_admin.common import (
    check_instance,
    check_target,
    orders,
    pages,
    permission_set,
    writable_set,
)

_LATEST = {"LATEST_PERMISSION_SET_PROVISIONED": True, "LATEST_PERMISSION_SET_NOT_PROVISIONED": False}


def provision_permission_set(call: Call) -> Answer:
    """ProvisionPermissionSet: one account, assigned or not, or all that have the set already."""
    found, account = writable_set(call), call.params.get("TargetId")
    everywhere = call.params["TargetType"] == "ALL_PROVISIONED_ACCOUNTS"
    if everywhere and account is not None:
        raise invalid("TargetId cannot be given with the target type ALL_PROVISIONED_ACCOUNTS")
    if not everywhere and account is None:
        raise invalid("TargetId is required with the target type AWS_ACCOUNT")
    if account is not None:
        check_target(call, account)
    return {
        "PermissionSetProvisioningStatus": _status(
            call.access.requests.provision(found, account, orders(call))
        )
    }


def describe_status(call: Call) -> Answer:
    """DescribePermissionSetProvisioningStatus."""
    check_instance(call)
    found = call.access.requests.get(Kind.PROVISION, call.params["ProvisionPermissionSetRequestId"])
    return {"PermissionSetProvisioningStatus": _status(found)}


def list_status(call: Call) -> Answer:
    """ListPermissionSetProvisioningStatus: status, id and date of each, nothing else."""
    return listed(call, Kind.PROVISION)


def listed(call: Call, kind: Kind) -> Answer:
    """A page of calls of one kind, as the three lists of states answer it."""
    check_instance(call)
    status = (call.params.get("Filter") or {}).get("Status")

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        return [
            (request.seq, brief(request)) for request in call.access.requests.page(kind, status, after, limit)
        ]

    return pages(call, rows)


def brief(request: Request) -> Answer:
    """What every answer says of a call."""
    return {"Status": request.status, "RequestId": request.id, "CreatedDate": request.created_at}


def accounts_of_set(call: Call) -> Answer:
    """ListAccountsForProvisionedPermissionSet: all, or those that have the latest version, or have not."""
    found, latest = permission_set(call), _LATEST.get(call.params.get("ProvisioningStatus", ""))
    return pages(
        call,
        lambda after, limit: call.access.roles.accounts(found.id, latest=latest, after=after, limit=limit),
    )


def sets_of_account(call: Call) -> Answer:
    """ListPermissionSetsProvisionedToAccount: all, or those whose latest version is there, or is not."""
    check_instance(call)
    account, latest = call.params["AccountId"], _LATEST.get(call.params.get("ProvisioningStatus", ""))
    return pages(
        call, lambda after, limit: call.access.roles.sets(account, latest=latest, after=after, limit=limit)
    )


def _status(request: Request) -> Answer:
    return {
        **brief(request),
        "PermissionSetArn": request.set_id,
        **({"AccountId": request.account} if request.account else {}),
        **({"FailureReason": request.reason} if request.reason else {}),
    }


OPERATIONS: Mapping[str, Handler] = {
    "ProvisionPermissionSet": provision_permission_set,
    "DescribePermissionSetProvisioningStatus": describe_status,
    "ListPermissionSetProvisioningStatus": list_status,
    "ListAccountsForProvisionedPermissionSet": accounts_of_set,
    "ListPermissionSetsProvisionedToAccount": sets_of_account,
}

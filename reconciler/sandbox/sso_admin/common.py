"""What the operations of sso-admin share: the instance, who may do what, permission sets by ARN, pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reconciler.sandbox.access.requests import Orders
from reconciler.sandbox.access.sets import PermissionSet
from reconciler.sandbox.access.terms import Caller
from reconciler.sandbox.answers import ApiError, invalid
from reconciler.sandbox.call import Answer, Call
from reconciler.sandbox.faults import FaultKind

# "MaxResults: valid range 1 to 100", and as many where it is not given.
PAGE = 100
_STALLED = 3600.0  # seconds, where the fault names none


def denied(call: Call, resource: str) -> ApiError:
    """The refusal of a caller who may not do this."""
    action = f"sso:{call.operation.name}"
    return ApiError(
        "AccessDeniedException",
        f"User: {call.hand.by} is not authorized to perform: {action} on resource: {resource}",
    )


def check_instance(call: Call) -> None:
    """The instance that the call names, which is the only one, lives in one Region.

    One that is somebody else's cannot be told from one that is not there. Permission sets and assignments
    are managed in the primary Region only (user guide), by the management account or its delegate.
    """
    given = call.params.get("InstanceArn", call.meta["instance_arn"])
    foreign = given != call.meta["instance_arn"] or call.region != call.meta["region"]
    if foreign or call.access.circumstances.caller is Caller.MEMBER:
        raise denied(call, given)


def permission_set(call: Call) -> PermissionSet:
    """The permission set that the call names. Raises ResourceNotFoundException."""
    check_instance(call)
    return call.access.sets.get(call.params["PermissionSetArn"])


def writable(call: Call, found: PermissionSet) -> PermissionSet:
    """The set, unless it is in use in the management account and a delegated administrator calls.

    "manage permission sets provisioned in the management account" is what such an administrator cannot do
    (user guide, delegated administration), whichever account the call is about.
    """
    management = call.meta["management_account"]
    if call.access.circumstances.caller is Caller.DELEGATED and (
        call.access.roles.has(found.id, management)
        or call.access.grants.of_pair(found.id, management, limit=1)
    ):
        raise denied(call, found.id)
    return found


def writable_set(call: Call) -> PermissionSet:
    """The permission set that the call names and may write."""
    return writable(call, permission_set(call))


def check_target(call: Call, account: str) -> None:
    """A delegated administrator has no say over the management account."""
    if call.access.circumstances.caller is Caller.DELEGATED and account == call.meta["management_account"]:
        raise denied(call, f"arn:aws:sso:::account/{account}")


def orders(call: Call) -> Orders:
    """How an asynchronous call is to end, where a fault decides."""
    fail, stall = call.fault(FaultKind.FAIL), call.fault(FaultKind.STALL)
    reason = (fail.reason or "Received a 500 status error: Internal server error") if fail else None
    return Orders(reason, (stall.seconds or _STALLED) if stall else None)


def pages(call: Call, rows: Callable[[int, int], Sequence[tuple[int, Any]]], *, most: int = PAGE) -> Answer:
    """One page of `rows`, which gives what follows a row number, at most so many."""
    return call.page(rows, most=most, bad_token=invalid("The provided NextToken is invalid."))

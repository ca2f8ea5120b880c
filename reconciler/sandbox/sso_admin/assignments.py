"""Assignments of permission sets to users and groups in accounts; both writes take time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.access.grants import Grant
from reconciler.sandbox.access.requests import Kind, Request
from reconciler.sandbox.access.terms import Caller
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.sso_admin.common import (
    check_instance,
    check_target,
    denied,
    orders,
    pages,
    permission_set,
    writable_set,
)
from reconciler.sandbox.sso_admin.provisioning import brief, listed


def create_assignment(call: Call) -> Answer:
    """CreateAccountAssignment: provisions the set to the account by itself; no error for one that exists."""
    found = writable_set(call)
    check_target(call, call.params["TargetId"])
    request = call.access.requests.assign(found, _grant(call), orders(call))
    return {"AccountAssignmentCreationStatus": _status(request)}


def delete_assignment(call: Call) -> Answer:
    """DeleteAccountAssignment: the last one of a set in an account takes the role along."""
    found = writable_set(call)
    check_target(call, call.params["TargetId"])
    request = call.access.requests.unassign(found, _grant(call), orders(call))
    return {"AccountAssignmentDeletionStatus": _status(request)}


def describe_creation(call: Call) -> Answer:
    """DescribeAccountAssignmentCreationStatus."""
    check_instance(call)
    found = call.access.requests.get(Kind.CREATE, call.params["AccountAssignmentCreationRequestId"])
    return {"AccountAssignmentCreationStatus": _status(found)}


def describe_deletion(call: Call) -> Answer:
    """DescribeAccountAssignmentDeletionStatus."""
    check_instance(call)
    found = call.access.requests.get(Kind.DELETE, call.params["AccountAssignmentDeletionRequestId"])
    return {"AccountAssignmentDeletionStatus": _status(found)}


def list_creations(call: Call) -> Answer:
    """ListAccountAssignmentCreationStatus: status, id and date of each, nothing else."""
    return listed(call, Kind.CREATE)


def list_deletions(call: Call) -> Answer:
    """ListAccountAssignmentDeletionStatus: status, id and date of each, nothing else."""
    return listed(call, Kind.DELETE)


def list_assignments(call: Call) -> Answer:
    """ListAccountAssignments: of one set in one account, those of principals that are gone included."""
    found, account = permission_set(call), call.params["AccountId"]

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        return _answers(call.access.grants.of_pair(found.id, account, after, limit))

    return pages(call, rows)


def list_assignments_for_principal(call: Call) -> Answer:
    """ListAccountAssignmentsForPrincipal: for a user, the rows of its groups stand among its own."""
    check_instance(call)
    circumstances = call.access.circumstances
    if circumstances.caller is Caller.DELEGATED and not circumstances.lists_for_principal:
        raise denied(call, call.meta["instance_arn"])
    kind, principal = call.params["PrincipalType"], call.params["PrincipalId"]
    account = (call.params.get("Filter") or {}).get("AccountId")

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        return _answers(call.access.grants.of_principal(kind, principal, account, after, limit))

    return pages(call, rows)


def _grant(call: Call) -> Grant:
    params = call.params
    return Grant(
        params["PermissionSetArn"], params["TargetId"], params["PrincipalType"], params["PrincipalId"]
    )


def _answers(rows: Sequence[tuple[int, Grant]]) -> Sequence[tuple[int, Answer]]:
    return [
        (
            seq,
            {
                "AccountId": grant.account,
                "PermissionSetArn": grant.set_id,
                "PrincipalType": grant.principal_type,
                "PrincipalId": grant.principal_id,
            },
        )
        for seq, grant in rows
    ]


def _status(request: Request) -> Answer:
    grant = request.grant
    return {
        **brief(request),
        "TargetId": grant.account,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": grant.set_id,
        "PrincipalType": grant.principal_type,
        "PrincipalId": grant.principal_id,
        **({"FailureReason": request.reason} if request.reason else {}),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateAccountAssignment": create_assignment,
    "DeleteAccountAssignment": delete_assignment,
    "DescribeAccountAssignmentCreationStatus": describe_creation,
    "DescribeAccountAssignmentDeletionStatus": describe_deletion,
    "ListAccountAssignmentCreationStatus": list_creations,
    "ListAccountAssignmentDeletionStatus": list_deletions,
    "ListAccountAssignments": list_assignments,
    "ListAccountAssignmentsForPrincipal": list_assignments_for_principal,
}

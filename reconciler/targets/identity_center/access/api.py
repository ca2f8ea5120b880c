"""The IAM Identity Center API (sso-admin), one method an operation; answers are the API's own JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

from reconciler.errors import IncompleteRead, NotFound, OutcomeUnknown
from reconciler.model.pairs import Principal
from reconciler.wire.aws import Aws

Raw = Mapping[str, Any]
_SERVICE = "sso-admin"
# The largest page of every list (service model).
_PAGE = 100
IN_PROGRESS, SUCCEEDED, FAILED = "IN_PROGRESS", "SUCCEEDED", "FAILED"
# What ListAccountsForProvisionedPermissionSet and its counterpart filter by.
LATEST, OUTDATED = "LATEST_PERMISSION_SET_PROVISIONED", "LATEST_PERMISSION_SET_NOT_PROVISIONED"


class Operation(StrEnum):
    """What the service carries out on its own time."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    PROVISION = "provision"


_DESCRIBE = {
    Operation.ASSIGN: (
        "DescribeAccountAssignmentCreationStatus",
        "AccountAssignmentCreationStatus",
        "AccountAssignmentCreationRequestId",
    ),
    Operation.UNASSIGN: (
        "DescribeAccountAssignmentDeletionStatus",
        "AccountAssignmentDeletionStatus",
        "AccountAssignmentDeletionRequestId",
    ),
    Operation.PROVISION: (
        "DescribePermissionSetProvisioningStatus",
        "PermissionSetProvisioningStatus",
        "ProvisionPermissionSetRequestId",
    ),
}
_LIST = {
    Operation.ASSIGN: ("ListAccountAssignmentCreationStatus", "AccountAssignmentsCreationStatus"),
    Operation.UNASSIGN: ("ListAccountAssignmentDeletionStatus", "AccountAssignmentsDeletionStatus"),
    Operation.PROVISION: ("ListPermissionSetProvisioningStatus", "PermissionSetsProvisioningStatus"),
}


class Sso:
    """Permission sets, assignments and provisioning of one instance.

    Thread-safe; raises ServiceError in its kinds. Permission sets go by ARN, accounts by their twelve
    digits. `instance_arn` is asked when it is first needed.
    """

    def __init__(self, aws: Aws, instance_arn: Callable[[], str]) -> None:
        self._aws, self._instance = aws, instance_arn

    # Permission sets: lists, page by page.

    def permission_sets(self) -> Iterator[Sequence[str]]:
        """ListPermissionSets: ARNs."""
        return self._texts("ListPermissionSets", "PermissionSets")

    def managed_policies(self, arn: str) -> Iterator[Sequence[Raw]]:
        """ListManagedPoliciesInPermissionSet: Arn and Name of each. Raises NotFound for no set."""
        return self._list(
            "ListManagedPoliciesInPermissionSet",
            "AttachedManagedPolicies",
            lambda item: item.get("Arn"),
            PermissionSetArn=arn,
        )

    def customer_policies(self, arn: str) -> Iterator[Sequence[Raw]]:
        """ListCustomerManagedPolicyReferencesInPermissionSet: Name and Path. Raises NotFound for no set."""
        return self._list(
            "ListCustomerManagedPolicyReferencesInPermissionSet",
            "CustomerManagedPolicyReferences",
            policy_path,
            PermissionSetArn=arn,
        )

    def tags(self, arn: str) -> Iterator[Sequence[Raw]]:
        """ListTagsForResource: Key and Value of each. Raises NotFound for no set."""
        return self._aws.pages(
            _SERVICE,
            "ListTagsForResource",
            "Tags",
            lambda item: item.get("Key"),
            InstanceArn=self._instance(),
            ResourceArn=arn,
        )

    # One permission set.

    def permission_set(self, arn: str) -> Raw | None:
        """DescribePermissionSet; None when there is none."""
        try:
            found = self._read("DescribePermissionSet", "PermissionSet", PermissionSetArn=arn)
        except NotFound:
            return None
        if found.get("PermissionSetArn") != arn or not found.get("Name"):
            message = f"asked for {arn}, answered about {found.get('PermissionSetArn')}"
            raise self._incomplete("DescribePermissionSet", message)
        return found

    def inline_policy(self, arn: str) -> str | None:
        """GetInlinePolicyForPermissionSet; None where there is none. Raises NotFound for no set."""
        answer = self._call("GetInlinePolicyForPermissionSet", mutates=False, PermissionSetArn=arn)
        # The service says "" of a set that has none; an answer without the member says the same.
        text = answer.get("InlinePolicy")
        if text is not None and not isinstance(text, str):
            raise self._incomplete("GetInlinePolicyForPermissionSet", "the policy is not text")
        return text or None

    def permissions_boundary(self, arn: str) -> Raw | None:
        """GetPermissionsBoundaryForPermissionSet; None where there is none, and for no set."""
        try:
            answer = self._call("GetPermissionsBoundaryForPermissionSet", mutates=False, PermissionSetArn=arn)
        except NotFound:
            return None
        found = answer.get("PermissionsBoundary")
        if found is not None and not isinstance(found, Mapping):
            raise self._incomplete("GetPermissionsBoundaryForPermissionSet", "the boundary is not an object")
        return found or None

    # Where permission sets are provisioned, and to whom they are assigned.

    def accounts_of(self, arn: str, status: str | None = None) -> Iterator[Sequence[str]]:
        """ListAccountsForProvisionedPermissionSet: ids; `status` LATEST or OUTDATED asks for those alone."""
        only = {"ProvisioningStatus": status} if status else {}
        return self._texts(
            "ListAccountsForProvisionedPermissionSet", "AccountIds", PermissionSetArn=arn, **only
        )

    def sets_of(self, account: str, status: str | None = None) -> Iterator[Sequence[str]]:
        """ListPermissionSetsProvisionedToAccount: ARNs; `status` as above."""
        only = {"ProvisioningStatus": status} if status else {}
        return self._texts(
            "ListPermissionSetsProvisionedToAccount", "PermissionSets", AccountId=account, **only
        )

    def assignments(self, account: str, arn: str) -> Iterator[Sequence[Raw]]:
        """ListAccountAssignments of one pair: PrincipalType and PrincipalId of each, orphans included."""
        return self._list(
            "ListAccountAssignments",
            "AccountAssignments",
            _assignment,
            AccountId=account,
            PermissionSetArn=arn,
        )

    def assignments_for(self, principal: Principal) -> Iterator[Sequence[Raw]]:
        """ListAccountAssignmentsForPrincipal; for a user the rows of its groups stand among its own."""
        return self._list(
            "ListAccountAssignmentsForPrincipal",
            "AccountAssignments",
            _assignment,
            PrincipalType=principal.kind.value.upper(),
            PrincipalId=principal.id,
        )

    # What is under way: one request, or the brief lists (Status, RequestId, CreatedDate of each).

    def request(self, operation: Operation, request_id: str) -> Raw | None:
        """Describe…Status of one request: also FailureReason and whom it is about.

        None where the id is not known, or not yet.
        """
        name, key, member = _DESCRIBE[operation]
        try:
            found = self._read(name, key, **{member: request_id})
        except NotFound:
            return None
        if found.get("Status") not in (IN_PROGRESS, SUCCEEDED, FAILED):
            raise self._incomplete(name, f"{found.get('Status')!r} is not a status")
        return found

    def requests(self, operation: Operation, status: str) -> Iterator[Sequence[Raw]]:
        """List…Status of one status: Status, RequestId and CreatedDate of each, nothing else."""
        name, key = _LIST[operation]
        return self._list(name, key, lambda item: item.get("RequestId"), Filter={"Status": status})

    # Writes to permission sets. Raise OutcomeUnknown when the answer was lost.

    def create_permission_set(self, body: Raw) -> Raw:
        """CreatePermissionSet; the answer has PermissionSetArn. Raises Conflict for a name that is taken."""
        return self._start("CreatePermissionSet", "PermissionSet", "PermissionSetArn", **body)

    def update_permission_set(self, arn: str, body: Raw) -> None:
        """UpdatePermissionSet, which is not a patch: a RelayState that `body` leaves out is cleared."""
        self._edit("UpdatePermissionSet", arn, **body)

    def delete_permission_set(self, arn: str) -> None:
        """DeletePermissionSet. Raises Conflict while anything holds it, NotFound where it is gone."""
        self._edit("DeletePermissionSet", arn)

    def attach(self, arn: str, policy: str) -> None:
        """Attach a policy of AWS (an ARN) or of the customer (`/ci/deploy`). Conflict: it is already."""
        if _of_aws(policy):
            self._edit("AttachManagedPolicyToPermissionSet", arn, ManagedPolicyArn=policy)
        else:
            operation = "AttachCustomerManagedPolicyReferenceToPermissionSet"
            self._edit(operation, arn, CustomerManagedPolicyReference=policy_reference(policy))

    def detach(self, arn: str, policy: str) -> None:
        """Detach one. Raises NotFound where it is not attached."""
        if _of_aws(policy):
            self._edit("DetachManagedPolicyFromPermissionSet", arn, ManagedPolicyArn=policy)
        else:
            operation = "DetachCustomerManagedPolicyReferenceFromPermissionSet"
            self._edit(operation, arn, CustomerManagedPolicyReference=policy_reference(policy))

    def put_inline_policy(self, arn: str, document: str) -> None:
        """PutInlinePolicyToPermissionSet: the one there is, whole."""
        self._edit("PutInlinePolicyToPermissionSet", arn, InlinePolicy=document)

    def delete_inline_policy(self, arn: str) -> None:
        """DeleteInlinePolicyFromPermissionSet."""
        self._edit("DeleteInlinePolicyFromPermissionSet", arn)

    def put_permissions_boundary(self, arn: str, policy: str) -> None:
        """PutPermissionsBoundaryToPermissionSet: an ARN of AWS's, or path and name of the customer's."""
        customers = {"CustomerManagedPolicyReference": policy_reference(policy)}
        boundary = {"ManagedPolicyArn": policy} if _of_aws(policy) else customers
        self._edit("PutPermissionsBoundaryToPermissionSet", arn, PermissionsBoundary=boundary)

    def delete_permissions_boundary(self, arn: str) -> None:
        """DeletePermissionsBoundaryFromPermissionSet. Raises NotFound where there is none."""
        self._edit("DeletePermissionsBoundaryFromPermissionSet", arn)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """TagResource: adds, and replaces values of keys that are there."""
        listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        self._call("TagResource", mutates=True, ResourceArn=arn, Tags=listed)

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """UntagResource: keys that are not there do not matter."""
        self._call("UntagResource", mutates=True, ResourceArn=arn, TagKeys=sorted(keys))

    # Writes that the service carries out on its own time: the answer has RequestId and Status.

    def create_assignment(self, account: str, arn: str, principal: Principal) -> Raw:
        """CreateAccountAssignment; one that exists may be asked for again."""
        return self._start(
            "CreateAccountAssignment",
            "AccountAssignmentCreationStatus",
            "RequestId",
            **_grant(account, arn, principal),
        )

    def delete_assignment(self, account: str, arn: str, principal: Principal) -> Raw:
        """DeleteAccountAssignment. NotFound, or a failure later, where there is no such assignment."""
        return self._start(
            "DeleteAccountAssignment",
            "AccountAssignmentDeletionStatus",
            "RequestId",
            **_grant(account, arn, principal),
        )

    def provision(self, arn: str, account: str | None) -> Raw:
        """ProvisionPermissionSet to one account, or to all that have it (None)."""
        where = (
            {"TargetType": "AWS_ACCOUNT", "TargetId": account}
            if account
            else {"TargetType": "ALL_PROVISIONED_ACCOUNTS"}
        )
        return self._start(
            "ProvisionPermissionSet",
            "PermissionSetProvisioningStatus",
            "RequestId",
            PermissionSetArn=arn,
            **where,
        )

    def _texts(self, operation: str, key: str, **params: Any) -> Iterator[Sequence[str]]:
        pages = self._list(operation, key, lambda item: item, **params)
        return cast(Iterator[Sequence[str]], pages)  # `pages` has checked that each is a text

    def _list(
        self, operation: str, key: str, id_of: Callable[[Raw], object], **params: Any
    ) -> Iterator[Sequence[Raw]]:
        return self._aws.pages(
            _SERVICE, operation, key, id_of, InstanceArn=self._instance(), MaxResults=_PAGE, **params
        )

    def _read(self, operation: str, key: str, **params: Any) -> Raw:
        found = self._call(operation, mutates=False, expects=(key,), **params)[key]
        if not isinstance(found, Mapping):
            raise self._incomplete(operation, f"{key} is not an object")
        return found

    def _start(self, operation: str, key: str, member: str, **params: Any) -> Raw:
        """A write that answers with an object; without its id, the answer counts as lost."""
        found = self._call(operation, mutates=True, expects=(key,), **params)[key]
        if not (isinstance(found, Mapping) and isinstance(found.get(member), str) and found[member]):
            message = f"the answer has no {member}"
            raise OutcomeUnknown(message, target=self._aws.target, request=f"{_SERVICE}.{operation}")
        return found

    def _edit(self, operation: str, arn: str, **params: Any) -> None:
        self._call(operation, mutates=True, PermissionSetArn=arn, **params)

    def _call(
        self, operation: str, *, mutates: bool, expects: Sequence[str] = (), **params: Any
    ) -> dict[str, Any]:
        return self._aws.call(
            _SERVICE, operation, mutates=mutates, expects=expects, InstanceArn=self._instance(), **params
        )

    def _incomplete(self, operation: str, message: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._aws.target, request=f"{_SERVICE}.{operation}")


def policy_path(reference: Raw) -> str:
    """`/ci/deploy` of {"Name": "deploy", "Path": "/ci/"}; "" where there is no name."""
    name = reference.get("Name")
    return f"{reference.get('Path') or '/'}{name}" if isinstance(name, str) and name else ""


def policy_reference(policy: str) -> dict[str, str]:
    """{"Name": "deploy", "Path": "/ci/"} of `/ci/deploy`."""
    path, _, name = policy.rpartition("/")
    return {"Name": name, "Path": f"{path}/"}


def _of_aws(policy: str) -> bool:
    return policy.startswith("arn:")


def _grant(account: str, arn: str, principal: Principal) -> dict[str, str]:
    return {
        "TargetId": account,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": arn,
        "PrincipalType": principal.kind.value.upper(),
        "PrincipalId": principal.id,
    }


def _assignment(item: Raw) -> str:
    """What tells assignments apart; "" where a part is missing."""
    parts = [item.get(name) for name in ("AccountId", "PermissionSetArn", "PrincipalType", "PrincipalId")]
    return "|".join(map(str, parts)) if all(parts) else ""

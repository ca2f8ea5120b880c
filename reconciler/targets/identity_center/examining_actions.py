"""Every operation that a plan calls, once, in its cheapest form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.targets.identity_center.asking import Asking

_SSO, _STORE, _ORG = "sso-admin", "identitystore", "organizations"
# A document without statements: allowed to look at, and nothing to say about.
_EMPTY_POLICY = '{"Version":"2012-10-17","Statement":[]}'
_STATUSES = (
    (
        "ListAccountAssignmentCreationStatus",
        "AccountAssignmentsCreationStatus",
        "DescribeAccountAssignmentCreationStatus",
        "AccountAssignmentCreationRequestId",
    ),
    (
        "ListAccountAssignmentDeletionStatus",
        "AccountAssignmentsDeletionStatus",
        "DescribeAccountAssignmentDeletionStatus",
        "AccountAssignmentDeletionRequestId",
    ),
    (
        "ListPermissionSetProvisioningStatus",
        "PermissionSetsProvisioningStatus",
        "DescribePermissionSetProvisioningStatus",
        "ProvisionPermissionSetRequestId",
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to ask about: "" where it is not known."""

    instance: str = ""
    store: str = ""
    organization: bool = False


def try_all(asking: Asking, found: Found, partition: str) -> None:
    """Try each; what there is nothing to ask about is noted as not tried."""
    account = _organization(asking, found.organization)
    user = _people(asking, found.store)
    _access(asking, found.instance, account, user)
    _services(asking, found.instance, partition)


def _people(asking: Asking, store: str) -> str:
    def ask(operation: str, **params: Any) -> Mapping[str, Any] | None:
        return asking.ask(_STORE, operation, IdentityStoreId=store, **params)

    if not store:
        for operation in ("ListUsers", "DescribeUser", "ListGroups", "DescribeGroup", "ListGroupMemberships",
                          "ListGroupMembershipsForMember", "GetUserId", "GetGroupId",
                          "GetGroupMembershipId"):  # fmt: skip
            asking.skip(_STORE, operation, "the identity store is not known")
        return ""
    user = _first(ask("ListUsers", MaxResults=1), "Users")
    group = _first(ask("ListGroups", MaxResults=1), "Groups")
    user_id, group_id = str(user.get("UserId", "")), str(group.get("GroupId", ""))
    for operation, path, value in (
        ("GetUserId", "userName", user.get("UserName")),
        ("GetGroupId", "displayName", group.get("DisplayName")),
    ):
        named = {"AttributePath": path, "AttributeValue": value or "reconciler-doctor"}
        ask(operation, AlternateIdentifier={"UniqueAttribute": named})
    if user_id:
        ask("DescribeUser", UserId=user_id)
        ask("ListGroupMembershipsForMember", MemberId={"UserId": user_id}, MaxResults=1)
    if group_id:
        ask("DescribeGroup", GroupId=group_id)
        ask("ListGroupMemberships", GroupId=group_id, MaxResults=1)
    if user_id and group_id:
        ask("GetGroupMembershipId", GroupId=group_id, MemberId={"UserId": user_id})
    for operation in ("DescribeUser", "ListGroupMembershipsForMember", "DescribeGroup",
                      "ListGroupMemberships", "GetGroupMembershipId"):  # fmt: skip
        asking.skip(_STORE, operation)
    return user_id


def _organization(asking: Asking, there: bool) -> str:  # noqa: FBT001  # one fact, named where it is made
    if not there:
        for operation in ("ListAccounts", "DescribeAccount", "ListRoots", "ListOrganizationalUnitsForParent",
                          "ListAccountsForParent", "ListParents", "ListTagsForResource"):  # fmt: skip
            asking.skip(_ORG, operation, "no organization is known")
        return ""
    account = str(_first(asking.ask(_ORG, "ListAccounts", MaxResults=1), "Accounts").get("Id", ""))
    root = str(_first(asking.ask(_ORG, "ListRoots", MaxResults=1), "Roots").get("Id", ""))
    if account:
        asking.ask(_ORG, "DescribeAccount", AccountId=account)
        asking.ask(_ORG, "ListParents", ChildId=account, MaxResults=1)
        asking.ask(_ORG, "ListTagsForResource", ResourceId=account)
    if root:
        asking.ask(_ORG, "ListOrganizationalUnitsForParent", ParentId=root, MaxResults=1)
        asking.ask(_ORG, "ListAccountsForParent", ParentId=root, MaxResults=1)
    for operation in ("DescribeAccount", "ListParents", "ListTagsForResource",
                      "ListOrganizationalUnitsForParent", "ListAccountsForParent"):  # fmt: skip
        asking.skip(_ORG, operation)
    return account


def _access(asking: Asking, instance: str, account: str, user: str) -> None:
    def ask(operation: str, **params: Any) -> Mapping[str, Any] | None:
        return asking.ask(_SSO, operation, InstanceArn=instance, **params)

    of_set = ("DescribePermissionSet", "GetInlinePolicyForPermissionSet",
              "GetPermissionsBoundaryForPermissionSet")  # fmt: skip
    pages_of_set = ("ListManagedPoliciesInPermissionSet", "ListAccountsForProvisionedPermissionSet",
                    "ListCustomerManagedPolicyReferencesInPermissionSet")  # fmt: skip
    if instance:
        listed = (ask("ListPermissionSets", MaxResults=1) or {}).get("PermissionSets") or [""]
        arn = str(listed[0])
        for operation in of_set if arn else ():
            ask(operation, PermissionSetArn=arn)
        for operation in pages_of_set if arn else ():
            ask(operation, PermissionSetArn=arn, MaxResults=1)
        if arn:
            ask("ListTagsForResource", ResourceArn=arn)
        if account:
            ask("ListPermissionSetsProvisionedToAccount", AccountId=account, MaxResults=1)
        if account and arn:
            ask("ListAccountAssignments", AccountId=account, PermissionSetArn=arn, MaxResults=1)
        if user:
            ask("ListAccountAssignmentsForPrincipal", PrincipalId=user, PrincipalType="USER", MaxResults=1)
        for listing, key, describing, parameter in _STATUSES:
            request = str(_first(ask(listing, MaxResults=1), key).get("RequestId", ""))
            if request:
                ask(describing, **{parameter: request})
    why = "" if instance else "the instance is not known"
    for operation in (
        "ListPermissionSets", *of_set, *pages_of_set, "ListTagsForResource",
        "ListPermissionSetsProvisionedToAccount", "ListAccountAssignments",
        "ListAccountAssignmentsForPrincipal",
        *(name for listing, _, describing, _ in _STATUSES for name in (listing, describing)),
    ):  # fmt: skip
        asking.skip(_SSO, operation, why)


def _services(asking: Asking, instance: str, partition: str) -> None:
    """What makes a plan better."""
    if instance:
        listed = asking.ask(_SSO, "ListApplications", InstanceArn=instance, MaxResults=1)
        application = str(_first(listed, "Applications").get("ApplicationArn", ""))
        if application:
            asking.ask(_SSO, "ListApplicationAssignments", ApplicationArn=application, MaxResults=1)
    asking.skip(_SSO, "ListApplications", "the instance is not known")
    asking.skip(_SSO, "ListApplicationAssignments")
    asking.ask("cloudtrail", "LookupEvents", MaxResults=1)
    asking.ask("accessanalyzer", "ValidatePolicy", policyDocument=_EMPTY_POLICY, policyType="IDENTITY_POLICY")
    asking.ask("iam", "GetPolicy", PolicyArn=f"arn:{partition}:iam::aws:policy/ReadOnlyAccess")


def _first(answer: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    """The first item of a page; an empty one where there is none."""
    items = (answer or {}).get(key)
    found = items[0] if isinstance(items, list) and items else {}
    return found if isinstance(found, Mapping) else {}

"""The IAM actions that plan and apply call, as the README's policies list them (a test compares the two).

Only for roles that may delete people are identitystore:DeleteUser and DeleteGroup.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

# What a plan cannot do without.
READS = (
    "identitystore:ListUsers", "identitystore:DescribeUser", "identitystore:ListGroups",
    "identitystore:DescribeGroup", "identitystore:ListGroupMemberships",
    "identitystore:ListGroupMembershipsForMember", "identitystore:GetUserId", "identitystore:GetGroupId",
    "identitystore:GetGroupMembershipId",
    "sso:ListInstances", "sso:ListPermissionSets", "sso:DescribePermissionSet",
    "sso:ListManagedPoliciesInPermissionSet", "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
    "sso:GetInlinePolicyForPermissionSet", "sso:GetPermissionsBoundaryForPermissionSet",
    "sso:ListTagsForResource", "sso:ListAccountsForProvisionedPermissionSet",
    "sso:ListPermissionSetsProvisionedToAccount", "sso:ListAccountAssignments",
    "sso:ListAccountAssignmentCreationStatus", "sso:ListAccountAssignmentDeletionStatus",
    "sso:ListPermissionSetProvisioningStatus", "sso:DescribeAccountAssignmentCreationStatus",
    "sso:DescribeAccountAssignmentDeletionStatus", "sso:DescribePermissionSetProvisioningStatus",
    "organizations:DescribeOrganization", "organizations:ListAccounts", "organizations:DescribeAccount",
    "organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListAccountsForParent", "organizations:ListParents", "organizations:ListTagsForResource",
)  # fmt: skip
# What makes a plan better, each with what is lost without it.
OPTIONAL: Mapping[str, str] = MappingProxyType(
    {
        "sso:ListAccountAssignmentsForPrincipal": "plan --by-group reads the longer way",
        "sso:ListApplications": "access does not list assignments of applications",
        "sso:ListApplicationAssignments": "access does not list assignments of applications",
        "cloudtrail:LookupEvents": "drift does not say who deleted something or changed access",
        "access-analyzer:ValidatePolicy": "inline policies are not checked by AWS before they are written",
        "iam:GetPolicy": "an AWS-managed policy that does not exist is found by the apply",
        "sso:DescribeInstance": "this command does not see the key and the network rules of the instance",
        "identitystore:DescribeIdentityStore": "this command does not see the network rules of the store",
    }
)
WRITES = (
    "identitystore:CreateUser", "identitystore:UpdateUser", "identitystore:CreateGroup",
    "identitystore:UpdateGroup", "identitystore:CreateGroupMembership", "identitystore:DeleteGroupMembership",
    "sso:CreatePermissionSet", "sso:UpdatePermissionSet", "sso:DeletePermissionSet",
    "sso:AttachManagedPolicyToPermissionSet", "sso:DetachManagedPolicyFromPermissionSet",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:DetachCustomerManagedPolicyReferenceFromPermissionSet", "sso:PutInlinePolicyToPermissionSet",
    "sso:DeleteInlinePolicyFromPermissionSet", "sso:PutPermissionsBoundaryToPermissionSet",
    "sso:DeletePermissionsBoundaryFromPermissionSet", "sso:TagResource", "sso:UntagResource",
    "sso:ProvisionPermissionSet", "sso:CreateAccountAssignment", "sso:DeleteAccountAssignment",
)  # fmt: skip


class Use(StrEnum):
    """What the credentials are for: a role that only plans should not be able to write."""

    PLAN = "plan"
    APPLY = "apply"

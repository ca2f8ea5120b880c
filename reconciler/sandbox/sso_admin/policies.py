"""What a permission set allows. Every change here leaves the accounts behind until they are provisioned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.access.policies import AWS, CUSTOMER, customer_policy, reference_to
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.sso_admin.common import pages, permission_set, writable_set


def put_inline_policy(call: Call) -> Answer:
    """PutInlinePolicyToPermissionSet: the one there is, whole."""
    call.access.policies.put_inline(writable_set(call).id, call.params["InlinePolicy"])
    return {}


def get_inline_policy(call: Call) -> Answer:
    """GetInlinePolicyForPermissionSet: none is an empty text, not an error."""
    return {"InlinePolicy": permission_set(call).inline_policy or ""}


def delete_inline_policy(call: Call) -> Answer:
    """DeleteInlinePolicyFromPermissionSet."""
    call.access.policies.delete_inline(writable_set(call).id)
    return {}


def attach_managed_policy(call: Call) -> Answer:
    """AttachManagedPolicyToPermissionSet: one that AWS has."""
    call.access.policies.attach(writable_set(call).id, AWS, call.params["ManagedPolicyArn"])
    return {}


def detach_managed_policy(call: Call) -> Answer:
    """DetachManagedPolicyFromPermissionSet."""
    call.access.policies.detach(writable_set(call).id, AWS, call.params["ManagedPolicyArn"])
    return {}


def list_managed_policies(call: Call) -> Answer:
    """ListManagedPoliciesInPermissionSet: name and ARN of each."""
    return _attached(call, AWS)


def attach_customer_policy(call: Call) -> Answer:
    """AttachCustomerManagedPolicyReferenceToPermissionSet: whether accounts have it shows later."""
    policy = customer_policy(call.params["CustomerManagedPolicyReference"])
    call.access.policies.attach(writable_set(call).id, CUSTOMER, policy)
    return {}


def detach_customer_policy(call: Call) -> Answer:
    """DetachCustomerManagedPolicyReferenceFromPermissionSet."""
    policy = customer_policy(call.params["CustomerManagedPolicyReference"])
    call.access.policies.detach(writable_set(call).id, CUSTOMER, policy)
    return {}


def list_customer_policies(call: Call) -> Answer:
    """ListCustomerManagedPolicyReferencesInPermissionSet: name and path of each."""
    return _attached(call, CUSTOMER)


def put_boundary(call: Call) -> Answer:
    """PutPermissionsBoundaryToPermissionSet: one of AWS's policies, or one of the customer's."""
    call.access.policies.put_boundary(writable_set(call).id, call.params["PermissionsBoundary"])
    return {}


def get_boundary(call: Call) -> Answer:
    """GetPermissionsBoundaryForPermissionSet: none is ResourceNotFoundException."""
    return {"PermissionsBoundary": dict(call.access.policies.boundary(permission_set(call).id))}


def delete_boundary(call: Call) -> Answer:
    """DeletePermissionsBoundaryFromPermissionSet."""
    call.access.policies.delete_boundary(writable_set(call).id)
    return {}


def _attached(call: Call, kind: str) -> Answer:
    found = permission_set(call)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Any]]:
        attached = call.access.policies.page(found.id, kind, after, limit)
        return [
            (seq, {"Name": name.rpartition("/")[2], "Arn": name} if kind == AWS else reference_to(name))
            for seq, name in attached
        ]

    return pages(call, rows)


OPERATIONS: Mapping[str, Handler] = {
    "PutInlinePolicyToPermissionSet": put_inline_policy,
    "GetInlinePolicyForPermissionSet": get_inline_policy,
    "DeleteInlinePolicyFromPermissionSet": delete_inline_policy,
    "AttachManagedPolicyToPermissionSet": attach_managed_policy,
    "DetachManagedPolicyFromPermissionSet": detach_managed_policy,
    "ListManagedPoliciesInPermissionSet": list_managed_policies,
    "AttachCustomerManagedPolicyReferenceToPermissionSet": attach_customer_policy,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet": detach_customer_policy,
    "ListCustomerManagedPolicyReferencesInPermissionSet": list_customer_policies,
    "PutPermissionsBoundaryToPermissionSet": put_boundary,
    "GetPermissionsBoundaryForPermissionSet": get_boundary,
    "DeletePermissionsBoundaryFromPermissionSet": delete_boundary,
}

"""What a FailureReason means, and what to do about it. Pure.

The service documents none of them; the texts are those that were seen in the field, so whatever is not
known stays as it is. IAM's own part in them ("Cannot exceed quota for …") is as IAM says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Means(Enum):
    """What follows from a failure."""

    FINAL = "final"  # the same request would fail again until somebody does something
    AGAIN = "again"  # the same request may well succeed a little later
    ABSENT = "absent"  # what was to be removed is not there: as wished


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reason means, and what somebody should do ("" where nothing is known)."""

    means: Means
    fix: str = ""


_KNOWN: tuple[tuple[re.Pattern[str], Verdict], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), Verdict(means, fix))
    for pattern, means, fix in (
        (r"EntitlementItem doesn't exist", Means.ABSENT, ""),
        # Of a provisioning: the role went with the last assignment of the set in that account
        # (hashicorp/terraform-provider-aws, issues 35158 and 33337).
        (r"\b404\b.*(?:Assignment not found|Permission set provision not found)", Means.ABSENT, ""),
        (r"Permission set provision not found|^Assignment not found", Means.ABSENT, ""),
        (
            r"(?:obtaining permissions|taking|takes) longer than (?:usual|expected)",
            Means.FINAL,
            (
                "that is what AWS says of an account that is closed or suspended, after a long wait: look"
                " at its state in AWS Organizations; if it is active, plan again"
            ),
        ),
        (
            r"assignee \S+ was not found in directory",
            Means.AGAIN,
            "the user or group is not known there (yet): check that it exists and plan again",
        ),
        (
            r"Not supported policy",
            Means.FINAL,
            (
                "the account lacks this customer-managed policy: create it there under this very name and"
                " path, or take it out of the permission set or out of its permissions boundary"
            ),
        ),
        (
            r"Cannot exceed quota for RolesPerAccount|role quota|quota for roles",
            Means.FINAL,
            (
                "the account has no room for another IAM role: remove roles there, or have its quota"
                ' "Roles per account" raised'
            ),
        ),
        (
            r"Cannot exceed quota for PoliciesPerRole|quota for policies",
            Means.FINAL,
            (
                "the account attaches fewer policies to a role than the permission set has: have its quota"
                ' "Managed policies per role" raised, or merge policies'
            ),
        ),
        (
            r"Maximum policy size|Cannot exceed quota for PolicySize",
            Means.FINAL,
            "the inline policy is too large for a role: shorten it, or make it a customer-managed policy",
        ),
        (
            r"MalformedPolicyDocument|Syntax errors in policy",
            Means.FINAL,
            "IAM does not accept the inline policy: correct it in the permission set",
        ),
        (
            r"Received a (?:5\d\d|429) status error|Internal server error|Throttl|Rate exceeded",
            Means.AGAIN,
            "the service failed on its own: plan again",
        ),
        (
            r"Access denied by IAM|AWSReservedSSO_|not authorized to perform:? iam:",
            Means.FINAL,
            (
                "roles of the management account can only be changed by a caller of that account who has IAM"
                " permissions there (iam:GetRole, iam:CreateRole, iam:ListRolePolicies and the like on"
                " AWSReservedSSO_*); in any other account, a service control policy stands in the way"
            ),
        ),
        (
            r"account\b.*\b(?:SUSPENDED|CLOSED|PENDING_CLOSURE|PENDING_ACTIVATION|not active)\b",
            Means.FINAL,
            "nothing can be assigned in an account that is not active: take it out of the assignment",
        ),
        (
            r"not in the organization",
            Means.FINAL,
            "the account does not belong to the organization: take it out of the assignment",
        ),
        (r"conflict|concurrent", Means.AGAIN, "something else changes the same role: plan again"),
    )
)


def classify(reason: str) -> Verdict:
    """What a FailureReason means; one that is not known is final."""
    return next((verdict for pattern, verdict in _KNOWN if pattern.search(reason)), Verdict(Means.FINAL))


def explained(reason: str) -> str:
    """The reason as the service gives it, and what to do."""
    said, fix = reason or "it failed, and the service gives no reason", classify(reason).fix
    return f"{said}; {fix}" if fix else said

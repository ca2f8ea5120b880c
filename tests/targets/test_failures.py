from __future__ import annotations

import pytest

from reconciler.targets.identity_center.access.failures import Means, classify, explained

POLICY = "Received a 404 status error: Not supported policy arn:aws:iam::222222222222:policy/ci/deploy"
NOBODY = "Received a 404 status error: the GROUP assignee 1-2 was not found in directory d-1111111111"
ABSENT = "Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key x"
MANAGEMENT = (
    "Received a 403 status error: Access denied by IAM. User: arn:aws:sts::1:assumed-role/X is not"
    " authorized to perform: iam:GetRole on resource: role AWSReservedSSO_Admin_1"
)


@pytest.mark.parametrize(
    ("reason", "means", "says"),
    [
        (POLICY, Means.FINAL, "customer-managed policy"),
        (NOBODY, Means.AGAIN, "user or group"),
        (ABSENT, Means.ABSENT, ""),
        (MANAGEMENT, Means.FINAL, "management account"),
        ("Received a 403 status error: Account 222222222222 is SUSPENDED", Means.FINAL, "not active"),
        ("Received a 403 status error: Account 222222222222 is PENDING_CLOSURE", Means.FINAL, "not active"),
        (
            "Obtaining permissions is taking longer than usual. Try again later.",
            Means.FINAL,
            "closed or suspended",
        ),
        ("Received a 404 status error: Assignment not found.", Means.ABSENT, ""),
        (
            "Received a 404 status error: Permission set provision not found in AWS account 222222222222.",
            Means.ABSENT,
            "",
        ),
        ("Account 222222222222 is not in the organization", Means.FINAL, "organization"),
        ("Cannot exceed quota for RolesPerAccount: 1000", Means.FINAL, "Roles per account"),
        ("Cannot exceed quota for PoliciesPerRole: 10", Means.FINAL, "Managed policies per role"),
        ("Maximum policy size of 10240 bytes exceeded for role", Means.FINAL, "inline policy"),
        ("MalformedPolicyDocument: Syntax errors in policy.", Means.FINAL, "inline policy"),
        ("Received a 500 status error: Internal server error", Means.AGAIN, "plan again"),
        ("Received a 500 status error: connection closed by AWSReservedSSO_x", Means.AGAIN, "plan again"),
        ("Received a 503 status error: try later", Means.AGAIN, "plan again"),
        ("There is a conflicting operation in process.", Means.AGAIN, "plan again"),
        ("something that nobody has seen before", Means.FINAL, ""),
        ("", Means.FINAL, ""),
    ],
)
def test_reasons_mean_what_they_are_known_to_mean(reason: str, means: Means, says: str) -> None:
    verdict = classify(reason)

    assert verdict.means is means
    assert says in verdict.fix
    assert bool(verdict.fix) is bool(says)


def test_a_reason_is_told_as_it_is_and_with_what_to_do() -> None:
    assert explained(POLICY).startswith(f"{POLICY}; ")
    assert explained("never seen") == "never seen"
    assert explained("") == "it failed, and the service gives no reason"

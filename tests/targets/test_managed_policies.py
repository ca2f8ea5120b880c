"""Whether AWS has a managed policy: IAM is asked, and where it may not be asked nothing is said."""

from __future__ import annotations

from reconciler.model.plan import Severity
from reconciler.sandbox import Sandbox
from reconciler.targets.identity_center.managed_policies import missing
from reconciler.wire.aws import Aws


def aws(sandbox: Sandbox) -> Aws:
    return Aws("aws", region="us-east-1", endpoint_url=sandbox.url, speed=1000.0, sandbox=True)


def test_each_policy_is_asked_for_once_and_what_is_not_there_refuses() -> None:
    with Sandbox() as sandbox:
        sandbox.store.declare_policies("aws", ["/service-role/New"])
        asking = aws(sandbox)
        found = missing(asking, {"B": ["Gone"], "A": ["Gone", "service-role/New", "ReadOnlyAccess"]})
    assert asking.calls == {"iam.GetPolicy": 3}

    assert [(one.code, one.severity, str(one.address)) for one in found] == [
        ("managed-policy-missing", Severity.REFUSAL, "aws/permission-set/A"),
        ("managed-policy-missing", Severity.REFUSAL, "aws/permission-set/B"),
    ]
    assert all(one.message.endswith(": Gone") for one in found)


def test_where_nobody_may_ask_nothing_is_known() -> None:
    with Sandbox() as sandbox:
        sandbox.faults.add(kind="deny", operation="iam.GetPolicy")
        assert missing(aws(sandbox), {"A": ["Gone"]}) == ()

"""Whether AWS has the managed policies that no list of ours knows: IAM is asked, which alone can tell.

GetPolicy answers for policies of AWS in every account (IAM API reference, GetPolicy).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.errors import NotFound, ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Finding, Severity
from reconciler.wire.aws import Aws


def missing(aws: Aws, managed: Mapping[str, Collection[str]]) -> tuple[Finding, ...]:
    """A refusal for each permission set (by name) with policies, by path, that IAM says it does not have.

    One call a policy. Where it cannot be asked, nothing is known and nothing is said.
    """
    there: dict[str, bool] = {}
    findings: list[Finding] = []
    for name, paths in sorted(managed.items()):
        for path in paths:
            if path not in there:
                try:
                    arn = f"arn:{partition(aws.region())}:iam::aws:policy/{path}"
                    aws.call("iam", "GetPolicy", mutates=False, PolicyArn=arn)
                    there[path] = True
                except NotFound:
                    there[path] = False
                except ServiceError:
                    return tuple(findings)
        gone = [path for path in paths if not there[path]]
        if gone:
            findings.append(_finding(aws.target, name, gone))
    return tuple(findings)


def partition(region: str) -> str:
    """The partition of a Region (AWS General Reference, "ARNs"); China and GovCloud have their own."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _finding(target: str, name: str, paths: list[str]) -> Finding:
    return Finding(
        code="managed-policy-missing",
        severity=Severity.REFUSAL,
        message=(
            f"permission set {name} names AWS-managed policies that IAM does not have: {', '.join(paths)}"
        ),
        address=Address.of(target, Kind.PERMISSION_SET, name),
        fix="correct the names; `reconciler validate` says which are close",
        count=len(paths),
    )

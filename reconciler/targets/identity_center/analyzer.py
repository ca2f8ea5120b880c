"""What IAM Access Analyzer says of inline policies: AWS's own check, as new as IAM itself.

ValidatePolicy reads no account and changes nothing (IAM Access Analyzer API reference, ValidatePolicy).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Finding, Severity
from reconciler.wire.aws import Aws

_SERVICE, _OPERATION = "accessanalyzer", "ValidatePolicy"
# Pages of one policy's findings; a policy has 10,240 characters at most, and no more to say than this.
_PAGES = 20
_GRAVE = frozenset(("ERROR", "SECURITY_WARNING"))


def validate(aws: Aws, policies: Mapping[str, str]) -> tuple[Finding, ...]:
    """A finding for each permission set (by name) of whose policy Access Analyzer has something to say.

    One call a policy. Where it cannot be asked, one note says why, and nothing is known.
    """
    findings: list[Finding] = []
    for name, policy in sorted(policies.items()):
        try:
            said = list(_remarks(aws, policy))
        except ServiceError as error:
            return (*findings, _not_asked(error, len(policies)))
        if said:
            grave = any(kind in _GRAVE for kind, _ in said)
            findings.append(_finding(aws.target, name, [text for _, text in said], grave=grave))
    return tuple(findings)


def _remarks(aws: Aws, policy: str) -> Iterator[tuple[str, str]]:
    """The type and the words of each remark on one policy."""
    token: dict[str, str] = {}
    for _ in range(_PAGES):
        answer = aws.call(
            _SERVICE,
            _OPERATION,
            mutates=False,
            policyDocument=policy,
            policyType="IDENTITY_POLICY",
            **token,
        )
        for raw in answer.get("findings", ()):
            kind = str(raw.get("findingType", ""))
            yield kind, f"{raw.get('issueCode', kind)}{_where(raw)}: {raw.get('findingDetails', '')}"
        if not answer.get("nextToken"):
            return
        token = {"nextToken": str(answer["nextToken"])}


def _where(raw: Mapping[str, Any]) -> str:
    """` at Statement[0].Action`, as far as the remark tells."""
    path = ""
    for step in next((each.get("path", ()) for each in raw.get("locations", ())), ()):
        if "index" in step:
            path += f"[{step['index']}]"
        elif "key" in step or "value" in step:
            path += f".{step.get('key', step.get('value'))}"
    return f" at {path.lstrip('.')}" if path else ""


def _finding(target: str, name: str, details: list[str], *, grave: bool) -> Finding:
    return Finding(
        code="access-analyzer",
        severity=Severity.WARNING if grave else Severity.NOTE,
        message=f"IAM Access Analyzer on the inline policy of {name}",
        address=Address.of(target, Kind.PERMISSION_SET, name),
        fix="look each of them up in its policy check reference, and correct the policy",
        details=tuple(details),
        count=len(details),
    )


def _not_asked(error: ServiceError, count: int) -> Finding:
    return Finding(
        code="access-analyzer-not-asked",
        severity=Severity.NOTE,
        message=f"IAM Access Analyzer was not asked about inline policies ({count}): {error}",
        fix="allow the caller access-analyzer:ValidatePolicy, which reads nothing of the account",
        count=count,
    )

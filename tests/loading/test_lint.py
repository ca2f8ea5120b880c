"""What the linter says of inline policies, in our words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.loading.lint import lint, remarks
from reconciler.model.plan import Severity
from reconciler.model.resources import Origin, PermissionSet

OBJECTS = "arn:aws:s3:::reports/*"


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


CASES = [
    pytest.param([allow("s3:GetObjekt", OBJECTS)], Severity.WARNING, "s3:GetObjekt", id="unknown action"),
    pytest.param([allow("newservice:Do")], Severity.WARNING, "newer than its data", id="unknown service"),
    pytest.param([allow("s3:GetObject", "reports")], Severity.WARNING, "no ARN", id="no ARN"),
    pytest.param(
        [allow("s3:GetObject", "arn:aws:s3:::reports")], Severity.WARNING, "allows nothing", id="mismatch"
    ),
    pytest.param([{"Effect": "Allow", "Actio": "*"}], Severity.WARNING, "does not take", id="malformed"),
    pytest.param([allow("*")], Severity.WARNING, "every action on every resource", id="star on star"),
    pytest.param([allow("iam:*")], Severity.WARNING, "any other permission", id="escalation"),
    pytest.param(
        [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
        Severity.WARNING,
        "any other permission",
        id="escalation by all but something",
    ),
    pytest.param(
        [allow("iam:PassRole"), allow("cloudformation:CreateStack")],
        Severity.WARNING,
        "iam:PassRole with cloudformation:CreateStack",
        id="escalation of two statements",
    ),
    pytest.param(
        [allow("s3:ListAllMyBuckets", Principal="*")], Severity.WARNING, "no Principal", id="principal"
    ),
    pytest.param(
        [allow("s3:GetObject", OBJECTS, Condition={"StringEqual": {"aws:username": "a"}})],
        Severity.WARNING,
        "no such condition operator",
        id="operator",
    ),
    pytest.param([allow("s3:GetObject")], Severity.NOTE, "could name resources", id="wide, which is style"),
    pytest.param([allow({"a": "b"})], Severity.WARNING, "cannot read", id="an action that is an object"),
    pytest.param(["x"], Severity.WARNING, "cannot read", id="a statement that is text"),
]


@pytest.mark.parametrize(("statements", "severity", "says"), CASES)
def test_what_is_odd_is_said(statements: list[Any], severity: Severity, says: str) -> None:
    assert [one for one, text in remarks(policy(*statements)) if says in text] == [severity]


@pytest.mark.parametrize(
    "statements",
    [
        [allow(["s3:Get*", "s3:List*"], ["arn:aws:s3:::reports", OBJECTS])],
        [allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")],
        [allow(["iam:PassRole"], "arn:aws:iam::111122223333:role/ci"), allow("cloudformation:CreateStack",
         "arn:aws:cloudformation:us-east-1:111122223333:stack/ci/*")],
        [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    ],
    ids=["wildcards that fit in part", "one's own keys", "one role", "deny"],
)  # fmt: skip
def test_what_is_fine_is_not_talked_about(statements: list[Any]) -> None:
    assert remarks(policy(*statements)) == ()


def test_a_policy_of_many_stars_ends() -> None:
    assert remarks(policy(allow("s3:GetObject", f"arn:aws:s3:::{'*a' * 100}b/*"))) is not None


def test_a_set_has_one_finding_which_refuses_nothing() -> None:
    odd = policy(allow("s3:GetObjekt"), allow("iam:*"))
    sets = [
        PermissionSet("B", Origin("b.yaml", 3), inline_policy=odd),
        PermissionSet("A", Origin("a.yaml", 1), inline_policy=policy(allow("s3:GetObject", OBJECTS))),
        PermissionSet("C", Origin("c.yaml", 1)),
    ]
    (finding,) = lint(sets)
    assert (finding.code, finding.severity, finding.origin) == (
        "policy-lint",
        Severity.WARNING,
        Origin("b.yaml", 3),
    )
    assert finding.count == len(finding.details)

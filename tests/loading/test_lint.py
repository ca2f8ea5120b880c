"""What the linter says of inline policies, in our words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.loading import lists
from reconciler.loading.lint import lint, remarks
from reconciler.model.plan import Severity
from reconciler.model.resources import Origin, PermissionSet

OBJECTS = "arn:aws:s3:::reports/*"


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


CASES = [
    pytest.param([allow("s3:GetObjekt", OBJECTS)], 'did you mean "GetObject"?', id="unknown action"),
    pytest.param([allow("s3:Got*", OBJECTS)], "no such action", id="a wildcard that fits nothing"),
    pytest.param([allow("newservice:Do")], "misspelled, or newer", id="unknown service"),
    pytest.param([allow("dynamdb:GetItem")], 'did you mean "dynamodb"?', id="misspelled service"),
    pytest.param([allow("s3:GetObject", "arn:aws:s3:::a\u2011b")], "U+2011", id="a hyphen of a web page"),
    pytest.param([allow("*")], "every action on every resource", id="star on star"),
    pytest.param([allow("iam:*")], "any other permission", id="escalation"),
    pytest.param([allow("IAM:createaccesskey")], "any other permission", id="escalation in other letters"),
    pytest.param(
        [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
        "any other permission",
        id="escalation by all but something",
    ),
    pytest.param(
        [allow("iam:PassRole"), allow("cloudformation:CreateStack")],
        "iam:PassRole with cloudformation:CreateStack",
        id="escalation of two statements",
    ),
]


@pytest.mark.parametrize(("statements", "says"), CASES)
def test_what_is_odd_is_said(statements: list[Any], says: str) -> None:
    assert [one for one, text in remarks(policy(*statements)) if says in text] == [Severity.WARNING]


@pytest.mark.parametrize(
    "statements",
    [
        [allow(["s3:Get*", "s3:List*"], ["arn:aws:s3:::reports", OBJECTS])],
        [allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")],
        [allow(["iam:PassRole"], "arn:aws:iam::111122223333:role/ci"), allow("cloudformation:CreateStack",
         "arn:aws:cloudformation:us-east-1:111122223333:stack/ci/*")],
        [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
        [allow("iam:*"), {"Effect": "Deny", "Action": ["iam:*", "sts:*"], "Resource": "*"}],
        [allow("S3:getobject", OBJECTS)],
        [allow("s3:GetObject", OBJECTS, Sid=""), allow("s3:PutObject", OBJECTS, Sid="")],
    ],
    ids=["wildcards that fit in part", "one's own keys", "one role", "deny", "denied", "case", "no Sids"],
)  # fmt: skip
def test_what_is_fine_is_not_talked_about(statements: list[Any]) -> None:
    assert remarks(policy(*statements)) == ()


def test_a_version_of_2008_is_a_note() -> None:
    old = json.dumps({"Statement": [allow("s3:GetObject", OBJECTS)]})
    ((severity, text),) = remarks(old)
    assert severity is Severity.NOTE
    assert "2012-10-17" in text


@pytest.mark.parametrize("odd", ["[]", "x", '{"Statement": 5}', '{"Statement": ["x", {"Action": [{}, 5]}]}'])
def test_a_policy_that_is_none_is_passed_over(odd: str) -> None:
    assert all(severity is Severity.NOTE for severity, _ in remarks(odd))


def test_managed_policies_that_no_list_has_are_named_with_what_was_meant() -> None:
    sets = [
        PermissionSet(
            "A",
            Origin("a.yaml", 1),
            managed_policies=("ReadOnlyAcess", "Billing", "arn:aws-cn:iam::aws:policy/job-function/Billing"),
            permissions_boundary="service-role/AmazonEC2RoleforSSM",
        ),
        PermissionSet("B", Origin("b.yaml", 1), permissions_boundary="job-function/AdministratorAccess"),
    ]
    first, second = lint(sets)
    assert (first.code, first.severity, first.count) == ("managed-policy-unknown", Severity.WARNING, 1)
    assert first.details == ('ReadOnlyAcess: did you mean "ReadOnlyAccess"?',)
    assert "job-function/AdministratorAccess" in second.message


def test_the_lists_say_of_which_day_they_are() -> None:
    assert lists.actions_date() > "2026"
    assert lists.managed_policies_date() > "2026"
    assert lists.managed_policy("ViewOnlyAccess") == "job-function/ViewOnlyAccess"
    assert {"s3", "iam", "sts"} <= set(lists.services())


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

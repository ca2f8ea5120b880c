"""Which policies are the same to IAM, and that the form in which they are sent keeps every word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.policy_documents import canonical, meaning, same

ACTIONS = ["s3:GetObject", "s3:ListBucket", "sns:List*"]
RESOURCES = ["arn:aws:s3:::a", "arn:aws:s3:::b/*", "*"]


def policy(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def allow(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


ALIKE = [
    pytest.param(policy(allow(ACTIONS)), policy(allow(ACTIONS[::-1])), id="order of actions"),
    pytest.param(policy(allow("s3:a", RESOURCES)), policy(allow("s3:a", RESOURCES[::-1])), id="of resources"),
    pytest.param(policy(allow("s3:a"), allow("s3:b")), policy(allow("s3:b"), allow("s3:a")), id="statements"),
    pytest.param(policy(allow(["s3:a"], ["*"])), policy(allow("s3:a", "*")), id="a list of one"),
    pytest.param(
        policy(allow()),
        json.dumps({"Version": "2012-10-17", "Statement": allow()}),
        id="no list of statements",
    ),
    pytest.param(policy(allow(Sid="")), policy(allow()), id="an empty Sid"),
    pytest.param(policy(allow(), Id=""), policy(allow()), id="an empty Id"),
    pytest.param(policy(allow(Condition={})), policy(allow()), id="an empty Condition"),
    pytest.param(policy(allow(Condition={"Bool": {}})), policy(allow()), id="an empty operator"),
    pytest.param(policy(allow("S3:getobject")), policy(allow("s3:GetObject")), id="case of an action"),
    pytest.param(policy(allow(["s3:A", "s3:a"])), policy(allow("s3:a")), id="an action twice"),
    pytest.param(policy(allow(), allow()), policy(allow()), id="a statement twice"),
    pytest.param(
        json.dumps({"Statement": [allow()]}),
        policy(allow(), Version="2008-10-17"),
        id="the version by default",
    ),
    pytest.param(
        policy({"Effect": "Deny", "NotAction": ["s3:a", "s3:b"], "NotResource": ["x", "y"]}),
        policy({"Effect": "Deny", "NotAction": ["s3:b", "s3:a"], "NotResource": ["y", "x"]}),
        id="NotAction and NotResource",
    ),
    pytest.param(
        policy(allow(Condition={"StringEquals": {"aws:PrincipalTag/a": ["x", "y"], "aws:username": ["z"]}})),
        policy(allow(Condition={"StringEquals": {"AWS:username": "z", "aws:principaltag/a": ["y", "x"]}})),
        id="values and keys of a condition",
    ),
    pytest.param(
        policy(allow(Condition={"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"k": 5}})),
        policy(allow(Condition={"NumericLessThan": {"k": ["5"]}, "Bool": {"aws:SecureTransport": "true"}})),
        id="truth and number of a condition",
    ),
]

DIFFERENT = [
    pytest.param(policy(allow("s3:a")), policy(allow("s3:b")), id="an action"),
    pytest.param(policy(allow("s3:a", "arn:A")), policy(allow("s3:a", "arn:a")), id="case of an ARN"),
    pytest.param(policy(allow(Sid="A")), policy(allow()), id="a Sid"),
    pytest.param(policy(allow()), policy({**allow(), "Effect": "Deny"}), id="the effect"),
    pytest.param(policy(allow()), json.dumps({"Statement": [allow()]}), id="the version"),
    pytest.param(
        policy(allow(Condition={"StringEquals": {"k": "A"}})),
        policy(allow(Condition={"StringEquals": {"k": "a"}})),
        id="case of a value",
    ),
    pytest.param(
        policy(allow(Condition={"StringEquals": {"k": "a"}})),
        policy(allow(Condition={"StringLike": {"k": "a"}})),
        id="an operator",
    ),
    pytest.param(policy(allow(Condition={"Null": {"k": []}})), policy(allow()), id="no value at all"),
    pytest.param(policy(allow([])), policy(allow("s3:a")), id="no action"),
    pytest.param(policy("x", "y"), policy("y", "x"), id="no statements at all"),
    pytest.param("[]", "{}", id="no policies"),
    pytest.param("x", "y", id="no JSON"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_iam_reads_alike_is_the_same(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_iam_may_read_otherwise_differs(one: str, other: str) -> None:
    assert not same(one, other)


def test_what_is_sent_keeps_every_word_as_it_was_written() -> None:
    written = policy(allow(["S3:GetObject", "ec2:X"], Condition={"Bool": {"AWS:SecureTransport": True}}))
    assert json.loads(canonical(written)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["ec2:X", "S3:GetObject"],
                "Resource": "*",
                "Condition": {"Bool": {"AWS:SecureTransport": True}},
            }
        ],
    }


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4))
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Sid", "Action", "Resource", "Condition", "Version", "Id", "x", "X"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_value_has_one_form_which_means_the_same(value: Any) -> None:
    text = json.dumps(value)
    once = canonical(text)
    assert canonical(once) == once
    assert meaning(once) == meaning(text)

"""What IAM is certain to reject in a policy is an error at its place, in YAML and in a JSON file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.files.json_spots import spots
from reconciler.loading.load import load
from reconciler.loading.policy_rules import flaws
from tests.trees import problems, tree

GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def policy(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def found(document: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str, str]]:
    return [(flaw.loc, flaw.says, flaw.fix) for flaw in flaws(document)]


AT = ("Statement", 0)
REJECTED = [
    pytest.param({"Effect": "allow"}, "Effect", 'is "allow"; IAM takes Allow or Deny', '"Allow"?', id="case"),
    pytest.param({"Effect": "Permit"}, "Effect", "IAM takes Allow or Deny", "write one of", id="effect"),
    pytest.param({"Effect": True}, "Effect", "is true;", "write one of", id="an effect that is not text"),
    pytest.param({"Action": "docdb\u2011elastic:*"}, "Action", "U+2011 NON", "docdb-elastic:*", id="hyphen"),
    pytest.param({"Action": "access\u2013analyzer:*"}, "Action", "U+2013", "access-analyzer:*", id="dash"),
    pytest.param({"Action": "s3:\uff27etObject"}, "Action", "FULLWIDTH", "s3:GetObject", id="a wide letter"),
    pytest.param({"Action": "\u04553:GetObject"}, "Action", "CYRILLIC", "A to Z", id="a Cyrillic letter"),
    pytest.param({"NotAction": "s3 :Get"}, "NotAction", '" "', "s3:Get", id="a blank"),
    pytest.param({"Action": "GetObject"}, "Action", "not the action of", "s3:Get", id="no service"),
    pytest.param({"Action": "s3:"}, "Action", "no action", "s3:*", id="no name"),
    pytest.param({"Action": "s3:Get:Object"}, "Action", '":"', "A to Z", id="two colons"),
    pytest.param({"Action": "s*:Get"}, "Action", '"*"', "A to Z", id="a wildcard in the service"),
    pytest.param({"Action": {"s3": "GetObject"}}, "Action", "is a map", "s3:Get", id="a map"),
    pytest.param({"Action": []}, "Action", "is empty", "s3:GetObject", id="no action at all"),
    pytest.param({"Resource": "reports"}, "Resource", "no ARN", "arn:aws:s3", id="no ARN"),
    pytest.param({"Resource": "arn:amazon:s3:::x"}, "Resource", "no ARN", "arn:aws:s3", id="a partition"),
    pytest.param({"Resource": 5}, "Resource", "is 5;", "ARN", id="a resource that is a number"),
    pytest.param({"Sid": "Read reports"}, "Sid", "letters", "rename", id="a Sid with a blank"),
    pytest.param({"Principal": "*"}, "Principal", "not allowed", "delete", id="a principal"),
    pytest.param({"Actions": "*"}, "Actions", "IAM does not know", '"Action"?', id="an unknown element"),
    pytest.param({"Condition": "x"}, "Condition", "IAM takes operators", "write", id="text"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "name", "says", "fix"), REJECTED)
def test_what_iam_rejects_is_said_with_its_place(
    more: dict[str, Any], name: str, says: str, fix: str
) -> None:
    there = {**GOOD, **more}
    if "NotAction" in more:
        del there["Action"]
    ((loc, expected, output),) = found(policy(there))
    assert loc == (*AT, name)
    assert says in expected
    assert fix in output


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        ({"StringEqual": {"aws:username": "a"}}, ("StringEqual",)),
        ({"ForAnyValues:StringLike": {"aws:username": "a"}}, ("ForAnyValues:StringLike",)),
        ({"Bool": {"MultiFactorAuthPresent": "true"}}, ("Bool", "MultiFactorAuthPresent")),
        ({"Bool": {"aws:x": {"a": "b"}}}, ("Bool", "aws:x")),
        ({"Bool": {"aws:x": ["true", None]}}, ("Bool", "aws:x", 1)),
        ({"Bool": "true"}, ("Bool",)),
    ],
)
def test_a_condition_that_iam_rejects(condition: dict[str, Any], where: tuple[str | int, ...]) -> None:
    assert [loc for loc, *_ in found(policy({**GOOD, "Condition": condition}))] == [
        (*AT, "Condition", *where)
    ]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"Statement": "x"}, ("Statement",)),
        ({"Statement": []}, ("Statement",)),
        ({"Statement": ["x"]}, AT),
        ({"Statement": [{"Action": "a:b", "Resource": "*"}]}, AT),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, AT),
        ({"Statement": [{"Effect": "Allow", "Action": "a:b"}]}, AT),
        ({"Statement": [{**GOOD, "NotAction": "a:b"}]}, (*AT, "NotAction")),
        ({"Statement": {"Effect": "Permit", "Action": "a:b", "Resource": "*"}}, ("Statement", "Effect")),
        ({"Statement": GOOD, "Version": "2012"}, ("Version",)),
        ({"Statement": GOOD, "Id": 7}, ("Id",)),
        ({"Statement": GOOD, "Rule": 7}, ("Rule",)),
    ],
)
def test_a_form_that_iam_rejects(document: dict[str, Any], where: tuple[str | int, ...]) -> None:
    assert [loc for loc, *_ in found(document)] == [where]


def test_a_sid_is_taken_once_and_an_empty_one_is_none() -> None:
    ((loc, says, _),) = found(
        policy({**GOOD, "Sid": "A"}, {**GOOD, "Sid": ""}, {**GOOD, "Sid": ""}, {**GOOD, "Sid": "A"})
    )
    assert loc == ("Statement", 3, "Sid")
    assert "statement 1" in says


@pytest.mark.parametrize(
    "statement",
    [
        {
            "Effect": "Deny",
            "NotAction": ["s3:Get*", "*"],
            "NotResource": "arn:aws-eusc:s3:::a/${aws:username}/*",
        },
        {**GOOD, "Action": "newservice2:Do?t"},
        {**GOOD, "Resource": ["arn:aws:s3:::a", "arn:*:iam::*:role/x", "arn:aws:s3:*"]},
        {
            **GOOD,
            "Condition": {"ForAllValues:StringLikeIfExists": {"accounts.google.com:aud": ["x"]}, "Null": {}},
        },
        {**GOOD, "Condition": {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"aws:x": 5}}},
    ],
)
def test_what_iam_takes_is_let_through(statement: dict[str, Any]) -> None:
    assert found(policy(statement)) == []


def test_the_place_is_that_in_the_yaml_file() -> None:
    text = (
        "permission_sets:\n  A:\n    inline_policy:\n      Statement:\n"
        '        - {Effect: Allow, Action: ["a:b", "docdb\\u2011elastic:*"], Resource: "*"}\n'
    )
    ((place, says, _),) = problems(text)
    assert place == "a.yaml:5:43"
    assert says.startswith("inline_policy.Statement[0].Action[1] of permission set A is")


def test_the_place_is_that_in_the_json_file() -> None:
    json_text = '{"Statement": [\n  {"Effect": "Allow", "Resource": "*", "Action": [\n     "a\\u2011b:c"]}]}'
    ((place, says, _),) = problems(
        {"a.yaml": "permission_sets: {A: {inline_policy: p.json}}\n", "p.json": json_text}
    )
    assert place == "p.json:3:6"
    assert says.startswith("Statement[0].Action[0] is")


def test_a_state_of_the_past_is_read_as_it_was() -> None:
    files = {"a.yaml": "permission_sets: {A: {inline_policy: {Statement: [{Effect: allow}]}}}\n"}
    past = load(tree(files), under_plan=False).identities.permission_sets["A"]
    assert past.inline_policy == '{"Statement":[{"Effect":"allow"}]}'


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=15,
)


@given(JSON, st.sampled_from([None, 2]))
def test_every_value_of_a_json_file_has_its_place(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    values, names = spots(text)
    lines = text.split("\n")

    def check(inner: Any, at: tuple[str | int, ...]) -> None:
        spot = values[at]
        rest = "\n".join([lines[spot.line - 1][spot.column - 1 :], *lines[spot.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == inner
        if isinstance(inner, dict):
            for key, each in inner.items():
                line = lines[names[(*at, key)].line - 1][names[(*at, key)].column - 1 :]
                assert json.JSONDecoder().raw_decode(line)[0] == key
                check(each, (*at, key))
        elif isinstance(inner, list):
            for number, each in enumerate(inner):
                check(each, (*at, number))

    check(value, ())


@given(st.dictionaries(st.sampled_from(["Version", "Id", "x"]), JSON), JSON)
def test_any_json_is_judged_without_a_failure(document: dict[str, Any], statement: Any) -> None:
    list(flaws({**document, "Statement": statement}))
    list(flaws({**document, "Statement": [statement]}))

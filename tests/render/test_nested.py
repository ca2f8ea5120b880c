"""An attribute with parts shows the parts that differ, and nothing else of it."""

from __future__ import annotations

import json

import pytest

from reconciler.model.change import FieldChange
from reconciler.model.resources import Value
from reconciler.render.nested import parts

STATEMENT = {"Sid": "A", "Effect": "Allow", "Action": ["s3:Get", "s3:List"], "Resource": "*"}
OTHER = {"Effect": "Deny", "Action": "kms:*", "Resource": ["a", "b"]}
HOME = {"street_address": "Main 1", "locality": "Bern", "country": "CH"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a", "b", [("field", "a", "b")]),
        (None, HOME, [("field", None, HOME)]),
        (HOME, None, [("field", HOME, None)]),
        (HOME, {**HOME, "locality": "Thun"}, [("field.locality", "Bern", "Thun")]),
        (HOME, {**HOME, "region": "BE"}, [("field.region", None, "BE")]),
        ({**HOME, "region": "BE"}, HOME, [("field.region", "BE", None)]),
        (("a", "b"), ("b",), [("field", ("a", "b"), ("b",))]),
        (
            {"a": "1", "b": "2"},
            {"c": "1"},
            [("field.a", "1", None), ("field.b", "2", None), ("field.c", None, "1")],
        ),
    ],
    ids=["plain", "set", "cleared", "one part", "part added", "part gone", "a list is one", "every part"],
)
def test_the_parts_that_differ(before: Value, after: Value, expected: list[tuple[str, Value, Value]]) -> None:
    found = parts(FieldChange("field", before, after))

    assert [(each.name, each.before, each.after) for each in found] == expected


def policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("a", "b"), ("b", "c"), [("a", None, True), (None, "c", True)]),
        (None, ("a",), [(None, "a", True)]),
        (("a",), (), [("a", None, True)]),
        (("b", "a"), ("a", "b"), [(("b", "a"), ("a", "b"), False)]),
        ("a", ("b",), [("a", ("b",), False)]),
    ],
    ids=["both ways", "set", "cleared", "order alone is told whole", "no list"],
)
def test_policies_come_and_go_one_by_one(
    before: Value, after: Value, expected: list[tuple[Value, Value, bool]]
) -> None:
    found = parts(FieldChange("managed_policies", before, after))

    assert [(each.before, each.after, each.item) for each in found] == expected
    assert {each.name for each in found} == {"managed_policies"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            policy(STATEMENT),
            policy({**STATEMENT, "Action": ["s3:List", "s3:Put"]}),
            [("A.Action", "s3:Get", None, True), ("A.Action", None, "s3:Put", True)],
            id="actions",
        ),
        pytest.param(
            policy(STATEMENT, OTHER), policy(OTHER, {**STATEMENT, "Effect": "Deny"}),
            [("A.Effect", "Allow", "Deny", False)],
            id="statements in another order, one of them with another effect",
        ),
        pytest.param(
            policy(STATEMENT),
            policy(STATEMENT, OTHER),
            [("Statement.1", None, {"Effect": "Deny", "Action": "kms:*", "Resource": ("a", "b")}, False)],
            id="a statement without a name",
        ),
        pytest.param(
            policy({**STATEMENT, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
            policy(STATEMENT),
            [("A.Condition", {"Bool": {"aws:SecureTransport": "true"}}, None, False)],
            id="a condition that goes",
        ),
        pytest.param(
            policy({**STATEMENT, "Condition": {"Bool": {"a:b": "true"}}}),
            policy({**STATEMENT, "Condition": {"Bool": {"a:b": ["true", "false"]}}}),
            [("A.Condition.Bool.a:b", None, "false", True)],
            id="a value more in a condition",
        ),
        pytest.param(
            None,
            policy(OTHER),
            [("Statement.1", None, {"Effect": "Deny", "Action": "kms:*", "Resource": ("a", "b")}, False)],
            id="a whole policy",
        ),
        pytest.param(
            '{"Statement":[],"Version":"2008-10-17"}', policy(),
            [("Version", "2008-10-17", "2012-10-17", False)],
            id="the version",
        ),
    ],
)  # fmt: skip
def test_an_inline_policy_tells_what_differs(
    before: Value, after: Value, expected: list[tuple[str, Value, Value, bool]]
) -> None:
    found = parts(FieldChange("inline_policy", before, after))

    assert [
        (each.name.removeprefix("inline_policy."), each.before, each.after, each.item) for each in found
    ] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("no policy", policy(STATEMENT)),
        ("[]", None),
        ("{}", policy()),
        ('{"Statement": ["x"]}', policy()),
        (policy({"Action": ["a", "b"]}), policy({"Action": ["b", "a"]})),
    ],
    ids=["no JSON", "a list", "empty", "a statement that is none", "nothing that counts differs"],
)
def test_what_is_no_policy_is_shown_as_it_is(before: Value, after: Value) -> None:
    found = parts(FieldChange("inline_policy", before, after))

    assert [(each.name, each.before, each.after) for each in found] == [("inline_policy", before, after)]

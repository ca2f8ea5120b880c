"""Problems with inline policies, in YAML and in files: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import Files, problems

CASES = [
    pytest.param(
        {"a.yaml": "permission_sets:\n  Admin: {inline_policy: admn.json}\n", "admin.json": "{}"},
        [
            (
                "a.yaml:2:26",
                'inline_policy of permission set Admin is "admn.json", and the file admn.json does not exist',
                'did you mean "admin.json"?',
            )
        ],
        id="an inline policy that is missing",
    ),
    pytest.param(
        {"sets/a.yaml": "permission_sets:\n  Admin: {inline_policy: ../../etc/passwd}\n"},
        [
            (
                "sets/a.yaml:2:26",
                "inline_policy of permission set Admin leaves the folder of the identities",
                "move the file inside, and name it from here",
            )
        ],
        id="an inline policy outside of the root",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {inline_policy: /etc/passwd}\n",
        [
            (
                "a.yaml:2:26",
                "inline_policy of permission set Admin leaves the folder of the identities",
                "move the file inside, and name it from here",
            )
        ],
        id="an inline policy by absolute path",
    ),
    pytest.param(
        {"a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n", "p.json": '{\n  "a": }'},
        [("p.json:2:8", "this is not JSON: Expecting value", "a policy is one JSON object")],
        id="an inline policy that is not JSON",
    ),
    pytest.param(
        {
            "a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n",
            "p.json": '{"Statement": [], "Statement": []}',
        },
        [("p.json:1:1", 'this is not a policy: "Statement" appears twice in one object', "fix the file")],
        id="an inline policy with a name twice",
    ),
    pytest.param(
        {"a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n", "p.json": '{"Statement": NaN}'},
        [("p.json:1:1", "this is not a policy: NaN is not JSON", "fix the file")],
        id="an inline policy that is NaN",
    ),
    pytest.param(
        {
            "a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n",
            "p.json": '{"Statement": ' + "[" * 40 + "]" * 40 + "}",
        },
        [("p.json:1:1", "this is nested more than 32 deep", "write it flatter")],
        id="an inline policy that is too deep",
    ),
    pytest.param(
        {
            "a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n",
            "p.json": '{"Statement": ' + "[" * 100000 + "]" * 100000 + "}",
        },
        [("p.json:1:1", "this is not a policy: nested too deep", "fix the file")],
        id="an inline policy that is far too deep",
    ),
    pytest.param(
        {
            "a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n",
            "p.json": '{\n "Statement": "\u202e"}',
        },
        [
            (
                "p.json:2:16",
                "the invisible character U+202E RIGHT-TO-LEFT OVERRIDE is not allowed",
                "delete it",
            )
        ],
        id="an inline policy with a bidi character",
    ),
    pytest.param(
        {"a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n", "p.json": b"\xff"},
        [("p.json:1:1", "the file is not UTF-8", "save it as UTF-8")],
        id="an inline policy that is not UTF-8",
    ),
    pytest.param(
        {"a.yaml": "permission_sets:\n  Admin: {inline_policy: p.json}\n", "p.json": "[]"},
        [
            (
                "a.yaml:2:26",
                "inline_policy of permission set Admin is not a policy: it has no Statement",
                "write {Version: 2012-10-17, Statement: […]}",
            )
        ],
        id="an inline policy that is a list",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {inline_policy: {Version: 2012-10-17}}\n",
        [
            (
                "a.yaml:2:26",
                "inline_policy of permission set Admin is not a policy: it has no Statement",
                "write {Version: 2012-10-17, Statement: […]}",
            )
        ],
        id="an inline policy in YAML without Statement",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {inline_policy: {Statement: [{Effect: }]}}\n",
        [
            (
                "a.yaml:2:40",
                (
                    "inline_policy.Statement[0].Effect of permission set Admin is empty, which means "
                    "nothing in a policy"
                ),
                "write a value",
            )
        ],
        id="an inline policy with nothing in it",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {inline_policy: '{\"Statement\": []}'}\n",
        [
            (
                "a.yaml:2:26",
                "inline_policy of permission set Admin is JSON in quotes",
                "write it as a map, without quotes, or into a file of its own",
            )
        ],
        id="an inline policy as quoted JSON",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {inline_policy: [a]}\n",
        [
            (
                "a.yaml:2:26",
                "inline_policy of permission set Admin is not a policy",
                "write a map, or the name of a JSON file",
            )
        ],
        id="an inline policy that is a YAML list",
    ),
    pytest.param(
        "permission_sets:\n  A: {inline_policy: {Statement: "
        f'{{Effect: Deny, Action: a:b, Resource: "arn:aws:s3:::{"s" * 10241}"}}}}}}\n',
        [
            (
                "a.yaml:2:22",
                (
                    "inline_policy of permission set A has 10,316 characters that are not spaces; AWS "
                    "takes 10,240, and 32,768 bytes in all"
                ),
                "shorten it, or make it a customer-managed policy",
            )
        ],
        id="an inline policy over the quota",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

"""Problems with the form of a file: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, problems

CASES = [
    pytest.param(
        "users:\n  ada: {user_name: ada}\n  ada: {user_name: bob}\n",
        [("a.yaml:3:3", 'the key "ada" is in this map twice', "keep one of the two")],
        id="a duplicate key in one file",
    ),
    pytest.param(
        "users:\n  ada:\n    user_name: ada\n    title: One\n    title: Two\n",
        [("a.yaml:5:5", 'the key "title" is in this map twice', "keep one of the two")],
        id="a duplicate field",
    ),
    pytest.param(
        "users:\n  ada: &x {user_name: ada}\n",
        [("a.yaml:2:8", "the anchor &x is not allowed", "delete it, and write values out")],
        id="an anchor",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada}\ngroups:\n  sre: *x\n",
        [("a.yaml:4:8", "the alias *x is not allowed", "write the value out")],
        id="an alias",
    ),
    pytest.param(
        "users:\n  ada:\n    <<: {title: One}\n    user_name: ada\n",
        [("a.yaml:3:5", "the merge key << is not allowed", "write the fields out")],
        id="a merge key",
    ),
    pytest.param(
        "users:\n  ada: {user_name: !!str ada}\n",
        [("a.yaml:2:20", 'the tag "tag:yaml.org,2002:str" is not allowed', "delete it; text needs no tag")],
        id="a tag",
    ),
    pytest.param(
        USER + "---\ngroups:\n",
        [("a.yaml:3:1", "a second document begins here", "delete the line `---`, or split the file")],
        id="a second document",
    ),
    pytest.param(
        "%YAML 1.1\n---\n" + USER,
        [("a.yaml:1:1", "a YAML directive is not allowed", "delete the line")],
        id="a directive",
    ),
    pytest.param(
        USER + "groups:\n  ? [a]\n  : {}\n",
        [("a.yaml:4:5", "a key must be text", "write one word, or text in quotes, before the colon")],
        id="a key that is a list",
    ),
    pytest.param(
        'users:\n  ada: {user_name: ada, title: "a\u202eb"}\n',
        [
            (
                "a.yaml:2:34",
                "the invisible character U+202E RIGHT-TO-LEFT OVERRIDE is not allowed",
                "delete it",
            )
        ],
        id="a bidi character",
    ),
    pytest.param(
        'users:\n  ada: {user_name: "a\u200bda"}\n',
        [("a.yaml:2:22", "the invisible character U+200B ZERO WIDTH SPACE is not allowed", "delete it")],
        id="a zero-width character",
    ),
    pytest.param(
        'users:\n  ada: {user_name: "a\x07da"}\n',
        [("a.yaml:2:22", "the invisible character U+0007 control character is not allowed", "delete it")],
        id="a control character",
    ),
    pytest.param(
        'users:\n  ada: {user_name: ada, title: "a\\u202eb"}\n',
        [
            (
                "a.yaml:2:32",
                "the invisible character U+202E RIGHT-TO-LEFT OVERRIDE is not allowed",
                "delete it",
            )
        ],
        id="an escaped bidi character",
    ),
    pytest.param(
        "\ufeffusers:\n  ada: {user_name: ada}\n",
        [("a.yaml:1:1", "the file begins with a byte order mark", "save it as UTF-8 without a BOM")],
        id="a byte order mark",
    ),
    pytest.param(
        b"users:\n  ada: {user_name: ad\xe9}\n",
        [("a.yaml:2:22", "the file is not UTF-8", "save it as UTF-8")],
        id="no UTF-8",
    ),
    pytest.param(
        "users: " + "[" * 40 + "]" * 40 + "\n",
        [("a.yaml:1:39", "this is nested more than 32 deep", "write it flatter")],
        id="nesting beyond the bound",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada\n",
        [
            (
                "a.yaml:3:1",
                "this is not YAML: did not find expected ',' or '}'",
                "close the bracket; put quotes around text that holds , [ ] { or }",
            )
        ],
        id="not YAML",
    ),
    pytest.param(
        "users:\n\tada: {user_name: ada}\n",
        [
            (
                "a.yaml:2:1",
                "this is not YAML: found character that cannot start any token",
                "indent with spaces, not tabs; quote what begins with @ ` or %",
            )
        ],
        id="a tab as indent",
    ),
    pytest.param(
        "users:\n  ada:\n    user_name: ada\n    title: Boss: all\n",
        [
            (
                "a.yaml:4:16",
                "this is not YAML: mapping values are not allowed in this context",
                'put quotes around a value that holds ": "',
            )
        ],
        id="a colon in a plain value",
    ),
    pytest.param(
        "- ada\n",
        [("a.yaml:1:1", "the file holds a list, and must hold a map", "begin it with `users:`")],
        id="a list at the top",
    ),
    pytest.param(
        "ada\n",
        [("a.yaml:1:1", 'the file holds the text "ada", and must hold a map', "begin it with `users:`")],
        id="text at the top",
    ),
    pytest.param(
        {"a.yaml": USER, "b.yml": USER},
        [
            (
                "b.yml:1:1",
                "the file would silently be absent: only names that end in .yaml are read",
                "rename it to b.yaml",
            )
        ],
        id="a .yml file",
    ),
    pytest.param(
        {"a.yaml": USER, "b.YAML": USER},
        [
            (
                "b.YAML:1:1",
                "the file would silently be absent: only names that end in .yaml are read",
                "rename it to b.yaml",
            )
        ],
        id="an upper-case ending",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

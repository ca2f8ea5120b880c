"""What a file that cannot be read is told to be wrong with: the place, the reason, and a fix that works."""

from __future__ import annotations

import pytest

from tests.trees import Files, problems

CONFLICT = "the file has a merge conflict that nobody resolved"
SPACE = "a space is missing after the colon"
QUOTE = "a quote inside quoted text ends the text"
POLICY = "permission_sets: {A: {inline_policy: p.json}}\n"


@pytest.mark.parametrize(
    ("files", "place", "says", "fix"),
    [
        pytest.param(
            "users:\n  ada:\n    user_name:ada@example.com\n    given_name: A\n",
            "a.yaml:3:5", SPACE, "write `user_name: ada@example.com`", id="no space, and more lines",
        ),
        pytest.param(
            "users:\n  ada:\n    given_name: A\n    user_name:ada@example.com\n",
            "a.yaml:4:5", SPACE, "write `user_name: ada@example.com`", id="no space in the last line",
        ),
        pytest.param(
            "users: {ada: {user_name:ada@example.com}}\n",
            "a.yaml:1:15", "has no space after the colon", "write `user_name: ada@", id="in a flow map",
        ),
        pytest.param(
            "users:\n  ada:\n    title: Head: Sales\n",
            "a.yaml:3:16", "this is not YAML", 'holds ": "', id="a colon in a value",
        ),
        pytest.param(
            'users:\n  ada:\n    title: "the "big" boss"\n    user_name: a\n',
            "a.yaml:3:17", QUOTE, 'write \\" for a quote', id="double quotes",
        ),
        pytest.param(
            "users:\n  ada:\n    title: 'it's fine'\n    user_name: a\n",
            "a.yaml:3:15", QUOTE, "write '' for a quote", id="single quotes",
        ),
        pytest.param(
            "users:\n<<<<<<< HEAD\n  ada: {user_name: a}\n=======\n  ada: {user_name: b}\n>>>>>>> branch\n",
            "a.yaml:2:1", CONFLICT, "keep the lines", id="a conflict in YAML",
        ),
        pytest.param(
            {"a.yaml": POLICY, "p.json": '{\n<<<<<<< HEAD\n "a": 1\n=======\n "a": 2\n>>>>>>> b\n}'},
            "p.json:2:1", CONFLICT, "keep the lines", id="a conflict in JSON",
        ),
        pytest.param(
            {"a.yaml": POLICY, "p.json": '{"Statement": [\n  {"Effect": "Allow", }\n]}'},
            "p.json:2:21", "a comma is before }", "delete the comma", id="a comma in an object",
        ),
        pytest.param(
            {"a.yaml": POLICY, "p.json": '{"Statement": [1,\n]}'},
            "p.json:1:17", "a comma is before ]", "delete the comma", id="a comma at the end of an array",
        ),
        pytest.param(
            "user:\n  ada: {user_name: ada}\ngroups:\n  g: {members: [ada, bob]}\n",
            "a.yaml:1:1", 'unknown top-level key "user"', 'did you mean "users"?', id="a misspelt section",
        ),
    ],
)  # fmt: skip
def test_one_fault_is_one_problem_that_says_what_to_do(
    files: Files | str, place: str, says: str, fix: str
) -> None:
    ((where, message, output),) = problems(files)
    assert where == place
    assert says in message
    assert fix in output

"""All that is wrong comes at once, and what is wrong is not told twice."""

from __future__ import annotations

import pytest

from reconciler.errors import InputError
from reconciler.loading.load import load
from tests.trees import problems, tree


def test_everything_wrong_comes_at_once_in_the_order_of_files_and_lines() -> None:
    files = {
        "reconciler.yaml": "format: 1\ntimezone: Zurich\n",
        "b.yaml": "users:\n  ada: {user_name: ada, title: {}}\n  bob: {user_name: bob, manager: nobody}\n",
        "a.yaml": "groups:\n  ops: {members: [ada, bob, zed], x: 1}\n  ops: {}\naccounts: {p: 12}\n",
        "approvals/a.yaml": "approvals:\n  x: {guard: protected}\n",
        "c.yml": "users: {}\n",
    }
    assert [place for place, _, _ in problems(files)] == [
        "a.yaml:2:29",
        "a.yaml:2:35",
        "a.yaml:3:3",
        "a.yaml:4:15",
        "approvals/a.yaml:2:3",
        "approvals/a.yaml:2:3",
        "approvals/a.yaml:2:3",
        "b.yaml:2:32",
        "b.yaml:3:34",
        "c.yml:1:1",
        "reconciler.yaml:2:11",
    ]


def test_what_refers_to_a_file_that_cannot_be_read_is_not_called_unknown() -> None:
    files = {"a.yaml": "groups:\n  ops: {members: [ada]}\n", "users.yaml": "users: {ada: [}\n"}
    assert [place for place, _, _ in problems(files)] == ["users.yaml:1:15"]


def test_what_refers_to_an_entry_that_is_wrong_in_itself_is_not_called_unknown() -> None:
    text = "users:\n  ada: {user_name: a b}\ngroups:\n  ops: {members: [ada]}\n"
    assert [place for place, _, _ in problems(text)] == ["a.yaml:2:20"]


def test_a_file_that_is_too_large_is_one_problem_among_others() -> None:
    class Large:
        label = "ids"

        def paths(self) -> list[str]:
            return ["a.yaml", "b.yaml"]

        def read(self, path: str) -> bytes:
            return tree({"a.yaml": b"- x", "b.yaml": b"users: []"}).read(path)

    with pytest.raises(InputError) as caught:
        load(Large())
    assert len(caught.value.problems) == 2


def test_a_key_of_another_file_is_sent_there() -> None:
    assert problems({"a.yaml": "approvals: {}\n", "x/reconciler.yaml": "scope: {}\nusers: {}\n"}) == [
        (
            "a.yaml:1:1",
            'the file has an unknown top-level key "approvals"',
            "move it into a file of its own in the folder approvals/",
        ),
        (
            "x/reconciler.yaml:1:1",
            'the file has an unknown top-level key "scope"',
            "it belongs in reconciler.yaml in the folder itself",
        ),
    ]


def test_among_thousands_of_keys_the_probable_one_is_suggested_for_the_first_unknown_names() -> None:
    users = "users:\n" + "".join(f"  user.{n:04}: {{user_name: u{n}}}\n" for n in range(3000))
    wrong = ", ".join(f"uesr.{n:04}" for n in range(25))
    found = problems({"a.yaml": users, "b.yaml": f"groups:\n  ops: {{members: [{wrong}]}}\n"})
    assert len(found) == 25
    assert found[7][1:] == (
        'group ops has a member: user "uesr.0007" is not declared',
        'did you mean "user.0007"?',
    )
    assert found[24][2] == "declare it under `users`, or remove it here"

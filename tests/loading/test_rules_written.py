"""Problems with rules, also with what they say of other files: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import Files, configured, problems

CASES = [
    pytest.param(
        configured("rules: {r: {}}\n"),
        [
            (
                "reconciler.yaml:2:9",
                "rules.r says nothing",
                "a rule has exactly one of deny, disjoint, require, restrict and max_holders",
            )
        ],
        id="a rule that says nothing",
    ),
    pytest.param(
        configured("rules: {r: {disjoint: [a, b], require: [until]}}\n"),
        [
            (
                "reconciler.yaml:2:9",
                "rules.r has disjoint and require",
                "a rule has exactly one of deny, disjoint, require, restrict and max_holders",
            ),
            (
                "reconciler.yaml:2:24",
                'rules.r.disjoint: group "a" is not declared',
                "declare it under `groups`, or remove it here",
            ),
            (
                "reconciler.yaml:2:27",
                'rules.r.disjoint: group "b" is not declared',
                "declare it under `groups`, or remove it here",
            ),
        ],
        id="a rule that says two things",
    ),
    pytest.param(
        configured("rules: {r: {disjoint: [a, b]}}\n"),
        [
            (
                "reconciler.yaml:2:24",
                'rules.r.disjoint: group "a" is not declared',
                "declare it under `groups`, or remove it here",
            ),
            (
                "reconciler.yaml:2:27",
                'rules.r.disjoint: group "b" is not declared',
                "declare it under `groups`, or remove it here",
            ),
        ],
        id="a rule of unknown groups",
    ),
    pytest.param(
        configured("rules: {r: {restrict: {permission_sets: [x]}}}\n"),
        [
            (
                "reconciler.yaml:2:9",
                "rules.r has restrict without only_from",
                'add `only_from: ["privileged/**"]`',
            )
        ],
        id="restrict without only_from",
    ),
    pytest.param(
        configured("rules: {r: {deny: {principal: user}, accounts: [{ou: A}]}}\n"),
        [("reconciler.yaml:2:38", "rules.r.accounts does not go with deny", "put it inside deny")],
        id="deny with accounts outside",
    ),
    pytest.param(
        configured("rules: {r: {deny: {accounts: [prod]}}}\n"),
        [
            (
                "reconciler.yaml:2:31",
                'rules.r.deny.accounts: account "prod" is not declared',
                "declare it under `accounts`, or remove it here",
            )
        ],
        id="a rule with an unknown account",
    ),
    pytest.param(
        configured("rules: {r: {max_holders: {count: 0}}}\n"),
        [
            (
                "reconciler.yaml:2:34",
                "rules.r.max_holders.count is 0, which allows nothing",
                "write 1 or more, or delete the entry",
            )
        ],
        id="holders that are none",
    ),
    pytest.param(
        configured("rules: {r: {require: [until], permission_sets: []}}\n"),
        [
            (
                "reconciler.yaml:2:48",
                "rules.r.permission_sets is empty",
                "name at least one, or delete the line",
            )
        ],
        id="access that is none",
    ),
    pytest.param(
        configured("rules: {r: {max_holders: {count: 1}, accounts: [123456789012]}}\n"),
        [
            (
                "reconciler.yaml:2:49",
                "the account id 123456789012 is not in quotes",
                'write "123456789012"',
            )
        ],
        id="a rule with an account id that is not quoted",
    ),
    pytest.param(
        configured("rules: {r: {disjoint: [a, a]}}\n", "groups: {a: {members: []}}\n"),
        [("reconciler.yaml:2:27", "rules.r.disjoint[1] names a group twice", "delete one of the two")],
        id="a group that is disjoint from itself",
    ),
    pytest.param(
        configured("rules: {r: {restrict: {permission_sets: [x]}, only_from: [/privileged/**, own/]}}\n"),
        [
            (
                "reconciler.yaml:2:59",
                "rules.r.only_from[0] leaves the folder of the identities",
                "write it relative to that folder, as teams/**",
            ),
            (
                "reconciler.yaml:2:75",
                "rules.r.only_from[1] is a folder, and matches no file",
                "write own/**",
            ),
        ],
        id="files that nothing can match",
    ),
    pytest.param(
        configured(
            "rules: {r: {disjoint: [a, b], accounts: [{all: true}], only_from: [x]}}\n",
            "groups: {a: {members: []}, b: {members: []}}\n",
        ),
        [
            ("reconciler.yaml:2:31", "rules.r.accounts does not go with disjoint", "delete it"),
            ("reconciler.yaml:2:56", "rules.r.only_from does not go with disjoint", "delete it"),
        ],
        id="disjoint groups with more",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

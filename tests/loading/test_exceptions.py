"""Problems with what is ignored and what is approved: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, assignment, configured, problems

CASES = [
    pytest.param(
        configured("scope: {ignore: {users: [a*]}}\n"),
        [
            (
                "a.yaml:2:3",
                'user ada ("ada") is declared here, and ignored at target aws by scope.ignore.users',
                "delete it here, or narrow the pattern",
            )
        ],
        id="an ignored user that is declared",
    ),
    pytest.param(
        configured("scope: {ignore: {groups: [OPS]}}\n", "groups: {ops: {}}\n"),
        [
            (
                "a.yaml:1:10",
                'group ops ("ops") is declared here, and ignored at target aws by scope.ignore.groups',
                "delete it here, or narrow the pattern",
            )
        ],
        id="an ignored group that is declared",
    ),
    pytest.param(
        configured('scope: {ignore: {permission_sets: ["Adm*"]}}\n', "permission_sets: {Admin: {}}\n"),
        [
            (
                "a.yaml:1:19",
                (
                    "permission set Admin is declared here, and ignored at target aws by "
                    "scope.ignore.permission_sets"
                ),
                "delete it here, or narrow the pattern",
            )
        ],
        id="an ignored permission set that is declared",
    ),
    pytest.param(
        configured("scope: {ignore: {assignments: [{permission_set: Admin, user: a*}]}}\n", assignment()),
        [
            (
                "a.yaml:9:3",
                "assignment x is declared here, and ignored at target aws by scope.ignore.assignments",
                "delete it here, or narrow the pattern",
            )
        ],
        id="an ignored assignment that is declared",
    ),
    pytest.param(
        {
            "a.yaml": USER,
            "approvals/x.yaml": "approvals:\n  ok: "
            "{guard: max-removal, count: 1, until: 2027-01-01, reason: x}\n",
        },
        [
            (
                "approvals/x.yaml:2:15",
                (
                    'guard of approval ok is the text "max-removal"; it takes max-removals or set-emptied '
                    "or protected or recreate or live-shrank or source-shrank or self-lockout or min-members "
                    "or max-grants or max-privileged-grants or except-unknown"
                ),
                'did you mean "max-removals"?',
            )
        ],
        id="an approval of an unknown guard",
    ),
    pytest.param(
        {
            "a.yaml": USER,
            "approvals/x.yaml": "approvals:\n  ok: "
            "{guard: max-removals, count: 0, until: 2027-01-01, reason: x}\n",
        },
        [
            (
                "approvals/x.yaml:2:36",
                "count of approval ok is 0, which allows nothing",
                "write 1 or more, or delete the entry",
            )
        ],
        id="an approval of nothing",
    ),
    pytest.param(
        {"a.yaml": USER, "approvals/x.yaml": "approvals:\n  ok: {guard: max-removals, count: 1}\n"},
        [
            ("approvals/x.yaml:2:3", "approval ok has no until", "add `until: …`"),
            ("approvals/x.yaml:2:3", "approval ok has no reason", "add `reason: …`"),
        ],
        id="an approval without an end",
    ),
    pytest.param(
        {
            "a.yaml": USER,
            "approvals/x.yaml": (
                "approvals:\n  ok: {guard: max-removals, kind: user,\n    count: 1, until: 2027-01-01, "
                "reason: x}\n"
            ),
        },
        [
            (
                "approvals/x.yaml:2:35",
                (
                    'kind of approval ok is the text "user"; it takes users or groups or memberships or '
                    "permission_sets or assignments or blocked"
                ),
                'did you mean "users"?',
            )
        ],
        id="an approval of an unknown kind",
    ),
    pytest.param(
        {
            "a.yaml": USER,
            "approvals/x.yaml": (
                "approvals:\n  ok: {guard: max-removals, target: awss, "
                "count: 1, until: 2027-01-01, "
                "reason: x}\n"
            ),
        },
        [("approvals/x.yaml:2:37", 'approval ok: target "awss" is not configured', 'did you mean "aws"?')],
        id="an approval for an unknown target",
    ),
    pytest.param(
        {
            "a.yaml": USER,
            "approvals/x.yaml": "approvals:\n  ok: "
            "{guard: max-removals, count: 1, until: 2027-01-01, reason: x}\n",
            "approvals/y.yaml": "approvals:\n  ok: "
            "{guard: max-removals, count: 2, until: 2027-01-01, reason: x}\n",
        },
        [
            (
                "approvals/y.yaml:2:3",
                "approval ok is declared in two files; the other is at ids/approvals/x.yaml:2:3",
                "keep one of the two, or merge them",
            )
        ],
        id="one approval in two files",
    ),
    pytest.param(
        {"a.yaml": USER, "approvals/x.yaml": USER},
        [("approvals/x.yaml:1:1", 'the file has an unknown top-level key "users"', "known: approvals")],
        id="users among approvals",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

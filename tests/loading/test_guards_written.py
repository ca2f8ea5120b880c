"""Problems with guards, also with what they say of other files: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import Files, configured, problems

CASES = [
    pytest.param(
        configured("guards: {max_removals: {users: {count: few}}}\n"),
        [
            (
                "reconciler.yaml:2:40",
                "guards.max_removals.users.count is not a whole number",
                "write digits, such as 20",
            )
        ],
        id="a limit that is no number",
    ),
    pytest.param(
        configured("guards: {max_removals: {users: {percent: 101}}}\n"),
        [
            (
                "reconciler.yaml:2:42",
                "guards.max_removals.users.percent is not a percentage",
                "write a number from 0 to 100",
            )
        ],
        id="a percentage over 100",
    ),
    pytest.param(
        configured("guards: {max_removals: {user: {count: 1}}}\n"),
        [
            (
                "reconciler.yaml:2:25",
                'guards.max_removals has an unknown field "user"',
                'did you mean "users"?',
            )
        ],
        id="an unknown limit",
    ),
    pytest.param(
        configured("guards: {min_members: {ops: 0}}\n", "groups: {ops: {}}"),
        [
            (
                "reconciler.yaml:2:29",
                "guards.min_members.ops is 0, which allows nothing",
                "write 1 or more, or delete the entry",
            )
        ],
        id="min_members of 0",
    ),
    pytest.param(
        configured("guards: {min_members: {opps: 1}}\n", "groups: {ops: {}}"),
        [
            (
                "reconciler.yaml:2:24",
                'guards.min_members: "opps" is neither a group nor an assignment',
                'did you mean "ops"?',
            )
        ],
        id="min_members of nobody",
    ),
    pytest.param(
        configured("guards: {protected: {users: [adda], groups: [x], permission_sets: [y]}}\n"),
        [
            (
                "reconciler.yaml:2:30",
                'guards.protected.users: user "adda" is not declared',
                'did you mean "ada"?',
            ),
            (
                "reconciler.yaml:2:46",
                'guards.protected.groups: group "x" is not declared',
                "declare it under `groups`, or remove it here",
            ),
            (
                "reconciler.yaml:2:68",
                'guards.protected.permission_sets: permission set "y" is not declared',
                "declare it under `permission_sets`, or remove it here",
            ),
        ],
        id="protected users that are unknown",
    ),
    pytest.param(
        configured("guards: {privileged: {accounts: [prod, 123456789012]}}\n"),
        [
            (
                "reconciler.yaml:2:34",
                'guards.privileged.accounts: account "prod" is not declared',
                "declare it under `accounts`, or remove it here",
            ),
            ("reconciler.yaml:2:40", "the account id 123456789012 is not in quotes", 'write "123456789012"'),
        ],
        id="privileged accounts that are unknown",
    ),
    pytest.param(
        configured("targets: {aws: {type: identity-center, provision: {users_in: [all]}}}\n"),
        [
            (
                "reconciler.yaml:2:63",
                'targets.aws.provision.users_in: group "all" is not declared',
                "declare it under `groups`, or remove it here",
            )
        ],
        id="provision of an unknown group",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

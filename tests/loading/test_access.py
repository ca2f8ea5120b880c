"""Problems with accounts and assignments: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import ACCOUNT, Files, assignment, problems

CASES = [
    pytest.param(
        "accounts:\n  prod: 123456789012\n",
        [("a.yaml:2:9", "the account id 123456789012 is not in quotes", 'write "123456789012"')],
        id="an account id without quotes",
    ),
    pytest.param(
        'accounts:\n  prod: "12345678901"\n',
        [
            (
                "a.yaml:2:9",
                "account prod is not a valid account id: one has exactly twelve digits",
                "write all twelve digits in quotes, leading zeros included",
            )
        ],
        id="an account id of 11 digits",
    ),
    pytest.param(
        "accounts:\n  prod: 12345678901\n",
        [
            (
                "a.yaml:2:9",
                "account prod is not a valid account id: one has exactly twelve digits",
                "write all twelve digits in quotes, leading zeros included",
            )
        ],
        id="an account id of 11 digits without quotes",
    ),
    pytest.param(
        "accounts:\n  prod:\n",
        [("a.yaml:2:3", "account prod is empty", "write text, or delete the line")],
        id="an account without an id",
    ),
    pytest.param(
        'accounts:\n  "123456789012": "123456789012"\n',
        [("a.yaml:2:3", "account 123456789012 is named by an id", "give it a name; ids need no entry here")],
        id="an account named by an id",
    ),
    pytest.param(
        ACCOUNT + '  live: "123456789012"\n',
        [
            (
                "a.yaml:3:3",
                "accounts live and prod have one id, 123456789012; the other is at ids/a.yaml:2:3",
                "keep one name for an account",
            )
        ],
        id="two names of one account",
    ),
    pytest.param(
        assignment(users=None),
        [("a.yaml:9:3", "assignment x names nobody", "add groups or users")],
        id="an assignment that names nobody",
    ),
    pytest.param(
        assignment(permission_sets=None),
        [("a.yaml:9:3", "assignment x has no permission_sets", "add `permission_sets: …`")],
        id="an assignment without permission sets",
    ),
    pytest.param(
        assignment(permission_sets="[]"),
        [
            (
                "a.yaml:11:22",
                "permission_sets of assignment x is empty",
                "name at least one, or delete the line",
            )
        ],
        id="an assignment with no permission sets",
    ),
    pytest.param(
        assignment(accounts=None),
        [("a.yaml:9:3", "assignment x has no accounts", "add `accounts: …`")],
        id="an assignment without accounts",
    ),
    pytest.param(
        assignment(users="[ada, ada]"),
        [
            (
                "a.yaml:10:18",
                'users[1] of assignment x is "ada", which is in this list already',
                "delete one of the two",
            )
        ],
        id="an assignment that names one user twice",
    ),
    pytest.param(
        "assignments:\n  x:\n",
        [("a.yaml:2:3", "assignment x is empty", "write lines `key: value` below it, or delete the line")],
        id="an assignment without a value",
    ),
    pytest.param(
        assignment(accounts="[prd]"),
        [("a.yaml:12:16", 'assignment x: account "prd" is not declared', 'did you mean "prod"?')],
        id="an unknown account",
    ),
    pytest.param(
        assignment(accounts="[Workloads/Prod]"),
        [
            (
                "a.yaml:12:16",
                'assignment x: account "Workloads/Prod" is not declared',
                'for an organizational unit, write {ou: "Workloads/Prod"}',
            )
        ],
        id="an unknown account that looks like a unit",
    ),
    pytest.param(
        assignment(accounts='["12345678901"]'),
        [
            (
                "a.yaml:12:16",
                'assignment x: account "12345678901" is not declared',
                "an account id has 12 digits, and this one has 11",
            )
        ],
        id="an account id of the wrong length",
    ),
    pytest.param(
        assignment(except_="[stage]"),
        [
            (
                "a.yaml:13:14",
                'assignment x: account "stage" is not declared',
                "declare it under `accounts`, or remove it here",
            )
        ],
        id="an unknown account among exceptions",
    ),
    pytest.param(
        assignment(accounts="[123456789012, {account: 123456789012}]"),
        [
            ("a.yaml:12:16", "the account id 123456789012 is not in quotes", 'write "123456789012"'),
            ("a.yaml:12:40", "the account id 123456789012 is not in quotes", 'write "123456789012"'),
        ],
        id="an unquoted account id in an assignment",
    ),
    pytest.param(
        assignment(accounts="[{}]"),
        [
            (
                "a.yaml:12:16",
                "accounts[0] of assignment x selects nothing",
                "name an account, or write {ou: …}, {tag: …} or {all: true}",
            )
        ],
        id="an empty selector",
    ),
    pytest.param(
        assignment(accounts="[{account: prod, ou: A}]"),
        [
            (
                "a.yaml:12:16",
                "accounts[0] of assignment x has account beside other keys",
                "account cannot be combined with other fields; write two selectors",
            )
        ],
        id="a selector with account and unit",
    ),
    pytest.param(
        assignment(accounts="[{all: false}]"),
        [
            (
                "a.yaml:12:22",
                "accounts[0].all of assignment x is false, which selects nothing",
                "write {all: true}, or delete the entry",
            )
        ],
        id="a selector with all: false",
    ),
    pytest.param(
        assignment(accounts="[{all: true, tag: {a: b}}]"),
        [
            (
                "a.yaml:12:16",
                "accounts[0] of assignment x has all beside other keys",
                "all cannot be combined with other fields; write two selectors",
            )
        ],
        id="a selector with all and tag",
    ),
    pytest.param(
        assignment(accounts="[{direct: true}]"),
        [
            (
                "a.yaml:12:25",
                "accounts[0].direct of assignment x has no ou to go with",
                "add ou, or delete direct",
            )
        ],
        id="a selector with direct alone",
    ),
    pytest.param(
        assignment(accounts="[{ou: /Workloads}]"),
        [
            (
                "a.yaml:12:17",
                (
                    "accounts[0].ou[0] of assignment x is not a valid path: it begins or ends with "
                    "/, or has // in it"
                ),
                "write names with / between, as Workloads/Prod",
            )
        ],
        id="a unit with a bad path",
    ),
    pytest.param(
        assignment(accounts="[{uo: Workloads}]"),
        [
            (
                "a.yaml:12:17",
                'accounts[0] of assignment x has an unknown field "uo"',
                "known: account, ou, direct, tag, all",
            )
        ],
        id="a selector with an unknown key",
    ),
    pytest.param(
        assignment(users="[adda]"),
        [("a.yaml:10:13", 'assignment x: user "adda" is not declared', 'did you mean "ada"?')],
        id="an unknown user in an assignment",
    ),
    pytest.param(
        assignment(groups="[opps]"),
        [("a.yaml:13:14", 'assignment x: group "opps" is not declared', 'did you mean "ops"?')],
        id="an unknown group in an assignment",
    ),
    pytest.param(
        assignment(permission_sets="[admin]"),
        [("a.yaml:11:23", 'assignment x: permission set "admin" is not declared', 'did you mean "Admin"?')],
        id="an unknown permission set in an assignment",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

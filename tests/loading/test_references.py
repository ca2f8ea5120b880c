"""Problems with what must hold between entries and files: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, problems

CASES = [
    pytest.param(
        USER + "groups:\n  ops: {members: [ada, add]}\n",
        [("a.yaml:4:24", 'group ops has a member: user "add" is not declared', 'did you mean "ada"?')],
        id="an unknown member",
    ),
    pytest.param(
        USER + "groups:\n  ops: {members: [{user: zoe, reason: x}]}\n",
        [
            (
                "a.yaml:4:19",
                'group ops has a member: user "zoe" is not declared',
                "declare it under `users`, or remove it here",
            )
        ],
        id="an unknown member with more to say",
    ),
    pytest.param(
        "groups:\n  ops: {include: [sre]}\n",
        [
            (
                "a.yaml:2:19",
                'group ops includes a group: group "sre" is not declared',
                "declare it under `groups`, or remove it here",
            )
        ],
        id="an unknown included group",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, manager: grace}\n",
        [
            (
                "a.yaml:2:34",
                'manager of user ada: user "grace" is not declared',
                "declare it under `users`, or remove it here",
            )
        ],
        id="an unknown manager",
    ),
    pytest.param(
        USER + "overrides:\n  ada: {manager: grace}\n",
        [
            (
                "a.yaml:4:18",
                'manager of override of ada: user "grace" is not declared',
                "declare it under `users`, or remove it here",
            )
        ],
        id="an unknown manager in an override",
    ),
    pytest.param(
        USER + "overrides:\n  adda: {title: Boss}\n",
        [("a.yaml:4:3", 'override: user "adda" is not declared', 'did you mean "ada"?')],
        id="an override of nobody",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, external: true}\noverrides:\n  ada: {title: Boss}\n",
        [
            (
                "a.yaml:4:3",
                "there is an override of user ada, who is external and never written",
                "delete the override",
            )
        ],
        id="an override of an external user",
    ),
    pytest.param(
        USER + "overrides:\n  ada: {}\n",
        [("a.yaml:4:3", "override of ada changes nothing", "write the fields that differ, or delete it")],
        id="an override that changes nothing",
    ),
    pytest.param(
        USER + "overrides:\n  ada: {user_name: bob}\n",
        [("a.yaml:4:9", 'override of ada has an unknown field "user_name"', 'did you mean "user_type"?')],
        id="an override of the user name",
    ),
    pytest.param(
        ("users:\n  ada: {user_name: ada, from: 2027-01-01}\noverrides:\n  ada: {until: 2026-01-01}\n"),
        [("a.yaml:4:3", "override of ada ends before the user starts", "write both from and until")],
        id="an override that ends before the user starts",
    ),
    pytest.param(
        "groups:\n  a: {include: [b]}\n  b: {include: [c]}\n  c: {include: [a]}\n",
        [
            (
                "a.yaml:2:17",
                "groups include each other in a circle: a -> b -> c -> a",
                "remove one of these includes",
            )
        ],
        id="an include circle",
    ),
    pytest.param(
        "groups:\n  a: {include: [a], members: []}\n",
        [("a.yaml:2:17", "groups include each other in a circle: a -> a", "remove one of these includes")],
        id="a group that includes itself",
    ),
    pytest.param(
        "groups:\n  a: {include: [b, c]}\n  b: {include: [a]}\n  c: {include: [a]}\n",
        [
            (
                "a.yaml:2:17",
                "groups include each other in a circle: a -> b -> a",
                "remove one of these includes",
            ),
            (
                "a.yaml:2:20",
                "groups include each other in a circle: a -> c -> a",
                "remove one of these includes",
            ),
        ],
        id="two include circles",
    ),
    pytest.param(
        "groups:\n  a: {include: [b]}\n  b: {external: true}\n",
        [
            (
                "a.yaml:2:17",
                "group a includes b, which is external: its members are not in git",
                "assign b itself where a is assigned",
            )
        ],
        id="an include of an external group",
    ),
    pytest.param(
        {"a.yaml": USER, "b.yaml": "users:\n  ada: {user_name: other}\n"},
        [
            (
                "b.yaml:2:3",
                "user ada is declared in two files; the other is at ids/a.yaml:2:3",
                "keep one of the two, or merge them",
            )
        ],
        id="one key in two files",
    ),
    pytest.param(
        {"a.yaml": "groups:\n  ops: {}\n", "b.yaml": "groups:\n\n  ops: {}\n"},
        [
            (
                "b.yaml:3:3",
                "group ops is declared in two files; the other is at ids/a.yaml:2:3",
                "keep one of the two, or merge them",
            )
        ],
        id="one group in two files",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada@example.com}\n  bob: {user_name: ADA@example.com}\n",
        [
            (
                "a.yaml:3:3",
                (
                    'users ada and bob have one user_name, "ADA@example.com" (upper and lower case are the '
                    "same); the other is at ids/a.yaml:2:3"
                ),
                "change one user_name, or make them one user",
            )
        ],
        id="two user names that differ by case",
    ),
    pytest.param(
        'users:\n  ada: {user_name: josé}\n  bob: {user_name: "josé"}\n',
        [
            (
                "a.yaml:3:3",
                (
                    'users ada and bob have one user_name, "josé" (upper and lower case are the same); the '
                    "other is at ids/a.yaml:2:3"
                ),
                "change one user_name, or make them one user",
            )
        ],
        id="two user names that differ by Unicode form",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada}\n  bob: {user_name: \u0430da}\n",
        [
            (
                "a.yaml:3:3",
                (
                    "the user_name of user bob looks like that of ada, in other letters: \\N{CYRILLIC SMALL "
                    "LETTER A}da; the other is at ids/a.yaml:2:3"
                ),
                "write both with letters of one script",
            )
        ],
        id="two user names that look alike",
    ),
    pytest.param(
        "groups:\n  ops: {}\n  sre: {display_name: OPS}\n",
        [
            (
                "a.yaml:3:3",
                (
                    'groups ops and sre have one display_name, "OPS" (upper and lower case are the same); '
                    "the other is at ids/a.yaml:2:3"
                ),
                "change one display_name, or make them one group",
            )
        ],
        id="two groups of one name",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, external_id: x}\n  bob: {user_name: bob, external_id: x}\n",
        [
            (
                "a.yaml:3:3",
                'users ada and bob have one external_id, "x"; the other is at ids/a.yaml:2:3',
                "change one external_id",
            )
        ],
        id="two users of one external id",
    ),
    pytest.param(
        (
            "users:\n  ada: {user_name: ada, email: x@example.com}\n  bob: {user_name: bob, email: "
            "X@example.com}\n"
        ),
        [
            (
                "a.yaml:3:3",
                'users ada and bob have one email, "X@example.com"; the other is at ids/a.yaml:2:3',
                "change one email",
            )
        ],
        id="two users of one e-mail address",
    ),
    pytest.param(
        "groups:\n  ops: {previously: [old]}\n  sre: {previously: [old]}\n",
        [
            (
                "a.yaml:3:3",
                'groups ops and sre were both "old" previously; the other is at ids/a.yaml:2:3',
                "keep it at the one that continues it",
            )
        ],
        id="two groups with one past",
    ),
    pytest.param(
        "groups:\n  ops:\n  sre:\n    previously: [gone, ops]\n",
        [
            (
                "a.yaml:4:17",
                (
                    'previously of group sre names "ops", which is still declared; '
                    "the other is at ids/a.yaml:2:3"
                ),
                'delete "ops" from the list, or delete the group "ops" if sre continues it',
            )
        ],
        id="a past that another group is still",
    ),
    pytest.param(
        "permission_sets:\n  Old: {}\n  New: {previously: [Old]}\n",
        [
            (
                "a.yaml:3:21",
                (
                    'previously of permission set New names "Old", which is still declared; '
                    "the other is at ids/a.yaml:2:3"
                ),
                'delete "Old" from the list, or delete the permission set "Old" if New continues it',
            )
        ],
        id="a past that another permission set is still",
    ),
    pytest.param(
        "groups:\n  ops: {previously: [old, old]}\n",
        [("a.yaml:2:27", "previously[1] of group ops is in this list already", "delete one of the two")],
        id="the same past twice",
    ),
    pytest.param(
        USER + "blocked:\n  ada: {sinse: 2026-01-01}\n",
        [("a.yaml:4:9", 'blocked user ada has an unknown field "sinse"', 'did you mean "since"?')],
        id="an unknown blocked field",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

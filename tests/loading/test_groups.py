"""Problems with groups: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, problems

CASES = [
    pytest.param(
        "groups:\n  AWSAdministrators: {}\n",
        [
            (
                "a.yaml:2:3",
                "display_name of group AWSAdministrators is a name that AWS keeps for itself",
                "choose another name",
            )
        ],
        id="a reserved group name",
    ),
    pytest.param(
        "groups:\n  ops: {display_name: administrator}\n",
        [
            (
                "a.yaml:2:23",
                "display_name of group ops is a name that AWS keeps for itself",
                "choose another name",
            )
        ],
        id="a reserved display name",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, external: true, title: Boss, until: 2027-01-01}\n",
        [
            (
                "a.yaml:2:41",
                "title of user ada cannot go with external: true, because somebody else owns it",
                "delete title, or delete external",
            ),
            (
                "a.yaml:2:54",
                "until of user ada cannot go with external: true, because somebody else owns it",
                "delete until, or delete external",
            ),
        ],
        id="an external user with a title",
    ),
    pytest.param(
        USER + "groups:\n  ops: {external: true, members: [ada], include: []}\n",
        [
            (
                "a.yaml:4:25",
                "members of group ops cannot go with external: true, because somebody else owns it",
                "delete members, or delete external",
            ),
            (
                "a.yaml:4:41",
                "include of group ops cannot go with external: true, because somebody else owns it",
                "delete include, or delete external",
            ),
        ],
        id="an external group with members",
    ),
    pytest.param(
        "groups:\n  ops:\n    members:\n",
        [
            (
                "a.yaml:3:5",
                "members of group ops is empty",
                "write [one, another], or a line `- one` for each, [] for nobody, or the word unmanaged",
            )
        ],
        id="members without a value",
    ),
    pytest.param(
        "groups:\n  ops: {members: ada}\n",
        [
            (
                "a.yaml:2:18",
                'members of group ops is the text "ada"; it takes a list, or the word unmanaged',
                "write [one, another], or a line `- one` for each",
            )
        ],
        id="members that are text",
    ),
    *(
        pytest.param(
            f"groups:\n  ops: {{members: {word}}}\n",
            [
                (
                    "a.yaml:2:18",
                    f'members of group ops is the text "{word}"; it takes a list, or the word unmanaged',
                    'did you mean "unmanaged"?',
                )
            ],
            id=f"members that are {word}",
        )
        for word in ("unmanged", "unmanagd", "Unmanaged", "UNMANAGED", "un-managed", "managed")
    ),
    pytest.param(
        "groups:\n  ops: {members: {user: ada}}\n",
        [
            (
                "a.yaml:2:18",
                "members of group ops is a map; it takes a list, or the word unmanaged",
                "write [one, another], or a line `- one` for each",
            )
        ],
        id="members that are a map",
    ),
    *(
        pytest.param(
            f"groups:\n  ops: {{members: unmanaged, include: {include}}}\n  sre: {{members: []}}\n",
            [
                (
                    "a.yaml:2:29",
                    "include of group ops cannot go with members: unmanaged, because it adds members",
                    "delete include, or write the members as a list",
                )
            ],
            id=f"unmanaged members beside the includes {include}",
        )
        for include in ("[sre]", "[]")
    ),
    pytest.param(
        "groups:\n  ops: {external: true, members: unmanaged}\n",
        [
            (
                "a.yaml:2:25",
                "members of group ops cannot go with external: true, because somebody else owns it",
                "delete members, or delete external",
            )
        ],
        id="an external group with unmanaged members",
    ),
    *(
        pytest.param(
            f"{USER}groups:\n  ops: {{members: [{entry}]}}\n",
            [
                (
                    "a.yaml:4:19",
                    'group ops has a member: user "unmanaged" is not declared',
                    "to let go of the membership, write `members: unmanaged`, without a list",
                )
            ],
            id=f"the word in a list: {entry}",
        )
        for entry in ("unmanaged", "{user: unmanaged}")
    ),
    pytest.param(
        USER + "groups:\n  ops: {members: [ada, ada]}\n",
        [
            (
                "a.yaml:4:24",
                'members[1] of group ops is "ada", which is in this list already',
                "delete one of the two",
            )
        ],
        id="a member twice",
    ),
    pytest.param(
        USER + "groups:\n  ops: {members: [ada, {user: ada, reason: x}]}\n",
        [
            (
                "a.yaml:4:24",
                'members[1] of group ops is "ada", which is in this list already',
                "delete one of the two",
            )
        ],
        id="a member twice in two forms",
    ),
    pytest.param(
        "groups:\n  ops: {members: [{until: 2027-01-01}]}\n",
        [("a.yaml:2:19", "members[0] of group ops has no user", "add `user: …`")],
        id="a member without a user",
    ),
    pytest.param(
        USER + "groups:\n  ops: {members: [{user: ada, untill: 2027-01-01}]}\n",
        [("a.yaml:4:31", 'members[0] of group ops has an unknown field "untill"', 'did you mean "until"?')],
        id="a member with an unknown field",
    ),
    pytest.param(
        "groups:\n  ops:\n    members:\n      -\n",
        [("a.yaml:4:8", "members[0] of group ops is empty", "write a key of `users`, or delete the line")],
        id="a member that is nothing",
    ),
    pytest.param(
        "groups:\n  ops: {members: [[ada]]}\n",
        [
            (
                "a.yaml:2:19",
                "members[0] of group ops is a list; it takes a map",
                "write lines `key: value` below it",
            )
        ],
        id="a member that is a list",
    ),
    pytest.param(
        "groups:\n  ops: {include: [sre, sre]}\n  sre: {members: []}\n",
        [
            (
                "a.yaml:2:24",
                'include[1] of group ops is "sre", which is in this list already',
                "delete one of the two",
            )
        ],
        id="a group included twice",
    ),
    pytest.param(
        "groups:\n  ops: {display_name: null}\n",
        [("a.yaml:2:9", "display_name of group ops is empty", "write a name, or delete the line")],
        id="a null display name",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

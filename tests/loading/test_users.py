"""Problems with users: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, problems

CASES = [
    pytest.param(
        USER + "grups: {}\n",
        [("a.yaml:3:1", 'the file has an unknown top-level key "grups"', 'did you mean "groups"?')],
        id="an unknown top-level key",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, dispaly_name: Ada}\n",
        [("a.yaml:2:25", 'user ada has an unknown field "dispaly_name"', 'did you mean "display_name"?')],
        id="an unknown field",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {xyzzy: 1}\n",
        [
            (
                "a.yaml:2:11",
                'permission set Admin has an unknown field "xyzzy"',
                (
                    "known: description, session_duration, relay_state, managed_policies, "
                    "customer_managed_policies, permissions_boundary, inline_policy, tags, assignments, "
                    "previously"
                ),
            )
        ],
        id="an unknown field like no other",
    ),
    pytest.param(
        "users: ada\n",
        [("a.yaml:1:8", 'users is the text "ada"; it takes a map', "write lines `key: value` below it")],
        id="text where a map belongs",
    ),
    pytest.param(
        "users: [ada]\n",
        [("a.yaml:1:8", "users is a list; it takes a map", "write lines `key: value` below it")],
        id="a list where a map belongs",
    ),
    pytest.param(
        "users:\n  ada:\n",
        [("a.yaml:2:3", "user ada is empty", "write lines `key: value` below it, or delete the line")],
        id="a user without a value",
    ),
    pytest.param(
        "users:\n  ada: {title: Boss}\n",
        [("a.yaml:2:3", "user ada has no user_name", "add `user_name: …`")],
        id="a user without user_name",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, title: {a: b}}\n",
        [("a.yaml:2:32", "title of user ada is a map; it takes text", "write text")],
        id="a map where text belongs",
    ),
    pytest.param(
        "users:\n  ada lovelace: {user_name: ada}\n",
        [
            (
                "a.yaml:2:3",
                (
                    'user "ada lovelace" is not a valid key: a key is 1 to 256 letters (A to Z), '
                    "digits, or . _ @ + / -"
                ),
                "rename it; names for people go into fields such as display_name",
            )
        ],
        id="a bad key",
    ),
    pytest.param(
        "groups:\n  büro: {}\n",
        [
            (
                "a.yaml:2:3",
                "group büro is not a valid key: a key is 1 to 256 letters (A to Z), digits, or . _ @ + / -",
                "rename it; names for people go into fields such as display_name",
            )
        ],
        id="a key with umlauts",
    ),
    pytest.param(
        "groups:\n  " + "k" * 257 + ": {}\n",
        [
            (
                "a.yaml:2:3",
                (
                    "group "
                    '"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…" is '
                    "not a valid key: a key is 1 to 256 letters (A to Z), digits, or . _ @ + / -"
                ),
                "rename it; names for people go into fields such as display_name",
            )
        ],
        id="a key that is too long",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada lovelace}\n",
        [
            (
                "a.yaml:2:20",
                "user_name of user ada has a space in it",
                "remove the space; it must equal the SAML NameID",
            )
        ],
        id="a user name with a space",
    ),
    pytest.param(
        "users:\n  ada: {user_name: " + "a" * 129 + "}\n",
        [("a.yaml:2:20", "user_name of user ada has 129 characters; at most 128 are allowed", "shorten it")],
        id="a user name over 128",
    ),
    pytest.param(
        'users:\n  ada: {user_name: ""}\n',
        [("a.yaml:2:20", "user_name of user ada is empty", "write a value, or delete the line")],
        id="an empty user name",
    ),
    pytest.param(
        "users:\n  ada: {user_name: null}\n",
        [("a.yaml:2:9", "user_name of user ada is empty", "write text, or delete the line")],
        id="a null user name",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, title: " + "t" * 1025 + "}\n",
        [("a.yaml:2:32", "title of user ada has 1,025 characters; at most 1,024 are allowed", "shorten it")],
        id="text over 1024",
    ),
    pytest.param(
        "users:\n  ada:\n    user_name: ada\n    title: |\n      Boss\n",
        [
            (
                "a.yaml:4:12",
                (
                    "title of user ada has a character that does not fit here (a tab, a line end, or one "
                    "that cannot be seen)"
                ),
                "write it on one line, with ordinary spaces",
            )
        ],
        id="a line end in a title",
    ),
    pytest.param(
        'users:\n  ada: {user_name: ada, given_name: "A\\tda"}\n',
        [
            (
                "a.yaml:2:37",
                (
                    "given_name of user ada has a character that does not fit here (a tab, a line end, or "
                    "one that cannot be seen)"
                ),
                "write it on one line, with ordinary spaces",
            )
        ],
        id="a tab in a name",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, external_id: a b}\n",
        [
            (
                "a.yaml:2:38",
                "external_id of user ada has a space in it",
                "write the id as the source of truth has it",
            )
        ],
        id="an external id with a space",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, external_id: " + "e" * 257 + "}\n",
        [
            (
                "a.yaml:2:38",
                "external_id of user ada has 257 characters; at most 256 are allowed",
                "shorten it",
            )
        ],
        id="an external id over 256",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, email: ada.example.com}\n",
        [
            (
                "a.yaml:2:32",
                "email of user ada is not a valid e-mail address",
                "write one address, as name@example.com",
            )
        ],
        id="an e-mail without at",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, birthdate: 10.12.1815}\n",
        [
            (
                "a.yaml:2:36",
                "birthdate of user ada is not a valid date",
                "write year, month and day: 1815-12-10",
            )
        ],
        id="a birthdate that is none",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, photos: [a, b, c, d]}\n",
        [("a.yaml:2:33", "photos of user ada has 4 entries; at most 3 are allowed", "remove some")],
        id="four photos",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, address: {street: Main}}\n",
        [
            (
                "a.yaml:2:35",
                'address of user ada has an unknown field "street"',
                'did you mean "street_address"?',
            )
        ],
        id="an unknown part of an address",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, active: no}\n",
        [("a.yaml:2:33", "active of user ada is neither true nor false", "write true or false")],
        id="active that is neither",
    ),
    pytest.param(
        "users:\n  ada: {user_name: Administrator}\n",
        [("a.yaml:2:20", "user_name of user ada is a name that AWS keeps for itself", "choose another name")],
        id="a reserved user name",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

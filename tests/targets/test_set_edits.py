from __future__ import annotations

import pytest

from reconciler.model.resources import Value
from reconciler.targets.identity_center.access.set_edits import Edit, What, begun, differing, edits

LIVE: dict[str, Value] = {
    "name": "Admin",
    "description": "old",
    "session_duration": "PT2H",
    "relay_state": "https://x",
    "managed_policies": ("arn:a", "arn:b"),
    "customer_managed_policies": ("/ci/x",),
    "inline_policy": "{}",
    "permissions_boundary": "arn:bound",
    "tags.team": "one",
    "tags.cost": "7",
}


@pytest.mark.parametrize(
    ("wished", "expected"),
    [
        ({}, []),
        (dict(LIVE, name="Admin"), []),
        (
            {"description": "new"},
            [Edit(What.DEFINE, values={"Description": "new", "SessionDuration": "PT2H", "RelayState": "https://x"})],
        ),
        (
            {"relay_state": None},
            [Edit(What.DEFINE, values={"Description": "old", "SessionDuration": "PT2H"})],
        ),
        (
            {"session_duration": None, "description": None},
            [Edit(What.DEFINE, values={"Description": " ", "SessionDuration": "PT1H", "RelayState": "https://x"})],
        ),
        (
            {"managed_policies": ("arn:b", "arn:c"), "customer_managed_policies": ()},
            [Edit(What.DETACH, "arn:a"), Edit(What.DETACH, "/ci/x"), Edit(What.ATTACH, "arn:c")],
        ),
        ({"managed_policies": None}, [Edit(What.DETACH, "arn:a"), Edit(What.DETACH, "arn:b")]),
        ({"inline_policy": '{"a":1}'}, [Edit(What.PUT_INLINE, '{"a":1}')]),
        ({"inline_policy": None}, [Edit(What.DELETE_INLINE)]),
        ({"permissions_boundary": "/b"}, [Edit(What.PUT_BOUNDARY, "/b")]),
        (
            {"tags.team": "two", "tags.cost": None, "tags.new": "", "tags.never": None},
            [Edit(What.TAG, values={"team": "two", "new": ""}), Edit(What.UNTAG, values={"cost": ""})],
        ),
    ],
)  # fmt: skip
def test_edits_lead_from_what_is_to_what_shall_be(wished: dict[str, Value], expected: list[Edit]) -> None:
    assert edits(LIVE, wished) == expected


def test_a_new_boundary_comes_first_and_goes_last_and_what_goes_goes_before_what_comes() -> None:
    more: dict[str, Value] = {"managed_policies": ("arn:c",), "inline_policy": None}
    bound = edits({"name": "x", "managed_policies": ("arn:a",)}, {**more, "permissions_boundary": "arn:b"})
    swapped = edits(LIVE, {**more, "permissions_boundary": "arn:other"})
    lifted = edits(LIVE, {**more, "permissions_boundary": None})

    assert [edit.what for edit in bound] == [What.PUT_BOUNDARY, What.DETACH, What.ATTACH]
    assert [edit.what for edit in swapped] == [
        What.DETACH, What.DETACH, What.PUT_BOUNDARY, What.DELETE_INLINE, What.ATTACH
    ]  # fmt: skip
    assert lifted[-1].what is What.DELETE_BOUNDARY


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"session_duration": "PT3H"}, ["session_duration"]),
        ({"managed_policies": ("arn:a",)}, ["managed_policies"]),
        ({"tags.more": "1"}, ["tags.more"]),
        ({"description": None, "inline_policy": None}, ["description", "inline_policy"]),
    ],
)
def test_sets_differ_in_what_either_side_has(change: dict[str, Value], names: list[str]) -> None:
    assert differing(LIVE, {**LIVE, **change}) == names
    assert differing({**LIVE, **change}, LIVE) == names


def test_an_hour_is_what_a_set_has_that_says_nothing() -> None:
    assert differing({"name": "x", "session_duration": "PT1H"}, {}) == []


@pytest.mark.parametrize(
    ("live", "ours"),
    [
        (LIVE, True),
        ({**LIVE, "managed_policies": ("arn:a",), "inline_policy": None}, True),
        ({**LIVE, "permissions_boundary": None, "customer_managed_policies": ()}, True),
        ({**LIVE, "managed_policies": ("arn:a", "arn:b", "arn:z")}, False),
        ({**LIVE, "inline_policy": '{"other":1}'}, False),
        ({**LIVE, "description": "theirs"}, False),
        ({**LIVE, "tags.more": "1"}, False),
    ],
)
def test_only_a_set_that_lacks_policies_and_nothing_else_was_begun_by_us(
    live: dict[str, Value],
    ours: bool,  # noqa: FBT001  # a column of the table
) -> None:
    assert begun(live, LIVE) is ours


def test_a_policy_that_means_the_same_is_not_put_once_more() -> None:
    live: dict[str, Value] = {"inline_policy": '{"Statement":[{"Action":["a:b","a:c"],"Effect":"Allow"}]}'}
    same: dict[str, Value] = {"inline_policy": '{"Statement":{"Action":["A:c","a:b"],"Effect":"Allow"}}'}
    assert edits(live, same) == []
    assert differing(live, same) == []

"""Problems with dates, instants and windows: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, problems

CASES = [
    pytest.param(
        "users:\n  ada: {user_name: ada, until: tomorrow}\n",
        [
            (
                "a.yaml:2:32",
                "until of user ada is neither a date nor an instant of RFC 3339",
                "write a date (2027-01-31) or an instant (2027-01-31T18:00:00Z)",
            )
        ],
        id="until that is not a valid date",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, until: 2027-02-30}\n",
        [
            (
                "a.yaml:2:32",
                "until of user ada does not exist: day is out of range for month",
                "write a date (2027-01-31) or an instant (2027-01-31T18:00:00Z)",
            )
        ],
        id="a date that does not exist",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, until: 2027-02-03T12:00:00}\n",
        [
            (
                "a.yaml:2:32",
                "until of user ada has no time zone",
                "end it with Z, or with an offset such as +01:00",
            )
        ],
        id="an instant without a zone",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, until: 2027-02-03T12:00Z}\n",
        [
            (
                "a.yaml:2:32",
                "until of user ada is neither a date nor an instant of RFC 3339",
                "write a date (2027-01-31) or an instant (2027-01-31T18:00:00Z)",
            )
        ],
        id="an instant without seconds",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, until: 9999-12-31}\n",
        [
            (
                "a.yaml:2:32",
                "until of user ada lies outside of the years 1970 to 9989",
                "write the year that you mean",
            )
        ],
        id="a year out of reach",
    ),
    pytest.param(
        "users:\n  ada: {user_name: ada, from: 2027-02-03, until: 2027-02-02}\n",
        [("a.yaml:2:50", "until of user ada is not after from, so that it never holds", "swap the two")],
        id="until before from",
    ),
    pytest.param(
        USER
        + (
            "groups:\n  ops: {members: [{user: ada, from: 2027-02-03T12:00:00Z, until: "
            "2027-02-03T12:00:00Z}]}\n"
        ),
        [
            (
                "a.yaml:4:66",
                "members[0].until of group ops is not after from, so that it never holds",
                "swap the two",
            )
        ],
        id="until before from in a member",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected

"""Who gains and loses what, by hand and against everything multiplied out."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.access.compare import DIRECT, Row, compare, reach
from reconciler.access.state import AccessState
from reconciler.model.access import Direction
from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from tests.support.pairs import pair_of

PEOPLE, GROUPS = ("ada", "bob", "cyd", "dee"), ("red", "blue", "green")
ACCOUNTS, SETS = ("1", "2", "3"), ("Admin", "Read")
Triple = tuple[str, str, str]


def holder(name: str) -> Principal:
    return Principal(Kind.GROUP if name in GROUPS else Kind.USER, name)


def standing(
    members: dict[str, str], holders: dict[tuple[str, str], str], people: str = "ada bob cyd dee"
) -> AccessState:
    """Lists as words: `{"red": "ada bob"}`, `{("1", "Admin"): "red cyd"}`."""
    return AccessState(
        {group: frozenset(who.split()) for group, who in members.items()},
        {pair_of(*pair): frozenset(map(holder, who.split())) for pair, who in holders.items()},
        set(people.split()),
    )


def spelled(rows: Iterable[Row]) -> list[str]:
    """`gain Admin on 1 2: ada bob by red`."""
    return sorted(
        f"{row.direction} {row.permission_set} on {' '.join(row.accounts)}: {' '.join(sorted(row.people))}"
        f" by {' '.join(way or 'hand' for way in row.way)}"
        for row in rows
    )


ADMIN_RED = {("1", "Admin"): "red", ("2", "Admin"): "red"}
RED = {"red": "ada bob"}


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        (standing(RED, ADMIN_RED), standing(RED, ADMIN_RED), []),
        (standing(RED, {}), standing(RED, ADMIN_RED), ["gain Admin on 1 2: ada bob by red"]),
        (standing(RED, ADMIN_RED), standing(RED, {}), ["lose Admin on 1 2: ada bob by red"]),
        # A membership more, and one less.
        (
            standing(RED, ADMIN_RED),
            standing({"red": "bob cyd"}, ADMIN_RED),
            ["gain Admin on 1 2: cyd by red", "lose Admin on 1 2: ada by red"],
        ),
        # Kept through another group, or by hand: no change.
        (
            standing({"red": "ada", "blue": "ada bob"}, {("1", "Admin"): "red blue"}),
            standing({"red": "", "blue": "ada bob"}, {("1", "Admin"): "red blue"}),
            [],
        ),
        (
            standing(RED, {("1", "Admin"): "red"}),
            standing(RED, {("1", "Admin"): "ada"}),
            ["lose Admin on 1: bob by red"],
        ),
        # Through several ways at once, each person with their own.
        (
            standing({}, {}),
            standing({"red": "ada bob", "blue": "bob"}, {("1", "Read"): "red blue ada cyd"}),
            [
                "gain Read on 1: ada by hand red",
                "gain Read on 1: bob by blue red",
                "gain Read on 1: cyd by hand",
            ],
        ),
        # Who cannot sign in has nothing, and gains or loses all of it by that.
        (
            standing(RED, {("1", "Admin"): "red ada"}, "ada bob"),
            standing(RED, {("1", "Admin"): "red ada"}, "bob cyd"),
            ["lose Admin on 1: ada by hand red"],
        ),
        (
            standing(RED, {("1", "Read"): "red ada"}, "bob"),
            standing(RED, {("1", "Read"): "red ada"}, "ada bob"),
            ["gain Read on 1: ada by hand red"],
        ),
        (standing(RED, {}, ""), standing(RED, ADMIN_RED, ""), []),
        # A user who is nobody, and a group without members, reach nothing.
        (standing({}, {}), standing({"red": ""}, {("1", "Read"): "zoe red"}), []),
    ],
)
def test_rows_are_the_net(before: AccessState, after: AccessState, rows: list[str]) -> None:
    assert spelled(compare(before, after)) == rows


def test_reach_is_who_has_the_set_where_and_among_whom() -> None:
    now = standing(
        {"red": "ada bob", "blue": "bob cyd"},
        {("1", "Read"): "red", ("2", "Read"): "blue", ("1", "Admin"): "red"},
    )
    then = standing({"red": "ada"}, {("1", "Read"): "red"})

    assert spelled(reach(now, {"Read": None})) == [
        "alter Read on 1: ada bob by red",
        "alter Read on 2: bob cyd by blue",
    ]
    assert spelled(reach(now, {"Read": {"2"}, "Admin": {"2"}})) == ["alter Read on 2: bob cyd by blue"]
    assert spelled(reach(now, {"Read": None}, among=then)) == ["alter Read on 1: ada by red"]


def subsets(of: Iterable[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(of)))


@st.composite
def standings(draw: st.DrawFn) -> AccessState:
    members = draw(st.dictionaries(st.sampled_from(GROUPS), subsets((*PEOPLE, "ghost"))))
    pairs = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(SETS))
    held = draw(st.dictionaries(pairs, subsets((*GROUPS, *PEOPLE, "ghost")), max_size=6))
    people = set(draw(subsets(PEOPLE)))
    return AccessState(
        members, {pair_of(*pair): frozenset(map(holder, who)) for pair, who in held.items()}, people
    )


def ways(side: AccessState, person: str, account: str, permission_set: str) -> set[str]:
    """The oracle: by which ways somebody has something somewhere."""
    found = set()
    if person in side.people:
        for one in side.holders.get(pair_of(account, permission_set), ()):
            if one == Principal(Kind.USER, person):
                found.add(DIRECT)
            elif one.kind is Kind.GROUP and person in side.members.get(one.id, ()):
                found.add(one.id)
    return found


def everything(side: AccessState) -> dict[Triple, set[str]]:
    return {
        (person, account, permission_set): by
        for person in (*PEOPLE, "ghost")
        for account, permission_set in side.holders
        if (by := ways(side, person, account, permission_set))
    }


def multiplied(rows: Iterable[Row], direction: Direction) -> dict[Triple, set[str]]:
    found: dict[Triple, set[str]] = {}
    for row in rows:
        if row.direction is direction:
            assert row.people
            assert row.accounts == tuple(sorted(row.accounts))
            for person in row.people:
                for account in row.accounts:
                    assert (person, account, row.permission_set) not in found
                    found[person, account, row.permission_set] = set(row.way)
    return found


@settings(max_examples=500, deadline=None)
@given(standings(), standings(), st.tuples(st.booleans(), st.booleans()))
def test_compare_agrees_with_everything_multiplied_out(
    before: AccessState, after: AccessState, same: tuple[bool, bool]
) -> None:
    same_groups, same_people = same
    members = before.members if same_groups else after.members
    people: AbstractSet[str] = before.people if same_people else after.people
    after = AccessState(members, after.holders, people)
    had, has = everything(before), everything(after)

    rows = list(compare(before, after))

    assert multiplied(rows, Direction.GAIN) == {key: by for key, by in has.items() if key not in had}
    assert multiplied(rows, Direction.LOSE) == {key: by for key, by in had.items() if key not in has}


@settings(max_examples=200, deadline=None)
@given(standings(), standings())
def test_reach_agrees_with_everything_multiplied_out(before: AccessState, after: AccessState) -> None:
    had, has = everything(before), everything(after)
    everywhere = dict.fromkeys(SETS)

    assert multiplied(reach(after, everywhere), Direction.ALTER) == has
    assert multiplied(reach(after, everywhere, among=before), Direction.ALTER) == {
        key: by for key, by in has.items() if key in had
    }

"""Whether nobody else has a set in an account: only then is a session of its role surely the person's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.pairs import Principal
from reconciler.model.state import Gap, Live, LiveGroup, LivePermissionSet, LiveUser
from reconciler.planning.reaches import reaches

PAIR = (AccountId("210000000020"), Arn("arn:set"))
LIVE = Live(
    target="t",
    users={each: LiveUser(each, {"user_name": each}) for each in ("bob", "bob2", "ada")},
    groups={each: LiveGroup(each, {"display_name": each}) for each in ("own", "team", "empty")},
    members={"own": {"bob": "m"}, "team": {"bob": "m", "ada": "m"}, "empty": {}},
    permission_sets={Arn("arn:set"): LivePermissionSet(Arn("arn:set"), {"name": "Read"})},
)


def user(name: str) -> Principal:
    return Principal(Kind.USER, name)


def group(name: str) -> Principal:
    return Principal(Kind.GROUP, name)


def alone(*principals: Principal, gaps: tuple[Gap, ...] = ()) -> bool:
    live = replace(LIVE, assignments={PAIR: frozenset(principals)}, gaps=gaps)
    (one,) = reaches(live, ["bob", "bob2"])
    assert one.identifier == "210000000020"
    return one.alone


@pytest.mark.parametrize(
    ("principals", "expected"),
    [
        ((user("bob"),), True),
        ((user("bob"), user("bob2")), True),
        ((group("own"),), True),
        ((user("bob"), group("own"), group("empty")), True),
        ((group("team"),), False),
        ((user("bob"), user("ada")), False),
        ((user("bob"), user("gone")), False),
        ((user("bob"), group("gone")), False),
    ],
)
def test_others_count_whoever_they_are(principals: tuple[Principal, ...], expected: bool) -> None:  # noqa: FBT001  # a table column
    assert alone(*principals) is expected


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (Gap(Kind.MEMBERSHIP, "own", "x"), False),
        (Gap(Kind.MEMBERSHIP, "*", "x"), False),
        (Gap(Kind.MEMBERSHIP, "team", "x"), True),
        (Gap(Kind.ASSIGNMENT, "210000000020", "x"), False),
        (Gap(Kind.ASSIGNMENT, "users", "x"), False),
        (Gap(Kind.ASSIGNMENT, "*", "x"), False),
        (Gap(Kind.ASSIGNMENT, "210000000099", "x"), True),
    ],
)
def test_what_was_not_read_may_be_anybody(gap: Gap, expected: bool) -> None:  # noqa: FBT001  # a table column
    assert alone(group("own"), gaps=(gap,)) is expected

"""What was not read keeps an apply from being whole only where git has something to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.execution.apply import is_whole
from reconciler.model.address import Address, Kind
from reconciler.model.organization import LiveAccount, Organization
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import Origin
from reconciler.model.state import Assigned, Desired, Gap, Holder, Live
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.uncovered import gaps_in_use, uncovered
from tests.support.pairs import declared_pair

WHY = Assigned("entry", Origin("people.yaml", 1))
GROUP, USER = Holder(Kind.GROUP, "ops"), Holder(Kind.USER, "ada")
NOTHING = Desired("aws")
GROUPS = Desired("aws", assignments={declared_pair("111", "Admin"): {GROUP: WHY}})
PEOPLE = Desired("aws", assignments={declared_pair("111", "Admin"): {GROUP: WHY, USER: WHY}})
ENDED = Desired("aws", lapsed_assignments={declared_pair("111", "Admin"): frozenset({USER})})
SELECTED = Desired("aws", selecting=frozenset({("Admin", GROUP)}))
MEMBERS = Desired("aws", members={"ops": {"ada": 1}})


@pytest.mark.parametrize(
    ("scope", "covering"),
    [
        ("*", [GROUPS, PEOPLE, ENDED, SELECTED]),
        ("users", [PEOPLE, ENDED]),
        ("111", [GROUPS, PEOPLE, ENDED, SELECTED]),
        ("222", [SELECTED]),
    ],
)
def test_a_gap_in_assignments_covers_what_may_lie_in_it(scope: str, covering: list[Desired]) -> None:
    gap = Gap(Kind.ASSIGNMENT, scope, "why")

    for state in (NOTHING, GROUPS, PEOPLE, ENDED, SELECTED, MEMBERS):
        assert uncovered([gap], [state]) is (state in covering)
        # What was declared counts like what is.
        assert uncovered([gap], [NOTHING, state]) is (state in covering)


def test_a_gap_in_memberships_covers_any_that_git_manages() -> None:
    gap = Gap(Kind.MEMBERSHIP, "g-1", "why")

    assert uncovered([gap], [MEMBERS])
    assert not uncovered([gap], [GROUPS])
    assert not uncovered([], [MEMBERS, GROUPS])


def test_an_apply_is_whole_unless_something_was_left_out_or_could_not_be_seen() -> None:
    part = TargetPlan("aws", {}, "", (), (), {}, "", partial=True)
    planned = PreparedPlan(part, (), {}, {}, {}, {}, 0)
    only = replace(part, only=(Address.of("aws", Kind.USER, "ada"),))

    assert is_whole(planned, {})
    assert not is_whole(replace(planned, uncovered=True), {})
    assert not is_whole(replace(planned, waiting=1), {})
    assert not is_whole(replace(planned, plan=only), {})


def test_what_nobody_can_look_at_in_a_closed_account_holds_nothing_up() -> None:
    accounts = {
        "111111111111": LiveAccount("111111111111", "shop", "CLOSED"),
        "222222222222": LiveAccount("222222222222", "bank"),
    }
    closed, open_ = (Gap(Kind.ASSIGNMENT, account, "refused") for account in accounts)
    people = Gap(Kind.ASSIGNMENT, "users", "read by group")
    live = Live("aws", organization=Organization(accounts=accounts), gaps=(closed, open_, people))
    assert gaps_in_use(live) == (open_, people)

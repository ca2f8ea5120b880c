"""What was not read keeps an apply from being whole only where git has something to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.execution.apply import is_whole
from reconciler.model.address import Address, Kind
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import Origin
from reconciler.model.state import Assigned, Desired, Gap, Holder
from reconciler.planning.planner import Planned
from reconciler.planning.uncovered import uncovered

WHY = Assigned("entry", Origin("people.yaml", 1))
GROUP, USER = Holder(Kind.GROUP, "ops"), Holder(Kind.USER, "ada")
NOTHING = Desired("aws")
GROUPS = Desired("aws", assignments={("111", "Admin"): {GROUP: WHY}})
PEOPLE = Desired("aws", assignments={("111", "Admin"): {GROUP: WHY, USER: WHY}})
ENDED = Desired("aws", lapsed_assignments={("111", "Admin"): frozenset({USER})})
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
    planned = Planned(part, (), {}, {}, {}, {}, 0)
    only = replace(part, only=(Address.of("aws", Kind.USER, "ada"),))

    assert is_whole(planned, {})
    assert not is_whole(replace(planned, uncovered=True), {})
    assert not is_whole(replace(planned, waiting=1), {})
    assert not is_whole(replace(planned, part=only), {})

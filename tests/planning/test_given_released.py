"""What git lets go of and takes away at the same time is taken away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Kind
from reconciler.model.resources import Block, Group
from tests.planning.entitled import git
from tests.planning.remembering import Site
from tests.planning.world import ORIGIN

UNMANAGED = {"ops": Group("ops", {}, ORIGIN, members=None, unmanaged=True)}


@pytest.mark.parametrize("how", ["blocked", "inactive", "gone"])
def test_who_must_have_no_access_is_taken_out_of_a_group_that_git_lets_go(how: str) -> None:
    """One change for one membership, and that is the removal; the others in the group are let go."""
    site = Site()
    site.apply(git(teams={"ops": ["ada", "bob"]}))
    declared = replace(git(), groups=UNMANAGED)
    if how == "blocked":
        declared = replace(declared, blocked={"ada": Block("ada", ORIGIN)})
    elif how == "inactive":
        declared = replace(
            declared, users={**declared.users, "ada": replace(declared.users["ada"], active=False)}
        )
    else:
        declared = replace(declared, users={"bob": declared.users["bob"]})
    shown = [each for each in site.plan(declared).plan.changes if each.address.kind is Kind.MEMBERSHIP]
    assert [f"{each.action} {each.address}" for each in shown] == [
        "delete aws/membership/ops/ada",
        "release aws/membership/ops/bob",
    ]
    site.apply(declared)
    assert site.world.members_of("ops") == {"bob@example.com"}
    assert site.shows(declared) == []

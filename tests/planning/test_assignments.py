"""Assignments, compared: whose they are, why they come and go; carried out, the next plan is empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Effect
from reconciler.model.policy import Mode, Scope
from reconciler.model.resources import Sharing, Window
from tests.planning.entitled import DEV, NEW, PAY, entry, git, organization, plan, pset, realm, settled
from tests.planning.world import (
    CAN,
    NOW,
    POLICY,
    World,
    change,
    codes,
    group,
    remembered,
    summary,
)

OPS = entry("ops", "group:ops", "Admin", PAY)


def test_everything_is_made_in_one_plan_and_the_next_is_empty() -> None:
    declared = git([OPS, entry("bob", "user:bob", "Read", DEV)])
    world = realm()

    first = plan(declared, world)
    world.carry_out(first)

    assert [one for one in summary(first) if "assignment" in one] == [
        f"create aws/assignment/{PAY}/Admin/group:ops git",
        f"create aws/assignment/{DEV}/Read/user:bob git",
    ]
    assert change(first, f"aws/assignment/{PAY}/Admin/group:ops").effect is Effect.GRANT
    assert world.assigned() == {f"{PAY} Admin ops", f"{DEV} Read bob@example.com"}
    assert summary(plan(declared, world, remembered(declared))) == []


def test_a_kind_that_a_target_cannot_apply_is_left_alone() -> None:

    planned = plan(git([OPS]), realm(), can=CAN)

    assert not [one for one in summary(planned) if "assignment" in one or "permission" in one]
    assert "kind-not-applied" in codes(planned)


# What stays and what goes, where ops has Admin on PAY by git, and somebody assigned it to dev as well.


@pytest.mark.parametrize(
    ("sharing", "mode", "goes"),
    [
        (None, Mode.MANAGED, False),
        (Sharing.SHARED, Mode.MANAGED, False),
        (Sharing.EXCLUSIVE, Mode.MANAGED, True),
        (None, Mode.AUTHORITATIVE, True),
        (Sharing.SHARED, Mode.AUTHORITATIVE, False),
    ],
)
def test_what_others_assigned_goes_only_from_a_set_that_tolerates_none(
    sharing: Sharing | None, mode: Mode, *, goes: bool
) -> None:
    declared = git([OPS], [pset("Admin", assignments=sharing)], teams={"ops": ["ada"], "dev": ["bob"]})
    world = settled(declared)
    world.assign(PAY, "Admin", world.group_principal("dev"))
    world.assign(DEV, "Admin", world.group_principal("dev"))
    policy = replace(POLICY, scope=Scope(assignments=mode))

    planned = plan(declared, world, remembered(declared, policy=policy), policy=policy)
    world.carry_out(planned)

    expected = [f"delete aws/assignment/{each}/Admin/group:dev drift" for each in (PAY, DEV)]
    assert summary(planned) == (expected if goes else [])
    assert ("unmanaged-assignments" in codes(planned)) is not goes
    assert (f"{DEV} Admin dev" in world.assigned()) is not goes
    assert f"{PAY} Admin ops" in world.assigned()


def test_making_a_set_exclusive_is_git_and_not_drift() -> None:
    before = git([OPS], [pset("Admin")])
    world = settled(before)
    world.assign(DEV, "Admin", world.group_principal("ops"))
    after = git([OPS], [pset("Admin", assignments=Sharing.EXCLUSIVE)])

    assert summary(plan(after, world, remembered(before))) == [
        f"delete aws/assignment/{DEV}/Admin/group:ops git"
    ]


@pytest.mark.parametrize(("mode", "goes"), [(Mode.MANAGED, False), (Mode.AUTHORITATIVE, True)])
def test_sets_that_git_does_not_declare_are_touched_only_in_authoritative_scope(
    mode: Mode, *, goes: bool
) -> None:
    world = settled(git([OPS]))
    world.add_set("Console")
    world.assign(DEV, "Console", world.group_principal("ops"))
    policy = replace(POLICY, scope=Scope(assignments=mode))

    planned = plan(git([OPS]), world, remembered(git([OPS]), policy=policy), policy=policy)

    assert summary(planned) == ([f"delete aws/assignment/{DEV}/Console/group:ops drift"] if goes else [])


# Causes.


def test_what_git_says_no_more_goes_from_a_shared_set_too() -> None:
    declared = git(
        [OPS, entry("more", "group:ops", "Admin", DEV)], [pset("Admin", assignments=Sharing.SHARED)]
    )
    world = settled(declared)
    after = git([OPS], [pset("Admin", assignments=Sharing.SHARED)])

    planned = plan(after, world, remembered(declared))

    assert summary(planned) == [f"delete aws/assignment/{DEV}/Admin/group:ops git"]
    world.carry_out(planned)
    assert summary(plan(after, world, remembered(after))) == []


def test_what_was_declared_only_between_two_applies_is_a_leftover() -> None:
    base, between = git([OPS]), git([OPS, entry("more", "group:ops", "Read", DEV)])
    world = settled(between)

    assert summary(plan(base, world, remembered(base, between))) == [
        f"delete aws/assignment/{DEV}/Read/group:ops leftover"
    ]


def test_without_a_memory_nothing_is_removed_for_having_been_forgotten() -> None:
    world = settled(git([OPS, entry("more", "group:ops", "Read", DEV)]))

    planned = plan(git([OPS]), world, replace(remembered(None), unknown="outside git"))

    assert summary(planned) == []
    assert "unmanaged-assignments" in codes(planned)


def test_a_named_assignment_that_somebody_took_away_is_restored_and_said() -> None:
    world = settled(git([OPS]))
    world.unassign(PAY, "Admin", world.group_principal("ops"))

    planned = plan(git([OPS]), world, remembered(git([OPS])))

    assert summary(planned) == [f"create aws/assignment/{PAY}/Admin/group:ops drift"]
    assert planned.plan.changes[0].restores
    restores = next(one for one in planned.plan.findings if one.code == "restores")
    assert "1 assignment " in restores.message


def test_an_account_that_joins_a_selected_unit_gets_its_grants_by_selector() -> None:
    declared = git([entry("lab", "group:ops user:bob", "Admin", "Lab")])
    world = settled(declared)
    world.organization = organization(a100000000004="Lab")

    planned = plan(declared, world, remembered(declared))

    assert summary(planned) == [
        f"create aws/assignment/{NEW}/Admin/group:ops selector",
        f"create aws/assignment/{NEW}/Admin/user:bob selector",
    ]
    assert not any(one.restores for one in planned.plan.changes)


def test_one_grant_missing_on_an_account_that_has_the_others_is_drift() -> None:
    declared = git([entry("lab", "group:ops user:bob", "Admin", "Lab")])
    world = settled(declared)
    world.unassign(DEV, "Admin", world.group_principal("ops"))

    assert summary(plan(declared, world, remembered(declared))) == [
        f"create aws/assignment/{DEV}/Admin/group:ops drift"
    ]


@pytest.mark.parametrize("place", ["Prod", "", "gone"])
def test_an_account_that_moves_away_loses_its_grants_by_selector(place: str) -> None:
    declared = git([entry("lab", "group:ops", "Admin", "Lab")], [pset("Admin", assignments=Sharing.SHARED)])
    world = settled(declared)
    world.organization = organization(**{f"a{DEV}": place})

    planned = plan(declared, world, remembered(declared))

    assert summary(planned) == [f"delete aws/assignment/{DEV}/Admin/group:ops selector"]


def test_an_entry_that_goes_takes_along_what_it_had_selected_before_an_account_moved() -> None:
    before = git([entry("lab", "group:ops", "Admin", "Lab")])
    world = settled(before)
    world.organization = organization(**{f"a{DEV}": "Prod"})

    assert summary(plan(git(), world, remembered(before))) == [
        f"delete aws/assignment/{DEV}/Admin/group:ops git"
    ]


def test_nothing_that_was_selected_goes_while_the_accounts_were_not_read() -> None:
    declared = git(
        [entry("lab", "group:ops", "Admin", "Lab")], [pset("Admin", assignments=Sharing.EXCLUSIVE)]
    )
    world = settled(declared)
    world.organization = World().organization

    assert summary(plan(declared, world, remembered(declared))) == []


def test_an_assignment_ends_with_its_window() -> None:
    until = Window(end=NOW)
    declared = git([OPS, entry("bob", "user:bob", "Read", DEV, window=until, reason="INC-1")])
    world = settled(declared, now=NOW - timedelta(hours=1))

    planned = plan(declared, world, remembered(declared, at=NOW - timedelta(hours=1)))

    assert summary(planned) == [f"delete aws/assignment/{DEV}/Read/user:bob expiry"]
    world.carry_out(planned)
    assert summary(plan(declared, world, remembered(declared))) == []


def test_a_renamed_group_and_a_new_key_keep_their_assignments() -> None:
    before = git([OPS])
    world = settled(before)
    after = git(
        [entry("ops", "group:platform", "Admin", PAY)],
        groups={"platform": group("platform", ["ada"], previously=("ops",))},
    )

    planned = plan(after, world, remembered(before))

    assert summary(planned) == ["update aws/group/platform git"]

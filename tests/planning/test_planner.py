"""Plans of small organisations: what is created, changed, removed, and why; carried out, they end empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Cause, Effect
from reconciler.model.policy import OnRemoval
from reconciler.model.resources import Block, Grant, Include, Window
from tests.planning.world import (
    CAN_DISABLE,
    NOW,
    ORIGIN,
    POLICY,
    World,
    change,
    codes,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)


def test_a_first_plan_creates_everything_and_the_second_is_empty() -> None:
    git = identities([person("ada"), person("bob", manager="ada")], [group("ops", ["ada", "bob"])])
    world = World()

    first = plan(git, world)
    assert summary(first) == [
        "create aws/group/ops git",
        "create aws/membership/ops/ada git",
        "create aws/membership/ops/bob git",
        "create aws/user/ada git",
        "create aws/user/bob git",
    ]
    world.carry_out(first)

    assert world.members_of("ops") == {"ada@example.com", "bob@example.com"}
    boss = world.users[world.user_id("bob@example.com")].attributes["manager"]
    assert boss == world.user_id("ada@example.com")
    assert summary(plan(git, world)) == []
    assert summary(plan(git, world, remembered(git))) == []


def test_two_people_who_manage_each_other_can_both_be_created() -> None:
    git = identities(
        [person("ada", manager="bob"), person("bob", manager="ada"), person("eve", manager="eve")]
    )
    world = World()

    world.carry_out(plan(git, world))

    assert summary(plan(git, world)) == []
    eve = world.user_id("eve@example.com")
    assert world.users[eve].attributes["manager"] == eve


def test_defaults_act_on_create_and_never_again() -> None:
    git = identities([person("ada")])
    world = World()
    world.carry_out(plan(git, world))
    ada = world.users[world.user_id("ada@example.com")]

    assert ada.attributes["display_name"] == "Ada Test"
    assert ada.attributes["email"] == "ada@example.com"
    world.users[ada.id] = replace(
        ada, attributes={**ada.attributes, "display_name": "A.", "email": "a@b.example"}
    )
    assert summary(plan(git, world, remembered(git))) == []


def test_a_user_without_the_names_that_the_service_wants_is_a_finding_and_waits() -> None:
    git = identities([replace(person("ada"), attributes={"user_name": "ada"})], [group("ops", ["ada"])])

    planned = plan(git, World())

    assert summary(planned) == ["create aws/group/ops git"]
    assert codes(planned) == ["incomplete-user"]
    assert planned.waiting == 1


def test_a_user_taken_out_of_the_files_loses_memberships_everywhere() -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])
    world = World()
    world.carry_out(plan(before, world))
    bob = world.user_id("bob@example.com")
    world.add_group("unmanaged", bob)
    after = identities([person("ada")], [group("ops", ["ada"])])

    planned = plan(after, world, remembered(before))
    assert summary(planned) == [
        "delete aws/membership/ops/bob git",
        "delete aws/membership/~g00000006/bob git",
    ]
    assert codes(planned) == ["status-not-written"]
    world.carry_out(planned)
    assert summary(plan(after, world, remembered(before))) == []


@pytest.mark.parametrize(
    ("on_removal", "expected"),
    [
        (OnRemoval.DEACTIVATE, "update aws/user/bob git"),
        (OnRemoval.DELETE, "delete aws/user/bob git"),
    ],
)
def test_a_leaver_is_disabled_or_deleted_as_the_target_says(on_removal: OnRemoval, expected: str) -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])
    world = World()
    world.carry_out(plan(before, world))
    policy = replace(POLICY, on_removal=on_removal)
    after = identities([person("ada")], [group("ops", ["ada"])])
    memory = remembered(before, policy=policy)

    planned = plan(after, world, memory, policy=policy, can=CAN_DISABLE)

    assert summary(planned) == ["delete aws/membership/ops/bob git", expected]
    assert change(planned, "aws/user/bob").effect is Effect.REVOKE
    world.carry_out(planned)
    assert summary(plan(after, world, memory, policy=policy, can=CAN_DISABLE)) == []


def test_a_field_that_git_no_longer_declares_is_cleared_and_one_it_never_did_is_kept() -> None:
    before = identities([person("ada", title="Engineer")])
    world = World()
    world.carry_out(plan(before, world))
    ada = world.user_id("ada@example.com")
    world.users[ada] = replace(world.users[ada], attributes={**world.users[ada].attributes, "nick_name": "A"})
    after = identities([person("ada")])

    planned = plan(after, world, remembered(before))

    assert [(each.name, each.after) for each in change(planned, "aws/user/ada").fields] == [("title", None)]
    assert change(planned, "aws/user/ada").cause is Cause.GIT


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("past until", Cause.EXPIRY),
        ("blocked", Cause.BLOCK),
        ("active: false", Cause.LEAVER),
    ],
)
def test_whoever_is_inactive_has_no_membership(how: str, cause: Cause) -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])
    world = World()
    world.carry_out(plan(before, world))
    bob = {
        "past until": replace(person("bob"), window=Window(end=NOW - timedelta(days=1))),
        "blocked": person("bob"),
        "active: false": replace(person("bob"), active=False),
    }[how]
    blocked = {"bob": Block("bob", ORIGIN, None, "SEC-88")} if how == "blocked" else {}
    after = identities([person("ada"), bob], [group("ops", ["ada", "bob"])], blocked=blocked)

    planned = plan(after, world, remembered(before), can=CAN_DISABLE)

    assert summary(planned) == [f"delete aws/membership/ops/bob {cause}", f"update aws/user/bob {cause}"]
    world.carry_out(planned)
    assert summary(plan(after, world, remembered(after), can=CAN_DISABLE)) == []


def test_whoever_somebody_else_disabled_stays_so_until_git_says_active() -> None:
    world = World()
    world.add_user("ada@example.com", active=False, given_name="Ada", family_name="Test")

    silent = plan(identities([person("ada")]), world, can=CAN_DISABLE)
    enabled = identities([replace(person("ada"), active=True)])
    explicit = plan(enabled, world, remembered(identities([person("ada")])), can=CAN_DISABLE)
    again = plan(enabled, world, remembered(enabled), can=CAN_DISABLE)

    assert summary(silent) == []
    assert codes(silent) == ["disabled-elsewhere"]
    assert summary(explicit) == ["update aws/user/ada git"]
    assert summary(again) == ["update aws/user/ada drift"]
    assert change(explicit, "aws/user/ada").effect is Effect.GRANT


def test_a_membership_ends_when_its_window_does() -> None:
    over = Grant(7, Window(end=NOW), "INC-4711")
    git = identities([person("ada"), person("bob")], [group("ops", members={"ada": 1, "bob": over})])
    earlier = NOW - timedelta(hours=1)
    world = World()
    world.carry_out(plan(git, world, now=earlier))
    assert world.members_of("ops") == {"ada@example.com", "bob@example.com"}

    planned = plan(git, world, remembered(git, at=earlier))

    assert summary(planned) == ["delete aws/membership/ops/bob expiry"]


def test_members_of_an_included_group_are_members_for_as_long_as_it_is_included() -> None:
    include = (Include("sre", 9, Window(end=NOW + timedelta(days=1))),)
    git = identities(
        [person("ada"), person("bob")], [group("ops", ["ada"], include=include), group("sre", ["bob"])]
    )
    world = World()
    world.carry_out(plan(git, world))
    assert world.members_of("ops") == {"ada@example.com", "bob@example.com"}

    later = plan(git, world, remembered(git), now=NOW + timedelta(days=2))

    assert summary(later) == ["delete aws/membership/ops/bob expiry"]


def test_the_order_of_files_and_lists_changes_no_digest() -> None:
    users = [person(name) for name in "abcde"]
    one = identities(users, [group("x", ["a", "b", "c"]), group("y", ["c", "d"])])
    two = identities(users[::-1], [group("y", ["d", "c"]), group("x", ["c", "b", "a"])])

    assert plan(one, World()).plan.digest == plan(two, World()).plan.digest

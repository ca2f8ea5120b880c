"""Whose each live object is, where names move, keys change and people leave at once."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from reconciler.model.policy import OnRemoval
from reconciler.model.resources import User
from tests.planning.world import (
    CAN_DISABLE,
    POLICY,
    World,
    codes,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
def test_a_chain_of_names_that_moved_on_is_recognised_in_any_order_of_keys(order: tuple[str, ...]) -> None:
    then = {key: person(key, user_name=name) for key, name in zip("abc", ("w", "x", "y"), strict=True)}
    now = {key: person(key, user_name=name) for key, name in zip("abc", ("x", "y", "z"), strict=True)}
    before, after = identities([then[key] for key in order]), identities([now[key] for key in order])
    world = World()
    world.carry_out(plan(before, world))
    ids = [world.user_id(name) for name in ("w", "x", "y")]

    world.carry_out(plan(after, world, remembered(before)))

    assert [world.user_id(name) for name in ("x", "y", "z")] == ids
    assert summary(plan(after, world, remembered(before))) == []


def test_a_name_given_up_by_a_renamed_key_is_not_taken_for_the_object_that_had_it() -> None:
    before = identities([person("ada")], [group("platform-team", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    identifier = world.group_id("platform-team")
    after = identities(
        [person("ada")],
        [
            group("second", [], attributes={"display_name": "platform-team"}),
            group("platform", ["ada"], previously=("platform-team",)),
        ],
    )

    planned = plan(after, world, remembered(before))

    assert summary(planned) == ["update aws/group/platform git", "create aws/group/second git"]
    world.carry_out(planned)
    assert world.group_id("platform") == identifier
    assert summary(plan(after, world, remembered(before))) == []


def test_a_key_renamed_twice_between_two_applies_keeps_its_object() -> None:
    base = identities([person("ada")], [group("a", ["ada"])])
    between = identities([person("ada")], [group("b", ["ada"], previously=("a",))])
    world = World()
    world.carry_out(plan(base, world))
    identifier = world.group_id("a")
    after = identities([person("ada")], [group("c", ["ada"], previously=("b",))])

    planned = plan(after, world, remembered(base, between))

    assert summary(planned) == ["update aws/group/c git"]
    world.carry_out(planned)
    assert world.group_id("c") == identifier
    assert summary(plan(after, world, remembered(base, between))) == []


def test_previously_that_was_tidied_away_before_it_was_applied_still_counts() -> None:
    base = identities([person("ada")], [group("a", ["ada"])])
    between = identities([person("ada")], [group("b", ["ada"], previously=("a",))])
    world = World()
    world.carry_out(plan(base, world))
    after = identities([person("ada")], [group("b", ["ada"])])

    assert summary(plan(after, world, remembered(base, between))) == ["update aws/group/b git"]


def test_what_was_handed_over_to_somebody_else_is_not_removed_when_the_reference_goes() -> None:
    base = identities([person("ada")], [group("admins", ["ada"])])
    between = identities([person("ada")], [group("admins", None, external=True)])
    world = World()
    world.carry_out(plan(base, world))
    after = identities([person("ada")])

    assert summary(plan(after, world, remembered(base, between))) == []


def test_a_leaver_whose_name_somebody_of_another_external_id_has_holds_nothing_up() -> None:
    world = World()
    world.add_user("ada@example.com", external_id="other")
    before = identities([person("ada", external_id="ours")])

    planned = plan(identities(), world, remembered(before))

    assert summary(planned) == []
    assert codes(planned) == []
    assert planned.waiting == 0


def test_a_name_that_the_key_had_is_stronger_than_what_another_key_was_previously() -> None:
    before = identities([person("ada", user_name="x")])
    world = World()
    for name in ("x", "y"):
        world.add_user(name, given_name="Ada", family_name="Test")
    after = identities([person("ada", user_name="q"), replace(person("cyd"), previously=("x", "y"))])

    world.carry_out(plan(after, world, remembered(before)))

    assert {str(user.attributes["user_name"]) for user in world.users.values()} == {"q", "cyd@example.com"}


def test_an_object_that_one_key_contests_is_not_given_to_another() -> None:
    world = World()
    for name in ("x", "y"):
        world.add_user(name)
    wanted: list[User] = [
        replace(person("ada"), previously=("x", "y")),
        replace(person("bob"), previously=("y",)),
    ]

    planned = plan(identities(wanted), world)

    assert summary(planned) == []
    assert codes(planned) == ["match-blocked", "match-blocked"]


@pytest.mark.parametrize("keys", [("ada", "bob"), ("bob", "ada")], ids="-".join)
def test_a_name_whose_holder_is_in_doubt_is_in_doubt_as_well(keys: tuple[str, str]) -> None:
    then = {"ada": person("ada", user_name="x"), "bob": person("bob", user_name="y")}
    now = {"ada": person("ada", user_name="y"), "bob": person("bob", user_name="z")}
    before = identities([then[key] for key in keys])
    world = World()
    world.carry_out(plan(before, world))
    world.add_user("z")

    planned = plan(identities([now[key] for key in keys]), world, remembered(before))

    assert summary(planned) == []
    assert codes(planned) == ["match-blocked", "match-blocked"]


def test_a_key_that_goes_for_good_does_not_lend_its_name_to_a_plan_with_deletions() -> None:
    before = identities([person("ada", user_name="x"), person("bob", user_name="y")], [group("ops", ["bob"])])
    world = World()
    world.carry_out(plan(before, world))
    ada = world.user_id("x")
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    after = identities([person("ada", user_name="y")])

    world.carry_out(plan(after, world, remembered(before, policy=policy), policy=policy, can=CAN_DISABLE))

    assert world.user_id("y") == ada
    assert len(world.users) == 1


def test_whoever_wants_what_somebody_keeps_waits_and_so_does_whoever_wants_theirs() -> None:
    before = identities(
        [person("ada", user_name="x"), person("bob", user_name="y"), person("cyd", user_name="z")],
        [group("ops", ["cyd"])],
    )
    world = World()
    world.carry_out(plan(before, world))
    world.add_user("theirs", email="dan@example.com")
    after = identities(
        [person("ada", user_name="y"), person("bob", user_name="z"), person("dan"), person("eve")],
        [group("ops", ["dan", "eve"])],
    )

    planned = plan(after, world, remembered(before))

    assert summary(planned) == [
        "delete aws/membership/ops/cyd git",
        "create aws/membership/ops/eve git",
        "create aws/user/eve git",
    ]
    assert codes(planned).count("name-taken") == 3
    assert planned.waiting == 3


def test_a_ring_of_names_that_may_be_done_or_not_begun_is_left_alone() -> None:
    before = identities([person("ada", user_name="x"), person("eve", user_name="y")])
    after = identities([person("ada", user_name="y"), person("new", user_name="x")])
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    world = World()
    world.add_user("x", given_name="New", family_name="Test")
    world.add_user("y", given_name="Ada", family_name="Test")

    planned = plan(after, world, remembered(before, policy=policy), policy=policy, can=CAN_DISABLE)

    assert summary(planned) == []
    assert set(codes(planned)) == {"match-blocked"}


def test_names_that_two_people_swapped_are_left_to_a_person_and_hold_up_nobody_else() -> None:
    before = identities([person("ada", user_name="x"), person("bob", user_name="y")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    after = identities(
        [person("ada", user_name="y"), person("bob", user_name="x"), person("eve")], [group("ops", ["ada"])]
    )

    planned = plan(after, world, remembered(before))

    assert summary(planned) == ["create aws/user/eve git"]
    assert planned.plan.applyable
    assert planned.waiting == 2


def test_a_name_taken_from_somebody_who_never_came_is_not_given_back() -> None:
    before = identities([person("ada", user_name="x"), replace(person("bob", user_name="y"), active=False)])
    after = identities([person("ada", user_name="y"), replace(person("bob", user_name="z"), active=False)])
    world = World()
    world.carry_out(plan(before, world))
    world.carry_out(plan(after, world, remembered(before)))
    ada = world.user_id("y")

    planned = plan(after, world, remembered(before))

    assert summary(planned) == []
    assert world.user_id("y") == ada
    assert summary(plan(after, world, remembered(after))) == []


def test_an_object_without_a_name_makes_nothing_doubtful() -> None:
    """A group is renamed, and a new one gets its old name, beside one that has none."""
    before = identities([person("ada")], [group("one", ["ada"], attributes={"display_name": "x"})])
    world = World()
    world.carry_out(plan(before, world))
    identifier = world.group_id("x")
    world.add_group("")
    after = identities(
        [person("ada")],
        [
            group("one", ["ada"], attributes={"display_name": "y"}),
            group("two", [], attributes={"display_name": "x"}),
        ],
    )

    world.carry_out(plan(after, world, remembered(before)))

    assert world.group_id("y") == identifier
    assert summary(plan(after, world, remembered(before))) == []


def test_whoever_has_somebody_for_a_manager_who_must_wait_waits_as_well() -> None:
    world = World()
    world.add_user("theirs", email="boss@example.com")
    git = identities([person("ada", manager="boss"), person("boss")], [group("ops", ["ada", "boss"])])

    planned = plan(git, world)

    assert summary(planned) == ["create aws/group/ops git"]
    assert [one.message for one in planned.plan.findings] == [
        "aws/user/ada waits, because its manager cannot be created yet",
        "aws/user/boss waits, because another user has boss@example.com and keeps it",
    ]

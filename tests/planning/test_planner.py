"""Plans of small organisations: what is created, changed, removed, and why; carried out, they end empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Cause, Effect
from reconciler.model.policy import Ignore, Mode, OnRemoval, Scope
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


def test_what_was_never_declared_is_left_alone_and_counted() -> None:
    world = World()
    eve = world.add_user("eve@elsewhere.example")
    world.add_group("console", eve)
    git = identities([person("ada")], [group("ops", ["ada"])])
    world.carry_out(plan(git, world))
    before = world.live()

    planned = plan(git, world, remembered(git))

    assert summary(planned) == []
    assert planned.part.counts["user"].unmanaged == 1  # type: ignore[index]  # a StrEnum is its string
    assert planned.part.counts["group"].unmanaged == 1  # type: ignore[index]  # a StrEnum is its string
    assert world.live() == before


def test_a_member_added_behind_the_tools_back_is_drift_and_goes() -> None:
    git = identities([person("ada"), person("bob")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    stranger = world.add_user("eve@elsewhere.example")
    for user in (world.user_id("bob@example.com"), stranger):
        world.members[world.group_id("ops")][user] = "m"

    planned = plan(git, world, remembered(git))

    assert summary(planned) == [
        "delete aws/membership/ops/bob drift",
        f"delete aws/membership/ops/~{stranger} drift",
    ]
    assert change(planned, f"aws/membership/ops/~{stranger}").name == "eve@elsewhere.example"


def test_a_shared_group_tolerates_others_and_loses_only_what_git_declared() -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"], shared=True)])
    world = World()
    world.carry_out(plan(before, world))
    world.members[world.group_id("ops")][world.add_user("eve@elsewhere.example")] = "m"
    after = identities([person("ada"), person("bob")], [group("ops", ["ada"], shared=True)])

    assert summary(plan(after, world, remembered(before))) == ["delete aws/membership/ops/bob git"]


def test_a_membership_that_somebody_took_away_is_restored_and_said_so() -> None:
    git = identities([person("ada")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    world.members[world.group_id("ops")].clear()

    planned = plan(git, world, remembered(git))

    assert summary(planned) == ["create aws/membership/ops/ada drift"]
    assert change(planned, "aws/membership/ops/ada").restores
    assert codes(planned) == ["restores"]


def test_what_was_declared_only_between_two_applies_is_a_leftover() -> None:
    base = identities([person("ada")], [group("ops", ["ada"])])
    between = identities(
        [person("ada"), person("bob")], [group("ops", ["ada", "bob"]), group("dev", ["bob"])]
    )
    world = World()
    world.carry_out(plan(between, world))

    planned = plan(base, world, remembered(base, between))

    assert summary(planned) == [
        "delete aws/group/dev leftover",
        "delete aws/membership/dev/bob leftover",
        "delete aws/membership/ops/bob leftover",
    ]
    world.carry_out(planned)
    assert summary(plan(base, world, remembered(base, between))) == []


def test_a_team_renamed_with_previously_keeps_its_id_and_members() -> None:
    before = identities([person("ada")], [group("platform-team", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    identifier = world.group_id("platform-team")
    after = identities([person("ada")], [group("platform", ["ada"], previously=("platform-team",))])

    planned = plan(after, world, remembered(before))

    assert summary(planned) == ["update aws/group/platform git"]
    world.carry_out(planned)
    assert world.group_id("platform") == identifier
    assert world.members_of("platform") == {"ada@example.com"}
    assert summary(plan(after, world, remembered(before))) == []
    assert summary(plan(after, world, remembered(after))) == []


def test_a_user_renamed_in_git_is_found_by_the_name_that_the_key_had() -> None:
    before = identities([person("ada")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    identifier = world.user_id("ada@example.com")
    after = identities([person("ada", user_name="ada.lovelace@example.com")], [group("ops", ["ada"])])

    planned = plan(after, world, remembered(before))

    assert summary(planned) == ["update aws/user/ada git"]
    assert change(planned, "aws/user/ada").effect is Effect.MIXED
    world.carry_out(planned)
    assert world.user_id("ada.lovelace@example.com") == identifier


def test_two_candidates_block_and_nothing_that_refers_to_them_is_touched() -> None:
    before = identities([person("ada")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(before, world))
    world.add_user("new@example.com")
    after = identities([person("ada", user_name="new@example.com")], [group("ops", ["ada"])])
    live = world.live()

    planned = plan(after, world, remembered(before))

    assert summary(planned) == []
    assert "match-blocked" in codes(planned)
    world.carry_out(planned)
    assert world.live() == live


def test_different_external_ids_never_pair() -> None:
    world = World()
    world.add_user("ada@example.com", external_id="b")
    git = identities([person("ada", external_id="a")])

    planned = plan(git, world)

    assert summary(planned) == []
    assert codes(planned) == ["match-blocked"]


def test_names_that_move_from_one_to_another_are_freed_before_they_are_given() -> None:
    before = identities([person("ada", user_name="x@example.com"), person("bob", user_name="y@example.com")])
    world = World()
    world.carry_out(plan(before, world))
    after = identities([person("ada", user_name="y@example.com"), person("bob", user_name="z@example.com")])

    planned = plan(after, world, remembered(before))

    assert [step.id for step in planned.steps] == ["aws/user/bob", "aws/user/ada"]
    assert planned.steps[1].after == ("aws/user/bob",)
    ids = world.user_id("x@example.com"), world.user_id("y@example.com")
    world.carry_out(planned)
    assert ids == (world.user_id("y@example.com"), world.user_id("z@example.com"))
    assert summary(plan(after, world, remembered(before))) == []


def test_a_leaver_whose_name_is_taken_over_still_loses_everything() -> None:
    before = identities(
        [person("ada", user_name="x@example.com"), person("bob", user_name="y@example.com")],
        [group("ops", ["ada", "bob"])],
    )
    world = World()
    world.carry_out(plan(before, world))
    after = identities([person("ada", user_name="y@example.com")], [group("ops", ["ada"])])

    planned = plan(after, world, remembered(before))

    assert summary(planned) == ["delete aws/membership/ops/bob git"]
    assert "name-taken" in codes(planned)
    assert planned.waiting == 1
    world.carry_out(planned)
    del world.users[world.user_id("y@example.com")]
    assert summary(plan(after, world, remembered(before))) == ["update aws/user/ada git"]


def test_a_key_that_changes_while_the_name_stays_keeps_its_object() -> None:
    before = identities([person("bob", user_name="y@example.com")], [group("ops", ["bob"])])
    world = World()
    world.carry_out(plan(before, world))
    after = identities([person("robert", user_name="y@example.com")], [group("ops", ["robert"])])

    planned = plan(after, world, remembered(before))

    assert [one for one in summary(planned) if "membership" in one or "create" in one] == []


def test_swapped_names_are_refused_with_the_way_out() -> None:
    before = identities([person("ada", external_id="1"), person("bob", external_id="2")])
    world = World()
    world.add_user("ada@example.com", external_id="1", given_name="Ada", family_name="Test")
    world.add_user("bob@example.com", external_id="2", given_name="Bob", family_name="Test")
    after = identities(
        [
            person("ada", external_id="1", user_name="bob@example.com"),
            person("bob", external_id="2", user_name="ada@example.com"),
        ]
    )

    planned = plan(after, world, remembered(before))

    assert "name-circle" in codes(planned)
    assert not planned.part.applyable


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
        ("active: false", Cause.GIT),
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


def test_ignored_and_external_objects_and_what_hangs_on_them_stay() -> None:
    world = World()
    robot = world.add_user("robot@example.com")
    theirs = world.add_group("AWSControlTowerAdmins", robot)
    entra = world.add_group("Entra-Admins", robot)
    scope = Scope(
        users=Mode.AUTHORITATIVE,
        groups=Mode.AUTHORITATIVE,
        ignore=Ignore(users=("robot@*",), groups=("AWS*",)),
    )
    policy = replace(POLICY, scope=scope, on_removal=OnRemoval.DELETE)
    git = identities(
        [person("ada")], [group("entra", None, external=True, attributes={"display_name": "Entra-Admins"})]
    )

    planned = plan(git, world, policy=policy)
    world.carry_out(planned)

    assert summary(planned) == ["create aws/user/ada git"]
    assert {robot} == world.members[theirs].keys() == world.members[entra].keys()


def test_authoritative_scope_removes_strays() -> None:
    world = World()
    eve = world.add_user("eve@elsewhere.example")
    console = world.add_group("console", eve)
    policy = replace(
        POLICY, scope=Scope(users=Mode.AUTHORITATIVE, groups=Mode.AUTHORITATIVE), on_removal=OnRemoval.DELETE
    )
    git = identities([person("ada")])
    world.carry_out(plan(git, world))

    planned = plan(git, world, remembered(git, policy=policy), policy=policy)

    assert summary(planned) == [
        f"delete aws/group/~{console} drift",
        f"delete aws/membership/~{console}/~{eve} drift",
        f"delete aws/user/~{eve} drift",
    ]
    world.carry_out(planned)
    assert summary(plan(git, world, remembered(git, policy=policy), policy=policy)) == []


def test_an_observed_kind_is_reported_and_never_written() -> None:
    policy = replace(POLICY, scope=Scope(users=Mode.OBSERVE))
    git = identities([person("ada")], [group("ops", ["ada"])])

    planned = plan(git, World(), policy=policy)

    assert summary(planned) == ["create aws/group/ops git"]
    assert codes(planned) == ["observed"]


def test_outside_git_nothing_is_removed_for_having_been_forgotten() -> None:
    world = World()
    git = identities([person("ada"), person("bob")], [group("ops", ["ada"]), group("old", ["bob"])])
    world.carry_out(plan(git, world))
    memory = replace(remembered(None), unknown="outside git")

    planned = plan(identities([person("ada")], [group("ops", ["ada"])]), world, memory)

    assert summary(planned) == []
    assert codes(planned) == ["memory-unknown"]


def test_the_order_of_files_and_lists_changes_no_digest() -> None:
    users = [person(name) for name in "abcde"]
    one = identities(users, [group("x", ["a", "b", "c"]), group("y", ["c", "d"])])
    two = identities(users[::-1], [group("y", ["d", "c"]), group("x", ["c", "b", "a"])])

    assert plan(one, World()).part.digest == plan(two, World()).part.digest

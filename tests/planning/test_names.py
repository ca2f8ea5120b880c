"""Plans in which names and keys move: objects are kept, names are freed first, and doubt blocks."""

from __future__ import annotations

from reconciler.model.change import Effect
from tests.planning.world import (
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

    assert "rename-cycle" in codes(planned)
    assert not planned.plan.applyable

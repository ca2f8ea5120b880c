"""Which step waits for which, so that every prefix of a plan leaves nobody with more than was meant."""

from __future__ import annotations

from reconciler.model.address import Address
from reconciler.planning.planner import PreparedPlan, plan_target
from tests.planning.world import (
    CAN,
    NOW,
    POLICY,
    World,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)


def after(planned: PreparedPlan, step: str) -> set[str]:
    """What a step waits for."""
    return set(next(one for one in planned.steps if one.id == step).after)


def test_a_name_passes_on_only_what_it_shall_have() -> None:
    """Whoever signs in by the new name must not find the memberships of the old one."""
    before = identities([person("seat", user_name="x"), person("bob")], [group("ops", ["seat", "bob"])])
    world = World()
    world.carry_out(plan(before, world))
    git = identities(
        [person("seat", user_name="y"), person("bob")], [group("ops", ["bob"]), group("dev", ["seat"])]
    )

    planned = plan(git, world, remembered(before))

    assert after(planned, "aws/user/seat") == {"aws/membership/ops/seat"}
    assert after(planned, "aws/membership/dev/seat") == {"aws/group/dev", "aws/user/seat"}


def test_a_part_of_a_plan_brings_along_what_it_needs_and_nothing_else() -> None:
    before = identities([person("bob")], [group("old", ["bob"])])
    world = World()
    world.carry_out(plan(before, world))
    world.members[world.group_id("old")][world.add_user("eve")] = "m"
    git = identities(
        [
            person("bob", title="Lead"),
            person("ada", manager="cyd"),
            person("cyd", manager="dan"),
            person("dan"),
        ],
        [group("new", ["bob", "ada"])],
    )

    def part(*only: str) -> PreparedPlan:
        addresses = [Address.parse(each) for each in only]
        return plan_target(git, remembered(before), world.live(), POLICY, CAN, NOW, only=addresses)

    assert summary(part("aws/user/bob")) == [
        "create aws/group/new git",
        "create aws/membership/new/bob git",
        "delete aws/membership/old/bob git",
        "update aws/user/bob git",
    ]
    assert summary(part("aws/user/ada")) == [
        "create aws/group/new git",
        "create aws/membership/new/ada git",
        "create aws/user/ada git",
        "create aws/user/cyd git",
        "create aws/user/dan git",
    ]
    assert summary(part("aws/membership/old/bob")) == ["delete aws/membership/old/bob git"]
    whole = part("aws/group/old")
    assert "delete aws/membership/old/bob git" in summary(whole)
    assert "delete aws/group/old git" in summary(whole)
    world.carry_out(part("aws/user/ada"))
    assert world.user_id("dan@example.com")


def test_a_part_of_a_plan_frees_the_names_that_it_needs() -> None:
    before = identities([person("ada", user_name="x"), person("bob", user_name="y")])
    world = World()
    world.carry_out(plan(before, world))
    git = identities([person("ada", user_name="y"), person("bob", user_name="z")])

    planned = plan_target(
        git, remembered(before), world.live(), POLICY, CAN, NOW, only=[Address.parse("aws/user/ada")]
    )

    assert summary(planned) == ["update aws/user/ada git", "update aws/user/bob git"]

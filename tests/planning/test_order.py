"""Which step waits for which, so that every prefix of a plan leaves nobody with more than was meant."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import Severity
from reconciler.planning.ordering.order import order
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from tests.planning.access_stage import change
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
    # A group is access by itself where nothing is assigned: bob keeps it until the new one is there.
    assert summary(part("aws/membership/old/bob")) == [
        "create aws/group/new git",
        "create aws/membership/new/bob git",
        "delete aws/membership/old/bob git",
    ]
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


def renamed(key: str, **fields: str) -> Change:
    """A user who takes other names: `user_name="old new"`."""
    edits = tuple(FieldChange(name, *text.split()) for name, text in fields.items())
    address = Address.of("aws", Kind.USER, key)
    return Change(address, Action.UPDATE, Effect.MIXED, Cause.GIT, "", "", edits, name=key)


def test_the_order_of_changes_is_nothing_to_the_order_of_steps() -> None:
    texts = [
        "delete group/zoo",
        "create membership/red/ada",
        "delete membership/ops/cyd",
        "create group/red",
        "create user/ada",
        "delete membership/ops/bob",
        "create group/blue",
    ]
    changes = [change(each) for each in texts]

    forth, back = (order(each)[0] for each in (changes, changes[::-1]))

    assert forth == back
    assert [str(step.id) for step in forth] == [
        "aws/membership/ops/bob",
        "aws/membership/ops/cyd",
        "aws/group/blue",
        "aws/group/red",
        "aws/user/ada",
        "aws/membership/red/ada",
        "aws/group/zoo",
    ]


@pytest.mark.parametrize("forth", [True, False])
def test_who_take_each_others_names_are_named_once_and_nobody_who_only_waits(*, forth: bool) -> None:
    """Ann waits for cyd, who is in a circle with bob; bob and cyd wait for what they lose, too."""
    changes = [
        renamed("ann", email="a@x c@x"),
        renamed("bob", user_name="b c"),
        renamed("cyd", user_name="c b", email="c@x d@x"),
        change("delete membership/ops/bob"),
        change("delete membership/ops/cyd"),
        change("delete group/zoo"),
    ]

    steps, (circle,) = order(changes if forth else changes[::-1])

    assert (circle.code, circle.severity, circle.count) == ("rename-cycle", Severity.REFUSAL, 2)
    assert circle.details == ("aws/user/bob", "aws/user/cyd")
    assert [step.id for step in steps] == [
        "aws/membership/ops/bob",
        "aws/membership/ops/cyd",
        "aws/user/ann",
        "aws/user/bob",
        "aws/user/cyd",
        "aws/group/zoo",
    ]


def test_two_circles_are_two_refusals() -> None:
    changes = [
        renamed("ann", user_name="a b"),
        renamed("bob", user_name="b a"),
        renamed("cyd", user_name="c d"),
        renamed("dan", user_name="d e"),
        renamed("eve", user_name="e c"),
    ]

    assert [one.details for one in order(changes)[1]] == [
        ("aws/user/ann", "aws/user/bob"),
        ("aws/user/cyd", "aws/user/dan", "aws/user/eve"),
    ]

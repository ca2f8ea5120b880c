"""Which plans need nobody's look: those that take from leavers, and do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.model.plan import Plan
from reconciler.model.policy import OnRemoval, TargetPolicy
from reconciler.model.resources import Block, User, Window
from reconciler.model.state import Gap, Identities, Live
from reconciler.planning.only_revokes import more_than_revokes
from reconciler.planning.planner import plan_target
from tests.planning.world import (
    CAN_DISABLE,
    NOW,
    ORIGIN,
    POLICY,
    World,
    group,
    identities,
    person,
    remembered,
)

PEOPLE = [person("ada"), person("bob"), person("cyd", title="Engineer")]
BEFORE = identities(PEOPLE, [group("ops", ["ada", "bob", "cyd"]), group("dev", ["ada"])])
LEFT = replace(person("bob"), active=False)


def judged(
    after: Identities, world: World | None = None, *, policy: TargetPolicy = POLICY, live: Live | None = None
) -> list[str]:
    if world is None:
        world = settled()
    planned = plan_target(after, remembered(BEFORE), live or world.live(), policy, CAN_DISABLE, NOW)
    return more_than_revokes(Plan(NOW, (planned.plan,)))


def settled() -> World:
    world = World()
    world.carry_out(plan_target(BEFORE, remembered(None), world.live(), POLICY, CAN_DISABLE, NOW))
    return world


def with_bob(bob: User, *more: User, members: Sequence[str] = ("ada", "bob", "cyd")) -> Identities:
    people = [person("ada"), bob, person("cyd", title="Engineer"), *more]
    return identities(people, [group("ops", [*members]), group("dev", ["ada"])])


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(with_bob(LEFT), id="a leaver"),
        pytest.param(with_bob(LEFT, members=["ada", "cyd"]), id="who is not a member any more"),
        pytest.param(with_bob(replace(person("bob"), window=Window(end=NOW))), id="expired"),
        pytest.param(replace(BEFORE, blocked={"bob": Block("bob", ORIGIN)}), id="blocked"),
        pytest.param(BEFORE, id="nothing"),
    ],
)
def test_what_only_takes_from_leavers_qualifies(after: Identities) -> None:
    assert judged(after) == []


@pytest.mark.parametrize(
    ("after", "says"),
    [
        pytest.param(with_bob(LEFT, person("eve")), "aws/user/eve", id="a newcomer"),
        pytest.param(
            identities(
                [person("ada"), LEFT, PEOPLE[2]], [group("ops", ["ada", "cyd"]), group("dev", ["ada", "cyd"])]
            ),
            "aws/membership/dev/cyd",
            id="a mover",
        ),
        pytest.param(
            with_bob(person("bob"), members=["ada", "cyd"]), "aws/membership/ops/bob", id="out of a group"
        ),
        pytest.param(
            with_bob(replace(LEFT, attributes={**LEFT.attributes, "title": "X"})), "bob", id="an edit"
        ),
        pytest.param(
            with_bob(replace(LEFT, attributes={**LEFT.attributes, "user_name": "x"})), "bob", id="a rename"
        ),
        pytest.param(
            identities([person("ada"), PEOPLE[2]], [group("ops", ["ada", "cyd"]), group("dev", ["ada"])]),
            "aws/user/bob",
            id="gone from the files",
        ),
    ],
)
def test_anything_else_does_not(after: Identities, says: str) -> None:
    assert any(says in why for why in judged(after))


def test_what_others_did_disqualifies_too() -> None:
    """Also where the leaver is all that the files changed: what the plan restores is access."""
    world = settled()
    world.members[world.group_id("ops")].pop(world.user_id("cyd@example.com"))
    assert any("aws/membership/ops/cyd" in why for why in judged(with_bob(LEFT), world))


def test_what_was_not_read_or_is_refused_or_told_disqualifies() -> None:
    world = settled()
    gap = Gap(next(iter(CAN_DISABLE.kinds)), "*", "not asked for")
    assert judged(with_bob(LEFT), live=replace(world.live(), gaps=(gap,)))
    tight = replace(
        POLICY, guards=replace(POLICY.guards, protected=replace(POLICY.guards.protected, users=("bob",)))
    )
    assert any("protected" in why for why in judged(with_bob(LEFT), policy=tight))


def test_a_deletion_disqualifies() -> None:
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    after = identities([person("ada"), PEOPLE[2]], [group("ops", ["ada", "cyd"]), group("dev", ["ada"])])
    assert judged(replace(after, blocked={"bob": Block("bob", ORIGIN)}), policy=policy)


def test_a_redacted_plan_and_an_empty_one_are_not_judged() -> None:
    assert more_than_revokes(Plan(NOW, ()))
    assert more_than_revokes(Plan(NOW, (), redacted=True))

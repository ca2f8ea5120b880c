"""Random permission sets on both sides: one plan, carried out, leaves nothing to do, and the rest alone."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.model.policy import Mode, Scope
from reconciler.model.resources import PermissionSet, PolicyReference, Value
from reconciler.model.state import Identities
from tests.planning.scenes import ONE, ORGANIZATION, TWO, access, entry, on, permission_set
from tests.planning.world import (
    CAN_ALL,
    NOTHING,
    POLICY,
    World,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)

AWS = "arn:aws:iam::aws:policy/"
FIELDS: Mapping[str, tuple[object, ...]] = {
    "description": ("a", " b ", " ", None),
    "session_duration": ("PT1H", "PT4H", "PT90M", None),
    "relay_state": ("https://a", None),
    "managed_policies": ((), ("Billing",), ("A", "job-function/Billing"), (AWS + "A",)),
    "customer_managed_policies": ((), (PolicyReference("x", "/p/"), PolicyReference("x"))),
    "permissions_boundary": (None, "A", PolicyReference("edge")),
    "inline_policy": (None, '{"Statement":[]}'),
    "tags": ({}, {"owner": "a"}, {"owner": "b", "empty": ""}),
}
LIVE: Mapping[str, tuple[Value, ...]] = {
    "description": ("a", "z"),
    "session_duration": ("PT1H", "PT60M", "PT1H30M"),
    "relay_state": ("https://a", "https://z"),
    "managed_policies": ((AWS + "A",), (AWS + "job-function/Billing", AWS + "service-role/A")),
    "customer_managed_policies": (("/p/x", "/x"), ("/z",)),
    "permissions_boundary": (AWS + "service-role/A", "/edge"),
    "inline_policy": ('{"Statement":[]}', "no JSON"),
    "tags.owner": ("a", "z"),
    "tags.else": ("kept",),
}
NAMES = ("Admin", "Read", "Old", "New")
PEOPLE = identities([person("ada")], [group("ops", ["ada"])])


def _declared(dice: random.Random) -> Identities:
    sets: list[PermissionSet] = []
    for name in NAMES:
        if dice.random() < 0.6:
            chosen = {key: dice.choice(values) for key, values in FIELDS.items() if dice.random() < 0.5}
            sets.append(permission_set(name, **chosen))
    if {one.key for one in sets} >= {"New"} and "Old" not in {one.key for one in sets}:
        sets = [replace(one, previously=("Old",)) if one.key == "New" else one for one in sets]
    entries = [
        entry(f"e-{one.key}", one.key, on(*dice.sample((ONE, TWO), dice.randint(1, 2))), groups=("ops",))
        for one in sets
        if dice.random() < 0.7
    ]
    return access(sets, entries, PEOPLE)


def _world(dice: random.Random) -> World:
    world = World()
    world.organization = ORGANIZATION
    for name in (*NAMES, "Theirs"):
        if dice.random() < 0.6:
            chosen = {key: dice.choice(values) for key, values in LIVE.items() if dice.random() < 0.5}
            world.add_set(name, **chosen)
    return world


def _theirs(world: World) -> list[tuple[str, str]]:
    """What is no business of git: sets that it never named, and tags that it does not write."""
    return sorted(
        (one.name, repr(value))
        for one in world.sets.values()
        for key, value in one.attributes.items()
        if one.name == "Theirs" or key == "tags.else"
    )


@pytest.mark.parametrize("seed", range(150))
def test_one_plan_is_enough(seed: int) -> None:
    dice = random.Random(seed)
    then, between, now = (_declared(dice) for _ in range(3))
    world, known = _world(dice), dice.random() < 0.8
    memory = remembered(then, between) if known else NOTHING
    if known:
        world.carry_out(plan(then, world, can=CAN_ALL))
        if dice.random() < 0.5:
            world.carry_out(plan(between, world, remembered(then), can=CAN_ALL))
    before = _theirs(world)
    world.carry_out(plan(now, world, memory, can=CAN_ALL))
    assert summary(plan(now, world, memory, can=CAN_ALL)) == []
    names = {one.name for one in world.sets.values()}
    assert names >= now.permission_sets.keys()
    if known:
        assert (
            not names
            & (then.permission_sets.keys() | between.permission_sets.keys()) - now.permission_sets.keys()
        )
        gone = {one[0] for one in before} - names
        assert [one for one in before if one[0] not in gone] == _theirs(world)


@pytest.mark.parametrize("seed", range(30))
def test_an_authoritative_plan_leaves_what_git_says_and_nothing_else(seed: int) -> None:
    dice = random.Random(seed)
    now, world = _declared(dice), _world(dice)
    policy = replace(POLICY, scope=Scope(permission_sets=Mode.AUTHORITATIVE, assignments=Mode.AUTHORITATIVE))
    world.carry_out(plan(now, world, policy=policy, can=CAN_ALL))
    assert {one.name for one in world.sets.values()} == now.permission_sets.keys()
    assert summary(plan(now, world, policy=policy, can=CAN_ALL)) == []

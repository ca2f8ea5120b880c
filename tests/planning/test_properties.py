"""Whatever people write and whatever happens behind the tool's back: apply converges and stays inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.resources import Group, User, Value
from reconciler.model.state import Identities, Remembered
from reconciler.planning.order import ends
from reconciler.planning.planner import Planned
from reconciler.planning.review import review
from tests.planning.world import CAN_DISABLE, World, group, identities, person, plan, remembered

Thing = TypeVar("Thing")
KEYS = ["ada", "bob", "cyd", "dan", "eve"]
TEAMS = ["ops", "dev", "sec"]


@st.composite
def organisations(draw: st.DrawFn) -> Identities:
    """A small organisation with managers, includes, shared and unmanaged groups, inactive people."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    users: list[User] = []
    for key in keys:
        more: dict[str, Value] = {}
        if draw(st.booleans()):
            more["manager"] = draw(st.sampled_from(keys))
        if draw(st.booleans()):
            more["title"] = draw(st.sampled_from(["Engineer", "Lead"]))
        if draw(st.integers(0, 4)) == 0:
            more["user_name"] = f"{key}.new@example.com"
        users.append(
            replace(person(key, **more), active=draw(st.sampled_from([None, None, None, True, False])))
        )
    groups: list[Group] = []
    for team in draw(st.lists(st.sampled_from(TEAMS), unique=True)):
        members = draw(st.none() | st.lists(st.sampled_from(keys), unique=True))
        groups.append(group(team, members, shared=draw(st.sampled_from([None, True, False]))))
    return identities(users, groups)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Identities], World]:
    """A few states of git, and a world in which strangers and console edits are."""
    states = draw(st.lists(organisations(), min_size=1, max_size=3))
    world = World()
    for name in draw(st.lists(st.sampled_from(["x", "y"]), unique=True)):
        stranger = world.add_user(f"{name}@elsewhere.example")
        world.add_group(f"console-{name}", stranger)
    return states, world


def edit(world: World, data: st.DataObject) -> None:
    """Somebody at the console adds a member, takes one away, or changes a title."""
    for _ in range(data.draw(st.integers(0, 3))):
        if world.users and world.members:
            user = data.draw(st.sampled_from(sorted(world.users)))
            team = data.draw(st.sampled_from(sorted(world.members)))
            if user in world.members[team]:
                del world.members[team][user]
            else:
                world.members[team][user] = "console"
        titled: bool = data.draw(st.booleans())
        if world.users and titled:
            user = data.draw(st.sampled_from(sorted(world.users)))
            found = world.users[user]
            world.users[user] = replace(found, attributes={**found.attributes, "title": "Console"})


def access(world: World) -> set[tuple[str, str]]:
    """Who is in which group, by id."""
    return {(team, user) for team, members in world.members.items() for user in members}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_apply_then_plan_is_empty_and_strangers_are_untouched(
    history: tuple[list[Identities], World], data: st.DataObject
) -> None:
    states, world = history
    strangers = {
        identifier: user for identifier, user in world.users.items() if "elsewhere" in str(user.attributes)
    }
    console = dict(world.groups)
    memory = Remembered()
    for git in states:
        planned = plan(git, world, memory, can=CAN_DISABLE)
        world.carry_out(planned)

        assert plan(git, world, memory, can=CAN_DISABLE).part.changes == ()
        assert plan(git, world, remembered(git), can=CAN_DISABLE).part.changes == ()
        assert strangers.items() <= world.users.items()
        assert console.items() <= world.groups.items()
        memory = remembered(git)
        edit(world, data)
        strangers = {identifier: world.users[identifier] for identifier in strangers}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_a_half_applied_plan_goes_on_and_no_prefix_grants_more_than_before_and_after(
    history: tuple[list[Identities], World], data: st.DataObject
) -> None:
    states, world = history
    for git in states[:-1]:
        world.carry_out(plan(git, world, can=CAN_DISABLE))
    memory = remembered(states[-2]) if len(states) > 1 else Remembered()
    git = states[-1]
    before = access(world)
    reviewed = plan(git, world, memory, can=CAN_DISABLE)
    failing = frozenset(
        data.draw(st.sets(st.sampled_from([step.id for step in reviewed.steps]))) if reviewed.steps else ()
    )
    world.carry_out(reviewed, failing)
    halfway = access(world)

    fresh = plan(git, world, memory, can=CAN_DISABLE)
    verdict = review(fresh, [reviewed.part], auto_apply=())
    assert verdict.stale == ()
    assert verdict.left_out == ()
    world.carry_out(fresh)

    assert plan(git, world, memory, can=CAN_DISABLE).part.changes == ()
    assert halfway <= before | access(world)


@settings(max_examples=100, deadline=None)
@given(organisations(), organisations())
def test_every_pair_of_a_plan_has_ends_that_exist_or_are_created_before_it(
    earlier: Identities, later: Identities
) -> None:
    world = World()
    world.carry_out(plan(earlier, world, can=CAN_DISABLE))
    planned = plan(later, world, remembered(earlier), can=CAN_DISABLE)
    created = {change.address for change in planned.part.changes if change.action is Action.CREATE}
    position = {step.id: number for number, step in enumerate(planned.steps)}

    for step in planned.steps:
        assert all(position[each] < position[step.id] for each in step.after)
        if step.address.kind is Kind.MEMBERSHIP:
            for end in ends(step.address):
                assert end in planned.ids or end in created


@settings(max_examples=100, deadline=None)
@given(organisations(), st.randoms(use_true_random=False))
def test_the_order_of_everything_changes_nothing(git: Identities, random: Random) -> None:
    shuffled = replace(git, users=_shuffled(git.users, random), groups=_shuffled(git.groups, random))

    one, two = plan(git, World()), plan(shuffled, World())

    assert one.part == two.part
    assert _steps(one) == _steps(two)


def _shuffled(mapping: Mapping[str, Thing], random: Random) -> dict[str, Thing]:
    items = list(mapping.items())
    random.shuffle(items)
    return dict(items)


def _steps(planned: Planned) -> list[str]:
    return [step.id for step in planned.steps]

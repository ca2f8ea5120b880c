"""Whatever people write and whatever happens behind the tool's back: apply converges and stays inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.model.policy import Limit, OnRemoval
from reconciler.model.resources import Group, Origin, User
from reconciler.model.state import Identities, Remembered
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from tests.planning.histories import SCOPED, STRANGERS, histories, organisations
from tests.planning.world import (
    CAN_DISABLE,
    NOW,
    POLICY,
    UNLIMITED,
    World,
    codes,
    identities,
    plan,
    remembered,
)

Thing = TypeVar("Thing")
Declared = TypeVar("Declared", User, Group)


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
    """Who is in which group: people by the name under which they sign in."""
    return {
        (team, str(world.users[user].attributes["user_name"]))
        for team, members in world.members.items()
        for user in members
    }


def settled(planned: PreparedPlan) -> bool:
    """Whether nothing is in doubt and nothing is refused."""
    return planned.plan.applyable and not planned.waiting


def planned_for(git: Identities, world: World, memory: Remembered) -> PreparedPlan:
    return plan(git, world, memory, policy=SCOPED, can=CAN_DISABLE)


def settle_drift(git: Identities, world: World, memory: Remembered, done: PreparedPlan) -> PreparedPlan:
    """The next plan; after one more apply where a rule went alone and left drift of the same user behind."""
    planned = planned_for(git, world, memory)
    by_rule = {change.address for change in done.plan.changes if change.cause in (Cause.EXPIRY, Cause.BLOCK)}
    if planned.plan.changes and all(
        change.cause is Cause.DRIFT and change.address in by_rule for change in planned.plan.changes
    ):
        world.carry_out(planned)
        return planned_for(git, world, memory)
    return planned


def recalled(base: Identities, *since: Identities) -> Remembered:
    return remembered(base, *since, policy=SCOPED)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_apply_then_plan_is_empty_and_strangers_are_untouched(
    history: tuple[list[Identities], World], data: st.DataObject
) -> None:
    states, world = history
    memory = Remembered()
    for git in states:
        console = dict(world.groups)
        before = dict(world.users)
        planned = planned_for(git, world, memory)
        touched = {identifier for address, identifier in planned.ids.items() if address.kind is Kind.USER}
        if not settled(planned):
            return
        world.carry_out(planned)

        assert settle_drift(git, world, memory, planned).plan.changes == ()
        assert planned_for(git, world, recalled(git)).plan.changes == ()
        # P3: what no change names is as it was, and the ignored stranger is in whatever they were in.
        for identifier, user in before.items():
            if identifier not in touched or str(user.attributes["user_name"]) == STRANGERS[1]:
                assert world.users[identifier] == user
        assert {g: one for g, one in console.items() if "console" in str(one.attributes)}.items() <= (
            world.groups.items()
        )
        memory = recalled(git)
        edit(world, data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_a_half_applied_plan_goes_on_and_no_prefix_grants_more_than_before_and_after(
    history: tuple[list[Identities], World], data: st.DataObject
) -> None:
    states, world = history
    memory = Remembered()
    for git in states[:-1]:
        planned = planned_for(git, world, memory)
        if not settled(planned):
            return
        world.carry_out(planned)
        memory = recalled(git)
    git = states[-1]
    before = access(world)
    reviewed = planned_for(git, world, memory)
    if not settled(reviewed):
        return
    failing = frozenset(
        data.draw(st.sets(st.sampled_from([step.id for step in reviewed.steps]))) if reviewed.steps else ()
    )
    world.carry_out(reviewed, failing)
    halfway = access(world)

    fresh = planned_for(git, world, memory)
    verdict = review(fresh, [reviewed.plan], auto_apply=())
    assert verdict.stale == ()
    assert verdict.left_out == ()
    world.carry_out(fresh)

    assert settle_drift(git, world, memory, fresh).plan.changes == ()
    assert halfway <= before | access(world)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_nobody_who_must_have_no_access_has_any_but_what_is_somebody_elses(
    history: tuple[list[Identities], World],
) -> None:
    states, world = history
    memory = Remembered()
    for git in states:
        planned = planned_for(git, world, memory)
        if not settled(planned):
            return
        world.carry_out(planned)
        memory = recalled(git)

        over = [
            str(user.attributes["user_name"])
            for user in git.users.values()
            if not user.external
            and (user.active is False or user.window.over(NOW) or user.key in git.blocked)
        ]
        assert not {name for _, name in access(world)} & set(over)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(organisations(), organisations(), st.integers(0, 4), st.sampled_from([None, 10.0, 50.0]))
def test_an_applyable_plan_removes_no_more_than_its_limits_allow(
    earlier: Identities, later: Identities, count: int, percent: float | None
) -> None:
    world = World()
    world.carry_out(plan(earlier, world, can=CAN_DISABLE))
    limits = replace(
        UNLIMITED.max_removals,
        users=Limit(count, percent),
        memberships=Limit(count, percent),
        total=Limit(count + 1, None),
    )
    policy = replace(POLICY, guards=replace(UNLIMITED, max_removals=limits), on_removal=OnRemoval.DELETE)
    members, users = sum(map(len, world.members.values())), set(world.users)

    planned = plan(later, world, remembered(earlier, policy=policy), policy=policy, can=CAN_DISABLE)
    if not planned.plan.applyable:
        return
    pairs = {(team, user) for team, found in world.members.items() for user in found}
    world.carry_out(planned)

    left = {(team, user) for team, found in world.members.items() for user in found}
    bound = max(1, int(members * percent / 100)) if percent else members
    assert len(pairs - left) <= min(count, bound)
    assert len(users - world.users.keys()) <= count
    assert len(pairs - left) + len(users - world.users.keys()) <= count + 1


@settings(max_examples=100, deadline=None)
@given(organisations(), st.data())
def test_a_rename_keeps_the_object_its_members_and_everybody_else(
    git: Identities, data: st.DataObject
) -> None:
    git = replace(git, blocked={})
    world = World()
    world.carry_out(plan(git, world, can=CAN_DISABLE))
    ours = {key: user for key, user in git.users.items() if not user.external}
    new: dict[str, User] = {}
    for key, user in ours.items():
        move, rename = data.draw(st.booleans()), data.draw(st.booleans())
        name = f"{key}@renamed.example" if rename else str(user.attributes["user_name"])
        attributes = {each: value for each, value in user.attributes.items() if each != "manager"}
        new[f"{key}.moved" if move else key] = replace(
            user,
            key=f"{key}.moved" if move else key,
            attributes={**attributes, "user_name": name},
            previously=(key,) if move else (),
        )
    after = identities(list(new.values()))
    ids = {world.user_id(str(user.attributes["user_name"])) for user in ours.values() if _created(user)}

    planned = plan(after, world, remembered(git), can=CAN_DISABLE)

    assert [
        one
        for one in planned.plan.changes
        if one.address.kind is Kind.USER and one.action is not Action.UPDATE
    ] == []
    world.carry_out(planned)
    assert ids == {
        world.user_id(str(user.attributes["user_name"])) for user in new.values() if _created(user)
    }


def _created(user: User) -> bool:
    return user.active is not False and not user.window.over(NOW)


@settings(max_examples=100, deadline=None)
@given(organisations(), organisations())
def test_every_pair_of_a_plan_has_ends_that_exist_or_are_created_before_it(
    earlier: Identities, later: Identities
) -> None:
    world = World()
    world.carry_out(plan(earlier, world, can=CAN_DISABLE))
    planned = plan(later, world, remembered(earlier), can=CAN_DISABLE)
    if "rename-cycle" in codes(planned):
        return
    created = {change.address for change in planned.plan.changes if change.action is Action.CREATE}
    position = {step.id: number for number, step in enumerate(planned.steps)}

    for step in planned.steps:
        assert all(position[each] < position[step.id] for each in step.after)
        if step.address.kind is Kind.MEMBERSHIP:
            for end in step.address.ends:
                assert end in planned.ids or end in created


@settings(max_examples=100, deadline=None)
@given(organisations(), st.randoms(use_true_random=False))
def test_the_order_of_everything_changes_nothing(git: Identities, random: Random) -> None:
    shuffled = replace(git, users=_shuffled(git.users, random), groups=_shuffled(git.groups, random))

    one, two = plan(git, World()), plan(shuffled, World())

    assert one.plan == two.plan
    assert _steps(one) == _steps(two)


@settings(max_examples=100, deadline=None)
@given(organisations(), organisations(), st.randoms(use_true_random=False))
def test_the_files_that_things_stand_in_change_nothing_but_origins(
    earlier: Identities, later: Identities, random: Random
) -> None:
    world = World()
    world.carry_out(plan(earlier, world, can=CAN_DISABLE))
    split = replace(
        later,
        users=_split(_shuffled(later.users, random), random),
        groups=_split(_shuffled(later.groups, random), random),
    )

    one = plan(later, world, remembered(earlier), can=CAN_DISABLE)
    two = plan(split, world, remembered(earlier), can=CAN_DISABLE)

    assert one.plan.digest == two.plan.digest
    assert [replace(each, origin=None) for each in one.plan.changes] == [
        replace(each, origin=None) for each in two.plan.changes
    ]
    assert [replace(each, origin=None) for each in one.plan.findings] == [
        replace(each, origin=None) for each in two.plan.findings
    ]


def _split(declared: Mapping[str, Declared], random: Random) -> dict[str, Declared]:
    return {
        key: replace(one, origin=Origin(f"{random.randrange(3)}.yaml", 1)) for key, one in declared.items()
    }


def _shuffled(mapping: Mapping[str, Thing], random: Random) -> dict[str, Thing]:
    items = list(mapping.items())
    random.shuffle(items)
    return dict(items)


def _steps(planned: PreparedPlan) -> list[str]:
    return [step.id for step in planned.steps]

"""Causes: what git says differently now is git's doing, whoever the live side blames."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.policy import Mode, Scope
from reconciler.model.resources import Group
from tests.planning.world import POLICY, World, group, identities, person, plan, remembered, summary

PEOPLE = [person("ada"), person("bob")]
SHARED = replace(POLICY, scope=Scope(memberships=Mode.MANAGED))


@pytest.mark.parametrize(
    ("then", "before"),
    [
        (None, POLICY),
        (group("ops", None), POLICY),
        (group("ops", ["ada"], shared=True), POLICY),
        (group("ops", None, external=True), POLICY),
        (group("ops", ["ada"]), SHARED),
    ],
    ids=["not declared", "not managed", "shared", "external", "scope was managed"],
)
def test_whoever_goes_because_git_became_strict_goes_by_git(then: Group | None, before: object) -> None:
    world = World()
    world.add_group(
        "ops",
        world.add_user("ada@example.com", given_name="Ada", family_name="Test"),
        world.add_user("bob@example.com", given_name="Bob", family_name="Test"),
    )
    memory = remembered(identities(PEOPLE, [then] if then else []), policy=before)  # type: ignore[arg-type]  # a policy

    planned = plan(identities(PEOPLE, [group("ops", ["ada"])]), world, memory)

    assert summary(planned) == ["delete aws/membership/ops/bob git"]


def test_whoever_was_added_to_a_strict_group_goes_as_drift() -> None:
    git = identities(PEOPLE, [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    world.members[world.group_id("ops")][world.user_id("bob@example.com")] = "m"

    assert summary(plan(git, world, remembered(git))) == ["delete aws/membership/ops/bob drift"]


def test_a_group_that_is_no_longer_managed_loses_nobody() -> None:
    before = identities(PEOPLE, [group("ops", ["ada", "bob"])])
    world = World()
    world.carry_out(plan(before, world))

    assert summary(plan(identities(PEOPLE, [group("ops", None)]), world, remembered(before))) == []
    external = identities(PEOPLE, [group("ops", None, external=True)])
    assert summary(plan(external, world, remembered(before))) == []


def test_narrower_provisioning_makes_leavers_at_that_target() -> None:
    git = identities(PEOPLE, [group("staff", ["ada", "bob"]), group("ops", ["ada", "bob"])])
    world = World()
    world.carry_out(plan(git, world))
    provision = replace(POLICY.provision, users_in=("staff",))
    narrow = replace(POLICY, provision=provision)
    after = replace(git, groups={**git.groups, "staff": group("staff", ["ada"])})

    planned = plan(after, world, remembered(git, policy=narrow), policy=narrow)

    assert summary(planned) == ["delete aws/membership/ops/bob git", "delete aws/membership/staff/bob git"]
    world.carry_out(planned)
    assert summary(plan(after, world, remembered(git, policy=narrow), policy=narrow)) == []


def test_an_object_that_became_ours_and_is_missing_is_created_because_of_git() -> None:
    external = identities([replace(person("ada"), external=True)], [group("ops", None, external=True)])

    planned = plan(identities([person("ada")], [group("ops")]), World(), remembered(external))

    assert summary(planned) == ["create aws/group/ops git", "create aws/user/ada git"]

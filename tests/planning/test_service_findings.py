"""What a service says of itself in a plan, and what is no news there."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Mode
from reconciler.planning.planner import plan_target
from tests.planning.entitled import PAY, entry, git, realm
from tests.planning.world import (
    CAN,
    NOTHING,
    NOW,
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

OPS = entry("ops", "group:ops", "Admin", PAY)
DIRECTORY = frozenset({Kind.USER, Kind.GROUP, Kind.MEMBERSHIP})


def test_what_a_reading_found_stands_in_the_plan() -> None:
    found = Finding("schema-odd", Severity.WARNING, "its schema does not hold")
    live = replace(World().live(), findings=(found,))

    planned = plan_target(identities([person("ada")]), NOTHING, live, POLICY, CAN, NOW)

    assert found in planned.plan.findings


def test_kinds_that_a_service_does_not_have_are_no_news() -> None:
    """Where it has them and they cannot be applied, that is said."""
    nowhere = replace(CAN, service_kinds=DIRECTORY)

    planned = plan(git([OPS]), realm(), can=nowhere)

    assert codes(planned) == codes(plan(identities(), realm(), can=nowhere))
    assert not [one for one in summary(planned) if "assignment" in one or "permission" in one]
    assert codes(plan(git([OPS]), realm(), can=CAN)).count("kind-not-applied") == 2


def test_where_a_service_takes_no_members_its_groups_are_written_and_that_is_said() -> None:
    """Members that it shows all the same are nobody's to remove, whoever is inactive."""
    world = World()
    ada = world.add_user("ada@example.com", given_name="Ada", family_name="Test")
    world.add_group("ops", ada)
    can = replace(CAN, kinds=DIRECTORY - {Kind.MEMBERSHIP}, service_kinds=DIRECTORY)
    declared = identities(
        [replace(person("ada"), active=False), person("bob")], [group("ops"), group("dev", ["bob"])]
    )

    planned = plan(declared, world, can=can)

    assert summary(planned) == ["create aws/group/dev git", "create aws/user/bob git"]
    assert [one.count for one in planned.plan.findings if one.code == "kind-not-applied"] == [1]


def test_where_a_service_has_no_groups_only_people_are_written() -> None:
    world = World()
    world.add_group("old")
    can = replace(CAN, kinds=frozenset({Kind.USER}), service_kinds=DIRECTORY)
    declared = identities([person("ada")], [group("ops", ["ada"])])
    policy = replace(POLICY, scope=replace(POLICY.scope, groups=Mode.AUTHORITATIVE))

    planned = plan(declared, world, remembered(declared), policy=policy, can=can)

    assert summary(planned) == ["create aws/user/ada drift"]
    assert not planned.waiting
    found = [one.message for one in planned.plan.findings if one.code == "kind-not-applied"]
    assert found == [
        "1 group declared and checked, not applied here",
        "1 membership declared and checked, not applied here",
    ]

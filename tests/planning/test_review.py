"""What was reviewed is what happens: the verdict on a fresh plan by the plans that people saw."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.change import Cause
from reconciler.model.policy import OnRemoval
from reconciler.model.state import Identities, Remembered
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Review, review
from tests.planning.world import NOTHING, POLICY, World, group, identities, person, plan, remembered, summary

AUTO = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
TEAM = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"])])


def judge(fresh: PreparedPlan, *reviewed: PreparedPlan, auto: frozenset[Cause] = AUTO) -> Review:
    return review(fresh, [one.plan for one in reviewed], auto_apply=auto)


def went(git: Identities, world: World, *reviewed: PreparedPlan, memory: Remembered = NOTHING) -> Review:
    return judge(plan(git, world, memory), *reviewed)


def test_the_plan_that_was_reviewed_goes() -> None:
    world = World()
    reviewed = plan(TEAM, world)

    verdict = went(TEAM, world, reviewed)

    assert verdict.go == {change.address for change in reviewed.plan.changes}
    assert (verdict.stale, verdict.left_out, verdict.unnecessary) == ((), (), ())


def test_a_half_applied_plan_can_be_applied_again() -> None:
    git = identities([person("ada", manager="bob"), person("bob")], [group("ops", ["ada", "bob"])])
    world = World()
    reviewed = plan(git, world)
    failing = frozenset({"aws/user/ada#manager", "aws/membership/ops/bob", "aws/membership/ops/ada"})
    world.carry_out(reviewed, failing)

    fresh = plan(git, world)
    verdict = judge(fresh, reviewed)

    assert summary(fresh) == [
        "create aws/membership/ops/ada git",
        "create aws/membership/ops/bob git",
        "update aws/user/ada git",
    ]
    assert verdict.go == {change.address for change in fresh.plan.changes}
    assert verdict.stale == ()


def test_what_became_unnecessary_is_skipped_and_said() -> None:
    world = World()
    reviewed = plan(TEAM, world)
    world.carry_out(reviewed, frozenset({"aws/membership/ops/bob"}))
    world.members[world.group_id("ops")][world.user_id("bob@example.com")] = "by hand"

    verdict = went(TEAM, world, reviewed)

    assert verdict.go == frozenset()
    assert {str(one.address) for one in verdict.unnecessary} == {
        str(one.address) for one in reviewed.plan.changes
    }


def test_anything_more_that_git_causes_is_stale() -> None:
    world = World()
    reviewed = plan(TEAM, world)
    more = identities([person("ada"), person("bob"), person("eve")], [group("ops", ["ada", "bob", "eve"])])

    verdict = went(more, world, reviewed)

    assert {str(one.address) for one in verdict.stale} == {"aws/user/eve", "aws/membership/ops/eve"}
    assert all(one.reviewed is None for one in verdict.stale)


def test_a_reviewed_change_that_finds_another_world_is_stale() -> None:
    world = World()
    world.carry_out(plan(TEAM, world))
    git = identities([person("ada", title="Engineer"), person("bob")], [group("ops", ["ada", "bob"])])
    reviewed = plan(git, world, remembered(TEAM))
    ada = world.user_id("ada@example.com")
    world.users[ada] = replace(
        world.users[ada], attributes={**world.users[ada].attributes, "title": "Intern"}
    )

    verdict = went(git, world, reviewed, memory=remembered(TEAM))

    (difference,) = verdict.stale
    assert str(difference.address) == "aws/user/ada"
    assert difference.reviewed is not None
    assert difference.fresh is not None
    assert difference.reviewed.fields[0].before is None
    assert difference.fresh.fields[0].before == "Intern"


def test_a_recreated_object_is_seen_although_its_name_is_the_same() -> None:
    world = World()
    world.carry_out(plan(TEAM, world))
    git = identities([person("ada"), person("bob")], [group("ops", ["ada"])])
    reviewed = plan(git, world, remembered(TEAM))
    old = world.group_id("ops")
    members = world.members.pop(old)
    del world.groups[old]
    world.add_group("ops", *members)

    verdict = went(git, world, reviewed, memory=remembered(TEAM))

    assert [str(one.address) for one in verdict.stale] == ["aws/membership/ops/bob"]


def test_drift_is_left_out_and_what_needs_it_is_stale() -> None:
    world = World()
    world.carry_out(plan(TEAM, world))
    git = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"]), group("dev", ["bob"])])
    reviewed = plan(git, world, remembered(TEAM))
    bob = world.user_id("bob@example.com")
    world.members[world.group_id("ops")][world.add_user("eve@elsewhere.example")] = "m"

    unrelated = went(git, world, reviewed, memory=remembered(TEAM))
    del world.users[bob], world.members[world.group_id("ops")][bob]
    needed = went(git, world, reviewed, memory=remembered(TEAM))

    assert [str(one.cause) for one in unrelated.left_out] == ["drift"]
    assert unrelated.stale == ()
    assert {str(one.address) for one in needed.stale} == {"aws/membership/dev/bob"}


def test_a_leftover_of_a_reviewed_plan_may_go_and_any_other_may_not() -> None:
    base = identities([person("ada")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(base, world))
    reviewed = plan(TEAM, world, remembered(base))
    world.carry_out(reviewed)

    fresh = plan(base, world, remembered(base, TEAM))

    assert summary(fresh) == ["delete aws/membership/ops/bob leftover"]
    assert judge(fresh, reviewed).stale == ()
    assert len(judge(fresh).stale) == 1


def test_a_digest_that_was_approved_lets_exactly_that_plan_go() -> None:
    world = World()
    fresh = plan(TEAM, world)

    approved = review(fresh, [], auto_apply=AUTO, digests=[fresh.plan.digest])
    other = review(fresh, [], auto_apply=AUTO, digests=["sha256:" + "0" * 64])

    assert approved.go == {change.address for change in fresh.plan.changes}
    assert len(other.stale) == len(fresh.plan.changes)


def test_several_reviewed_plans_may_be_given() -> None:
    world = World()
    first = identities([person("ada")], [group("ops", ["ada"])])
    one = plan(first, world)
    two = plan(TEAM, world)

    verdict = went(TEAM, world, one, two)

    assert verdict.stale == ()
    assert len(verdict.go) == len(two.plan.changes)


def test_a_leftover_removes_only_what_a_reviewed_plan_made() -> None:
    world = World()
    world.add_user("bob@example.com", given_name="Bob", family_name="Test")
    base = identities([person("ada")])
    world.carry_out(plan(base, world))
    between = identities([person("ada"), person("bob", title="Lead"), person("cyd")])
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    reviewed = plan(between, world, remembered(base, policy=policy), policy=policy)
    world.carry_out(reviewed)

    fresh = plan(base, world, remembered(base, between, policy=policy), policy=policy)

    assert summary(fresh) == ["delete aws/user/bob leftover", "delete aws/user/cyd leftover"]
    assert [str(one.address) for one in judge(fresh, reviewed).stale] == ["aws/user/bob"]


def test_a_leftover_carries_no_other_field_through() -> None:
    base = identities([person("ada", department="Platform")])
    between = identities([person("ada", department="Platform", title="Lead")])
    world = World()
    world.carry_out(plan(base, world))
    reviewed = plan(between, world, remembered(base))
    world.carry_out(reviewed)
    honest = judge(plan(base, world, remembered(base, between)), reviewed)
    ada = world.user_id("ada@example.com")
    world.users[ada] = replace(
        world.users[ada], attributes={**world.users[ada].attributes, "department": "Other"}
    )

    fresh = plan(base, world, remembered(base, between))

    assert [str(address) for address in honest.go] == ["aws/user/ada"]
    assert [str(one.address) for one in judge(fresh, reviewed).stale] == ["aws/user/ada"]


def test_a_create_does_not_let_an_object_that_is_there_be_renamed_instead() -> None:
    old = identities([person("ada")], [group("ops")])
    new = identities([person("ada")], [group("sre", previously=("ops",))])
    world = World()
    world.carry_out(plan(old, world))
    reviewed = plan(new, World())

    verdict = judge(plan(new, world, remembered(old)), reviewed)

    assert [str(one.address) for one in verdict.stale] == ["aws/group/sre"]


def test_a_user_made_anew_by_halves_goes_on_although_the_rest_reads_as_drift() -> None:
    git = identities([person("ada", manager="ada")])
    world = World()
    world.carry_out(plan(git, world))
    del world.users[world.user_id("ada@example.com")]
    reviewed = plan(git, world, remembered(git))
    world.carry_out(reviewed, frozenset({"aws/user/ada#manager"}))

    fresh = plan(git, world, remembered(git))

    assert summary(fresh) == ["update aws/user/ada drift"]
    assert judge(fresh, reviewed).stale == ()

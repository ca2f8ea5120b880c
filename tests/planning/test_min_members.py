"""Critical groups and assignments have enough people who can sign in, in the end and after every step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval, TargetPolicy
from reconciler.model.resources import Block
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from tests.planning.entitled import PAY, entry, git, plan, settled
from tests.planning.world import CAN_ALL, NOW, ORIGIN, POLICY, UNLIMITED, World, remembered
from tests.support.pairs import pair_of

PEOPLE = ["ada", "bob", "cyd", "dan", "eve"]


def least(**keys: int) -> TargetPolicy:
    return replace(POLICY, guards=replace(UNLIMITED, min_members=keys))


def refused(planned: PreparedPlan) -> list[Finding]:
    return [
        one for one in planned.plan.findings if one.code == "min-members" and one.severity is Severity.REFUSAL
    ]


def team(*members: str) -> Identities:
    return git(
        [entry("root", "group:ops", "Admin", PAY)],
        people=PEOPLE,
        teams={"ops": members, "dev": ["eve"]},
    )


@pytest.mark.parametrize(("left", "too_few"), [(("ada", "bob"), False), (("ada",), True)])
@pytest.mark.parametrize("key", ["ops", "root"])
def test_what_is_critical_keeps_two_people(left: tuple[str, ...], key: str, *, too_few: bool) -> None:
    before = team("ada", "bob", "cyd")
    world, memory = settled(before), remembered(before)

    found = refused(plan(team(*left), world, memory, policy=least(**{key: 2})))

    assert bool(found) == too_few
    if too_few:
        kind = Kind.MEMBERSHIP if key == "ops" else Kind.ASSIGNMENT
        assert found[0].kind is kind
        assert found[0].details == ("ada",)
        one = Approval("meant", ORIGIN, "min-members", 1, NOW + timedelta(days=1), "closing", kind)
        declared = replace(team(*left), approvals={"meant": one})
        assert plan(declared, world, memory, policy=least(**{key: 2})).plan.applyable


def test_people_who_cannot_sign_in_do_not_count() -> None:
    before = team("ada", "bob")
    world = settled(before)
    after = replace(team("ada", "bob"), blocked={"bob": Block("bob", ORIGIN)})

    (finding,) = refused(plan(after, world, remembered(before), policy=least(ops=2)))

    assert finding.details == ("ada",)


def test_a_group_that_is_gone_from_git_has_nobody() -> None:
    before = team("ada", "bob")
    world = settled(before)

    found = refused(
        plan(git(people=PEOPLE, teams={"dev": ["eve"]}), world, remembered(before), policy=least(ops=1))
    )

    assert [one.message for one in found] == ["group ops would have 0 of at least 1 member who can sign in"]


def test_a_whole_team_is_exchanged_without_a_moment_of_too_few() -> None:
    before, after = team("ada", "bob"), team("cyd", "dan")
    world = settled(before)
    planned = plan(after, world, remembered(before), policy=least(ops=2))

    assert refused(planned) == []
    sizes: list[int] = []
    world.carry_out(planned, watch=lambda: sizes.append(len(world.members_of("ops"))))
    assert min(sizes) >= 2
    assert world.members_of("ops") == {"cyd@example.com", "dan@example.com"}


def test_a_grant_that_fails_leaves_those_who_were_there() -> None:
    before = team("ada", "bob")
    world = settled(before)
    planned = plan(team("cyd", "dan"), world, remembered(before), policy=least(ops=2))

    world.carry_out(planned, failing=frozenset({"aws/membership/ops/cyd"}))

    assert {"ada@example.com", "bob@example.com"} <= world.members_of("ops")


def test_a_critical_assignment_goes_from_one_holder_to_another() -> None:
    teams = {"ops": ["ada"], "dev": ["bob"]}
    before = git([entry("root", "group:ops user:eve", "Admin", PAY)], people=PEOPLE, teams=teams)
    world = settled(before)
    after = git([entry("root", "group:dev", "Admin", PAY)], people=PEOPLE, teams=teams)
    counts: list[int] = []

    planned = plan(after, world, remembered(before), policy=least(root=1))
    world.carry_out(planned, watch=lambda: counts.append(len(holders(world))))

    assert refused(planned) == []
    assert min(counts) >= 1


def test_a_moment_that_no_order_avoids_is_refused() -> None:
    # Each team may take in somebody only after it has lost what the other one is waiting for.
    def declared(admins: str, readers: str, ops: str, dev: str) -> Identities:
        entries = [
            entry("root", f"group:{admins}", "Admin", PAY),
            entry("view", f"group:{readers}", "Read", PAY),
        ]
        return git(entries, people=PEOPLE, teams={"ops": [ops], "dev": [dev]})

    before, after = declared("ops", "dev", "ada", "eve"), declared("dev", "ops", "cyd", "bob")
    world, memory = settled(before), remembered(before)

    both = plan(after, world, memory, policy=least(root=1, view=1))
    one = plan(after, world, memory, policy=least(root=1))

    assert refused(both)
    assert all("for a moment, in any order" in refusal.message for refusal in refused(both))
    assert refused(one) == []


def holders(world: World) -> set[str]:
    """Who has Admin on PAY and can sign in; multiplied out by hand."""
    found: set[str] = set()
    for principal in world.assignments.get(pair_of(PAY, world.set_arn("Admin")), set()):
        found |= {principal.id} if principal.kind is Kind.USER else set(world.members[principal.id])
    return {one for one in found if world.users[one].active is not False}


somebody = st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4)
who = st.lists(
    st.sampled_from(["group:ops", "group:dev", "user:ada", "user:bob", "user:cyd"]), unique=True, min_size=1
)


@settings(max_examples=150, deadline=None)
@given(st.tuples(somebody, somebody, who), st.tuples(somebody, somebody, who), st.integers(1, 3), st.data())
def test_after_every_step_of_any_plan_that_is_not_refused_enough_people_are_there(
    one: tuple[list[str], list[str], list[str]],
    two: tuple[list[str], list[str], list[str]],
    number: int,
    data: st.DataObject,
) -> None:
    before, after = (
        git([entry("root", " ".join(held), "Admin", PAY)], people=PEOPLE, teams={"ops": ops, "dev": dev})
        for ops, dev, held in (one, two)
    )
    world = settled(before)
    planned = plan(after, world, remembered(before), policy=least(root=number, ops=number), can=CAN_ALL)
    if refused(planned):
        return
    group_floor, floor = (min(number, len(found)) for found in (world.members_of("ops"), holders(world)))
    ids = sorted(step.id for step in planned.steps)
    failing = frozenset(data.draw(st.sets(st.sampled_from(ids)))) if ids else frozenset[str]()

    def look() -> None:
        assert len(holders(world)) >= floor
        assert len(world.members_of("ops")) >= group_floor

    world.carry_out(planned, failing, watch=look)
    if not failing:
        assert len(holders(world)) >= number


def test_a_removal_waits_for_review_with_the_grant_that_makes_up_for_it() -> None:
    """Somebody takes a member away by hand after the review: without that one, too few would be left."""
    before = team("ada", "bob", "cyd")
    world, memory = settled(before), remembered(before)
    reviewed = plan(team("ada", "bob"), world, memory, policy=least(ops=2)).plan
    del world.members[world.group_id("ops")][world.user_id("bob@example.com")]

    fresh = plan(team("ada", "bob"), world, memory, policy=least(ops=2))
    verdict = review(fresh, [reviewed], auto_apply=())

    assert [str(one.address) for one in verdict.stale] == ["aws/membership/ops/cyd"]
    assert verdict.stale[0].why == "needs aws/membership/ops/bob, which was not reviewed"

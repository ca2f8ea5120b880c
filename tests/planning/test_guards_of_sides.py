"""A side that came back too small, objects made again, the reconciler's own access, and how much is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval, Limit, Privileged, TargetPolicy
from reconciler.model.state import Identities
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from tests.planning.entitled import PAY, entry, git, plan, pset, settled
from tests.planning.world import (
    CAN,
    CAN_ALL,
    NOW,
    ORIGIN,
    POLICY,
    UNLIMITED,
    World,
    group,
    identities,
    person,
    remembered,
)
from tests.planning.world import plan as plan_of

TEAM = [f"user{number}" for number in range(9)]
ROLE = f"arn:aws:sts::{PAY}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ada@example.com"


def refusals(planned: PreparedPlan) -> list[tuple[str, str | None, int]]:
    return [
        (one.code, one.kind, one.count) for one in planned.plan.findings if one.severity is Severity.REFUSAL
    ]


def approving(declared: Identities, code: str, count: int, kind: Kind | None = None) -> Identities:
    one = Approval("meant", ORIGIN, code, count, NOW + timedelta(days=1), "looked", kind)
    return replace(declared, approvals={"meant": one})


@pytest.mark.parametrize(("lost", "refused"), [(3, False), (4, True), (9, True)])
def test_a_company_of_nine_may_have_lost_three_users_and_no_more(lost: int, *, refused: bool) -> None:
    declared = identities([person(key) for key in TEAM])
    world = World()
    world.carry_out(plan_of(declared, world))
    for key in TEAM[:lost]:
        del world.users[world.user_id(f"{key}@example.com")]

    planned = plan_of(declared, world, remembered(declared))

    assert refusals(planned) == ([("live-shrank", Kind.USER, lost)] if refused else [])
    allowed = plan_of(approving(declared, "live-shrank", lost, Kind.USER), world, remembered(declared))
    assert allowed.plan.applyable
    if refused:
        less = plan_of(approving(declared, "live-shrank", lost - 1, Kind.USER), world, remembered(declared))
        assert not less.plan.applyable


def test_a_first_apply_makes_everything_and_is_not_refused() -> None:
    declared = identities([person(key) for key in TEAM], [group("team", TEAM)])

    assert plan_of(declared, World(), policy=TargetPolicy("aws")).plan.applyable


@pytest.mark.parametrize(("lost", "refused"), [(3, False), (4, True)])
def test_members_that_are_gone_all_at_once_are_not_quietly_put_back(lost: int, *, refused: bool) -> None:
    declared = identities([person(key) for key in TEAM], [group("team", TEAM)])
    world = World()
    world.carry_out(plan_of(declared, world))
    for key in TEAM[:lost]:
        del world.members[world.group_id("team")][world.user_id(f"{key}@example.com")]

    planned = plan_of(declared, world, remembered(declared))

    assert refusals(planned) == ([("live-shrank", Kind.MEMBERSHIP, lost)] if refused else [])


def test_the_only_group_that_is_gone_is_a_kind_that_is_gone() -> None:
    declared = identities([person("ada")], [group("team", ["ada"])])
    world = World()
    world.carry_out(plan_of(declared, world))
    world.members.pop(world.group_id("team"))
    world.groups.clear()

    assert refusals(plan_of(declared, world, remembered(declared))) == [("live-shrank", Kind.GROUP, 1)]


@pytest.mark.parametrize(("fewer", "refused"), [(3, False), (4, True), (9, True)])
def test_git_that_declares_far_fewer_people_than_it_did_is_refused(fewer: int, *, refused: bool) -> None:
    declared = identities([person(key) for key in TEAM], [group("team", [TEAM[-1]]), group("all", TEAM)])
    world = World()
    world.carry_out(plan_of(declared, world))
    left = TEAM[fewer:]
    after = identities([person(key) for key in left], [group("team", left[-1:]), group("all", left)])

    found = refusals(plan_of(after, world, remembered(declared)))

    assert (("source-shrank", Kind.USER, fewer) in found) == refused
    if not refused:
        assert found == []
    lifted = plan_of(approving(after, "source-shrank", fewer, Kind.USER), world, remembered(declared))
    assert "source-shrank" not in {code for code, _, _ in refusals(lifted)}


def test_fewer_people_in_git_need_no_approval_once_nothing_is_left_to_remove() -> None:
    declared = identities([person(key) for key in TEAM])
    after = identities([person(key) for key in TEAM[5:]])
    world = World()
    world.carry_out(plan_of(after, world))

    planned = plan_of(after, world, remembered(declared))

    assert planned.plan.changes == ()
    assert planned.plan.applyable


def lost_team() -> tuple[Identities, World]:
    """A team that holds an assignment, among two others, and that somebody deleted in the console."""
    declared = git(
        [entry("a", "group:ops", "Admin", PAY)], teams={"ops": ["ada"], "dev": ["bob"], "doc": ["bob"]}
    )
    world = settled(declared)
    world.unassign(PAY, "Admin", world.group_principal("ops"))
    identifier = world.group_id("ops")
    del world.groups[identifier], world.members[identifier]
    return declared, world


def test_a_lost_group_that_held_access_is_made_again_only_with_approval() -> None:
    declared, world = lost_team()

    refused = plan(declared, world, remembered(declared))
    lifted = plan(approving(declared, "recreate", 1, Kind.GROUP), world, remembered(declared))

    assert refusals(refused) == [("recreate", Kind.GROUP, 1)]
    (finding,) = (one for one in refused.plan.findings if one.code == "recreate")
    assert finding.details == ("aws/group/ops",)
    assert lifted.plan.applyable


def test_a_lost_group_that_held_nothing_is_made_again() -> None:
    declared = git(teams={"ops": ["ada"], "dev": ["bob"]})
    world = settled(declared)
    identifier = world.group_id("ops")
    del world.groups[identifier], world.members[identifier]

    assert refusals(plan(declared, world, remembered(declared))) == []


def as_caller(
    declared: Identities, world: World, before: Identities, caller: str, can: Capabilities = CAN_ALL
) -> PreparedPlan:
    return plan_target(declared, remembered(before), replace(world.live(), caller=caller), POLICY, can, NOW)


OWN = [entry("a", "group:ops", "Admin", PAY), entry("b", "user:bob", "Read", PAY)]
SETS = (pset("Admin", managed_policies=("arn:aws:iam::aws:policy/AdministratorAccess",)), pset("Read"))


@pytest.mark.parametrize(
    "after",
    [
        git(OWN, SETS, teams={"ops": ["bob"]}),
        git([OWN[1]], SETS),
        git(OWN, (pset("Admin"), SETS[1]), teams={"ops": ["ada"]}),
        git([OWN[1]], SETS[1:]),
        git(OWN, SETS, people=["bob"], teams={"ops": ["bob"]}),
    ],
    ids=["out of the group", "not assigned", "fewer policies", "no set", "gone from git"],
)
def test_nobody_takes_away_the_access_as_which_the_reconciler_runs(after: Identities) -> None:
    before = git(OWN, SETS)
    world = settled(before)

    def own(caller: str, declared: Identities = after) -> list[Finding]:
        planned = as_caller(declared, world, before, caller)
        return [one for one in planned.plan.findings if one.code == "self-lockout"]

    (refusal,) = own(ROLE)
    assert refusal.severity is Severity.REFUSAL
    (lifted,) = own(ROLE, approving(after, "self-lockout", refusal.count))
    assert lifted.severity is Severity.NOTE
    assert own("") == []
    assert own(f"arn:aws:sts::{PAY}:assumed-role/ci-apply/run-7") == []
    assert own(ROLE.replace("Admin", "Read").replace("ada@", "bob@")) == []


def test_one_of_two_ways_to_the_own_access_may_go() -> None:
    before = git([*OWN, entry("c", "user:ada", "Admin", PAY)], SETS)
    world = settled(before)

    planned = as_caller(git(OWN, SETS), world, before, ROLE)

    assert [str(one.address) for one in planned.plan.changes] == [f"aws/assignment/{PAY}/Admin/user:ada"]
    assert "self-lockout" not in {one.code for one in planned.plan.findings}


@pytest.mark.parametrize(
    ("which", "count", "code"),
    [
        ("total", 2, None),
        ("total", 1, "max-grants"),
        ("privileged", 1, None),
        ("privileged", 0, "max-privileged-grants"),
    ],
)
def test_grants_are_counted_in_people_times_accounts_times_sets(
    which: str, count: int, code: str | None
) -> None:
    guards = replace(
        UNLIMITED, max_grants={which: Limit(count)}, privileged=Privileged(permission_sets=("Admin",))
    )
    policy = replace(POLICY, guards=guards)
    world = settled(git())
    declared = git([entry("a", "group:ops", "Admin", PAY), entry("b", "user:bob", "Read", PAY)])

    found = refusals(plan(declared, world, remembered(git()), policy=policy))

    given = 2 if which == "total" else 1
    assert found == ([(code, None, given)] if code else [])
    if code:
        lifted = plan(approving(declared, code, given), world, remembered(git()), policy=policy)
        assert lifted.plan.applyable


def test_an_edit_of_a_set_counts_for_everybody_whom_it_reaches() -> None:
    policy = replace(POLICY, guards=replace(UNLIMITED, max_grants={"total": Limit(0)}))
    before = git([entry("a", "group:ops", "Admin", PAY)])
    world = settled(before)
    after = git([entry("a", "group:ops", "Admin", PAY)], SETS)

    assert refusals(plan(after, world, remembered(before), policy=policy)) == [("max-grants", None, 1)]


def test_capabilities_without_access_are_guarded_too() -> None:
    declared = identities([person("ada")])
    world = World()
    world.carry_out(plan_of(declared, world))
    live = replace(world.live(), caller=ROLE)

    planned = plan_target(identities([person("bob")]), remembered(declared), live, POLICY, CAN, NOW)

    assert "self-lockout" not in {one.code for one in planned.plan.findings}

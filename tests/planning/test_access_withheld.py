"""Changes of access that are seen and not made: unread, only observed, or for others to make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.pairs import Principal
from reconciler.model.policy import Guards, Limit, Mode, OnRemoval, Protected, Scope
from reconciler.model.resources import Sharing
from reconciler.model.state import Gap
from reconciler.planning.planner import plan_target
from tests.planning.entitled import DEV, HOME, PAY, entry, git, plan, pset, realm, settled
from tests.planning.world import CAN_ALL, NOW, POLICY, change, codes, remembered, summary

OPS = entry("ops", "group:ops", "Admin", PAY)
OPS_RULES, BOB_READS = f"assignment/{PAY}/Admin/group:ops", f"assignment/{DEV}/Read/user:bob"
STRICT = [pset("Admin", assignments=Sharing.EXCLUSIVE), pset("Read", assignments=Sharing.EXCLUSIVE)]


@pytest.mark.parametrize("scope", ["*", PAY])
def test_a_gap_neither_removes_nor_grants_inside_of_it(scope: str) -> None:
    before = git([OPS, entry("dev", "group:ops", "Read", DEV)], STRICT)
    world = settled(before)
    world.gaps = (Gap(Kind.ASSIGNMENT, scope, "not asked"),)
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    after = replace(git([], STRICT, people=["ada"]), groups={}, permission_sets={})

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)
    again = plan(before, world, remembered(before))

    outside = [] if scope == "*" else [f"delete aws/assignment/{DEV}/Read/group:ops git"]
    assert [one for one in summary(planned) if "membership" not in one] == outside
    assert "not-read" in codes(planned)
    assert planned.plan.partial
    assert planned.uncovered
    assert summary(again) == []
    assert "assignments-not-read" in codes(again)


def test_where_people_were_not_looked_at_only_their_assignments_and_they_themselves_stay() -> None:
    before = git([OPS, entry("bob", "user:bob", "Read", DEV)], STRICT)
    world = settled(before)
    world.gaps = (Gap(Kind.ASSIGNMENT, "users", "read group by group"),)
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    after = git([], STRICT, people=["ada"])

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)
    world.carry_out(planned)

    assert summary(planned) == [f"delete aws/assignment/{PAY}/Admin/group:ops git"]
    assert world.assigned() == {f"{DEV} Read bob@example.com"}
    assert summary(plan(before, world, remembered(before))) == [
        f"create aws/assignment/{PAY}/Admin/group:ops drift"
    ]


def test_observed_sets_are_not_made_and_nothing_is_assigned_of_them() -> None:
    policy = replace(POLICY, scope=Scope(permission_sets=Mode.OBSERVE))

    planned = plan(git([OPS]), realm(), policy=policy)

    assert not [one for one in summary(planned) if "assignment" in one or "permission-set" in one]
    observed = next(one for one in planned.plan.findings if one.code == "observed")
    assert f"create aws/assignment/{PAY}/Admin/group:ops" in observed.details


def test_nobody_loses_a_set_whose_successor_is_only_observed() -> None:
    before = git([OPS])
    world = settled(before)
    policy = replace(POLICY, scope=Scope(permission_sets=Mode.OBSERVE))
    after = git([entry("ops", "group:ops", "Boss", PAY)], [pset("Boss", previously=("Admin",)), pset("Read")])

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)

    assert summary(planned) == []


def test_observed_assignments_stay_and_so_does_what_they_hang_on() -> None:
    before = git([OPS])
    world = settled(before)
    policy = replace(POLICY, scope=Scope(assignments=Mode.OBSERVE))
    after = replace(git(), groups={}, permission_sets={})

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)
    world.carry_out(planned)

    assert world.assigned() == {f"{PAY} Admin ops"}
    assert "delete aws/permission-set/Read git" in summary(planned)


def test_a_delegated_administrator_leaves_the_management_account_and_its_sets_alone() -> None:
    before = git([entry("home", "group:ops", "Admin", HOME, PAY), entry("dev", "group:ops", "Read", DEV)])
    world = settled(before)
    world.delegated = True
    arn = world.set_arn("Admin")
    world.sets[arn] = replace(world.sets[arn], outdated=frozenset({PAY}))
    after = git(
        [
            entry("home", "group:ops user:bob", "Admin", HOME, PAY),
            entry("more", "group:ops", "Read", HOME, DEV),
        ],
        [pset("Admin", session_duration="PT4H"), pset("Read", session_duration="PT4H")],
    )

    planned = plan(after, world, remembered(before))

    assert summary(planned) == [
        f"create aws/assignment/{PAY}/Admin/user:bob git",
        "update aws/permission-set/Read git",
    ]
    left_out = next(one for one in planned.plan.findings if one.code == "delegated-administrator")
    assert left_out.details == (
        f"create aws/assignment/{HOME}/Admin/user:bob",
        f"create aws/assignment/{HOME}/Read/group:ops",
        "update aws/permission-set/Admin",
        f"update aws/provisioning/Admin/{PAY}",
    )
    assert planned.waiting == 4


def test_a_group_that_holds_something_in_the_management_account_is_not_deleted_by_a_delegate() -> None:
    before = git([entry("home", "group:ops", "Admin", HOME)])
    world = settled(before)
    world.delegated = True

    planned = plan(replace(git(), groups={}), world, remembered(before))

    assert not [one for one in summary(planned) if "group/ops" in one or "assignment" in one]


def test_nothing_is_assigned_to_a_user_whose_name_is_taken() -> None:
    world = realm()
    world.add_user("x@example.com", email="ada@example.com")
    declared = git([entry("ada", "user:ada", "Read", DEV)])
    declared = replace(
        declared,
        users={
            "ada": replace(
                declared.users["ada"],
                attributes={**declared.users["ada"].attributes, "email": "ada@example.com"},
            )
        },
    )

    planned = plan(declared, world)

    assert "name-taken" in codes(planned)
    assert not [one for one in summary(planned) if "assignment" in one]


# What is protected, and a plan of some things only.


def test_protected_sets_are_neither_edited_nor_removed_nor_taken_away() -> None:
    before = git([OPS])
    world = settled(before)
    guards = replace(POLICY.guards, protected=Protected(permission_sets=("Admin",)))
    policy = replace(POLICY, guards=guards)

    edited = git([OPS], [pset("Admin", session_duration="PT4H"), pset("Read")])
    removed = replace(git(), permission_sets={})
    replaced = git(
        [entry("ops", "group:ops", "Boss", PAY)], [pset("Boss", previously=("Admin",)), pset("Read")]
    )

    for after in (edited, removed, replaced, git()):
        planned = plan(after, world, remembered(before, policy=policy), policy=policy)
        assert "protected" in codes(planned)
        assert not planned.plan.applyable
    granted = git([OPS, entry("bob", "user:bob", "Admin", PAY)])
    assert plan(granted, world, remembered(before, policy=policy), policy=policy).plan.applyable


def test_the_last_assignments_and_sets_are_not_removed() -> None:
    before = git([OPS])
    world = settled(before)

    planned = plan(replace(git(), permission_sets={}), world, remembered(before))

    emptied = {one.kind for one in planned.plan.findings if one.code == "set-emptied"}
    assert emptied == {Kind.ASSIGNMENT, Kind.PERMISSION_SET}


def test_a_leaver_whose_assignment_is_the_only_one_in_the_organisation_still_loses_it() -> None:
    declared = git()
    world = settled(declared)
    world.add_set("Console")
    world.assign(PAY, "Console", world.user_principal("bob@example.com"))

    planned = plan(git(people=["ada"]), world, remembered(declared))

    assert f"delete aws/assignment/{PAY}/Console/user:bob git" in summary(planned)
    assert planned.plan.applyable


def test_removals_are_limited_on_one_account() -> None:
    people = [f"p{number}" for number in range(4)]
    before = git([entry("all", " ".join(f"user:{each}" for each in people), "Read", PAY, DEV)], people=people)
    world = settled(before)
    after = git([entry("all", " ".join(f"user:{each}" for each in people), "Read", DEV)], people=people)
    limits = replace(
        POLICY.guards.max_removals, per_account=replace(POLICY.guards.max_removals.total, count=3)
    )
    policy = replace(POLICY, guards=Guards(max_removals=limits))

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)

    (refusal,) = [one for one in planned.plan.findings if one.code == "max-removals"]
    assert refusal.message == f"4 of 4 assignments on {PAY} would be removed; at most 3 may be"
    assert refusal.kind is Kind.ASSIGNMENT


def test_edits_of_sets_count_and_bringing_roles_up_to_date_does_not() -> None:
    before = git([OPS, entry("dev", "group:ops", "Read", PAY, DEV)])
    world = settled(before)
    limits = replace(POLICY.guards.max_removals, permission_sets=Limit(1), total=Limit(1))
    policy = replace(POLICY, guards=Guards(max_removals=limits))
    memory = remembered(before, policy=policy)
    one = git(
        [OPS, entry("dev", "group:ops", "Read", PAY, DEV)],
        [pset("Admin", session_duration="PT4H"), pset("Read")],
    )
    two = replace(
        one, permission_sets={name: pset(name, session_duration="PT4H") for name in ("Admin", "Read")}
    )
    arn = world.set_arn("Read")
    world.sets[arn] = replace(world.sets[arn], outdated=frozenset({PAY, DEV}))

    assert plan(one, world, memory, policy=policy).plan.applyable
    refused = [
        each for each in plan(two, world, memory, policy=policy).plan.findings if each.code == "max-removals"
    ]
    assert [each.message for each in refused] == [
        "2 of 2 permission sets would be removed or edited; at most 1 may be",
        "2 of 9 things in total would be removed; at most 1 may be",
    ]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("aws/permission-set/Read", {"permission-set/Read", f"assignment/{DEV}/Read/user:bob", "user/bob"}),
        (
            f"aws/assignment/{DEV}/Read/user:bob",
            {"permission-set/Read", f"assignment/{DEV}/Read/user:bob", "user/bob"},
        ),
        ("aws/user/ada", {"user/ada", "membership/ops/ada", "group/ops"}),
        (
            "aws/group/ops",
            {
                "user/ada",
                "membership/ops/ada",
                "group/ops",
                "permission-set/Admin",
                f"assignment/{PAY}/Admin/group:ops",
            },
        ),
    ],
)
def test_a_plan_of_one_thing_takes_its_pairs_and_what_they_need_along(only: str, expected: set[str]) -> None:
    declared = git([OPS, entry("bob", "user:bob", "Read", DEV)])
    world = realm()

    planned = plan_target(
        declared, remembered(None), world.live(), POLICY, CAN_ALL, NOW, only=[Address.parse(only)]
    )
    world.carry_out(planned)

    assert {str(one.address).removeprefix("aws/") for one in planned.plan.changes} == expected
    assert planned.plan.partial


def test_a_plan_names_its_accounts_and_counts_whose_assignments_are() -> None:
    declared = git([OPS, entry("dev", "group:ops", "Read", DEV)])
    world = settled(git([OPS]))
    world.assign(DEV, "Admin", world.group_principal("ops"))
    world.assign(DEV, "Admin", Principal(Kind.USER, "lost"))

    planned = plan(declared, world, remembered(git([OPS])))

    assert planned.plan.accounts == {DEV: "name-3"}
    counted = planned.plan.counts[Kind.ASSIGNMENT]
    assert (counted.live, counted.desired, counted.unchanged, counted.unmanaged) == (3, 2, 1, 2)
    assert change(planned, f"aws/assignment/{DEV}/Read/group:ops").name == "ops"
    assert [(one.people, one.accounts) for one in planned.plan.access] == [(("ada",), (DEV,))]

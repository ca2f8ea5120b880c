"""Assignments that go with people, groups and sets, and what stays: ignored, orphaned, out of reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Cause, Effect
from reconciler.model.pairs import Principal
from reconciler.model.policy import (
    Guards,
    Ignore,
    IgnoredAssignment,
    Limit,
    MaxRemovals,
    OnRemoval,
    Scope,
)
from reconciler.model.resources import Assignment, Block, Sharing, Window
from tests.planning.entitled import DEV, HOME, PAY, entry, git, organization, plan, pset, settled
from tests.planning.world import NOW, ORIGIN, POLICY, codes, person, remembered, summary

OPS = entry("ops", "group:ops", "Admin", PAY)

# People who must have no access, and what is deleted.


@pytest.mark.parametrize(
    ("how", "cause"),
    [("until", Cause.EXPIRY), ("blocked", Cause.BLOCK), ("inactive", Cause.LEAVER), ("gone", Cause.GIT)],
)
def test_whoever_must_have_no_access_loses_what_others_gave_too(how: str, cause: Cause) -> None:
    before = git([OPS, entry("bob", "user:bob", "Read", DEV)])
    world = settled(before)
    world.add_set("Console")
    world.assign(PAY, "Console", world.user_principal("bob@example.com"))
    bob = {
        "until": replace(person("bob"), window=Window(end=NOW - timedelta(days=1))),
        "blocked": person("bob"),
        "inactive": replace(person("bob"), active=False),
    }
    after = replace(
        before,
        users={"ada": person("ada"), **({"bob": bob[how]} if how in bob else {})},
        assignments={"ops": OPS} if how == "gone" else before.assignments,
        blocked={"bob": Block("bob", ORIGIN)} if how == "blocked" else {},
    )

    planned = plan(after, world, remembered(before))
    world.carry_out(planned)

    assert {f"delete aws/assignment/{PAY}/Console/user:bob {cause}"} <= set(summary(planned))
    assert {f"delete aws/assignment/{DEV}/Read/user:bob {cause}"} <= set(summary(planned))
    assert world.assigned() == {f"{PAY} Admin ops"}
    assert summary(plan(after, world, remembered(before))) == []


def test_an_inactive_person_is_spared_where_it_is_ignored_and_said_so() -> None:
    declared = git([OPS])
    world = settled(declared)
    for name in ("Elevated", "Console"):
        world.add_set(name)
        world.assign(PAY, name, world.user_principal("bob@example.com"))
    scope = Scope(ignore=Ignore(assignments=(IgnoredAssignment(permission_set="Elev*"),)))
    policy = replace(POLICY, scope=scope)
    after = replace(declared, blocked={"bob": Block("bob", ORIGIN)})

    planned = plan(after, world, remembered(declared, policy=policy), policy=policy)

    assert f"delete aws/assignment/{PAY}/Console/user:bob block" in summary(planned)
    assert not [one for one in summary(planned) if "Elevated" in one]
    spared = next(one for one in planned.plan.findings if one.code == "spared")
    assert spared.details == ("Elevated on pay: bob@example.com",)


def test_a_group_that_is_deleted_loses_every_assignment_first() -> None:
    before = git([OPS])
    world = settled(before)
    world.add_set("Console")
    world.assign(DEV, "Console", world.group_principal("ops"))
    after = replace(before, groups={}, assignments={})

    planned = plan(after, world, remembered(before))
    world.carry_out(planned)

    assert [one for one in summary(planned) if "assignment" in one] == [
        f"delete aws/assignment/{PAY}/Admin/group:ops git",
        f"delete aws/assignment/{DEV}/Console/group:ops git",
    ]
    assert world.groups == {}
    assert world.assigned() == set()


def test_a_user_who_is_deleted_leaves_no_orphan() -> None:
    before = git([OPS, entry("bob", "user:bob", "Read", DEV)])
    world = settled(before)
    policy = replace(POLICY, on_removal=OnRemoval.DELETE)
    after = git([OPS], people=["ada"])

    world.carry_out(plan(after, world, remembered(before, policy=policy), policy=policy))

    assert world.assigned() == {f"{PAY} Admin ops"}
    assert len(world.users) == 1


def test_what_an_ignored_assignment_hangs_on_is_not_deleted() -> None:
    before = git([OPS])
    world = settled(before)
    world.add_set("Elevated")
    world.assign(DEV, "Elevated", world.group_principal("ops"))
    scope = Scope(ignore=Ignore(permission_sets=("Elevated",)))
    policy = replace(POLICY, scope=scope)
    after = replace(before, groups={}, assignments={})

    planned = plan(after, world, remembered(before, policy=policy), policy=policy)
    world.carry_out(planned)

    assert "kept-for-assignments" in codes(planned)
    assert world.assigned() == {f"{DEV} Elevated ops"}


# Ignored, orphaned, out of reach.


@pytest.mark.parametrize(
    "ignored",
    [
        IgnoredAssignment(permission_set="adm*"),
        IgnoredAssignment(account=DEV),
        IgnoredAssignment(account="name-3"),
        IgnoredAssignment(group="op?"),
        IgnoredAssignment(permission_set="Admin", account=DEV, group="ops"),
    ],
)
def test_what_is_ignored_stays_in_an_exclusive_set_and_is_counted(ignored: IgnoredAssignment) -> None:
    declared = git((), [pset("Admin", assignments=Sharing.EXCLUSIVE)])
    world = settled(declared)
    world.assign(DEV, "Admin", world.group_principal("ops"))
    policy = replace(POLICY, scope=Scope(ignore=Ignore(assignments=(ignored,))))

    planned = plan(declared, world, remembered(declared, policy=policy), policy=policy)

    assert summary(planned) == []
    assert planned.plan.counts[Kind.ASSIGNMENT].ignored == 1


@pytest.mark.parametrize(
    "ignored", [IgnoredAssignment(account=PAY), IgnoredAssignment(user="*"), IgnoredAssignment(group="dev")]
)
def test_what_is_not_ignored_goes(ignored: IgnoredAssignment) -> None:
    declared = git((), [pset("Admin", assignments=Sharing.EXCLUSIVE)])
    world = settled(declared)
    world.assign(DEV, "Admin", world.group_principal("ops"))
    policy = replace(POLICY, scope=Scope(ignore=Ignore(assignments=(ignored,))))

    planned = plan(declared, world, remembered(declared, policy=policy), policy=policy)

    assert summary(planned) == [f"delete aws/assignment/{DEV}/Admin/group:ops drift"]


@pytest.mark.parametrize("exclusive", [True, False])
def test_orphans_go_from_exclusive_sets_and_are_reported_elsewhere(*, exclusive: bool) -> None:
    declared = git([OPS], [pset("Admin", assignments=Sharing.EXCLUSIVE if exclusive else None)])
    world = settled(declared)
    world.assign(DEV, "Admin", Principal(Kind.USER, "lost"))

    planned = plan(declared, world, remembered(declared))

    if exclusive:
        (gone,) = planned.plan.changes
        assert str(gone.address) == f"aws/assignment/{DEV}/Admin/user:~lost"
        assert gone.effect is Effect.NEUTRAL
        world.carry_out(planned)
        assert world.assigned() == {f"{PAY} Admin ops"}
    else:
        assert summary(planned) == []
        found = next(one for one in planned.plan.findings if one.code == "orphaned-assignments")
        assert found.details == (f"aws/assignment/{DEV}/Admin/user:~lost",)


@pytest.mark.parametrize("place", ["SUSPENDED", "PENDING_CLOSURE"])
def test_what_is_in_an_account_that_is_not_active_is_left_alone_and_said(place: str) -> None:
    declared = git(
        [entry("all", "group:ops", "Admin", "all")], [pset("Admin", assignments=Sharing.EXCLUSIVE)]
    )
    world = settled(declared)
    world.organization = organization(**{f"a{DEV}": place})

    planned = plan(declared, world, remembered(declared))

    assert summary(planned) == []
    assert "assignments-out-of-reach" in codes(planned)
    assert planned.waiting == 0


@pytest.mark.parametrize(("place", "waiting"), [("SUSPENDED", 0), ("gone", 1)])
def test_a_named_account_that_cannot_be_reached_is_said_and_waits_where_it_is_unknown(
    place: str, waiting: int
) -> None:
    declared = git([OPS])
    world = settled(declared)
    world.organization = organization(**{f"a{PAY}": place})

    planned = plan(declared, world, remembered(declared))

    assert summary(planned) == []
    assert "account-unreachable" in codes(planned)
    assert planned.waiting == waiting


# A set that goes, and one that takes the place of another.


def test_a_set_that_goes_takes_its_assignments_along_unless_others_made_some() -> None:
    before = git([OPS, entry("more", "group:ops", "Read", DEV)])
    world = settled(before)
    world.assign(PAY, "Read", world.user_principal("bob@example.com"))
    after = git()
    after = replace(after, permission_sets={})

    planned = plan(after, world, remembered(before))
    world.carry_out(planned)

    assert summary(planned) == [
        f"delete aws/assignment/{PAY}/Admin/group:ops git",
        f"delete aws/assignment/{DEV}/Read/group:ops git",
        "delete aws/permission-set/Admin git",
    ]
    assert "permission-set-kept" in codes(planned)
    assert world.assigned() == {f"{PAY} Read bob@example.com"}


def _renamed() -> tuple[Assignment, ...]:
    return (entry("ops", "group:ops user:bob", "Boss", PAY),)


def test_a_replaced_set_is_made_and_assigned_before_the_old_one_goes() -> None:
    before = git([entry("ops", "group:ops user:bob", "Admin", PAY)])
    world = settled(before)
    after = git(_renamed(), [pset("Boss", previously=("Admin",)), pset("Read")])
    reached: list[set[tuple[str, str]]] = []

    planned = plan(after, world, remembered(before))
    world.carry_out(planned, watch=lambda: reached.append({(who, on) for who, on, _ in world.reach()}))

    everybody = {("ada@example.com", PAY), ("bob@example.com", PAY)}
    assert all(each == everybody for each in reached)
    assert world.assigned() == {f"{PAY} Boss ops", f"{PAY} Boss bob@example.com"}
    assert {one.name for one in world.sets.values()} == {"Boss", "Read"}
    assert summary(plan(after, world, remembered(before))) == []


def test_an_old_assignment_stays_while_the_new_one_failed() -> None:
    before = git([entry("ops", "group:ops user:bob", "Admin", PAY)])
    world = settled(before)
    after = git(_renamed(), [pset("Boss", previously=("Admin",)), pset("Read")])
    failing = frozenset({f"aws/assignment/{PAY}/Boss/group:ops"})

    world.carry_out(plan(after, world, remembered(before)), failing)

    assert world.assigned() == {f"{PAY} Boss bob@example.com", f"{PAY} Admin ops"}
    world.carry_out(plan(after, world, remembered(before)))
    assert world.assigned() == {f"{PAY} Boss ops", f"{PAY} Boss bob@example.com"}


def test_what_is_replaced_one_to_one_counts_against_no_limit() -> None:

    before = git([entry("ops", "group:ops user:bob", "Admin", PAY)])
    world = settled(before)
    after = git(_renamed(), [pset("Boss", previously=("Admin",)), pset("Read")])
    strict = Guards(max_removals=MaxRemovals(assignments=Limit(0), per_account=Limit(0)))
    policy = replace(POLICY, guards=strict)

    assert plan(after, world, remembered(before, policy=policy), policy=policy).plan.applyable
    less = git([entry("ops", "group:ops", "Boss", PAY)], [pset("Boss", previously=("Admin",)), pset("Read")])
    assert not plan(less, world, remembered(before, policy=policy), policy=policy).plan.applyable


def test_the_management_account_is_found_only_by_name() -> None:
    declared = git([entry("all", "group:ops", "Read", "all"), entry("home", "group:ops", "Admin", HOME)])

    assert settled(declared).assigned() == {f"{HOME} Admin ops", f"{PAY} Read ops", f"{DEV} Read ops"}

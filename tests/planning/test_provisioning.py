"""Roles that lag behind their permission set: which are renewed, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.access import Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.pairs import Principal
from reconciler.model.plan import Severity
from reconciler.model.policy import Guards, Limit, Mode, Privileged, Scope
from reconciler.model.resources import PermissionSet
from reconciler.model.state import Live, LiveUser, Remembered
from reconciler.planning import hashes
from reconciler.planning.comparing.provisioning import compare_provisioning
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.planner import plan_target
from tests.planning.scenes import (
    CLOSED,
    ONE,
    TWO,
    access,
    arn_of,
    context,
    live,
    live_set,
    permission_set,
)
from tests.planning.world import CAN, CAN_ALL, NOTHING, NOW, POLICY, person, remembered
from tests.support.pairs import pair_of

ADMIN = permission_set("Admin", managed_policies=("A",))


def outdated(*accounts: str) -> Live:
    return live([live_set("Admin", accounts, accounts, managed_policies=("arn:aws:iam::aws:policy/A",))])


def compared(around: PlanContext) -> Diff:
    diff = Diff()
    compare_provisioning(around, diff)
    return diff


def test_each_account_that_lags_behind_is_a_change() -> None:
    diff = compared(context(access([ADMIN]), outdated(ONE, TWO)))
    assert [change.address.parts for change in diff.changes] == [("Admin", ONE), ("Admin", TWO)]
    first = diff.changes[0]
    assert first.effect is Effect.MIXED
    assert first.before_hash == hashes.provisioning_state(arn_of("Admin"), ONE, outdated=True)
    assert first.after_hash == hashes.provisioning_state(arn_of("Admin"), ONE, outdated=False)
    assert first.name == "Admin on one"
    assert first.fields == (FieldChange("managed_policies", None, ("arn:aws:iam::aws:policy/A",)),)
    assert diff.ids == {Address.of("aws", Kind.PERMISSION_SET, "Admin"): arn_of("Admin")}


def test_sets_that_git_does_not_declare_are_left_as_they_are() -> None:
    assert compared(context(access(), outdated(ONE))).changes == []
    assert compared(context(access(), outdated(ONE), remembered(access([ADMIN])))).changes == []


def test_nothing_is_provisioned_where_no_account_is_active() -> None:
    diff = compared(context(access([ADMIN]), outdated(ONE, CLOSED, "5" * 12)))
    assert [change.address.parts for change in diff.changes] == [("Admin", ONE)]
    (finding,) = diff.findings
    assert finding.code == "provisioning-skipped"
    assert finding.details == ("Admin on closed", f"Admin on {'5' * 12}")


@pytest.mark.parametrize(
    ("memory", "cause"),
    [
        (NOTHING, Cause.GIT),
        (remembered(access()), Cause.GIT),
        (remembered(access([permission_set("Admin", managed_policies=("B",))])), Cause.GIT),
        (remembered(access([ADMIN])), Cause.DRIFT),
        (
            remembered(access([permission_set("Admin", managed_policies=("A",), tags={"a": "1"})])),
            Cause.DRIFT,
        ),
    ],
)
def test_why_a_role_lags_behind(memory: Remembered, cause: Cause) -> None:
    (change,) = compared(context(access([ADMIN]), outdated(ONE), memory)).changes
    assert change.cause is cause


OPS, DEV = Principal(Kind.GROUP, "g-ops"), Principal(Kind.GROUP, "g-dev")
ASSIGNED = live(
    [live_set("Admin", [ONE], [ONE], managed_policies=("arn:aws:iam::aws:policy/A",))],
    {pair_of(ONE, "Admin"): (OPS, DEV)},
)


@pytest.mark.parametrize(
    ("going", "coming", "scope", "renewed"),
    [
        pytest.param([OPS], [], Scope(), 1, id="one stays"),
        pytest.param([OPS, DEV], [], Scope(), 0, id="all go, and the role with them"),
        pytest.param([OPS, DEV], ["group:sre"], Scope(), 1, id="another one comes"),
        pytest.param([OPS, DEV], [], Scope(assignments=Mode.OBSERVE), 1, id="only observed"),
    ],
)
def test_a_role_whose_last_assignment_goes_is_not_renewed(
    going: list[Principal], coming: list[str], scope: Scope, renewed: int
) -> None:
    around = context(access([ADMIN]), ASSIGNED, policy=replace(POLICY, scope=scope))
    diff = Diff()
    for action, holders in (
        (Action.DELETE, [str(around.holder(one)) for one in going]),
        (Action.CREATE, coming),
    ):
        for holder in holders:
            address = Address.of("aws", Kind.ASSIGNMENT, ONE, "Admin", holder)
            diff.changes.append(Change(address, action, Effect.REVOKE, Cause.GIT, "", ""))
    compare_provisioning(around, diff)
    assert sum(change.address.kind is Kind.PROVISIONING for change in diff.changes) == renewed


def test_a_target_that_provisions_nothing_gets_no_change() -> None:
    assert compared(context(access([ADMIN]), outdated(ONE), capabilities=CAN)).changes == []


def test_a_declared_set_under_its_own_name_only() -> None:
    new = permission_set("New", previously=("Admin",))
    declared: list[PermissionSet] = [new]
    assert compared(context(access(declared), outdated(ONE))).changes == []


def test_an_edited_set_is_provisioned_one_by_one_where_an_account_with_its_role_is_closed() -> None:
    there = live([live_set("Admin", (ONE, TWO, CLOSED), managed_policies=("arn:aws:iam::aws:policy/B",))])
    planned = plan_target(access([ADMIN]), remembered(access([ADMIN])), there, POLICY, CAN_ALL, NOW)
    renewing = [step for step in planned.steps if step.address.kind is Kind.PROVISIONING]
    assert [step.address.parts for step in renewing] == [("Admin", ONE), ("Admin", TWO)]
    (finding,) = (one for one in planned.plan.findings if one.code == "provisioning-skipped")
    assert (finding.count, len(finding.details)) == (1, 1)


def test_an_edited_set_is_provisioned_at_once_where_every_account_is_active() -> None:
    there = live([live_set("Admin", (ONE, TWO), managed_policies=("arn:aws:iam::aws:policy/B",))])
    planned = plan_target(access([ADMIN]), remembered(access([ADMIN])), there, POLICY, CAN_ALL, NOW)
    renewing = [step for step in planned.steps if step.address.kind is Kind.PROVISIONING]
    assert [step.address.parts for step in renewing] == [("Admin",)]
    assert not [one for one in planned.plan.findings if one.code == "provisioning-skipped"]


def test_what_a_pending_provisioning_brings_is_privileged_and_counts_as_a_grant() -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    there = live(
        [live_set("Admin", (ONE,), (ONE,), managed_policies=(admin,))],
        {pair_of(ONE, "Admin"): [Principal(Kind.USER, "u-ada")]},
        users={"u-ada": LiveUser("u-ada", {"user_name": "ada@example.com"}, active=True)},
    )
    guards = Guards(
        max_grants={"total": Limit(count=0), "privileged": Limit(count=0)},
        privileged=Privileged(policies=("AdministratorAccess",)),
    )
    git = access([permission_set("Admin", managed_policies=("AdministratorAccess",))])
    git = replace(git, users={"ada": person("ada")})
    planned = plan_target(git, remembered(git), there, replace(POLICY, guards=guards), CAN_ALL, NOW)
    role = next(one for one in planned.plan.changes if one.address.kind is Kind.PROVISIONING)
    assert role.fields == (FieldChange("managed_policies", None, (admin,)),)
    altered = [one for one in planned.plan.access if one.direction is Direction.ALTER]
    assert [(one.people, one.accounts, one.privileged) for one in altered] == [(("ada",), (ONE,), True)]
    refusals = {one.code for one in planned.plan.findings if one.severity is Severity.REFUSAL}
    assert {"max-grants", "max-privileged-grants"} <= refusals

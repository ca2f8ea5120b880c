"""Roles are brought up to date, in one account or in all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.model.change import Action
from reconciler.model.report import Status
from reconciler.sandbox.faults import FaultKind
from tests.targets.desks import LOST, ONE, PROVISION, READ_ONLY, TWO, Desk, desk, provisioning, set_step


@pytest.fixture
def at() -> Iterator[Desk]:
    with desk() as opened:
        opened.known("Admin", managed_policies=[READ_ONLY])
        yield opened


# Provisioning.


def behind(at: Desk) -> dict[str, bool]:
    return dict(at.set("Admin")["Accounts"])


@pytest.fixture
def outdated(at: Desk) -> Desk:
    for account in (ONE, TWO):
        at.sandbox.store.put_assignment(account, "Admin", group="Team")
    at.sandbox.store.set_inline_policy("Admin", {"Statement": []}, provision=False)
    assert behind(at) == {ONE: False, TWO: False}
    return at


def test_one_account_is_provisioned(outdated: Desk) -> None:
    assert outdated.one(provisioning("Admin", ONE)).status is Status.DONE
    assert behind(outdated) == {ONE: True, TWO: False}


def test_all_accounts_are_provisioned(outdated: Desk) -> None:
    assert outdated.one(provisioning("Admin")).status is Status.DONE
    assert behind(outdated) == {ONE: True, TWO: True}


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("account", [None, TWO])
def test_provisioning_whose_answer_was_lost_is_done(
    outdated: Desk, kind: FaultKind, account: str | None
) -> None:
    outdated.sandbox.faults.add(kind, PROVISION)

    assert outdated.one(provisioning("Admin", account)).status is Status.DONE
    assert behind(outdated)[TWO]


def test_provisioning_that_fails_in_an_account_says_why(outdated: Desk) -> None:
    outdated.sandbox.store.break_account(TWO, "Cannot exceed quota for PoliciesPerRole: 10")

    outcome = outdated.one(provisioning("Admin"))

    assert outcome.status is Status.FAILED
    assert "Managed policies per role" in outcome.message
    assert behind(outdated) == {ONE: True, TWO: False}


def test_provisioning_waits_for_another_of_the_same_set_and_for_a_free_place(at: Desk) -> None:
    names = [f"Set{number}" for number in range(5)]
    for name in names:
        at.known(name)
        at.sandbox.store.put_assignment(ONE, name, group="Team")
        at.sandbox.store.set_inline_policy(name, {"Statement": []}, provision=False)

    outcomes = at.run(*(provisioning(name) for name in [*names, *names]))

    assert {each.status for each in outcomes} == {Status.DONE}
    assert all(at.set(name)["Accounts"] == {ONE: True} for name in names)


def test_an_edit_and_its_provisioning_reach_the_accounts(outdated: Desk) -> None:
    edit = set_step("Admin", Action.UPDATE, {"managed_policies": ()})

    outcomes = outdated.run(edit, provisioning("Admin"))

    assert [each.status for each in outcomes] == [Status.DONE, Status.DONE]
    assert outdated.set("Admin")["ManagedPolicies"] == []
    assert behind(outdated) == {ONE: True, TWO: True}


def test_provisioning_that_never_ends_is_unknown(outdated: Desk) -> None:
    outdated.sandbox.faults.add(FaultKind.STALL, PROVISION, seconds=10_000_000)

    (outcome,) = outdated.run(provisioning("Admin"))

    assert outcome.status is Status.UNKNOWN
    assert behind(outdated) == {ONE: False, TWO: False}


GONE = "Received a 404 status error: Permission set provision not found in AWS account 222222222222."


def test_a_role_that_goes_with_its_last_assignment_needs_no_provisioning(at: Desk) -> None:
    at.sandbox.store.put_assignment(TWO, "Admin", group="Team")
    at.sandbox.faults.add(FaultKind.FAIL, PROVISION, count=None, reason=GONE)

    assert at.one(provisioning("Admin", TWO)).status is Status.UNNECESSARY


def test_accounts_that_still_lag_are_provisioned_although_one_role_is_gone(outdated: Desk) -> None:
    outdated.sandbox.faults.add(FaultKind.FAIL, PROVISION, reason=GONE)

    assert outdated.one(provisioning("Admin")).status is Status.DONE
    assert behind(outdated) == {ONE: True, TWO: True}

"""What was asked for is followed to its end, and asked for again where that helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.model.change import Action
from reconciler.model.report import Pending, Status
from reconciler.sandbox.access.terms import Caller, Circumstances
from reconciler.sandbox.faults import FaultKind
from tests.targets.desks import (
    ADA,
    CREATE,
    GIVEN,
    MANAGEMENT,
    ONE,
    READ_ONLY,
    TEAM,
    THREE,
    TWO,
    Desk,
    assignment,
    desk,
    given,
    provisioning,
    token,
    writer_for,
)


@pytest.fixture
def at() -> Iterator[Desk]:
    with desk() as opened:
        opened.known("Admin", managed_policies=[READ_ONLY])
        yield opened


# What fails later.


def test_a_failing_account_fails_alone_and_says_why(at: Desk) -> None:
    at.sandbox.store.break_account(TWO, "Received a 418 status error: teapot")

    outcomes = at.run(*(assignment(account, "Admin", TEAM) for account in (ONE, TWO, THREE)))

    assert [each.status for each in outcomes] == [Status.DONE, Status.FAILED, Status.DONE]
    assert outcomes[1].message == "Received a 418 status error: teapot"
    assert outcomes[1].request_id
    assert given(at) == {(account, "Admin", "GROUP", "Team") for account in (ONE, THREE)}


def test_a_policy_that_the_account_lacks_is_said_with_what_to_do(at: Desk) -> None:
    at.known("Deploy", customer_policies=["/ci/deploy"])
    at.sandbox.store.declare_policies(ONE, ["/other"])

    outcome = at.one(assignment(ONE, "Deploy", TEAM))

    assert outcome.status is Status.FAILED
    assert "Not supported policy" in outcome.message
    assert "create it there" in outcome.message


def test_a_suspended_account_is_said(at: Desk) -> None:
    at.sandbox.store.set_account_state(ONE, "SUSPENDED")

    outcome = at.one(assignment(ONE, "Admin", TEAM))

    assert outcome.status is Status.FAILED
    assert "longer than usual" in outcome.message
    assert "closed or suspended" in outcome.message


def test_missing_rights_in_the_management_account_are_about_this_one_step() -> None:
    with desk(circumstances=Circumstances(management_rights=False)) as at:
        at.known("Admin")

        outcome = at.one(assignment(MANAGEMENT, "Admin", TEAM))

        assert (outcome.status, outcome.stop) == (Status.FAILED, False)
        assert "management account" in outcome.message


def test_a_delegated_administrator_is_refused_the_management_account_and_nothing_else(at: Desk) -> None:
    at.sandbox.circumstances.caller = Caller.DELEGATED

    refused, done = at.run(assignment(MANAGEMENT, "Admin", TEAM), assignment(ONE, "Admin", TEAM))

    assert (refused.status, refused.stop) == (Status.FAILED, False)
    assert "delegated administrator" in refused.message
    assert done.status is Status.DONE


def test_whoever_may_not_assign_at_all_is_stopped(at: Desk) -> None:
    at.sandbox.faults.add(FaultKind.DENY, CREATE, count=None)

    outcome = at.one(assignment(ONE, "Admin", TEAM))

    assert (outcome.status, outcome.stop) == (Status.FAILED, True)


@pytest.mark.parametrize("failures", [1, 3])
def test_a_principal_that_is_not_known_yet_is_tried_again(at: Desk, failures: int) -> None:
    reason = "Received a 404 status error: the GROUP assignee x was not found in directory d-1"
    at.sandbox.faults.add(FaultKind.FAIL, CREATE, count=failures, reason=reason)

    assert at.one(assignment(ONE, "Admin", TEAM)).status is Status.DONE
    assert at.calls("CreateAccountAssignment") == failures + 1
    assert given(at) == {GIVEN}


def test_a_principal_that_is_never_known_fails_in_the_end(at: Desk) -> None:
    at.ids[TEAM] = "00000000-0000-0000-0000-000000000000"

    outcome = at.one(assignment(ONE, "Admin", TEAM))

    assert outcome.status is Status.FAILED
    assert "tried 4 times" in outcome.message
    assert "was not found in directory" in outcome.message
    assert at.calls("CreateAccountAssignment") == 4


# Looking.


def test_another_process_follows_what_is_pending_to_its_end(at: Desk) -> None:
    for account in (TWO, THREE):
        at.sandbox.store.put_assignment(account, "Admin", group="Team")
    steps = [
        assignment(ONE, "Admin", TEAM),
        assignment(TWO, "Admin", TEAM, Action.DELETE),
        assignment(THREE, "Admin", ADA),
        provisioning("Admin", THREE),
    ]
    answers = [at.submit(step) for step in steps]
    # Nothing but the plain text survives.
    kept = [Pending(str(each.step), token(each)) for each in answers]

    at.writer, _ = writer_for(at.sandbox, at.clock)

    assert [(each.step, each.status) for each in at.wait(kept)] == [(step.id, Status.DONE) for step in steps]
    assert given(at) == {GIVEN, (THREE, "Admin", "GROUP", "Team"), (THREE, "Admin", "USER", "ada")}


def test_many_requests_that_ended_are_told_by_few_calls(at: Desk) -> None:
    accounts = [f"{number:012d}" for number in range(500_000_000_000, 500_000_000_012)]
    for account in accounts:
        at.sandbox.store.create_account(account, f"a{account}")
    pendings = [at.submit(assignment(account, "Admin", TEAM)) for account in accounts]
    at.sandbox.store.settle()

    assert {each.status for each in at.wait(pendings)} == {Status.DONE}
    assert at.calls("ListAccountAssignmentCreationStatus") == 2
    assert at.calls("DescribeAccountAssignmentCreationStatus") == 0


def test_a_look_that_fails_leaves_everything_pending_for_a_while(at: Desk) -> None:
    pendings = [at.submit(assignment(account, "Admin", TEAM)) for account in (ONE, TWO)]
    at.sandbox.faults.add(FaultKind.GARBAGE, "sso-admin.ListAccountAssignmentCreationStatus", count=3)

    assert [each.status for each in at.wait(pendings)] == [Status.DONE, Status.DONE]


def test_a_look_that_always_fails_ends_unknown_with_the_request_id(at: Desk) -> None:
    pending = at.submit(assignment(ONE, "Admin", TEAM))
    at.sandbox.faults.add(FaultKind.GARBAGE, "sso-admin.Describe*", count=None)

    (outcome,) = at.wait([pending])

    assert (outcome.status, outcome.request_id) == (Status.UNKNOWN, token(pending)["request_id"])
    assert outcome.request_id in outcome.message


def test_a_look_that_is_denied_ends_everything(at: Desk) -> None:
    pending = at.submit(assignment(ONE, "Admin", TEAM))
    at.sandbox.faults.add(FaultKind.EXPIRED, "sso-admin.Describe*", count=None)

    (outcome,) = at.wait([pending])

    assert (outcome.status, outcome.stop) == (Status.UNKNOWN, True)


def test_a_request_that_never_ends_is_unknown(at: Desk) -> None:
    at.sandbox.faults.add(FaultKind.STALL, CREATE, seconds=10_000_000)
    pending = at.submit(assignment(ONE, "Admin", TEAM))

    (outcome,) = at.wait([pending])

    assert (outcome.status, outcome.request_id) == (Status.UNKNOWN, token(pending)["request_id"])
    assert "in progress" in outcome.message


def test_a_request_id_that_is_not_known_yet_stays_pending(at: Desk) -> None:
    pending = at.submit(assignment(ONE, "Admin", TEAM))
    at.sandbox.faults.add(FaultKind.NOT_FOUND, "sso-admin.DescribeAccountAssignment*", count=2)

    (outcome,) = at.wait([pending])

    assert outcome.status is Status.DONE


@pytest.mark.parametrize(("there", "status"), [(True, Status.DONE), (False, Status.UNKNOWN)])
def test_a_request_id_that_is_never_known_is_settled_by_the_world(
    at: Desk, *, there: bool, status: Status
) -> None:
    pending = at.submit(assignment(ONE, "Admin", TEAM))
    at.sandbox.store.settle()
    if not there:
        at.sandbox.store.remove_assignment(ONE, "Admin", group="Team")
    lost = Pending(pending.step, {**token(pending), "request_id": "0a0a0a0a-0000-0000-0000-000000000000"})

    (outcome,) = at.wait([lost])

    assert outcome.status is status


def test_a_token_of_another_version_is_unknown_and_the_others_are_looked_at(at: Desk) -> None:
    good = at.submit(assignment(ONE, "Admin", TEAM))
    bad = [
        Pending("a", {}),
        Pending("b", {"operation": "conjure"}),
        Pending("c", {**token(good), "at": "2026-01-01T00:00:00"}),
        replace(Pending("d", token(good)), token={k: v for k, v in token(good).items() if k != "account"}),
    ]

    outcomes = at.wait([bad[0], good, *bad[1:]])

    assert [each.status for each in outcomes] == [Status.UNKNOWN, Status.DONE, *[Status.UNKNOWN] * 3]

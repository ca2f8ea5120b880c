"""Assignments and provisioning are asked for, followed to their end, and asked for again where that helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.report import Outcome, Pending, Status
from reconciler.sandbox.access.terms import Caller, Circumstances, Durations, Quotas
from reconciler.sandbox.faults import FaultKind
from tests.targets.desks import (
    ADA,
    MANAGEMENT,
    ONE,
    READ_ONLY,
    TEAM,
    THREE,
    TWO,
    Desk,
    assignment,
    desk,
    provisioning,
    set_step,
    writer_for,
)

CREATE, DELETE = "sso-admin.CreateAccountAssignment", "sso-admin.DeleteAccountAssignment"
PROVISION = "sso-admin.ProvisionPermissionSet"
GIVEN = (ONE, "Admin", "GROUP", "Team")
LOST = (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.ERROR, FaultKind.ERROR_AFTER, FaultKind.EMPTY,
        FaultKind.MISSING_KEY)  # fmt: skip


@pytest.fixture
def at() -> Iterator[Desk]:
    with desk() as opened:
        opened.known("Admin", managed_policies=[READ_ONLY])
        yield opened


def given(at: Desk) -> set[tuple[str, str, str, str]]:
    return set(at.sandbox.store.assignments())


def token(pending: Outcome | Pending) -> dict[str, str]:
    assert isinstance(pending, Pending)
    return dict(pending.token)


# Assignments.


def test_a_group_and_a_user_are_assigned_and_unassigned(at: Desk) -> None:
    made = at.run(assignment(ONE, "Admin", TEAM), assignment(TWO, "Admin", ADA))

    assert [each.status for each in made] == [Status.DONE, Status.DONE]
    assert all(each.request_id for each in made)
    assert given(at) == {GIVEN, (TWO, "Admin", "USER", "ada")}

    ended = at.run(
        assignment(ONE, "Admin", TEAM, Action.DELETE), assignment(TWO, "Admin", ADA, Action.DELETE)
    )

    assert [each.status for each in ended] == [Status.DONE, Status.DONE]
    assert given(at) == set()


def test_what_is_assigned_already_may_be_asked_for_again(at: Desk) -> None:
    at.sandbox.store.put_assignment(ONE, "Admin", group="Team")

    assert at.one(assignment(ONE, "Admin", TEAM)).status is Status.DONE
    assert given(at) == {GIVEN}


@pytest.mark.parametrize("elsewhere", [True, False])
def test_what_is_gone_already_need_not_be_removed(at: Desk, *, elsewhere: bool) -> None:
    """Refused at once where the account has no role of the set, and failing later where it has."""
    if elsewhere:
        at.sandbox.store.put_assignment(ONE, "Admin", user="ada")

    outcome = at.one(assignment(ONE, "Admin", TEAM, Action.DELETE))

    assert outcome.status is Status.UNNECESSARY
    assert bool(outcome.request_id) is elsewhere


def test_an_assignment_of_a_set_that_is_gone_need_not_be_removed(at: Desk) -> None:
    at.sandbox.store.delete_permission_set("Admin")

    assert at.one(assignment(ONE, "Admin", TEAM, Action.DELETE)).status is Status.UNNECESSARY


def test_an_assignment_of_nobody_who_is_left_is_removed(at: Desk) -> None:
    at.sandbox.store.put_assignment(ONE, "Admin", group="Team")
    at.sandbox.store.remove_group("Team")
    orphan = Address.of("aws", Kind.GROUP, f"~{at.ids[TEAM]}")
    at.ids[orphan] = at.ids[TEAM]

    assert at.one(assignment(ONE, "Admin", orphan, Action.DELETE)).status is Status.DONE
    assert given(at) == set()


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("seconds", [0.0, 2000.0])
def test_a_grant_whose_answer_was_lost_is_made(kind: FaultKind, seconds: float) -> None:
    """Whether it is over by the time of the first look, or under way for a long time."""
    with desk(durations=Durations(assignment=seconds), speed=100_000) as at:
        at.known("Admin")
        at.sandbox.faults.add(kind, CREATE)

        outcome = at.one(assignment(ONE, "Admin", TEAM))

        assert outcome.status is Status.DONE
        assert given(at) == {GIVEN}


@pytest.mark.parametrize("kind", LOST)
def test_a_removal_whose_answer_was_lost_is_made(at: Desk, kind: FaultKind) -> None:
    at.sandbox.store.put_assignment(ONE, "Admin", group="Team")
    at.sandbox.faults.add(kind, DELETE)

    assert at.one(assignment(ONE, "Admin", TEAM, Action.DELETE)).status is Status.DONE
    assert given(at) == set()


def test_a_request_whose_answer_was_lost_is_found_and_not_sent_again() -> None:
    with desk(durations=Durations(assignment=30_000)) as at:
        at.known("Admin")
        at.sandbox.store.put_assignment(TWO, "Admin", group="Team")
        other = at.submit(assignment(TWO, "Admin", ADA))
        at.sandbox.faults.add(FaultKind.DROP_AFTER, CREATE)

        found = at.submit(assignment(ONE, "Admin", TEAM))

        assert token(found)["request_id"] != token(other)["request_id"]
        assert at.calls("CreateAccountAssignment") == 2
        at.sandbox.store.settle()
        assert [each.status for each in at.wait([found, other])] == [Status.DONE, Status.DONE]
        assert given(at) == {GIVEN, (TWO, "Admin", "GROUP", "Team"), (TWO, "Admin", "USER", "ada")}


def test_a_grant_that_is_lost_each_time_is_unknown(at: Desk) -> None:
    at.sandbox.faults.add(FaultKind.DROP_BEFORE, CREATE, count=None)

    outcome = at.submit(assignment(ONE, "Admin", TEAM))

    assert isinstance(outcome, Outcome)
    assert outcome.status is Status.UNKNOWN
    assert at.calls("CreateAccountAssignment") == 3


def test_a_lost_answer_and_no_look_is_unknown(at: Desk) -> None:
    at.sandbox.faults.add(FaultKind.DROP_AFTER, CREATE)
    at.sandbox.faults.add(FaultKind.DENY, "sso-admin.List*", count=None)

    outcome = at.submit(assignment(ONE, "Admin", TEAM))

    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.stop) == (Status.UNKNOWN, True)


def test_more_requests_than_may_be_outstanding_are_survived() -> None:
    with desk(quotas=Quotas(outstanding_assignments=15), durations=Durations(assignment=20)) as at:
        at.known("Admin")
        accounts = [f"{number:012d}" for number in range(500_000_000_000, 500_000_000_020)]
        for account in accounts:
            at.sandbox.store.create_account(account, f"a{account}")

        outcomes = at.run(*(assignment(account, "Admin", TEAM) for account in accounts))

        assert {each.status for each in outcomes} == {Status.DONE}
        assert given(at) == {(account, "Admin", "GROUP", "Team") for account in accounts}


@pytest.mark.parametrize("kind", [FaultKind.CONFLICT, FaultKind.THROTTLE, FaultKind.NOT_FOUND])
def test_refusals_that_pass_are_borne(at: Desk, kind: FaultKind) -> None:
    at.sandbox.faults.add(kind, CREATE, count=2)

    assert at.one(assignment(ONE, "Admin", TEAM)).status is Status.DONE
    assert given(at) == {GIVEN}


def test_a_grant_waits_for_the_removal_of_the_same(at: Desk) -> None:
    at.sandbox.store.put_assignment(ONE, "Admin", group="Team")
    removal = at.submit(assignment(ONE, "Admin", TEAM, Action.DELETE))

    outcomes = at.wait([removal, at.submit(assignment(ONE, "Admin", TEAM))])

    assert [each.status for each in outcomes] == [Status.DONE, Status.DONE]
    assert given(at) == {GIVEN}


def test_a_conflict_that_stays_fails_and_stops_nothing_else(at: Desk) -> None:
    at.sandbox.faults.add(FaultKind.CONFLICT, CREATE, count=None)

    outcome = at.one(assignment(ONE, "Admin", TEAM))

    assert (outcome.status, outcome.stop) == (Status.FAILED, False)
    assert "plan again" in outcome.message


def test_an_account_that_does_not_exist_fails(at: Desk) -> None:
    outcome = at.one(assignment("999999999999", "Admin", TEAM))

    assert outcome.status is Status.FAILED
    assert "999999999999" in outcome.message


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
    assert "not active" in outcome.message


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


# Looking.


def test_another_process_follows_what_is_pending_to_its_end(at: Desk) -> None:
    at.sandbox.store.put_assignment(TWO, "Admin", group="Team")
    steps = [
        assignment(ONE, "Admin", TEAM),
        assignment(TWO, "Admin", TEAM, Action.DELETE),
        assignment(THREE, "Admin", ADA),
        provisioning("Admin", TWO),
    ]
    answers = [at.submit(step) for step in steps]
    # Nothing but the plain text survives.
    kept = [Pending(str(each.step), token(each)) for each in answers]

    at.writer, _ = writer_for(at.sandbox)

    assert [(each.step, each.status) for each in at.wait(kept)] == [(step.id, Status.DONE) for step in steps]
    assert given(at) == {GIVEN, (THREE, "Admin", "USER", "ada")}


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


def test_provisioning_that_never_ends_is_unknown(outdated: Desk) -> None:
    outdated.sandbox.faults.add(FaultKind.STALL, PROVISION, seconds=10_000_000)

    (outcome,) = outdated.run(provisioning("Admin"))

    assert outcome.status is Status.UNKNOWN
    assert behind(outdated) == {ONE: False, TWO: False}


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

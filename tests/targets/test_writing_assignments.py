"""Assignments are asked for once, whatever becomes of the answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.report import Outcome, Status
from reconciler.sandbox.access.terms import Durations, Quotas
from reconciler.sandbox.faults import FaultKind
from tests.targets.desks import (
    ADA,
    CREATE,
    DELETE,
    GIVEN,
    LOST,
    ONE,
    READ_ONLY,
    TEAM,
    TWO,
    Desk,
    assignment,
    desk,
    given,
    token,
)


@pytest.fixture
def at() -> Iterator[Desk]:
    with desk() as opened:
        opened.known("Admin", managed_policies=[READ_ONLY])
        yield opened


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
@pytest.mark.parametrize("seconds", [0.0, 250.0])
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

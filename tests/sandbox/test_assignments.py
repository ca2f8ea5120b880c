"""Assignments: asked for, waited for, refused, failed, listed."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Durations, FaultKind, Quotas
from tests.sandbox.aws import NOBODY
from tests.sandbox.sso import MANAGEMENT, ONE, READ_ONLY, THREE, TWO, Sso, identity_center


def test_an_assignment_is_there_when_its_time_has_come(sso: Sso) -> None:
    arn = sso.make()
    request = sso.assign(arn)
    sso.clock.push(1.99)
    assert sso.creation(request)["Status"] == "IN_PROGRESS"
    assert (sso.rows(arn), sso.accounts(arn)) == ([], [])
    sso.clock.push(0.01)
    status = sso.creation(request)
    assert {key: status[key] for key in status.keys() - {"CreatedDate", "RequestId"}} == {
        "Status": "SUCCEEDED", **sso.grant(arn)
    }  # fmt: skip
    assert status["CreatedDate"].timestamp() == sso.clock.at - 2
    assert sso.rows(arn) == [("GROUP", sso.group)]
    assert sso.accounts(arn, latest=True) == [ONE]


def test_an_assignment_ends_when_its_time_has_come_and_the_last_takes_the_role_along(sso: Sso) -> None:
    arn = sso.make()
    for principal in (sso.user, sso.group):
        sso.assign(arn, principal=principal)
    sso.clock.push(4)
    first = sso.unassign(arn, principal=sso.user)
    sso.clock.push(2)
    assert sso.deletion(first)["Status"] == "SUCCEEDED"
    sso.clock.push(60)
    assert (sso.rows(arn), sso.accounts(arn)) == ([("GROUP", sso.group)], [ONE])
    sso.unassign(arn)
    sso.clock.push(2)
    assert (sso.rows(arn), sso.accounts(arn)) == ([], [ONE])
    sso.clock.push(2)
    assert sso.accounts(arn) == []


def test_a_grant_while_the_role_goes_keeps_the_role(sso: Sso) -> None:
    arn = sso.make()
    sso.assign(arn)
    sso.clock.push(2)
    sso.unassign(arn)
    sso.clock.push(2)
    request = sso.assign(arn, principal=sso.user)
    sso.clock.push(4)
    assert sso.creation(request)["Status"] == "SUCCEEDED"
    assert (sso.rows(arn), sso.accounts(arn)) == ([("USER", sso.user)], [ONE])


def test_a_grant_that_waits_for_the_last_to_end_keeps_the_role(sso: Sso) -> None:
    arn = sso.make()
    sso.assign(arn)
    sso.clock.push(2)
    ending, coming = sso.unassign(arn), sso.assign(arn, principal=sso.user)
    sso.clock.push(60)
    assert sso.deletion(ending)["Status"] == sso.creation(coming)["Status"] == "SUCCEEDED"
    assert (sso.rows(arn), sso.accounts(arn)) == ([("USER", sso.user)], [ONE])


def test_an_assignment_that_exists_is_accepted_and_stays_one_row(sso: Sso) -> None:
    arn = sso.make()
    for _ in range(2):
        request = sso.assign(arn)
        sso.clock.push(2)
        assert sso.creation(request)["Status"] == "SUCCEEDED"
    assert sso.rows(arn) == [("GROUP", sso.group)]


def test_an_assignment_asked_for_twice_at_once_is_one_row(sso: Sso) -> None:
    arn = sso.make()
    requests = [sso.assign(arn), sso.assign(arn)]
    sso.clock.push(4)
    assert [sso.creation(request)["Status"] for request in requests] == ["SUCCEEDED"] * 2
    assert sso.rows(arn) == [("GROUP", sso.group)]


class TestAbsent:
    def test_where_the_account_has_nothing_of_the_set_the_end_is_refused_at_once(self, sso: Sso) -> None:
        error = sso.refused("delete_account_assignment", **sso.grant(sso.make()))
        assert error["Code"] == "ResourceNotFoundException"

    def test_where_it_has_something_the_end_fails_later(self, sso: Sso) -> None:
        arn = sso.make()
        sso.assign(arn)
        sso.clock.push(2)
        request = sso.unassign(arn, principal=sso.user)
        sso.clock.push(2)
        status = sso.deletion(request)
        assert status["Status"] == "FAILED"
        assert status["FailureReason"].startswith(
            "Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key "
        )
        assert sso.rows(arn) == [("GROUP", sso.group)]

    def test_of_two_ends_the_second_fails(self, sso: Sso) -> None:
        arn = sso.make()
        sso.assign(arn)
        sso.clock.push(2)
        requests = [sso.unassign(arn), sso.unassign(arn)]
        sso.clock.push(10)
        assert [sso.deletion(request)["Status"] for request in requests] == ["SUCCEEDED", "FAILED"]
        assert sso.accounts(arn) == []


class TestAtOnce:
    def test_one_account_changes_one_role_at_a_time(self, sso: Sso) -> None:
        arn = sso.make()
        requests = [sso.assign(arn, ONE), sso.assign(arn, ONE, sso.user), sso.assign(arn, TWO)]
        seen = []
        for _ in range(3):
            seen.append([sso.creation(request)["Status"][0] for request in requests])
            sso.clock.push(2)
        assert seen == [["I", "I", "I"], ["S", "I", "S"], ["S", "S", "S"]]

    def test_fifteen_are_outstanding_at_most_ends_included(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.store.put_assignment(THREE, "Admin", group="Platform")
        sso.unassign(arn, THREE)
        for _ in range(14):
            sso.assign(arn, ONE)
        for operation, account in (("create_account_assignment", TWO), ("delete_account_assignment", ONE)):
            error = sso.refused(operation, **sso.grant(arn, account, sso.user))
            assert error["Code"] == "ThrottlingException"
            assert "too many requests processing" in error["Message"]
        sso.clock.push(2)
        sso.assign(arn, TWO)

    def test_the_number_can_be_set(self) -> None:
        with identity_center(quotas=Quotas(outstanding_assignments=1)) as sso:
            arn = sso.make()
            sso.assign(arn)
            error = sso.refused("create_account_assignment", **sso.grant(arn, TWO))
            assert error["Code"] == "ThrottlingException"

    @pytest.mark.parametrize("first", ["create", "delete"])
    def test_a_grant_and_a_revoke_of_the_same_are_in_conflict(self, sso: Sso, first: str) -> None:
        arn = sso.make()
        sso.sandbox.store.put_assignment(ONE, "Admin", group="Platform")
        second = "delete" if first == "create" else "create"
        sso(f"{first}_account_assignment", **sso.grant(arn))
        error = sso.refused(f"{second}_account_assignment", **sso.grant(arn))
        assert (error["Code"], error["Message"]) == (
            "ConflictException", "There is a conflicting operation in process."
        )  # fmt: skip
        sso(f"{second}_account_assignment", **sso.grant(arn, principal=sso.user))
        sso.clock.push(10)
        sso(f"{second}_account_assignment", **sso.grant(arn, principal=sso.user))

    def test_speed_divides_the_time_they_take(self) -> None:
        with identity_center(speed=100, durations=Durations(assignment=50)) as sso:
            request = sso.assign(sso.make())
            sso.clock.push(0.49)
            assert sso.creation(request)["Status"] == "IN_PROGRESS"
            sso.clock.push(0.02)
            assert sso.creation(request)["Status"] == "SUCCEEDED"

    def test_nothing_takes_less_than_no_time(self) -> None:
        with pytest.raises(ValueError, match="less than no time"):
            Durations(assignment=-1)


class TestFailures:
    def failed(self, sso: Sso, arn: str, account: str = ONE, principal: str | None = None) -> str:
        request = sso.assign(arn, account, principal)
        sso.clock.push(2)
        status = sso.creation(request)
        assert status["Status"] == "FAILED"
        assert (sso.rows(arn, account), sso.accounts(arn)) == ([], [])
        reason: str = status["FailureReason"]
        return reason

    @pytest.mark.parametrize(
        ("declared", "reference", "missing"),
        [
            pytest.param([], "/ci/deploy", "/ci/deploy", id="an account without any"),
            pytest.param(["/ci/other"], "/ci/deploy", "/ci/deploy", id="another name"),
            pytest.param(["/deploy"], "/ci/deploy", "/ci/deploy", id="another path"),
        ],
    )
    def test_a_customer_managed_policy_must_be_there(
        self, sso: Sso, declared: list[str], reference: str, missing: str
    ) -> None:
        arn = sso.sandbox.store.create_permission_set("Admin", customer_policies=[reference])
        sso.sandbox.store.declare_policies(ONE, declared)
        reason = self.failed(sso, arn)
        assert reason == (
            f"Received a 404 status error: Not supported policy arn:aws:iam::{ONE}:policy{missing}"
        )
        sso.sandbox.store.declare_policies(ONE, [*declared, reference])
        sso.assign(arn)
        sso.clock.push(2)
        assert sso.rows(arn) == [("GROUP", sso.group)]

    def test_so_must_that_of_the_boundary(self, sso: Sso) -> None:
        arn = sso.sandbox.store.create_permission_set("Admin", managed_policies=[READ_ONLY])
        sso.sandbox.store.set_boundary("Admin", "/edge")
        sso.sandbox.store.declare_policies(ONE, [])
        assert "Not supported policy" in self.failed(sso, arn)

    def test_an_account_of_which_nothing_is_declared_has_them_all(self, sso: Sso) -> None:
        arn = sso.sandbox.store.create_permission_set("Admin", customer_policies=["/deploy"])
        sso.sandbox.store.declare_policies(ONE, [])
        sso.sandbox.store.declare_policies(ONE, None)
        sso.assign(arn)
        sso.clock.push(2)
        assert sso.rows(arn) == [("GROUP", sso.group)]

    def test_a_principal_must_be_found_when_the_role_is_changed(self, sso: Sso) -> None:
        arn = sso.make()
        assert self.failed(sso, arn, principal=NOBODY) == (
            f"Received a 404 status error: the GROUP assignee {NOBODY} was not found in directory"
            f" {sso.sandbox.identity_store_id}"
        )
        request = sso.assign(arn, principal=sso.user)
        sso.sandbox.store.remove_user("ada")
        sso.clock.push(2)
        assert "the USER assignee" in sso.creation(request)["FailureReason"]

    def test_who_is_deleted_once_the_role_is_changed_leaves_an_orphan(self, sso: Sso) -> None:
        arn = sso.make()
        request = sso.assign(arn)
        sso.clock.push(2)
        sso.sandbox.store.remove_group("Platform")
        assert sso.creation(request)["Status"] == "SUCCEEDED"
        assert sso.rows(arn) == [("GROUP", sso.group)]

    def test_the_management_account_needs_rights_of_its_own(self, sso: Sso) -> None:
        sso.sandbox.circumstances.management_rights = False
        arn = sso.make()
        reason = self.failed(sso, arn, MANAGEMENT)
        assert reason.startswith("Received a 403 status error: Access denied by IAM")
        assert "iam:GetRole on resource: role AWSReservedSSO_Admin" in reason
        sso.sandbox.circumstances.management_rights = True
        sso.assign(arn, MANAGEMENT)
        sso.clock.push(2)
        assert sso.accounts(arn) == [MANAGEMENT]

    @pytest.mark.parametrize("state", ["SUSPENDED", "CLOSED", "PENDING_CLOSURE", "PENDING_ACTIVATION"])
    def test_an_account_must_be_active(self, sso: Sso, state: str) -> None:
        sso.sandbox.store.set_account_state(ONE, state)
        assert self.failed(sso, sso.make()) == f"Received a 403 status error: Account {ONE} is {state}"

    def test_an_account_can_be_broken_and_mended(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.store.break_account(ONE, "Received a 409 status error: role quota")
        assert self.failed(sso, arn) == "Received a 409 status error: role quota"
        sso.sandbox.store.break_account(ONE, None)
        sso.assign(arn)
        sso.clock.push(2)
        assert sso.accounts(arn) == [ONE]

    def test_an_end_can_fail_as_well_and_then_nothing_ended(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.store.put_assignment(ONE, "Admin", group="Platform")
        sso.sandbox.store.set_account_state(ONE, "SUSPENDED")
        request = sso.unassign(arn)
        sso.clock.push(10)
        assert sso.deletion(request)["Status"] == "FAILED"
        assert (sso.rows(arn), sso.accounts(arn)) == ([("GROUP", sso.group)], [ONE])


class TestFaults:
    def test_a_call_can_be_made_to_fail_later(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.faults.add(FaultKind.FAIL, "sso-admin.CreateAccountAssignment", nth=2, reason="because")
        requests = [sso.assign(arn, account) for account in (ONE, TWO, THREE)]
        sso.clock.push(2)
        assert [sso.creation(request)["Status"] for request in requests] == [
            "SUCCEEDED", "FAILED", "SUCCEEDED"
        ]  # fmt: skip
        assert sso.creation(requests[1])["FailureReason"] == "because"

    def test_a_call_can_be_made_to_take_its_time(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.faults.add(FaultKind.STALL, "sso-admin.CreateAccountAssignment", seconds=100)
        slow, behind = sso.assign(arn), sso.assign(arn, principal=sso.user)
        sso.clock.push(99)
        assert {sso.creation(request)["Status"] for request in (slow, behind)} == {"IN_PROGRESS"}
        sso.clock.push(3)
        assert {sso.creation(request)["Status"] for request in (slow, behind)} == {"SUCCEEDED"}

    def test_a_fresh_request_may_be_unknown_for_a_moment(self, sso: Sso) -> None:
        request = sso.assign(sso.make())
        sso.sandbox.faults.add(FaultKind.NOT_FOUND, "sso-admin.Describe*Status")
        error = sso.refused(
            "describe_account_assignment_creation_status", AccountAssignmentCreationRequestId=request
        )
        assert error["Code"] == "ResourceNotFoundException"
        assert sso.creation(request)["Status"] == "IN_PROGRESS"

    def test_an_earlier_write_may_not_have_got_round(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.faults.add(FaultKind.CONFLICT, "sso-admin.CreateAccountAssignment")
        error = sso.refused("create_account_assignment", **sso.grant(arn))
        assert error["Code"] == "ConflictException"
        assert "Reason" not in error
        sso.assign(arn)

    def test_a_lost_answer_is_still_an_assignment(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.faults.add(FaultKind.ERROR_AFTER, "sso-admin.CreateAccountAssignment")
        assert sso.refused("create_account_assignment", **sso.grant(arn))["Status"] == 500
        sso.clock.push(2)
        assert sso.rows(arn) == [("GROUP", sso.group)]


class TestQuotas:
    def test_a_hundred_groups_share_a_set_in_an_account_and_users_do_not_count(self) -> None:
        with identity_center(quotas=Quotas(groups_per_set_and_account=2)) as sso:
            arn = sso.make()
            groups = [sso.sandbox.store.add_group(f"g{number}") for number in range(3)]
            sso.sandbox.store.put_assignment(ONE, "Admin", group="g0")
            sso.assign(arn, principal=groups[1])
            error = sso.refused("create_account_assignment", **sso.grant(arn, principal=groups[2]))
            assert error["Code"] == "ServiceQuotaExceededException"
            sso.assign(arn, principal=groups[0])
            sso.assign(arn, principal=sso.user)
            sso.assign(arn, TWO, groups[2])
        assert Quotas().groups_per_set_and_account == 100

    def test_an_account_has_so_many_sets(self) -> None:
        with identity_center(quotas=Quotas(provisioned_sets_per_account=1)) as sso:
            sso.assign(sso.make("First"))
            sso.clock.push(2)
            second = sso.make("Second")
            error = sso.refused("create_account_assignment", **sso.grant(second))
            assert error["Code"] == "ServiceQuotaExceededException"
            sso.assign(second, TWO)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"TargetId": "999999999999"}, "ResourceNotFoundException", id="a stranger's account"),
        pytest.param({"TargetId": "1234"}, "ValidationException", id="no account id"),
        pytest.param({"TargetType": "OU"}, "ValidationException", id="a unit as target"),
        pytest.param({"PrincipalType": "ROLE"}, "ValidationException", id="a role as principal"),
        pytest.param({"PrincipalId": "ada"}, "ValidationException", id="a name as principal"),
        pytest.param({"PrincipalId": None}, "ValidationException", id="no principal"),
    ],
)
def test_an_assignment_has_a_form(unchecked_sso: Sso, change: dict[str, Any], code: str) -> None:
    params = unchecked_sso.grant(unchecked_sso.make()) | change
    given = {key: value for key, value in params.items() if value is not None}
    assert unchecked_sso.refused("create_account_assignment", **given)["Code"] == code

"""Assignments that fail later, or whose calls go wrong: by the documented reasons, and by faults."""

from __future__ import annotations

import pytest

from reconciler.sandbox import FaultKind
from tests.sandbox.aws import NOBODY
from tests.sandbox.sso import MANAGEMENT, ONE, READ_ONLY, THREE, TWO, Sso


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
        request = sso.assign(sso.make())
        sso.clock.push(119)
        assert sso.creation(request)["Status"] == "IN_PROGRESS"
        sso.clock.push(2)
        assert "longer than usual" in sso.creation(request)["FailureReason"]

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
        sso.clock.push(121)
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

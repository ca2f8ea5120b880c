"""What is listed: assignments, and calls that are under way or have ended."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import NOBODY, connected
from tests.sandbox.sso import ONE, THREE, TWO, Sso, StillClock


class TestStates:
    def test_a_request_is_known_to_its_own_operation_only(self, sso: Sso) -> None:
        request = sso.assign(sso.make())
        for operation, name in (
            ("describe_account_assignment_deletion_status", "AccountAssignmentDeletionRequestId"),
            ("describe_permission_set_provisioning_status", "ProvisionPermissionSetRequestId"),
        ):
            assert sso.refused(operation, **{name: request})["Code"] == "ResourceNotFoundException"

    def test_a_request_that_never_was_is_not_found(self, sso: Sso) -> None:
        error = sso.refused(
            "describe_account_assignment_creation_status",
            AccountAssignmentCreationRequestId=str(uuid.uuid4()),
        )
        assert error["Code"] == "ResourceNotFoundException"

    def test_lists_tell_little_and_can_be_filtered(self, sso: Sso) -> None:
        arn = sso.make()
        done, failed = sso.assign(arn), sso.assign(arn, TWO, NOBODY)
        sso.clock.push(2)
        coming, ending = sso.assign(arn, THREE), sso.unassign(arn)

        def listed(kind: str, status: str | None = None) -> list[tuple[str, str]]:
            more = {"Filter": {"Status": status}} if status else {}
            answer = sso(f"list_account_assignment_{kind}_status", **more)
            rows = answer[f"AccountAssignments{kind.title()}Status"]
            assert all(row.keys() == {"Status", "RequestId", "CreatedDate"} for row in rows)
            return [(row["RequestId"], row["Status"]) for row in rows]

        assert listed("creation") == [(done, "SUCCEEDED"), (failed, "FAILED"), (coming, "IN_PROGRESS")]
        assert listed("creation", "IN_PROGRESS") == [(coming, "IN_PROGRESS")]
        assert listed("creation", "FAILED") == [(failed, "FAILED")]
        assert listed("deletion") == [(ending, "IN_PROGRESS")]
        assert listed("deletion", "SUCCEEDED") == []

    def test_they_survive_a_restart_and_so_does_what_is_under_way(self, tmp_path: Path) -> None:
        clock = StillClock()

        def running() -> Sandbox:
            return Sandbox(tmp_path / "sandbox.sqlite", throttling=False, latency=0, clock=clock)

        with running() as sandbox, connected(sandbox) as aws:
            sso = Sso(sandbox, aws, clock)
            arn = sso.make()
            request = sso.assign(arn)
        clock.push(2)
        with running() as sandbox, connected(sandbox) as aws:
            answer = aws.sso.describe_account_assignment_creation_status(
                InstanceArn=sandbox.instance_arn, AccountAssignmentCreationRequestId=request
            )
            assert answer["AccountAssignmentCreationStatus"]["Status"] == "SUCCEEDED"
            assert sandbox.store.assignments() == {(ONE, "Admin", "GROUP", "Platform")}


class TestLists:
    def principal(self, sso: Sso, kind: str, principal: str, **more: Any) -> list[tuple[str, str, str]]:
        answer = sso(
            "list_account_assignments_for_principal", PrincipalType=kind, PrincipalId=principal, **more
        )
        return [
            (row["AccountId"], row["PrincipalType"], row["PrincipalId"])
            for row in answer["AccountAssignments"]
        ]

    @pytest.fixture
    def granted(self, sso: Sso) -> Sso:
        console = sso.sandbox.store
        console.create_permission_set("Admin")
        console.add_group("Other")
        console.add_member("Platform", "ada")
        console.put_assignment(ONE, "Admin", user="ada")
        console.put_assignment(TWO, "Admin", group="Platform")
        console.put_assignment(THREE, "Admin", group="Other")
        console.put_assignment(ONE, "Admin", group="Platform")
        return sso

    def test_those_of_a_group_are_its_own(self, granted: Sso) -> None:
        assert self.principal(granted, "GROUP", granted.group) == [
            (TWO, "GROUP", granted.group), (ONE, "GROUP", granted.group)
        ]  # fmt: skip

    def test_those_of_a_user_are_mixed_with_those_of_its_groups(self, granted: Sso) -> None:
        assert self.principal(granted, "USER", granted.user) == [
            (ONE, "USER", granted.user), (TWO, "GROUP", granted.group), (ONE, "GROUP", granted.group)
        ]  # fmt: skip
        granted.sandbox.store.remove_member("Platform", "ada")
        assert self.principal(granted, "USER", granted.user) == [(ONE, "USER", granted.user)]

    def test_they_can_be_filtered_by_account(self, granted: Sso) -> None:
        found = self.principal(granted, "USER", granted.user, Filter={"AccountId": TWO})
        assert found == [(TWO, "GROUP", granted.group)]

    def test_the_id_of_a_group_is_no_user(self, granted: Sso) -> None:
        assert self.principal(granted, "USER", granted.group) == []
        assert self.principal(granted, "GROUP", granted.user) == []

    def test_orphans_stay_where_they_were_assigned(self, granted: Sso) -> None:
        console = granted.sandbox.store
        arn = console.permission_sets()["Admin"]["PermissionSetArn"]
        console.remove_user("ada")
        console.remove_group("Platform")
        assert granted.rows(arn) == [("USER", granted.user), ("GROUP", granted.group)]
        request = granted.unassign(arn, principal=granted.user)
        granted.clock.push(2)
        assert granted.deletion(request)["Status"] == "SUCCEEDED"
        assert granted.rows(arn) == [("GROUP", granted.group)]

    def test_they_come_in_pages(self, sso: Sso) -> None:
        console = sso.sandbox.store
        arn = console.create_permission_set("Admin")
        names = [f"g{number}" for number in range(5)]
        ids = [console.add_group(name) for name in names]
        for name in names:
            console.put_assignment(ONE, "Admin", group=name)
        pages = sso.aws.sso.get_paginator("list_account_assignments").paginate(
            InstanceArn=sso.sandbox.instance_arn, PermissionSetArn=arn, AccountId=ONE,
            PaginationConfig={"PageSize": 2},
        )  # fmt: skip
        found = [[row["PrincipalId"] for row in page["AccountAssignments"]] for page in pages]
        assert found == [ids[:2], ids[2:4], ids[4:]]

    def test_an_account_without_any_lists_none(self, sso: Sso) -> None:
        assert sso.rows(sso.make(), "999999999999") == []

"""Assignments: asked for, waited for, refused, failed, listed."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Durations, Quotas
from tests.sandbox.sso import ONE, THREE, TWO, Sso, identity_center


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

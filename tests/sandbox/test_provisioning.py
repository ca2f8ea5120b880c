"""Provisioning: accounts fall behind, and catch up."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import FaultKind, Quotas
from tests.sandbox.sso import ONE, READ_ONLY, THREE, TWO, Sso, identity_center, status


@pytest.fixture
def behind(sso: Sso) -> Sso:
    """`Admin` in two accounts that have not seen its latest edit."""
    console = sso.sandbox.store
    console.create_permission_set("Admin", managed_policies=[READ_ONLY])
    for account in (ONE, TWO):
        console.put_assignment(account, "Admin", group="Platform")
    console.detach_policy("Admin", READ_ONLY, provision=False)
    return sso


def admin(sso: Sso) -> str:
    arn: str = sso.sandbox.store.permission_sets()["Admin"]["PermissionSetArn"]
    return arn


def test_all_accounts_catch_up_side_by_side(behind: Sso) -> None:
    arn = admin(behind)
    assert behind.accounts(arn, latest=False) == [ONE, TWO]
    request = behind.provision(arn)
    behind.clock.push(4.9)
    assert behind.provisioning(request)["Status"] == "IN_PROGRESS"
    assert behind.accounts(arn, latest=False) == [ONE, TWO]
    behind.clock.push(0.2)
    found = behind.provisioning(request)
    assert (found["Status"], found["PermissionSetArn"]) == ("SUCCEEDED", arn)
    assert "AccountId" not in found
    assert (behind.accounts(arn, latest=True), behind.accounts(arn, latest=False)) == ([ONE, TWO], [])


def test_one_account_catches_up_alone(behind: Sso) -> None:
    arn = admin(behind)
    request = behind.provision(arn, TWO)
    behind.clock.push(5)
    assert behind.provisioning(request)["AccountId"] == TWO
    assert (behind.accounts(arn, latest=True), behind.accounts(arn, latest=False)) == ([TWO], [ONE])


def test_an_account_can_be_provisioned_without_an_assignment(behind: Sso) -> None:
    arn = admin(behind)
    behind.provision(arn, THREE)
    behind.clock.push(5)
    assert behind.accounts(arn, latest=True) == [THREE]
    assert behind.rows(arn, THREE) == []


def test_an_assignment_brings_its_account_up_to_date_and_no_other(behind: Sso) -> None:
    arn = admin(behind)
    behind.assign(arn, ONE, behind.user)
    behind.clock.push(2)
    assert (behind.accounts(arn, latest=True), behind.accounts(arn, latest=False)) == ([ONE], [TWO])


def test_an_edit_while_it_runs_leaves_the_accounts_behind(behind: Sso) -> None:
    arn = admin(behind)
    request = behind.provision(arn)
    behind("update_permission_set", PermissionSetArn=arn, Description="meanwhile")
    behind.clock.push(5)
    assert behind.provisioning(request)["Status"] == "SUCCEEDED"
    assert behind.accounts(arn, latest=False) == [ONE, TWO]


def test_a_set_that_is_nowhere_is_provisioned_at_once(sso: Sso) -> None:
    assert sso.provisioning(sso.provision(sso.make()))["Status"] == "SUCCEEDED"


def test_what_an_account_has_is_listed_from_its_side_too(behind: Sso) -> None:
    behind.sandbox.store.create_permission_set("Other")
    behind.sandbox.store.put_assignment(ONE, "Other", user="ada")
    other = behind.sandbox.store.permission_sets()["Other"]["PermissionSetArn"]

    def listed(account: str, *, latest: bool | None = None) -> list[str]:
        more = {} if latest is None else {"ProvisioningStatus": status(latest=latest)}
        found = behind("list_permission_sets_provisioned_to_account", AccountId=account, **more)
        return list(found["PermissionSets"])

    assert listed(ONE) == [admin(behind), other]
    assert listed(ONE, latest=True) == [other]
    assert listed(ONE, latest=False) == [admin(behind)]
    assert listed(TWO) == [admin(behind)]
    assert listed(THREE) == []


def test_three_run_at_once_at_most(sso: Sso) -> None:
    sets = [sso.make(f"S{number}") for number in range(4)]
    for arn in sets[:3]:
        sso.provision(arn, ONE)
    params = {"TargetType": "AWS_ACCOUNT", "TargetId": TWO}
    error = sso.refused("provision_permission_set", PermissionSetArn=sets[3], **params)
    assert error["Code"] == "ThrottlingException"
    sso.clock.push(5)
    sso.provision(sets[3], TWO)


def test_the_same_set_is_provisioned_once_at_a_time(behind: Sso) -> None:
    arn = admin(behind)
    behind.provision(arn)
    error = behind.refused(
        "provision_permission_set", PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS"
    )
    assert error["Code"] == "ConflictException"


def test_it_waits_for_what_the_account_does_already(behind: Sso) -> None:
    arn = admin(behind)
    behind.assign(arn, ONE, behind.user)
    request = behind.provision(arn, ONE)
    behind.clock.push(6)
    assert behind.provisioning(request)["Status"] == "IN_PROGRESS"
    behind.clock.push(1)
    assert behind.provisioning(request)["Status"] == "SUCCEEDED"


def test_where_one_account_fails_the_call_fails_and_the_others_have_caught_up(behind: Sso) -> None:
    arn = admin(behind)
    behind.sandbox.store.break_account(ONE, "Received a 500 status error: try later")
    request = behind.provision(arn)
    behind.clock.push(5)
    found = behind.provisioning(request)
    assert (found["Status"], found["FailureReason"]) == ("FAILED", "Received a 500 status error: try later")
    assert (behind.accounts(arn, latest=True), behind.accounts(arn, latest=False)) == ([TWO], [ONE])


def test_a_policy_that_an_account_lacks_fails_the_provisioning_too(behind: Sso) -> None:
    behind.sandbox.store.attach_policy("Admin", "/ci/deploy", provision=False)
    behind.sandbox.store.declare_policies(ONE, [])
    request = behind.provision(admin(behind), ONE)
    behind.clock.push(5)
    assert "Not supported policy" in behind.provisioning(request)["FailureReason"]


def test_it_can_be_made_to_fail(behind: Sso) -> None:
    behind.sandbox.faults.add(FaultKind.FAIL, "sso-admin.ProvisionPermissionSet")
    request = behind.provision(admin(behind))
    behind.clock.push(5)
    assert behind.provisioning(request)["Status"] == "FAILED"
    assert behind.accounts(admin(behind), latest=True) == []


@pytest.mark.parametrize(
    "target",
    [{"TargetType": "AWS_ACCOUNT"}, {"TargetType": "ALL_PROVISIONED_ACCOUNTS", "TargetId": ONE}],
    ids=["an account that is not named", "all accounts, and one"],
)
def test_a_target_has_a_form(sso: Sso, target: dict[str, str]) -> None:
    error = sso.refused("provision_permission_set", PermissionSetArn=sso.make(), **target)
    assert error["Code"] == "ValidationException"


def test_so_many_accounts_are_provisioned_by_one_call() -> None:
    with identity_center(quotas=Quotas(provisioned_accounts=1)) as sso:
        sso.sandbox.store.create_permission_set("Admin")
        sso.sandbox.store.put_assignment(ONE, "Admin", group="Platform")
        sso.provision(admin(sso))
        sso.clock.push(5)
        sso.sandbox.store.put_assignment(TWO, "Admin", group="Platform")
        error = sso.refused(
            "provision_permission_set", PermissionSetArn=admin(sso), TargetType="ALL_PROVISIONED_ACCOUNTS"
        )
        assert error["Code"] == "ValidationException"


def test_states_are_listed_and_filtered(behind: Sso) -> None:
    first = behind.provision(admin(behind))
    behind.clock.push(5)
    second = behind.provision(admin(behind))

    def listed(**more: object) -> list[str]:
        answer = behind("list_permission_set_provisioning_status", **more)
        return [row["RequestId"] for row in answer["PermissionSetsProvisioningStatus"]]

    assert listed() == [first, second]
    assert listed(Filter={"Status": "IN_PROGRESS"}) == [second]


def test_a_role_whose_last_assignment_is_going_is_not_provisioned(behind: Sso) -> None:
    arn = admin(behind)
    behind.unassign(arn, ONE)
    request = behind.provision(arn, ONE)
    behind.clock.push(30)
    found = behind.provisioning(request)
    assert found["Status"] == "FAILED"
    assert f"Permission set provision not found in AWS account {ONE}" in found["FailureReason"]
    assert behind.accounts(arn) == [TWO]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ({"Effect": "Permit", "Action": "a:b", "Resource": "*"}, "Syntax errors"),
        ({"Effect": "Allow", "Action": "docdb\u2011elastic:*", "Resource": "*"}, "Vendor"),
        ({"Effect": "Allow", "Action": "Get", "Resource": "*"}, "prefaced by a vendor"),
        ({"Effect": "Allow", "Action": "a:b:c", "Resource": "*"}, "one colon"),
        ({"Effect": "Allow", "Resource": "*"}, "must contain actions"),
        ({"Effect": "Allow", "Action": "a:b"}, "must contain resources"),
        ({"Effect": "Allow", "Action": "a:b", "Resource": "x"}, "ARN format"),
        ({"Effect": "Allow", "Action": "a:b", "Resource": "*", "Principal": "*"}, "principal"),
        ("x", "Syntax errors"),
    ],
)
def test_a_policy_that_iam_refuses_is_taken_and_cannot_be_provisioned(
    behind: Sso, statement: object, says: str
) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    behind("put_inline_policy_to_permission_set", PermissionSetArn=admin(behind), InlinePolicy=document)
    request = behind.provision(admin(behind), ONE)
    behind.clock.push(6)
    reason = behind.provisioning(request)["FailureReason"]
    assert "MalformedPolicyDocument" in reason
    assert says in reason

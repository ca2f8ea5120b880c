"""Who calls: the management account, its delegate, or anybody."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Caller, Circumstances
from tests.sandbox.aws import refusal
from tests.sandbox.sso import MANAGEMENT, ONE, POLICY, READ_ONLY, Sso, identity_center
from tests.sandbox.test_policies import CHANGES


@pytest.fixture
def delegated(sso: Sso) -> Sso:
    """`Top` is provisioned in the management account, `Admin` is not; a delegated administrator calls."""
    console = sso.sandbox.store
    for name, account in (("Top", MANAGEMENT), ("Admin", ONE)):
        console.create_permission_set(
            name, managed_policies=[READ_ONLY], customer_policies=["/deploy"], inline_policy=POLICY,
            tags={"a": "b"},
        )  # fmt: skip
        console.set_boundary(name, READ_ONLY)
        console.put_assignment(account, name, group="Platform")
    sso.sandbox.circumstances.caller = Caller.DELEGATED
    return sso


def arn_of(sso: Sso, name: str) -> str:
    arn: str = sso.sandbox.store.permission_sets()[name]["PermissionSetArn"]
    return arn


WRITES: dict[str, dict[str, Any]] = {
    **CHANGES,
    "provision_permission_set": {"TargetType": "AWS_ACCOUNT", "TargetId": ONE},
    "delete_permission_set": {},
}


@pytest.mark.parametrize("operation", WRITES, ids=lambda name: name.replace("_", " "))
def test_a_delegate_cannot_write_a_set_that_the_management_account_has(
    delegated: Sso, operation: str
) -> None:
    before = delegated.sandbox.store.permission_sets()
    error = delegated.refused(operation, PermissionSetArn=arn_of(delegated, "Top"), **WRITES[operation])
    assert error["Code"] == "AccessDeniedException"
    assert delegated.sandbox.store.permission_sets() == before


@pytest.mark.parametrize("operation", CHANGES, ids=lambda name: name.replace("_", " "))
def test_a_delegate_can_write_every_other_set(delegated: Sso, operation: str) -> None:
    delegated(operation, PermissionSetArn=arn_of(delegated, "Admin"), **CHANGES[operation])
    assert delegated.accounts(arn_of(delegated, "Admin"), latest=False) == [ONE]


@pytest.mark.parametrize(
    ("name", "account"),
    [
        pytest.param("Top", MANAGEMENT, id="the management account"),
        pytest.param("Admin", MANAGEMENT, id="another set in the management account"),
        pytest.param("Top", ONE, id="its set in another account"),
    ],
)
def test_a_delegate_cannot_touch_access_to_the_management_account(
    delegated: Sso, name: str, account: str
) -> None:
    before = delegated.sandbox.store.assignments()
    for operation in ("create_account_assignment", "delete_account_assignment"):
        error = delegated.refused(operation, **delegated.grant(arn_of(delegated, name), account))
        assert error["Code"] == "AccessDeniedException"
    delegated.clock.push(10)
    assert delegated.sandbox.store.assignments() == before


def test_a_delegate_cannot_tag_them_and_can_read_them(delegated: Sso) -> None:
    top = arn_of(delegated, "Top")
    tag = {"Tags": [{"Key": "x", "Value": "y"}]}
    assert delegated.refused("tag_resource", ResourceArn=top, **tag)["Code"] == "AccessDeniedException"
    assert delegated.describe(top)["Name"] == "Top"
    assert delegated("list_tags_for_resource", ResourceArn=top)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert delegated.rows(top, MANAGEMENT) == [("GROUP", delegated.group)]


def test_a_delegate_can_grant_and_revoke_elsewhere(delegated: Sso) -> None:
    admin = arn_of(delegated, "Admin")
    request = delegated.assign(admin, ONE, delegated.user)
    delegated.clock.push(2)
    assert delegated.creation(request)["Status"] == "SUCCEEDED"
    delegated.unassign(admin, ONE, delegated.user)


def test_a_delegate_may_ask_by_principal_only_where_that_is_allowed(delegated: Sso) -> None:
    params = {"PrincipalType": "GROUP", "PrincipalId": delegated.group}
    error = delegated.refused("list_account_assignments_for_principal", **params)
    assert error["Code"] == "AccessDeniedException"
    delegated.sandbox.circumstances.lists_for_principal = True
    assert len(delegated("list_account_assignments_for_principal", **params)["AccountAssignments"]) == 2


def test_the_management_account_may_do_all_of_it(delegated: Sso) -> None:
    delegated.sandbox.circumstances.caller = Caller.MANAGEMENT
    for operation in CHANGES:
        delegated(operation, PermissionSetArn=arn_of(delegated, "Top"), **CHANGES[operation])
    delegated.assign(arn_of(delegated, "Top"), MANAGEMENT, delegated.user)


def test_a_member_may_see_that_there_is_an_organisation_and_no_more() -> None:
    with identity_center(circumstances=Circumstances(caller=Caller.MEMBER)) as sso:
        client = sso.aws.organizations
        assert client.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
        for call in (client.list_accounts, client.list_roots):
            assert refusal(call)["Code"] == "AccessDeniedException"
        assert refusal(lambda: client.list_tags_for_resource(ResourceId=ONE))["Code"] == (
            "AccessDeniedException"
        )
        for operation in ("list_permission_sets", "list_account_assignment_creation_status"):
            assert sso.refused(operation)["Code"] == "AccessDeniedException"


def test_a_delegate_may_read_the_organisation(delegated: Sso) -> None:
    assert len(delegated.aws.organizations.list_accounts()["Accounts"]) == 4


def test_a_caller_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="somebody"):
        Circumstances(caller="somebody")  # type: ignore[arg-type]  # that is the mistake

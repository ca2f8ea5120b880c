"""Permission sets and their tags."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Quotas
from tests.sandbox.sso import ONE, READ_ONLY, Sso, identity_center

FOREIGN = "arn:aws:sso:::instance/ssoins-0000000000000000"


def test_a_set_is_created_with_its_defaults(sso: Sso) -> None:
    found = sso("create_permission_set", Name="Admin")["PermissionSet"]
    instance = sso.sandbox.instance_arn.rpartition("/")[2]
    assert found["PermissionSetArn"].startswith(f"arn:aws:sso:::permissionSet/{instance}/ps-")
    assert found["SessionDuration"] == "PT1H"
    assert not {"Description", "RelayState"} & found.keys()
    assert sso.describe(found["PermissionSetArn"]) == found
    assert sso("list_permission_sets")["PermissionSets"] == [found["PermissionSetArn"]]


def test_a_set_is_created_whole(sso: Sso) -> None:
    arn = sso.make(
        "Admin", Description="Führt alles", SessionDuration="PT12H", RelayState="https://example.com/?a=b",
        Tags=[{"Key": "owner", "Value": "platform"}],
    )  # fmt: skip
    found = sso.describe(arn)
    assert (found["Name"], found["Description"]) == ("Admin", "Führt alles")
    assert (found["SessionDuration"], found["RelayState"]) == ("PT12H", "https://example.com/?a=b")
    assert tags(sso, arn) == {"owner": "platform"}


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"Name": "a" * 33}, id="a name of 33 characters"),
        pytest.param({"Name": ""}, id="no name"),
        pytest.param({"Name": "a b"}, id="a name with a space"),
        pytest.param({"Name": "Führung"}, id="a name beyond ASCII"),
        pytest.param({"Name": "A", "Description": ""}, id="an empty description"),
        pytest.param({"Name": "A", "Description": "x" * 701}, id="a description of 701 characters"),
        pytest.param({"Name": "A", "Description": "\u65e5\u672c"}, id="a description beyond Latin-1"),
        pytest.param({"Name": "A", "Description": "fun \U0001f600"}, id="an emoji"),
        pytest.param({"Name": "A", "Description": "a\x00b"}, id="a control character"),
        pytest.param({"Name": "A", "SessionDuration": "4h"}, id="no ISO duration"),
        pytest.param({"Name": "A", "SessionDuration": "PT59M"}, id="under an hour"),
        pytest.param({"Name": "A", "SessionDuration": "PT12H1S"}, id="over twelve hours"),
        pytest.param({"Name": "A", "SessionDuration": "P1D"}, id="a day"),
        pytest.param({"Name": "A", "SessionDuration": "-PT2H"}, id="backwards"),
        pytest.param({"Name": "A", "RelayState": ""}, id="an empty relay state"),
        pytest.param({"Name": "A", "RelayState": "x" * 241}, id="a relay state of 241 characters"),
        pytest.param({"Name": "A", "RelayState": "a<b"}, id="an illegal relay state"),
        pytest.param({"Name": "A", "Tags": [{"Key": "a<", "Value": "b"}]}, id="an illegal tag"),
        pytest.param({"Name": "A", "Tags": [{"Key": "aws:x", "Value": "b"}]}, id="a reserved tag"),
        pytest.param({"Name": "A", "Tags": [{"Key": "a", "Value": "b"}] * 2}, id="a doubled tag"),
    ],
)
def test_what_a_set_cannot_be_is_refused(unchecked_sso: Sso, params: dict[str, Any]) -> None:
    assert unchecked_sso.refused("create_permission_set", **params)["Code"] == "ValidationException"
    assert unchecked_sso.sandbox.store.permission_sets() == {}


@pytest.mark.parametrize("duration", ["PT1H", "PT60M", "PT3600S", "PT11H59M59.5S", "PT12H"])
def test_durations_from_one_hour_to_twelve_are_kept_as_they_were_written(sso: Sso, duration: str) -> None:
    assert sso.describe(sso.make(SessionDuration=duration))["SessionDuration"] == duration


def test_a_name_is_given_once(sso: Sso) -> None:
    first = sso.make("Admin")
    error = sso.refused("create_permission_set", Name="Admin")
    assert (error["Code"], error["Message"]) == (
        "ConflictException", "PermissionSet with name Admin already exists."
    )  # fmt: skip
    sso("delete_permission_set", PermissionSetArn=first)
    assert sso.make("Admin") != first


@pytest.mark.parametrize(
    ("update", "after"),
    [
        pytest.param(
            {}, {"Description": "d", "SessionDuration": "PT2H"}, id="nothing clears the relay state"
        ),
        pytest.param(
            {"RelayState": "https://b"},
            {"Description": "d", "SessionDuration": "PT2H", "RelayState": "https://b"},
            id="another relay state",
        ),
        pytest.param(
            {"Description": "e", "RelayState": "https://a"},
            {"Description": "e", "SessionDuration": "PT2H", "RelayState": "https://a"},
            id="another description",
        ),
        pytest.param(
            {"SessionDuration": "PT3H"},
            {"Description": "d", "SessionDuration": "PT3H"},
            id="another duration clears the relay state",
        ),
    ],
)
def test_an_update_is_no_patch(sso: Sso, update: dict[str, str], after: dict[str, str]) -> None:
    arn = sso.make("Admin", Description="d", SessionDuration="PT2H", RelayState="https://a")
    sso("update_permission_set", PermissionSetArn=arn, **update)
    found = sso.describe(arn)
    assert {key: found[key] for key in found.keys() - {"PermissionSetArn", "CreatedDate"}} == {
        "Name": "Admin", **after
    }  # fmt: skip


def test_an_update_is_checked_like_a_creation(sso: Sso) -> None:
    arn = sso.make("Admin")
    error = sso.refused("update_permission_set", PermissionSetArn=arn, SessionDuration="PT13H")
    assert error["Code"] == "ValidationException"
    assert sso.describe(arn)["SessionDuration"] == "PT1H"


OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    ("describe_permission_set", {}),
    ("update_permission_set", {}),
    ("delete_permission_set", {}),
    ("put_inline_policy_to_permission_set", {"InlinePolicy": '{"Statement": []}'}),
    ("get_inline_policy_for_permission_set", {}),
    ("delete_inline_policy_from_permission_set", {}),
    ("attach_managed_policy_to_permission_set", {"ManagedPolicyArn": READ_ONLY}),
    ("detach_managed_policy_from_permission_set", {"ManagedPolicyArn": READ_ONLY}),
    ("list_managed_policies_in_permission_set", {}),
    (
        "attach_customer_managed_policy_reference_to_permission_set",
        {"CustomerManagedPolicyReference": {"Name": "deploy"}},
    ),
    (
        "detach_customer_managed_policy_reference_from_permission_set",
        {"CustomerManagedPolicyReference": {"Name": "deploy"}},
    ),
    ("list_customer_managed_policy_references_in_permission_set", {}),
    (
        "put_permissions_boundary_to_permission_set",
        {"PermissionsBoundary": {"ManagedPolicyArn": READ_ONLY}},
    ),
    ("get_permissions_boundary_for_permission_set", {}),
    ("delete_permissions_boundary_from_permission_set", {}),
    ("provision_permission_set", {"TargetType": "AWS_ACCOUNT", "TargetId": ONE}),
    ("list_accounts_for_provisioned_permission_set", {}),
    ("list_account_assignments", {"AccountId": ONE}),
]
IDS = [name.replace("_", " ") for name, _ in OPERATIONS]


@pytest.mark.parametrize(("operation", "params"), OPERATIONS, ids=IDS)
@pytest.mark.parametrize(
    ("arn", "code"),
    [
        pytest.param(
            "arn:aws:sso:::permissionSet/{instance}/ps-0000000000000000", "ResourceNotFoundException",
            id="of none",
        ),
        pytest.param(
            "arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-0000000000000000",
            "ResourceNotFoundException", id="of another instance",
        ),
        pytest.param(
            "arn:aws:sso:::instance/{instance}/ps-0000000000000000", "ValidationException", id="of moto",
        ),
        pytest.param("ps-0000000000000000", "ValidationException", id="none at all"),
    ],
)  # fmt: skip
def test_an_arn_must_have_its_shape_and_name_a_set(
    unchecked_sso: Sso, operation: str, params: dict[str, Any], arn: str, code: str
) -> None:
    named = arn.format(instance=unchecked_sso.sandbox.instance_arn.rpartition("/")[2])
    assert unchecked_sso.refused(operation, PermissionSetArn=named, **params)["Code"] == code


@pytest.mark.parametrize(("operation", "params"), OPERATIONS, ids=IDS)
def test_a_foreign_instance_is_denied(sso: Sso, operation: str, params: dict[str, Any]) -> None:
    arn, call = sso.make(), getattr(sso.aws.sso, operation)
    with pytest.raises(sso.aws.sso.exceptions.AccessDeniedException):
        call(InstanceArn=FOREIGN, PermissionSetArn=arn, **params)


def test_sets_are_listed_in_pages_of_a_hundred_at_most(unchecked_sso: Sso) -> None:
    made = [unchecked_sso.make(f"S{number}") for number in range(105)]
    first = unchecked_sso("list_permission_sets")
    second = unchecked_sso("list_permission_sets", NextToken=first["NextToken"])
    assert (first["PermissionSets"], second["PermissionSets"]) == (made[:100], made[100:])
    assert "NextToken" not in second
    for wrong in (0, 101):
        error = unchecked_sso.refused("list_permission_sets", MaxResults=wrong)
        assert error["Code"] == "ValidationException"
    assert unchecked_sso.refused("list_permission_sets", NextToken="x")["Code"] == "ValidationException"


def test_there_are_as_many_sets_as_the_quota_allows() -> None:
    with identity_center(quotas=Quotas(permission_sets=2)) as sso:
        first = sso.make("One")
        sso.make("Two")
        assert sso.refused("create_permission_set", Name="Three")["Code"] == "ServiceQuotaExceededException"
        sso("delete_permission_set", PermissionSetArn=first)
        sso.make("Three")


class TestTags:
    def test_they_are_added_replaced_and_removed(self, sso: Sso) -> None:
        arn = sso.make(Tags=[{"Key": "a", "Value": "1"}])
        sso("tag_resource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
        assert tags(sso, arn) == {"a": "2", "b": ""}
        sso("untag_resource", ResourceArn=arn, TagKeys=["a", "never"])
        assert tags(sso, arn) == {"b": ""}

    def test_the_instance_has_tags_too(self, sso: Sso) -> None:
        sso("tag_resource", ResourceArn=sso.sandbox.instance_arn, Tags=[{"Key": "a", "Value": "1"}])
        assert tags(sso, sso.sandbox.instance_arn) == {"a": "1"}

    def test_they_go_with_their_set(self, sso: Sso) -> None:
        arn = sso.make(Tags=[{"Key": "a", "Value": "1"}])
        sso("delete_permission_set", PermissionSetArn=arn)
        assert sso.refused("list_tags_for_resource", ResourceArn=arn)["Code"] == "ResourceNotFoundException"

    def test_they_leave_no_account_behind(self, sso: Sso) -> None:
        arn = sso.make()
        sso.sandbox.store.put_assignment(ONE, "Admin", group="Platform")
        sso("tag_resource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
        assert sso.accounts(arn, latest=False) == []

    def test_there_are_seventy_five_at_most(self, sso: Sso) -> None:
        arn = sso.make(Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(75)])
        one_more = [{"Key": "k75", "Value": "v"}]
        error = sso.refused("tag_resource", ResourceArn=arn, Tags=one_more)
        assert error["Code"] == "ServiceQuotaExceededException"
        assert len(tags(sso, arn)) == 75


def tags(sso: Sso, arn: str) -> dict[str, str]:
    found = sso("list_tags_for_resource", ResourceArn=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_a_set_that_is_assigned_or_still_goes_cannot_be_deleted(sso: Sso) -> None:
    arn = sso.make()

    def refused() -> str:
        error = sso.refused("delete_permission_set", PermissionSetArn=arn)
        assert error["Code"] == "ConflictException"
        return str(error["Message"])

    sso.assign(arn)
    assert "has ApplicationProfile associated" in refused()
    sso.clock.push(2)
    refused()
    sso.unassign(arn)
    sso.clock.push(2)
    assert sso.rows(arn) == []
    assert sso.accounts(arn) == [ONE]
    refused()
    sso.clock.push(2)
    assert sso.accounts(arn) == []
    sso("delete_permission_set", PermissionSetArn=arn)
    assert sso("list_permission_sets")["PermissionSets"] == []

"""Finding the instance and the organisation: sso-admin and organizations, as far as they are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import Aws, connected, refusal

ORGANISATION = """
management: {id: "999999999999", name: payer, email: payer@example.com}
tags: {root: "yes"}
accounts:
  shared: "222222222222"
units:
  Workloads:
    tags: {tier: "1"}
    accounts:
      payments-prod: {id: "333333333333", tags: {env: prod, team: payments}}
    units:
      Prod:
        accounts:
          old: {id: "044444444444", state: SUSPENDED}
          closed: {id: "055555555555", state: CLOSED, email: closed@example.com}
  Empty: {}
"""


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[Aws]:
    seed = tmp_path / "organisation.yaml"
    seed.write_text(ORGANISATION, encoding="utf-8")
    with Sandbox(throttling=False, latency=0, seed=seed) as sandbox, connected(sandbox) as aws:
        yield aws


def children(aws: Aws, parent: str) -> dict[str, str]:
    pages = aws.organizations.get_paginator("list_organizational_units_for_parent").paginate(ParentId=parent)
    return {unit["Name"]: unit["Id"] for page in pages for unit in page["OrganizationalUnits"]}


def root(aws: Aws) -> str:
    identifier: str = aws.organizations.list_roots()["Roots"][0]["Id"]
    return identifier


def test_the_instance_is_found_in_its_region(aws: Aws, sandbox: Sandbox) -> None:
    (instance,) = aws.sso.list_instances()["Instances"]
    assert instance["InstanceArn"] == sandbox.instance_arn
    assert instance["IdentityStoreId"] == sandbox.identity_store_id
    assert instance["OwnerAccountId"] == sandbox.management_account
    assert instance["Status"] == "ACTIVE"
    assert instance["PrimaryRegion"] == sandbox.region == "us-east-1"
    described = aws.sso.describe_instance(InstanceArn=sandbox.instance_arn)
    assert {key: described[key] for key in instance} == instance
    assert described["PermissionSetsEnabled"] is True


def test_another_region_lists_nothing_unless_all_are_asked(sandbox: Sandbox) -> None:
    with connected(sandbox, region="eu-west-1") as elsewhere:
        assert elsewhere.sso.list_instances()["Instances"] == []
        (found,) = elsewhere.sso.list_instances(RegionScope="ALL_REGIONS")["Instances"]
        assert found["PrimaryRegion"] == "us-east-1"
        error = refusal(lambda: elsewhere.sso.describe_instance(InstanceArn=sandbox.instance_arn))
        assert error["Code"] == "AccessDeniedException"


def test_the_instance_can_live_in_another_region() -> None:
    with (
        Sandbox(throttling=False, latency=0, region="eu-central-1") as sandbox,
        connected(sandbox) as aws,
    ):
        assert aws.sso.list_instances()["Instances"][0]["PrimaryRegion"] == "eu-central-1"
        assert aws("list_users")["Users"] == []


def test_the_identity_store_lists_itself(aws: Aws, sandbox: Sandbox) -> None:
    (store,) = aws.directory.list_identity_stores()["IdentityStores"]
    assert store["IdentityStoreId"] == sandbox.identity_store_id
    described = aws("describe_identity_store")
    assert described["IdentityStoreArn"] == store["IdentityStoreArn"]


def test_a_foreign_instance_cannot_be_described(aws: Aws) -> None:
    foreign = "arn:aws:sso:::instance/ssoins-0000000000000000"
    assert refusal(lambda: aws.sso.describe_instance(InstanceArn=foreign))["Code"] == "AccessDeniedException"


def test_an_operation_that_is_not_there_yet_says_so(aws: Aws, sandbox: Sandbox) -> None:
    error = refusal(lambda: aws.sso.list_trusted_token_issuers(InstanceArn=sandbox.instance_arn))
    assert error["Code"] == "UnknownOperationException"
    assert "sandbox does not have sso-admin.ListTrustedTokenIssuers yet" in error["Message"]


def test_a_new_sandbox_has_an_organisation_of_one_account(aws: Aws, sandbox: Sandbox) -> None:
    organization = aws.organizations.describe_organization()["Organization"]
    assert organization["MasterAccountId"] == sandbox.management_account
    (account,) = aws.organizations.list_accounts()["Accounts"]
    assert account["Id"] == sandbox.management_account


def test_accounts_have_state_status_and_paths(organisation: Aws) -> None:
    accounts = {
        account["Name"]: account for account in organisation.organizations.list_accounts()["Accounts"]
    }
    found = {name: (account["Id"], account["State"], account["Status"]) for name, account in accounts.items()}
    assert found == {
        "payer": ("999999999999", "ACTIVE", "ACTIVE"),
        "shared": ("222222222222", "ACTIVE", "ACTIVE"),
        "payments-prod": ("333333333333", "ACTIVE", "ACTIVE"),
        "old": ("044444444444", "SUSPENDED", "SUSPENDED"),
        "closed": ("055555555555", "CLOSED", "SUSPENDED"),
    }
    top, organization = root(organisation), organisation.organizations.describe_organization()["Organization"]
    workloads = children(organisation, top)["Workloads"]
    prod = children(organisation, workloads)["Prod"]
    assert accounts["shared"]["Paths"] == [f"{organization['Id']}/{top}/222222222222/"]
    assert accounts["old"]["Paths"] == [f"{organization['Id']}/{top}/{workloads}/{prod}/044444444444/"]
    assert accounts["payer"]["Email"] == "payer@example.com"
    assert accounts["payer"]["JoinedMethod"] == "INVITED"


def test_units_can_be_walked_down_and_up(organisation: Aws) -> None:
    top = root(organisation)
    units = children(organisation, top)
    assert set(units) == {"Workloads", "Empty"}
    client = organisation.organizations
    inside = client.list_accounts_for_parent(ParentId=units["Workloads"])["Accounts"]
    assert [account["Id"] for account in inside] == ["333333333333"]
    for kind, expected in (("ACCOUNT", "333333333333"), ("ORGANIZATIONAL_UNIT", None)):
        found = client.list_children(ParentId=units["Workloads"], ChildType=kind)["Children"]
        assert [item["Id"] for item in found] == [
            expected or children(organisation, units["Workloads"])["Prod"]
        ]
    assert client.list_parents(ChildId="333333333333")["Parents"] == [
        {"Id": units["Workloads"], "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert client.list_parents(ChildId=units["Workloads"])["Parents"] == [{"Id": top, "Type": "ROOT"}]
    described = client.describe_organizational_unit(OrganizationalUnitId=units["Workloads"])
    unit = described["OrganizationalUnit"]
    assert (unit["Name"], unit["Path"].endswith(f"/{units['Workloads']}/")) == ("Workloads", True)
    assert client.list_accounts_for_parent(ParentId=units["Empty"])["Accounts"] == []


def test_tags_of_accounts_units_and_the_root(organisation: Aws) -> None:
    def tags(resource: str) -> dict[str, str]:
        found = organisation.organizations.list_tags_for_resource(ResourceId=resource)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    top = root(organisation)
    assert tags("333333333333") == {"env": "prod", "team": "payments"}
    assert tags("222222222222") == {}
    assert tags(top) == {"root": "yes"}
    assert tags(children(organisation, top)["Workloads"]) == {"tier": "1"}


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("describe_account", {"AccountId": "123456789012"}, "AccountNotFoundException"),
        ("list_parents", {"ChildId": "123456789012"}, "ChildNotFoundException"),
        ("list_children", {"ParentId": "r-zzzz", "ChildType": "ACCOUNT"}, "ParentNotFoundException"),
        ("list_accounts_for_parent", {"ParentId": "ou-zzzz-00000000"}, "ParentNotFoundException"),
        ("list_organizational_units_for_parent", {"ParentId": "r-zzzz"}, "ParentNotFoundException"),
        ("list_tags_for_resource", {"ResourceId": "123456789012"}, "TargetNotFoundException"),
        (
            "describe_organizational_unit",
            {"OrganizationalUnitId": "ou-zzzz-00000000"},
            "OrganizationalUnitNotFoundException",
        ),
    ],
)
def test_what_the_organisation_does_not_have_is_not_found(
    organisation: Aws, operation: str, params: dict[str, Any], code: str
) -> None:
    assert refusal(lambda: getattr(organisation.organizations, operation)(**params))["Code"] == code


@pytest.mark.parametrize(
    ("operation", "params", "reason"),
    [
        ("list_accounts", {"MaxResults": 21}, "MAX_VALUE_EXCEEDED"),
        ("list_accounts", {"MaxResults": 0}, "MIN_VALUE_EXCEEDED"),
        ("list_accounts", {"NextToken": "nonsense"}, "INVALID_NEXT_TOKEN"),
        ("describe_account", {"AccountId": "12345678901"}, "INVALID_PATTERN"),
        ("describe_account", {}, "INPUT_REQUIRED"),
        ("list_children", {"ParentId": "r-zzzz", "ChildType": "OU"}, "INVALID_ENUM"),
    ],
)
def test_invalid_input_carries_a_reason(
    unchecked: Aws, operation: str, params: dict[str, Any], reason: str
) -> None:
    error = refusal(lambda: getattr(unchecked.organizations, operation)(**params))
    assert (error["Code"], error["Reason"]) == ("InvalidInputException", reason)


def test_accounts_come_twenty_a_page(tmp_path: Path) -> None:
    seed = tmp_path / "organisation.yaml"
    accounts = "\n".join(f'  a{n}: "{n:012}"' for n in range(1, 45))
    seed.write_text(f"accounts:\n{accounts}\n", encoding="utf-8")
    with Sandbox(throttling=False, latency=0, seed=seed) as sandbox, connected(sandbox) as aws:
        pages = list(aws.organizations.get_paginator("list_accounts").paginate())
        assert [len(page["Accounts"]) for page in pages] == [20, 20, 5]
        assert len({account["Id"] for page in pages for account in page["Accounts"]}) == 45


def test_without_an_organisation_every_call_says_so(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.store.dissolve_organization()
    for operation in ("describe_organization", "list_accounts", "list_roots"):
        error = refusal(getattr(aws.organizations, operation))
        assert error["Code"] == "AWSOrganizationsNotInUseException"


def test_an_account_can_be_closed_behind_everybodys_back(organisation: Aws, tmp_path: Path) -> None:
    with Sandbox(throttling=False, latency=0) as sandbox, connected(sandbox) as aws:
        sandbox.store.set_account_state(sandbox.management_account, "PENDING_CLOSURE")
        assert aws.organizations.list_accounts()["Accounts"][0]["State"] == "PENDING_CLOSURE"

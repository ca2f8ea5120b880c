"""What permission sets allow: inline, managed and customer-managed policies, boundaries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.loading import lists
from reconciler.sandbox import Quotas
from tests.sandbox.sso import BILLING, ONE, POLICY, READ_ONLY, Sso, identity_center

# Policies that AWS has: any others are refused.
REAL = lists.managed_policies()


def inline(sso: Sso, arn: str) -> str:
    text: str = sso("get_inline_policy_for_permission_set", PermissionSetArn=arn)["InlinePolicy"]
    return text


def managed(sso: Sso, arn: str) -> list[dict[str, str]]:
    answer = sso("list_managed_policies_in_permission_set", PermissionSetArn=arn)
    return list(answer["AttachedManagedPolicies"])


def customers(sso: Sso, arn: str) -> list[dict[str, str]]:
    answer = sso("list_customer_managed_policy_references_in_permission_set", PermissionSetArn=arn)
    return list(answer["CustomerManagedPolicyReferences"])


def attach(sso: Sso, arn: str, policy: str) -> None:
    sso("attach_managed_policy_to_permission_set", PermissionSetArn=arn, ManagedPolicyArn=policy)


def attach_customer(sso: Sso, arn: str, name: str, **path: str) -> None:
    sso(
        "attach_customer_managed_policy_reference_to_permission_set",
        PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": name, **path},
    )  # fmt: skip


class TestInline:
    def test_it_is_put_replaced_and_deleted(self, sso: Sso) -> None:
        arn = sso.make()
        assert inline(sso, arn) == ""
        for text in (POLICY, POLICY.replace("2012-10-17", "2008-10-17")):
            sso("put_inline_policy_to_permission_set", PermissionSetArn=arn, InlinePolicy=text)
            assert inline(sso, arn) == text
        for _ in range(2):
            sso("delete_inline_policy_from_permission_set", PermissionSetArn=arn)
            assert inline(sso, arn) == ""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            pytest.param("no json", "ValidationException", id="no JSON"),
            pytest.param("[]", "ValidationException", id="a list"),
            pytest.param('{"Version": "2012-10-17"}', "ValidationException", id="no statement"),
            pytest.param("", "ValidationException", id="nothing"),
            pytest.param("[" * 9_000, "ValidationException", id="nested beyond reason"),
            pytest.param('{"Statement": "\u65e5"}', "ValidationException", id="beyond Latin-1"),
            pytest.param('{"Statement": []}' + " " * 32_752, "ValidationException", id="32,769 characters"),
            pytest.param(
                '{"Statement": ["' + "é" * 16_384 + '"]}', "ValidationException", id="more bytes than 32,768"
            ),
            pytest.param(
                '{"Statement":["' + "x" * 10_224 + '"]}', "ServiceQuotaExceededException",
                id="10,241 characters that are not spaces",
            ),
        ],
    )  # fmt: skip
    def test_what_is_no_policy_is_refused(self, unchecked_sso: Sso, text: str, code: str) -> None:
        arn = unchecked_sso.make()
        error = unchecked_sso.refused(
            "put_inline_policy_to_permission_set", PermissionSetArn=arn, InlinePolicy=text
        )
        assert error["Code"] == code
        assert inline(unchecked_sso, arn) == ""

    def test_the_largest_is_taken(self, sso: Sso) -> None:
        arn = sso.make()
        text = '{"Statement":["' + "x" * 10_222 + '"]}'
        text += " " * (32_768 - len(text))
        sso("put_inline_policy_to_permission_set", PermissionSetArn=arn, InlinePolicy=text)
        assert inline(sso, arn) == text


class TestManaged:
    def test_they_are_attached_listed_and_detached(self, sso: Sso) -> None:
        arn = sso.make()
        for policy in (READ_ONLY, BILLING):
            attach(sso, arn, policy)
        assert managed(sso, arn) == [
            {"Name": "ReadOnlyAccess", "Arn": READ_ONLY}, {"Name": "Billing", "Arn": BILLING}
        ]  # fmt: skip
        sso("detach_managed_policy_from_permission_set", PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
        assert [policy["Arn"] for policy in managed(sso, arn)] == [BILLING]

    def test_twice_is_a_conflict_and_absent_is_not_found(self, sso: Sso) -> None:
        arn, named = sso.make(), {"ManagedPolicyArn": READ_ONLY}
        detach = "detach_managed_policy_from_permission_set"
        assert sso.refused(detach, PermissionSetArn=arn, **named)["Code"] == "ResourceNotFoundException"
        attach(sso, arn, READ_ONLY)
        error = sso.refused("attach_managed_policy_to_permission_set", PermissionSetArn=arn, **named)
        assert error["Code"] == "ConflictException"
        assert len(managed(sso, arn)) == 1

    @pytest.mark.parametrize(
        "arn",
        [
            "ReadOnlyAccess",
            "arn:aws:iam::123456789012:policy/mine",
            "arn:aws:iam::aws:role/ReadOnlyAccess",
            "arn:aws:iam::aws:policy/a b",
        ],
    )
    def test_only_policies_of_aws_can_be_attached(self, unchecked_sso: Sso, arn: str) -> None:
        error = unchecked_sso.refused(
            "attach_managed_policy_to_permission_set",
            PermissionSetArn=unchecked_sso.make(),
            ManagedPolicyArn=arn,
        )
        assert error["Code"] == "ValidationException"

    def test_both_kinds_together_are_twenty_five_at_most(self, sso: Sso) -> None:
        arn = sso.make()
        for number in range(15):
            attach(sso, arn, f"arn:aws:iam::aws:policy/{REAL[number]}")
        for number in range(10):
            attach_customer(sso, arn, f"c{number}")
        more: list[tuple[str, dict[str, Any]]] = [
            ("attach_managed_policy_to_permission_set", {"ManagedPolicyArn": READ_ONLY}),
            (
                "attach_customer_managed_policy_reference_to_permission_set",
                {"CustomerManagedPolicyReference": {"Name": "deploy"}},
            ),
        ]
        for operation, params in more:
            error = sso.refused(operation, PermissionSetArn=arn, **params)
            assert error["Code"] == "ServiceQuotaExceededException"
        assert (len(managed(sso, arn)), len(customers(sso, arn))) == (15, 10)

    def test_the_quota_can_be_set(self) -> None:
        with identity_center(quotas=Quotas(policies_per_set=1)) as sso:
            arn = sso.make()
            attach(sso, arn, READ_ONLY)
            error = sso.refused(
                "attach_managed_policy_to_permission_set", PermissionSetArn=arn, ManagedPolicyArn=BILLING
            )
            assert error["Code"] == "ServiceQuotaExceededException"

    def test_they_are_listed_in_pages(self, sso: Sso) -> None:
        arn = sso.make()
        for number in range(5):
            attach(sso, arn, f"arn:aws:iam::aws:policy/{REAL[number]}")
        pages = sso.aws.sso.get_paginator("list_managed_policies_in_permission_set").paginate(
            InstanceArn=sso.sandbox.instance_arn, PermissionSetArn=arn, PaginationConfig={"PageSize": 2}
        )
        names = [[policy["Name"] for policy in page["AttachedManagedPolicies"]] for page in pages]
        assert names == [list(REAL[0:2]), list(REAL[2:4]), list(REAL[4:5])]


class TestCustomerManaged:
    def test_they_are_attached_listed_and_detached_by_name_and_path(self, sso: Sso) -> None:
        arn = sso.make()
        attach_customer(sso, arn, "deploy")
        attach_customer(sso, arn, "deploy", Path="/ci/")
        assert customers(sso, arn) == [{"Name": "deploy", "Path": "/"}, {"Name": "deploy", "Path": "/ci/"}]
        detach = "detach_customer_managed_policy_reference_from_permission_set"
        sso(detach, PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": "deploy"})
        assert customers(sso, arn) == [{"Name": "deploy", "Path": "/ci/"}]
        error = sso.refused(
            detach, PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": "deploy", "Path": "/"}
        )
        assert error["Code"] == "ResourceNotFoundException"

    def test_twice_is_a_conflict(self, sso: Sso) -> None:
        arn = sso.make()
        attach_customer(sso, arn, "deploy", Path="/ci/")
        error = sso.refused(
            "attach_customer_managed_policy_reference_to_permission_set",
            PermissionSetArn=arn, CustomerManagedPolicyReference={"Name": "deploy", "Path": "/ci/"},
        )  # fmt: skip
        assert error["Code"] == "ConflictException"

    @pytest.mark.parametrize("path", ["ci", "/ci", "ci/", "//", ""])
    def test_a_path_begins_and_ends_with_a_slash(self, unchecked_sso: Sso, path: str) -> None:
        error = unchecked_sso.refused(
            "attach_customer_managed_policy_reference_to_permission_set",
            PermissionSetArn=unchecked_sso.make(),
            CustomerManagedPolicyReference={"Name": "deploy", "Path": path},
        )
        assert error["Code"] == "ValidationException"


class TestBoundary:
    def boundary(self, sso: Sso, arn: str) -> dict[str, Any]:
        answer = sso("get_permissions_boundary_for_permission_set", PermissionSetArn=arn)
        return dict(answer["PermissionsBoundary"])

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ({"ManagedPolicyArn": READ_ONLY}, {"ManagedPolicyArn": READ_ONLY}),
            (
                {"CustomerManagedPolicyReference": {"Name": "edge"}},
                {"CustomerManagedPolicyReference": {"Name": "edge", "Path": "/"}},
            ),
            (
                {"CustomerManagedPolicyReference": {"Name": "edge", "Path": "/x/"}},
                {"CustomerManagedPolicyReference": {"Name": "edge", "Path": "/x/"}},
            ),
        ],
        ids=["of AWS", "of the customer", "of the customer, with a path"],
    )
    def test_it_is_put_replaced_and_deleted(
        self, sso: Sso, given: dict[str, Any], found: dict[str, Any]
    ) -> None:
        arn, none = sso.make(), "ResourceNotFoundException"
        for operation in (
            "get_permissions_boundary_for_permission_set", "delete_permissions_boundary_from_permission_set"
        ):  # fmt: skip
            assert sso.refused(operation, PermissionSetArn=arn)["Code"] == none
        put = "put_permissions_boundary_to_permission_set"
        sso(put, PermissionSetArn=arn, PermissionsBoundary={"ManagedPolicyArn": BILLING})
        sso(put, PermissionSetArn=arn, PermissionsBoundary=given)
        assert self.boundary(sso, arn) == found
        sso("delete_permissions_boundary_from_permission_set", PermissionSetArn=arn)
        error = sso.refused("get_permissions_boundary_for_permission_set", PermissionSetArn=arn)
        assert error["Code"] == none

    @pytest.mark.parametrize(
        "given",
        [{}, {"ManagedPolicyArn": READ_ONLY, "CustomerManagedPolicyReference": {"Name": "edge"}}],
        ids=["neither", "both"],
    )
    def test_it_is_one_or_the_other(self, sso: Sso, given: dict[str, Any]) -> None:
        error = sso.refused(
            "put_permissions_boundary_to_permission_set",
            PermissionSetArn=sso.make(),
            PermissionsBoundary=given,
        )
        assert error["Code"] == "ValidationException"


CHANGES: dict[str, dict[str, Any]] = {
    "update_permission_set": {"Description": "another"},
    "put_inline_policy_to_permission_set": {"InlinePolicy": json.dumps({"Statement": []})},
    "delete_inline_policy_from_permission_set": {},
    "attach_managed_policy_to_permission_set": {"ManagedPolicyArn": BILLING},
    "detach_managed_policy_from_permission_set": {"ManagedPolicyArn": READ_ONLY},
    "attach_customer_managed_policy_reference_to_permission_set": {
        "CustomerManagedPolicyReference": {"Name": "other"}
    },
    "detach_customer_managed_policy_reference_from_permission_set": {
        "CustomerManagedPolicyReference": {"Name": "deploy"}
    },
    "put_permissions_boundary_to_permission_set": {"PermissionsBoundary": {"ManagedPolicyArn": BILLING}},
    "delete_permissions_boundary_from_permission_set": {},
}


@pytest.mark.parametrize("operation", CHANGES, ids=lambda name: name.replace("_", " "))
def test_every_change_of_content_leaves_the_accounts_behind_until_they_are_provisioned(
    sso: Sso, operation: str
) -> None:
    arn = sso.sandbox.store.create_permission_set(
        "Admin", managed_policies=[READ_ONLY], customer_policies=["/deploy"], inline_policy=POLICY
    )
    sso.sandbox.store.set_boundary("Admin", READ_ONLY)
    sso.sandbox.store.put_assignment(ONE, "Admin", group="Platform")
    assert (sso.accounts(arn, latest=True), sso.accounts(arn, latest=False)) == ([ONE], [])
    sso(operation, PermissionSetArn=arn, **CHANGES[operation])
    assert (sso.accounts(arn, latest=True), sso.accounts(arn, latest=False)) == ([], [ONE])
    sso.provision(arn)
    sso.clock.push(5)
    assert (sso.accounts(arn, latest=True), sso.accounts(arn, latest=False)) == ([ONE], [])


def test_a_policy_that_aws_does_not_have_is_not_attached(sso: Sso) -> None:
    arn, policy = sso.make(), "arn:aws:iam::aws:policy/ReadOnlyAcess"
    error = sso.refused(
        "attach_managed_policy_to_permission_set", PermissionSetArn=arn, ManagedPolicyArn=policy
    )
    assert error["Code"] == "ResourceNotFoundException"
    sso.sandbox.store.declare_policies("aws", ["/ReadOnlyAcess"])
    attach(sso, arn, policy)
    assert [each["Arn"] for each in managed(sso, arn)] == [policy]

"""Answers of the sso-admin API that the sandbox does not give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import IncompleteRead, ServiceError
from reconciler.model.address import Kind
from reconciler.model.observer import Silent
from reconciler.targets.base import NOTHING, ReadRequest
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.reading import Access, AccessReader
from reconciler.wire.aws import Aws
from tests.support.pairs import pair_of
from tests.targets.access import ONE, TWO
from tests.wire.clocks import FakeClock
from tests.wire.scripted import Reply, error, serve

ARN, OTHER = (f"arn:aws:sso:::permissionSet/ssoins-1111111111111111/ps-{digit * 16}" for digit in "12")
GROUP = "group-1"
ALL_ACCESS = replace(NOTHING, permission_sets=None, assignments=None)


def row(**changed: str) -> dict[str, str]:
    usual = {
        "AccountId": ONE, "PermissionSetArn": ARN, "PrincipalType": "GROUP", "PrincipalId": GROUP
    }  # fmt: skip
    return usual | changed


def scripted(
    replies: Mapping[str, Reply],
    request: ReadRequest = ALL_ACCESS,
    **more: Any,
) -> Access:
    usual = {
        "ListPermissionSets": Reply({"PermissionSets": [ARN]}),
        "ListAccountsForProvisionedPermissionSet": Reply({"AccountIds": [ONE]}),
        "ListAccountAssignments": Reply({"AccountAssignments": [row()]}),
        "DescribePermissionSet": Reply({"PermissionSet": {"PermissionSetArn": ARN, "Name": "Admin"}}),
        "GetInlinePolicyForPermissionSet": Reply({"InlinePolicy": "{not json"}),
        "ListManagedPoliciesInPermissionSet": Reply({"AttachedManagedPolicies": []}),
        "ListCustomerManagedPolicyReferencesInPermissionSet": Reply({"CustomerManagedPolicyReferences": []}),
        "GetPermissionsBoundaryForPermissionSet": Reply({}),
        "ListTagsForResource": Reply({"Tags": []}),
        **replies,
    }
    with serve(answer=lambda operation, _: usual[operation]) as script:
        aws = Aws("aws", region="us-east-1", endpoint_url=script.url, sandbox=True, clock=FakeClock())
        reader = AccessReader(Sso(aws, lambda: "arn:aws:sso:::instance/ssoins-1"), Silent(), "aws")
        listed = reader.list_sets() if request.permission_sets is None else ()
        return reader.read(request, listed, **({"accounts": {ONE: True}, "groups": None} | more))


def test_a_scripted_instance_is_read() -> None:
    access = scripted({})

    (found,) = access.sets.values()
    # A policy that is not JSON stays as it is, and an answer without boundary has none.
    assert found.attributes == {"name": "Admin", "inline_policy": "{not json"}
    assert {each.id for each in access.assignments[pair_of(ONE, ARN)]} == {GROUP}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([row(AccountId=TWO)], "answered about", id="of another account"),
        pytest.param([row(PermissionSetArn=OTHER)], "answered about", id="of another set"),
        pytest.param([row(PrincipalType="ROBOT")], "neither a user nor a group", id="of something else"),
        pytest.param([row(PrincipalId="")], "has no id", id="of nobody"),
        pytest.param([row(), row()], "came twice", id="one twice"),
    ],
)
def test_assignments_that_make_no_sense_end_the_read(rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(IncompleteRead, match=message):
        scripted({"ListAccountAssignments": Reply({"AccountAssignments": rows})})


@pytest.mark.parametrize(
    ("operation", "answer", "message"),
    [
        pytest.param("ListPermissionSets", {"PermissionSets": [ARN, ARN]}, "came twice", id="a set twice"),
        pytest.param(
            "ListAccountsForProvisionedPermissionSet",
            {"AccountIds": ["12"]},
            "not a valid account id",
            id="no account",
        ),
        pytest.param(
            "ListAccountsForProvisionedPermissionSet",
            {"AccountIds": [ONE, ONE]},
            "twice",
            id="one twice",
        ),
        pytest.param(
            "DescribePermissionSet",
            {"PermissionSet": {"PermissionSetArn": OTHER, "Name": "Admin"}},
            "answered about",
            id="another set",
        ),
        pytest.param(
            "DescribePermissionSet", {"PermissionSet": {"PermissionSetArn": ARN}}, "asked for", id="no name"
        ),
    ],
)
def test_answers_that_make_no_sense_end_the_read(
    operation: str, answer: dict[str, Any], message: str
) -> None:
    with pytest.raises(IncompleteRead, match=message):
        scripted({operation: Reply(answer)})


@pytest.mark.parametrize("accounts", [{TWO: True}, {ONE: False}], ids=["not in the list", "not active"])
@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ValidationException"])
def test_an_account_that_the_service_does_not_list_is_a_gap_unless_it_is_active(
    accounts: dict[str, bool], code: str
) -> None:
    refused = {"ListAccountAssignments": error(code)}

    access = scripted(refused, accounts=accounts)

    assert [(gap.kind, gap.scope) for gap in access.gaps] == [(Kind.ASSIGNMENT, ONE)]
    assert access.assignments == {}
    with pytest.raises(ServiceError, match="ListAccountAssignments"):
        scripted(refused, accounts={ONE: True})


def test_rows_of_people_among_those_of_a_group_are_left_out_and_of_another_group_end_the_read() -> None:
    request = replace(ALL_ACCESS, by_group=True)
    many = {"ListAccountsForProvisionedPermissionSet": Reply({"AccountIds": [ONE, TWO]}),
            "ListAccountAssignments": Reply({"AccountAssignments": []})}  # fmt: skip

    def rows(*each: dict[str, str]) -> Access:
        listed = {"ListAccountAssignmentsForPrincipal": Reply({"AccountAssignments": list(each)})}
        return scripted(many | listed, request, accounts={ONE: True, TWO: True}, groups=[GROUP])

    access = rows(row(), row(PrincipalType="USER", PrincipalId="ada"))
    assert {pair: {each.id for each in found} for pair, found in access.assignments.items()} == {
        (ONE, ARN): {GROUP}
    }
    with pytest.raises(IncompleteRead, match="answered about group-2"):
        rows(row(PrincipalId="group-2"))

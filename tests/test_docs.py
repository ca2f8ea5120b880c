"""The tables from Terraform name only fields that there are, and every resource and argument."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "from-terraform.md").read_text(encoding="utf-8")
# Names that stand for any key of a map.
_ANY = ("KEY", "NAME")


def _rows() -> list[list[str]]:
    """The cells of every row of every table, without heads and rules."""
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    split = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [cells for cells in split if cells[0] != "Terraform" and not set(cells[0]) <= {"-"}]


def _spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# Also those of the running text.
PATHS = sorted(
    {path for _, here, _ in _rows() for path in _spans(here)}
    | {span for span in _spans(TEXT) if re.match(r"(users|groups|assignments|permission_sets)\.", span)}
)


@cache
def _schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    return loaded


def _below(schema: dict[str, Any], nodes: list[dict[str, Any]], step: str) -> list[dict[str, Any]]:
    """What stands at one step below any of `nodes`, references and alternatives followed."""
    found: list[dict[str, Any]] = []
    for node in _alternatives(schema, nodes):
        if step == "[]":
            found += [node["items"]] if "items" in node else []
        elif step in _ANY:
            found += (
                [node["additionalProperties"]] if isinstance(node.get("additionalProperties"), dict) else []
            )
        elif step in node.get("properties", {}):
            found.append(node["properties"][step])
    return found


def _alternatives(schema: dict[str, Any], nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for node in nodes:
        target = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        found.append(target)
        found += _alternatives(schema, [*target.get("anyOf", []), *target.get("oneOf", [])])
    return found


def _exists(path: str) -> bool:
    steps = [step for part in path.split(".") for step in re.findall(r"\[\]|[^\[\]]+", part)]
    for name in ("identities", "reconciler"):
        nodes = [_schema(name)]
        for step in steps:
            nodes = _below(_schema(name), nodes, step)
        if nodes:
            return True
    return False


@pytest.mark.parametrize("path", PATHS)
def test_every_field_on_our_side_exists(path: str) -> None:
    assert _exists(path)


@pytest.mark.parametrize("path", ["users.KEY.emails", "users.title", "groups.KEY.members.user", "nothing"])
def test_a_field_that_does_not_exist_is_found(path: str) -> None:
    assert not _exists(path)


def test_what_has_no_counterpart_says_why() -> None:
    assert [row for row in _rows() if row[1] == "none" and not row[2]] == []
    assert [row for row in _rows() if row[1] != "none" and not _spans(row[1])] == []


# Resources and data sources of the provider, and the arguments that are particular to one
# (registry.terraform.io, hashicorp/aws, "SSO Admin" and "SSO Identity Store").
RESOURCES = {
    "aws_ssoadmin_account_assignment": "permission_set_arn principal_id principal_type target_id target_type",
    "aws_ssoadmin_account_assignments": "principal_ids",
    "aws_ssoadmin_application": "",
    "aws_ssoadmin_application_access_scope": "",
    "aws_ssoadmin_application_assignment": "",
    "aws_ssoadmin_application_assignment_configuration": "",
    "aws_ssoadmin_application_assignments": "",
    "aws_ssoadmin_application_grant": "",
    "aws_ssoadmin_application_providers": "",
    "aws_ssoadmin_customer_managed_policy_attachment": "customer_managed_policy_reference.name "
    "customer_managed_policy_reference.path",
    "aws_ssoadmin_customer_managed_policy_attachments_exclusive": "customer_managed_policy_reference",
    "aws_ssoadmin_instance": "",
    "aws_ssoadmin_instance_access_control_attributes": "",
    "aws_ssoadmin_instances": "instance_arn identity_store_id",
    "aws_ssoadmin_managed_policy_attachment": "managed_policy_arn",
    "aws_ssoadmin_managed_policy_attachments_exclusive": "managed_policy_arns",
    "aws_ssoadmin_permission_set": "name description session_duration relay_state tags region",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
    "aws_ssoadmin_permission_sets": "",
    "aws_ssoadmin_permissions_boundary_attachment": "permissions_boundary.managed_policy_arn "
    "permissions_boundary.customer_managed_policy_reference.name "
    "permissions_boundary.customer_managed_policy_reference.path",
    "aws_ssoadmin_principal_application_assignments": "",
    "aws_ssoadmin_region": "",
    "aws_ssoadmin_trusted_token_issuer": "",
    "aws_identitystore_group": "display_name description external_ids group_id alternate_identifier filter",
    "aws_identitystore_groups": "",
    "aws_identitystore_group_membership": "group_id member_id",
    "aws_identitystore_group_memberships": "",
    "aws_identitystore_user": "user_name display_name name.given_name name.family_name name.middle_name "
    "name.formatted name.honorific_prefix name.honorific_suffix nick_name title user_type preferred_language "
    "locale timezone profile_url emails.value emails.type emails.primary phone_numbers.value "
    "phone_numbers.type phone_numbers.primary addresses.formatted addresses.street_address "
    "addresses.locality addresses.region addresses.postal_code addresses.country addresses.type "
    "addresses.primary external_ids user_id alternate_identifier filter",
    "aws_identitystore_users": "",
}


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_resource_and_argument_is_named(resource: str) -> None:
    assert resource in _spans(TEXT)
    named = {span for row in _rows() for span in _spans(row[0])}
    assert [each for each in RESOURCES[resource].split() if each not in named] == []


def test_the_readme_leads_here() -> None:
    assert "](docs/from-terraform.md)" in (ROOT / "README.md").read_text(encoding="utf-8")

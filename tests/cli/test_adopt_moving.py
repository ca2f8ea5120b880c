"""`reconciler adopt` with names and structure of other tools: Terraform, the pipeline, aws-sso-util."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.stage import Real
from tests.cli.test_adopt import applied_first, texts

DEV, PROD, TEST = "210000000001", "210000000002", "210000000003"
POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> Real:
    """An empty repository in front of an organization that Terraform made, and a group of somebody else's."""
    store = aws.store
    for number, name in enumerate(("dev", "prod", "test"), 1):
        store.create_account(f"21000000000{number}", name, unit="Workloads")
    store.add_user("ada@example.com", email="ada@example.com")
    store.add_group("Platform Admins")
    store.add_group("Auditors: all")
    store.add_group("entra", external_id="e-1")
    store.add_member("Platform Admins", "ada@example.com")
    store.create_permission_set("Read", managed_policies=[POLICY])
    for account in (DEV, PROD):
        store.put_assignment(account, "Read", group="Platform Admins")
    for account in (DEV, PROD, TEST):
        store.put_assignment(account, "Read", group="Auditors: all")
    store.put_assignment(TEST, "Read", group="entra")
    stage = Real(tmp_path / "access", monkeypatch, capsys, aws)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    stage.work.commit({"README": "ours"}, message="begin")
    stage.forget()
    return stage


def ids(stage: Real) -> dict[str, str]:
    store = stage.sandbox.store
    found = {name: str(one["UserId"]) for name, one in store.users().items()}
    found |= {name: str(one["GroupId"]) for name, one in store.groups().items()}
    return found | {name: str(one["PermissionSetArn"]) for name, one in store.permission_sets().items()}


def resource(address: str, index: str | None = None, **values: Any) -> dict[str, Any]:
    kind, name = address.split(".")[-2:]
    shown = address if index is None else f'{address}["{index}"]'
    found = {"address": shown, "mode": "managed", "type": kind, "name": name, "values": values}
    return found if index is None else {**found, "index": index}


def assigned(address: str, index: str, arn: str, principal: str, account: str) -> dict[str, Any]:
    return resource(
        address, index, permission_set_arn=arn, principal_type="GROUP", principal_id=principal,
        target_id=account,
    )  # fmt: skip


def state(stage: Real) -> Mapping[str, Any]:
    known = ids(stage)
    admins, arn = known["Platform Admins"], known["Read"]
    root = [
        resource("aws_identitystore_group.platform", group_id=admins),
        resource("aws_identitystore_group.this", "security/audit", group_id=known["Auditors: all"]),
        resource("aws_identitystore_user.owner", user_id=known["ada@example.com"]),
        resource(
            "aws_identitystore_group_membership.owner", group_id=admins, member_id=known["ada@example.com"]
        ),
        resource("aws_ssoadmin_permission_set.read", arn=arn, name="Read"),
        resource("aws_ssoadmin_managed_policy_attachment.read", permission_set_arn=arn),
        resource("aws_ssoadmin_application.portal", arn="arn:aws:sso::1:application/x"),
        resource("aws_s3_bucket.logs", bucket="logs"),
        resource("aws_identitystore_group.gone", group_id="00000000-0000"),
        assigned("aws_ssoadmin_account_assignment.platform_reads", DEV, arn, admins, DEV),
        assigned("aws_ssoadmin_account_assignment.platform_reads", PROD, arn, admins, PROD),
        assigned("aws_ssoadmin_account_assignment.stale", TEST, arn, admins, TEST),
    ]
    inner = [
        assigned("module.audit.aws_ssoadmin_account_assignment.this", one, arn, known["Auditors: all"], one)
        for one in (DEV, PROD, TEST)
    ]
    data = {**resource("data.aws_ssoadmin_instances.main"), "mode": "data"}
    module = {"address": "module.audit", "resources": inner}
    values = {"root_module": {"resources": [*root, data], "child_modules": [module]}}
    return {"format_version": "1.0", "terraform_version": "1.9.0", "values": values}


def test_the_names_and_the_structure_of_terraform_are_kept(live: Real) -> None:
    (live.root / "state.json").write_text(json.dumps(state(live)), "utf-8")

    ended = live.run("adopt", "--from-terraform", "state.json")

    assert ended.code == 0, ended.output
    files = texts(live)
    assert "  platform: {display_name: Platform Admins, members: [owner]}" in files["groups.yaml"]
    assert '  security-audit: {display_name: "Auditors: all"' in files["groups.yaml"]
    assert "  owner:" in files["users.yaml"]
    entries = files["assignments.yaml"]
    assert "  platform_reads: {groups: [platform], permission_sets: [Read], accounts: [dev, prod]}" in entries
    assert "  audit:\n" in entries or "  audit: {groups: [security-audit]" in entries
    for going in (
        "aws_identitystore_group.this",
        "aws_ssoadmin_account_assignment.platform_reads",
        "module.audit.aws_ssoadmin_account_assignment.this",
        "aws_ssoadmin_managed_policy_attachment.read",
    ):
        assert f"removed {{\n  from = {going}\n  lifecycle {{\n    destroy = false\n  }}\n}}" in ended.out
    assert "aws_ssoadmin_application.portal: it has no counterpart here" in ended.output
    for staying in ("portal", "stale", "gone", "logs"):
        assert f"from = aws_{staying}" not in ended.out
        assert f".{staying}\n" not in ended.out
    assert "is not assigned" in ended.output
    (live.root / "state.json").unlink()
    applied_first(live)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON (line 1)"),
        ("[" * 100_000, "nested too deep"),
        (f'{{"n": {"1" * 5000}}}', "a number in it is too long"),
        ('{"version": 4, "lineage": "x", "resources": []}', "as Terraform keeps it"),
        ('{"version": 4, "resources": []}', "terraform show -json"),
        ('{"format_version": "0.2", "values": {"root_module": {}}}', "only 1 is understood"),
        ('{"format_version": "1.0"}', "is an empty state"),
        ('{"format_version": "1.0", "values": null}', "is an empty state"),
        ('{"format_version": "1.0", "values": [1]}', "values is not an object"),
        ('{"format_version": "1.0", "values": {"root_module": {"resources": 7}}}', None),
        ('{"format_version": "1.0", "values": {"root_module": {"child_modules": true}}}', None),
        ('\ufeff{"format_version": "1.0", "values": {"root_module": {}}}', None),
        ('{"format_version": "1.0", "values": {"root_module": 7}}', None),
        ('{"format_version": "1.0", "values": {"root_module": {"resources": [7, {"values": 3}]}}}', None),
    ],
)
def test_another_file_is_refused_and_nothing_written(live: Real, text: str, says: str | None) -> None:
    (live.root / "state.json").write_text(text, "utf-8")

    ended = live.run("adopt", "--from-terraform", "state.json")

    assert ended.code == (0 if says is None else 1), ended.output
    assert (says or "The state of Terraform has no resource of IAM Identity Center.") in ended.output
    assert (live.root / "identities").exists() == (says is None)


def test_addresses_and_indices_are_no_way_into_the_answer_or_the_files(live: Real) -> None:
    known = ids(live)
    hostile = 'x"]\nresource "a" "b" {}\n#'
    odd = resource("aws_identitystore_group.this", hostile, group_id=known["Platform Admins"])
    worse = {**odd, "address": f"aws_identitystore_group.{hostile}", "index": None, "name": hostile}
    worse["values"] = {"group_id": known["Auditors: all"]}
    document = {
        "format_version": "1.0",
        "values": {"root_module": {"resources": [odd, worse, {**odd, "type": "aws_identitystore_\n"}]}},
    }
    (live.root / "state.json").write_text(json.dumps(document), "utf-8")

    ended = live.run("adopt", "--from-terraform", "state.json")

    assert ended.code == 0, ended.output
    assert "\nresource " not in ended.out
    assert "\nresource " not in "".join(texts(live).values())
    assert live.run("validate").code == 0


def test_a_deposed_object_keeps_its_resource_and_names_may_be_of_any_script(live: Real) -> None:
    known = ids(live)
    old = resource("aws_identitystore_group.ops", group_id="00000000-0000") | {"deposed_key": "0a1b2c3d"}
    now = resource("aws_identitystore_group.ops", group_id=known["Platform Admins"])
    other = resource("aws_identitystore_group.équipe", group_id=known["Auditors: all"])
    odd = resource("aws_identitystore_group.0", group_id=known["Auditors: all"])
    values = {"root_module": {"resources": [old, now, other, odd]}}
    (live.root / "state.json").write_text(json.dumps({"format_version": "1.0", "values": values}), "utf-8")

    ended = live.run("adopt", "--from-terraform", "state.json", "--format", "json")

    assert ended.code == 0, ended.output
    found = json.loads(ended.out)
    assert [block.split("\n")[1].strip() for block in found["removed"]] == [
        "from = aws_identitystore_group.équipe"
    ]
    assert {(one["name"].rpartition(".")[2], one["why"]) for one in found["kept"]} == {
        ("ops", "git does not declare the group"),
        ("ops", "another instance of its resource stays"),
        ("0", "its address is not one that a `removed` block takes"),
    }


def test_the_files_of_the_pipeline_give_their_names(live: Real) -> None:
    folder = live.root / "templates"
    folder.mkdir()
    (folder / "Platform@corp-assignments.yaml").write_text(
        "Assignments:\n"
        "- PrincipalId: Platform Admins\n  PrincipalType: GROUP\n  PermissionSetName: Read\n"
        "  Target: [Workloads]\n  Exclusions: ['210000000003']\n",
        "utf-8",
    )
    (folder / "all.json").write_text(
        json.dumps(
            {
                "Assignments": [
                    {
                        "PrincipalId": "Auditors: all",
                        "PrincipalType": "GROUP",
                        "PermissionSetName": "Read",
                        "Target": ["ROOT", "nowhere"],
                    }
                ]
            }
        ),
        "utf-8",
    )

    ended = live.run("adopt", "--from-pipeline", "templates")

    assert ended.code == 0, ended.output
    entries = texts(live)["assignments.yaml"]
    assert (
        "  platform: {groups: [platform-admins], permission_sets: [Read], accounts: [dev, prod]}" in entries
    )
    assert "  all: {groups: [auditors-all], permission_sets: [Read], accounts: [{ou: Workloads}]}" in entries
    assert "its target nowhere is not an account or a unit" in ended.output
    applied_first(live)


def test_a_csv_of_aws_sso_util_is_compared(live: Real) -> None:
    known = ids(live)
    head = (
        "instance_arn,principal_type,principal_id,principal_name,permission_set_arn,permission_set_name,"
        "target_type,target_id,target_name\n"
    )
    row = f"arn,GROUP,{known['Platform Admins']},x,{known['Read']},Read,AWS_ACCOUNT,{TEST},test\n"
    (live.root / "a.csv").write_text(head + row, "utf-8")

    ended = live.run("adopt", "--from-sso-util", "a.csv")

    assert ended.code == 0, ended.output
    assert f"on {TEST}: it is not assigned" in ended.output
    assert live.run("adopt", "--from-sso-util", "a.csv").code == 64
    assert live.run("adopt", "--from-sso-util", "a.csv", "--from-pipeline", "x").code == 64


def test_ids_of_permission_sets_and_names_without_quotes_are_read(live: Real) -> None:
    known = ids(live)
    head = "principal_type,principal_id,principal_name,permission_set_id,target_id\n"
    row = f"GROUP,{known['Platform Admins']},a\u2028b,{known['Read'].rpartition('/')[2]},"
    (live.root / "a.csv").write_text(f"{head}{row}{TEST}\n", "utf-8")

    ended = live.run("adopt", "--from-sso-util", "a.csv")

    assert ended.code == 0, ended.output
    assert f"on {TEST}: it is not assigned" in ended.output


@pytest.mark.parametrize("option", ["--from-terraform", "--from-pipeline", "--from-sso-util"])
def test_what_is_not_there_is_said(live: Real, option: str) -> None:
    ended = live.run("adopt", option, "nowhere")

    assert ended.code == 1, ended.output
    assert "nowhere" in ended.output
    assert "check the path" in ended.output
    assert "--identities" not in ended.output


@pytest.mark.parametrize("row", ["GROUP,a\n", "GROUP,a,Platform, Admins,arn,1\n"])
def test_a_row_of_another_length_is_refused_with_the_way_out(live: Real, row: str) -> None:
    head = "principal_type,principal_id,principal_name,permission_set_arn,target_id\n"
    (live.root / "a.csv").write_text(head + row, "utf-8")

    ended = live.run("adopt", "--from-sso-util", "a.csv")

    assert ended.code == 1
    assert "line 2 has not as many fields as the header" in ended.output
    assert "--no-lookup-names" in ended.output


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "principal_type,principal_id\n"])
def test_another_table_is_refused(live: Real, text: str) -> None:
    (live.root / "a.csv").write_text(text, "utf-8")

    ended = live.run("adopt", "--from-sso-util", "a.csv")

    assert ended.code == 1, ended.output
    assert "has no column" in ended.output

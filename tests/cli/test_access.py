"""Accounts, permission sets and assignments on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.stage import Played

PROD, DEV = "210000000020", "210000000021"
ACCESS = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets:
  Read: {{managed_policies: [ReadOnlyAccess]}}
  Admin: {{managed_policies: [AdministratorAccess]}}
assignments:
  ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}
  dev-admin: {{groups: [dev], permission_sets: [Admin], accounts: [{{tag: {{env: dev}}}}]}}
"""


@pytest.fixture
def access(played: Played) -> Played:
    """The folder with a permission set assigned to a group, applied."""
    played.write({"access.yaml": ACCESS})
    played.converge()
    return played


def assignments(played: Played) -> frozenset[Any]:
    with played.console() as console:
        return console.assignments()


def part(text: str) -> Mapping[str, Any]:
    """The only target of a plan printed as JSON."""
    found: Mapping[str, Any] = json.loads(text)["targets"][0]
    return found


def addresses(text: str) -> list[str]:
    return [change["address"] for change in part(text)["changes"]]


def test_what_is_written_is_what_is_assigned(access: Played) -> None:
    assert assignments(access) == {(PROD, "Read", "GROUP", "ops")}


def test_an_account_that_is_written_later_exists_in_the_sandbox_from_then_on(access: Played) -> None:
    access.write({"more.yaml": f'accounts: {{dev: "{DEV}"}}\n'})
    access.write({"access.yaml": ACCESS.replace("[prod]}", "[prod, dev, {ou: Workloads}]}")})

    planned = access.run("plan", "--out", "plan.json")
    assert f"+ Read to group ops on dev ({DEV})" in planned.out
    assert "unit-unknown" not in planned.out
    assert access.run("apply", "plan.json").code == 0

    assert assignments(access) == {(PROD, "Read", "GROUP", "ops"), (DEV, "Read", "GROUP", "ops")}


def test_an_account_that_moved_by_hand_stays_where_it_is(access: Played) -> None:
    access.run("sandbox", "console", "move-account", "prod", "Workloads/Prod")
    access.run("plan")
    with access.console() as console:
        assert console.accounts()[PROD]["unit"] == "Workloads/Prod"


def test_what_left_by_hand_does_not_come_back(access: Played) -> None:
    hand = ("sandbox", "console")
    access.run(*hand, "move-account", "prod", "Workloads/Prod")
    assert access.run(*hand, "rename-unit", "Workloads/Prod", "Production").code == 0
    access.write({"more.yaml": 'accounts: {extra: "777777777777"}\n'})
    access.run("plan")
    assert access.run(*hand, "close-account", "extra").code == 0
    assert access.run(*hand, "remove-account", "extra").code == 0
    access.run("plan")
    with access.console() as console:
        assert console.accounts()[PROD]["unit"] == "Workloads/Production"
        assert "777777777777" not in console.accounts()
    assert access.run(*hand, "remove-unit", "Workloads/Production").code == 1
    assert access.run(*hand, "move-account", "prod", "Workloads").code == 0
    assert access.run(*hand, "remove-unit", "Workloads/Production").code == 0


def test_hands_in_the_console_are_found_out(access: Played) -> None:
    hand = ("sandbox", "console")
    assert access.run(*hand, "attach-policy", "Read", "AdministratorAccess").code == 0
    assert access.run(*hand, "tag-account", "prod", "env=dev").code == 0
    assert access.run(*hand, "unassign", "Read", PROD, "ops").code == 0
    assert access.run(*hand, "assign", "Admin", "prod", "ada@example.com").code == 0

    planned = access.run("plan", "--detailed-exitcode")

    assert planned.code == 2
    assert '~ Read  managed_policies - "AdministratorAccess"' in planned.out
    assert "RESTORES 1 grant" in planned.out
    granted = [line.split("  (") for line in planned.out.splitlines() if "+ Admin to group dev" in line]
    assert [line[-1].startswith("selector") for line in granted] == [True]
    assert "+ cyd gains Admin on prod" in planned.out.replace("PRIVILEGED ", "")
    assert access.run(*hand, "unassign", "Admin", "prod", "ada@example.com").code == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("assign Reed prod ops", "permission set Reed does not exist"),
        (
            "assign Read nowhere ops",
            f"account nowhere does not exist in the sandbox; write one of the ids: {PROD}",
        ),
        ("assign Read prod nobody", "group or user nobody does not exist"),
        ("unassign Admin prod ops", "the sandbox refuses: "),
        ("attach-policy Nothing X", "permission set Nothing does not exist"),
        ("move-account 000000000000 X", "account 000000000000 does not exist"),
    ],
)
def test_what_hands_cannot_do_is_said(access: Played, line: str, expected: str) -> None:
    ended = access.run("sandbox", "console", *line.split())

    assert ended.code == 1
    assert expected.partition(":")[0] in ended.output
    assert assignments(access) == {(PROD, "Read", "GROUP", "ops")}


def test_only_plans_a_set_or_an_assignment(access: Played) -> None:
    with access.console() as console:
        console.attach_policy("Admin", "arn:aws:iam::aws:policy/ReadOnlyAccess")
        console.set_permission_set("Read", description="by hand")
        console.remove_assignment(PROD, "Read", group="ops")
    access.write({"people.yaml": None, "groups.yaml": None})
    access.write({"all.yaml": "users: {ada: {user_name: ada@example.com}}\ngroups: {ops: {}, dev: {}}\n"})

    one = access.run("plan", "--format", "json", "--only", "aws/permission-set/Admin")
    assert addresses(one.out) == ["aws/permission-set/Admin"]
    other = access.run("plan", "--format", "json", "--only", f"aws/assignment/{PROD}/Read/group:ops")
    assert f"aws/assignment/{PROD}/Read/group:ops" in addresses(other.out)
    assert "aws/permission-set/Admin" not in addresses(other.out)


def test_the_saved_plan_shows_the_same_access_again(access: Played) -> None:
    access.write({"access.yaml": ACCESS.replace("groups: [ops]", "groups: [ops, dev]")})
    planned = access.run("plan", "--out", "plan.json")
    assert "cyd gains Read on prod" in planned.out

    shown = access.run("show", "plan.json")

    assert "cyd gains Read on prod" in shown.out
    assert f"+ Read to group dev on prod ({PROD})" in shown.out


def test_reading_by_group_leaves_alone_what_it_cannot_see(access: Played) -> None:
    planned = access.run("plan", "--by-group", "--detailed-exitcode")

    assert planned.code == 0

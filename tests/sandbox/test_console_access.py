"""What somebody does behind the tool's back: in Identity Center, and in AWS Organizations."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from reconciler.sandbox import ApiError
from tests.sandbox.sso import BILLING, MANAGEMENT, ONE, POLICY, READ_ONLY, THREE, TWO, Sso


def test_a_set_made_by_hand_is_whole_to_the_api(sso: Sso) -> None:
    arn = sso.sandbox.store.create_permission_set(
        "Admin", description="d", session_duration="PT2H", relay_state="https://a", tags={"a": "b"},
        managed_policies=[READ_ONLY], customer_policies=["/ci/deploy"], inline_policy={"Statement": []},
    )  # fmt: skip
    found = sso.describe(arn)
    assert (found["Description"], found["SessionDuration"], found["RelayState"]) == ("d", "PT2H", "https://a")
    text = sso("get_inline_policy_for_permission_set", PermissionSetArn=arn)["InlinePolicy"]
    assert json.loads(text) == {"Statement": []}
    whole = sso.sandbox.store.permission_sets()["Admin"]
    assert whole == {
        "PermissionSetArn": arn,
        "Description": "d",
        "SessionDuration": "PT2H",
        "RelayState": "https://a",
        "ManagedPolicies": [READ_ONLY],
        "CustomerManagedPolicies": ["/ci/deploy"],
        "InlinePolicy": text,
        "PermissionsBoundary": None,
        "Tags": {"a": "b"},
        "Accounts": {},
    }


def test_an_assignment_made_by_hand_is_there_at_once(sso: Sso) -> None:
    console = sso.sandbox.store
    arn = console.create_permission_set("Admin")
    for _ in range(2):
        console.put_assignment(ONE, "Admin", user="ADA")
    console.put_assignment(TWO, "Admin", group="Platform")
    assert sso.rows(arn) == [("USER", sso.user)]
    assert sso.accounts(arn, latest=True) == [ONE, TWO]
    assert console.assignments() == {(ONE, "Admin", "USER", "ada"), (TWO, "Admin", "GROUP", "Platform")}
    console.remove_assignment(ONE, "Admin", user="ada")
    assert (sso.rows(arn), sso.accounts(arn)) == ([], [TWO])


def test_an_orphan_is_seen_and_removed_by_its_id(sso: Sso) -> None:
    console = sso.sandbox.store
    console.create_permission_set("Admin")
    console.put_assignment(ONE, "Admin", user="ada")
    console.remove_user("ada")
    assert console.assignments() == {(ONE, "Admin", "USER", sso.user)}
    console.remove_assignment(ONE, "Admin", user=sso.user)
    assert console.assignments() == frozenset()


EDITS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("set_inline_policy", {"policy": None}, "InlinePolicy", None),
    ("set_inline_policy", {"policy": '{"Statement": [1]}'}, "InlinePolicy", '{"Statement": [1]}'),
    ("attach_policy", {"policy": BILLING}, "ManagedPolicies", [READ_ONLY, BILLING]),
    ("detach_policy", {"policy": READ_ONLY}, "ManagedPolicies", []),
    ("attach_policy", {"policy": "/deploy"}, "CustomerManagedPolicies", ["/ci/deploy", "/deploy"]),
    ("detach_policy", {"policy": "/ci/deploy"}, "CustomerManagedPolicies", []),
    ("set_boundary", {"policy": READ_ONLY}, "PermissionsBoundary", {"ManagedPolicyArn": READ_ONLY}),
    (
        "set_boundary",
        {"policy": "/x/edge"},
        "PermissionsBoundary",
        {"CustomerManagedPolicyReference": {"Name": "edge", "Path": "/x/"}},
    ),
    ("set_boundary", {"policy": None}, "PermissionsBoundary", None),
    ("set_permission_set", {"description": "e"}, "RelayState", "https://a"),
    ("set_permission_set", {"session_duration": "PT3H"}, "SessionDuration", "PT3H"),
]


@pytest.mark.parametrize(("edit", "params", "field", "after"), EDITS)
@pytest.mark.parametrize("provision", [True, False], ids=["provisioned", "left behind"])
def test_an_edit_by_hand_reaches_the_accounts_unless_it_is_told_not_to(
    sso: Sso, edit: str, params: dict[str, Any], field: str, after: Any, *, provision: bool
) -> None:
    console = sso.sandbox.store
    console.create_permission_set(
        "Admin", relay_state="https://a", managed_policies=[READ_ONLY], customer_policies=["/ci/deploy"],
        inline_policy=POLICY,
    )  # fmt: skip
    console.set_boundary("Admin", BILLING)
    console.put_assignment(ONE, "Admin", group="Platform")
    getattr(console, edit)("Admin", **params, provision=provision)
    found = console.permission_sets()["Admin"]
    assert (found[field], found["Accounts"]) == (after, {ONE: provision})
    console.provision("Admin")
    assert console.permission_sets()["Admin"]["Accounts"] == {ONE: True}


def test_tags_change_by_hand(sso: Sso) -> None:
    console = sso.sandbox.store
    console.create_permission_set("Admin", tags={"a": "1", "b": "2"})
    console.tag_permission_set("Admin", {"a": "3", "b": None, "c": "4"})
    assert console.permission_sets()["Admin"]["Tags"] == {"a": "3", "c": "4"}


def test_hands_obey_the_same_rules(sso: Sso) -> None:
    console = sso.sandbox.store
    console.create_permission_set("Admin")
    console.put_assignment(ONE, "Admin", group="Platform")
    for attempt, expected in (
        (lambda: console.create_permission_set("Admin"), "already exists"),
        (lambda: console.create_permission_set("B", session_duration="PT13H"), "PT1H to PT12H"),
        (lambda: console.delete_permission_set("Admin"), "ApplicationProfile"),
        (lambda: console.delete_permission_set("Nothing"), "no permission set Nothing"),
        (lambda: console.set_inline_policy("Admin", "no json"), "not JSON"),
        (lambda: console.put_assignment(ONE, "Nothing", group="Platform"), "no permission set Nothing"),
        (lambda: console.put_assignment(ONE, "Admin", group="Nobody"), "no group Nobody"),
        (lambda: console.put_assignment(ONE, "Admin"), "a user or a group"),
        (lambda: console.remove_assignment(TWO, "Admin", group="Platform"), "is not assigned"),
    ):
        with pytest.raises(ApiError, match=expected):
            attempt()
    console.remove_assignment(ONE, "Admin", group="Platform")
    console.delete_permission_set("Admin")
    assert console.permission_sets() == {}


def test_everything_under_way_can_be_ended_at_once(sso: Sso) -> None:
    arn, other = sso.make(), sso.make("Other")
    sso.sandbox.store.put_assignment(TWO, "Other", group="Platform")
    requests = [sso.assign(arn), sso.assign(arn, principal=sso.user)]
    ending, provisioning = sso.unassign(other, TWO), sso.provision(arn, THREE)
    sso.sandbox.store.settle()
    assert {sso.creation(request)["Status"] for request in requests} == {"SUCCEEDED"}
    assert sso.deletion(ending)["Status"] == sso.provisioning(provisioning)["Status"] == "SUCCEEDED"
    assert (sso.accounts(arn), sso.accounts(other)) == ([ONE, THREE], [])


class TestOrganization:
    def test_an_account_joins_and_moves(self, sso: Sso) -> None:
        console = sso.sandbox.store
        console.create_account("000000000005", "new", unit="Workloads/Prod", tags={"env": "prod"})
        console.move_account(ONE, "Workloads/Prod")
        console.move_account(TWO, "Workloads")
        assert console.accounts()["000000000005"] == {
            "name": "new", "state": "ACTIVE", "unit": "Workloads/Prod", "tags": {"env": "prod"}
        }  # fmt: skip
        units = {account: found["unit"] for account, found in console.accounts().items()}
        assert (units[ONE], units[TWO], units[THREE]) == ("Workloads/Prod", "Workloads", "")
        client = sso.aws.organizations
        prod = console.create_ou("Workloads/Prod")
        below = client.list_accounts_for_parent(ParentId=prod)["Accounts"]
        assert {account["Id"] for account in below} == {ONE, "000000000005"}
        described = client.describe_account(AccountId=ONE)["Account"]
        assert described["Paths"][0].endswith(f"/{prod}/{ONE}/")
        console.move_account(ONE, "")
        assert console.accounts()[ONE]["unit"] == ""

    def test_units_are_made_once(self, sso: Sso) -> None:
        console = sso.sandbox.store
        first = console.create_ou("A/B")
        assert console.create_ou("A/B") == first
        assert console.create_ou("A") != first
        root = sso.aws.organizations.list_roots()["Roots"][0]["Id"]
        assert console.create_ou("") == root
        found = sso.aws.organizations.list_organizational_units_for_parent(ParentId=root)
        assert [unit["Name"] for unit in found["OrganizationalUnits"]] == ["A"]

    def test_units_are_renamed_and_removed_and_accounts_close_and_leave(self, sso: Sso) -> None:
        console = sso.sandbox.store
        console.move_account(ONE, "Workloads/Prod")
        prod = console.create_ou("Workloads/Prod")
        console.rename_ou("Workloads/Prod", "CI/CD")
        console.rename_ou(prod, "CD/CI")
        assert console.accounts()[ONE]["unit"] == "Workloads/CD/CI"
        with pytest.raises(ApiError, match="move them first"):
            console.remove_ou("Workloads/CD/CI")
        console.close_account(ONE)
        assert console.accounts()[ONE]["state"] == "CLOSED"
        console.remove_account(ONE)
        assert ONE not in console.accounts()
        console.remove_ou("Workloads/CD/CI")
        with pytest.raises(ApiError, match="no unit Workloads/CD/CI"):
            console.remove_ou("Workloads/CD/CI")
        with pytest.raises(ApiError, match="cannot leave"):
            console.remove_account(MANAGEMENT)

    def test_tags_come_and_go(self, sso: Sso) -> None:
        sso.sandbox.store.tag_account(ONE, {"env": "dev", "team": "a"})
        sso.sandbox.store.tag_account(ONE, {"env": "prod", "team": None, "never": None})
        found = sso.aws.organizations.list_tags_for_resource(ResourceId=ONE)["Tags"]
        assert found == [{"Key": "env", "Value": "prod"}]

    def test_what_makes_no_sense_is_refused(self, sso: Sso) -> None:
        console = sso.sandbox.store
        attempts: list[tuple[Callable[[], object], type[Exception], str]] = [
            (lambda: console.create_account("12", "x"), ValueError, "twelve digits"),
            (lambda: console.create_account(ONE, "x"), ApiError, "already"),
            (lambda: console.move_account("999999999999", "A"), ApiError, "no account 999999999999"),
            (lambda: console.tag_account("999999999999", {}), ApiError, "no account 999999999999"),
            (lambda: console.set_account_state(ONE, "ASLEEP"), ValueError, "not ASLEEP"),
        ]
        for attempt, error, expected in attempts:
            with pytest.raises(error, match=expected):
                attempt()
        root = sso.aws.organizations.list_roots()["Roots"][0]["Id"]
        found = sso.aws.organizations.list_organizational_units_for_parent(ParentId=root)
        assert found["OrganizationalUnits"] == []


def test_all_of_it_works_from_another_process(sso: Sso) -> None:
    def remote(method: str, what: str, **arguments: Any) -> Any:
        connection = HTTPConnection("127.0.0.1", sso.sandbox.port, timeout=600)
        try:
            connection.request(
                method,
                f"/_sandbox/console/{what}",
                json.dumps(arguments),
                {"Content-Type": "application/json"},
            )
            response = connection.getresponse()
            answer = json.loads(response.read())
            assert response.status == 200, answer
            return answer
        finally:
            connection.close()

    remote("POST", "create_permission_set", name="Admin", managed_policies=[READ_ONLY])
    remote("POST", "put_assignment", account=ONE, permission_set="Admin", group="Platform")
    remote("POST", "move_account", account=ONE, unit="Workloads")
    assert remote("GET", "assignments") == [[ONE, "Admin", "GROUP", "Platform"]]
    assert remote("GET", "permission_sets")["Admin"]["ManagedPolicies"] == [READ_ONLY]
    assert remote("GET", "accounts")[ONE]["unit"] == "Workloads"

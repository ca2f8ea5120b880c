"""`reconciler drift` names whose hand it was, by what the objects tell and by the event history."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.sandbox import Console, Sandbox
from reconciler.sandbox.faults import FaultKind
from tests.cli.conftest import Done
from tests.cli.stage import FILES, GROUPS, Played, Real
from tests.cli.test_access import ACCESS, PROD

SHARED = GROUPS.replace("ops: {members:", "ops: {shared: true, members:")
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def applied(done: Done) -> Real:
    """A repository with two permission sets assigned to groups, applied, and an empty event history."""

    def settle(stage: Real) -> None:
        stage.sandbox.store.create_account(PROD, "prod")
        stage.commit({**FILES, "access.yaml": ACCESS, "groups.yaml": SHARED})
        stage.converge("--first-apply")

    return done("drift-authors", settle)


def told(stage: Played | Real, code: int = 2) -> Mapping[str, Any]:
    ended = stage.run("drift", "--format", "json")
    assert ended.code == code, ended.output
    (target,) = json.loads(ended.out)["targets"]
    return dict(target)


def authors(found: Mapping[str, Any]) -> dict[str, tuple[str, str | None, str | None]]:
    rows = [(one["change"]["address"], one["author"]) for one in found["differences"]]
    rows += [(one["address"], one["author"]) for one in found["unmanaged"]]
    return {
        address: (author["who"], author["channel"], author["event"]) if author else ("", None, None)
        for address, author in rows
    }


def api(sandbox: Sandbox, key: str) -> Any:
    """The APIs as somebody calls them whose session has this name."""
    import boto3

    return boto3.Session(aws_access_key_id=key, aws_secret_access_key="x")


@pytest.mark.parametrize(
    ("by_hand", "address", "event"),
    [
        (
            lambda console: console.remove_member("dev", "cyd@example.com"),
            "aws/membership/dev/cyd",
            "RemoveMemberFromGroup",
        ),
        (
            lambda console: console.remove_assignment(PROD, "Read", group="ops"),
            f"aws/assignment/{PROD}/Read/group:ops",
            "DeleteAccountAssignment",
        ),
        (
            lambda console: console.put_assignment(PROD, "Admin", user="cyd@example.com"),
            f"aws/assignment/{PROD}/Admin/user:cyd",
            "CreateAccountAssignment",
        ),
        (
            lambda console: console.attach_policy("Read", ADMINISTRATOR),
            "aws/permission-set/Read",
            "AttachManagedPolicyToPermissionSet",
        ),
        (
            lambda console: console.remove_user("cyd@example.com"),
            "aws/user/cyd",
            "DeleteUser",
        ),
        (lambda console: console.remove_group("dev"), "aws/group/dev", "DeleteGroup"),
    ],
)
def test_a_change_in_the_console_has_the_name_of_its_session(
    applied: Real, by_hand: Callable[[Console], None], address: str, event: str
) -> None:
    by_hand(applied.sandbox.store)

    found = authors(told(applied))

    assert found[address] == ("console", "console", event)
    assert f", console: {event}" in applied.run("drift").output


@pytest.mark.parametrize(
    ("by_hand", "address"),
    [
        (lambda console: console.set_user("ada@example.com", "title", "Boss"), "aws/user/ada"),
        (lambda console: console.add_member("ops", "cyd@example.com"), "aws/membership/ops/cyd"),
        (lambda console: console.add_member("dev", "ada@example.com"), "aws/membership/dev/ada"),
    ],
)
def test_what_is_still_there_tells_its_author_without_the_event_history(
    applied: Real, by_hand: Callable[[Console], None], address: str
) -> None:
    by_hand(applied.sandbox.store)

    assert authors(told(applied))[address] == ("console", None, None)
    assert applied.sandbox.requests.counts().get("cloudtrail.LookupEvents", 0) == 0


def test_a_membership_that_the_api_deleted_is_found_by_its_creation(applied: Real) -> None:
    store = applied.sandbox.store
    before = {user["UserName"]: user["UserId"] for user in store.users().values()}
    session = api(applied.sandbox, "mallory")
    client = session.client("identitystore", endpoint_url=applied.sandbox.url, region_name="us-east-1")
    rows = client.list_group_memberships(
        IdentityStoreId=applied.sandbox.identity_store_id, GroupId=store.groups()["dev"]["GroupId"]
    )["GroupMemberships"]
    assert [row["MemberId"]["UserId"] for row in rows] == [before["cyd@example.com"]]
    client.delete_group_membership(
        IdentityStoreId=applied.sandbox.identity_store_id, MembershipId=rows[0]["MembershipId"]
    )

    assert authors(told(applied)) == {
        "aws/membership/dev/cyd": ("mallory", "API", "DeleteGroupMembership"),
    }


def test_what_the_history_does_not_show_yet_is_said_so(applied: Real) -> None:
    applied.sandbox.circumstances.trail_delay = 600.0
    applied.sandbox.store.remove_member("dev", "cyd@example.com")

    found = told(applied)

    assert authors(found) == {"aws/membership/dev/cyd": ("", None, None)}
    assert found["unattributed"].startswith("not yet visible")
    assert "Who made 1 of them: not yet visible: events appear after minutes" in applied.run("drift").output


def test_without_the_right_to_read_events_drift_is_told_all_the_same(applied: Real) -> None:
    applied.sandbox.faults.add(FaultKind.DENY, "cloudtrail.LookupEvents", count=None)
    applied.sandbox.store.remove_member("dev", "cyd@example.com")

    found = told(applied)

    assert found["state"] == "drift"
    assert "the event history could not be read" in found["unattributed"]
    assert "cloudtrail" in found["unattributed"]


def test_no_drift_asks_no_history(applied: Real) -> None:
    assert told(applied, 0)["state"] == "none"

    assert applied.sandbox.requests.counts().get("cloudtrail.LookupEvents", 0) == 0


def test_a_run_of_the_reconciler_is_told_as_one(applied: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another repository takes something away that this one gives."""
    session = api(applied.sandbox, "reconciler-1234")
    client = session.client("sso-admin", endpoint_url=applied.sandbox.url, region_name="us-east-1")
    arn = applied.sandbox.store.permission_sets()["Read"]["PermissionSetArn"]
    group = applied.sandbox.store.groups()["ops"]["GroupId"]
    client.delete_account_assignment(
        InstanceArn=applied.sandbox.instance_arn,
        TargetId=PROD,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=arn,
        PrincipalType="GROUP",
        PrincipalId=group,
    )
    applied.sandbox.store.settle()

    (one,) = told(applied)["differences"]

    assert one["author"]["own"] is True
    output = applied.run("drift").output
    assert "by a run of the reconciler, reconciler-1234 of the role ApiCaller at " in output


def test_the_demo_sandbox_shows_a_name_too(played: Played) -> None:
    played.converge()
    with played.console() as console:
        console.remove_member("dev", "cyd@example.com")

    assert authors(told(played)) == {
        "aws/membership/dev/cyd": ("console", "console", "RemoveMemberFromGroup")
    }

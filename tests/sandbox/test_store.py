"""The file: it survives restarts, holds together under many hands, and keeps nothing half done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor  # noqa: TID251  # many callers at once are the point here
from functools import partial
from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.sandbox import ApiError, FaultKind, Faults, Journal, Sandbox
from reconciler.sandbox.app import HANDLERS, App
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.store import Store
from reconciler.sandbox.world import World
from tests.sandbox.aws import Aws, connected, person, refusal


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, throttling=False, latency=0) as first, connected(first) as aws:
        user, group = aws.add_user("ada"), aws.add_group("Platform")
        membership = aws.add_member(group, user)
        ids = (first.identity_store_id, first.instance_arn, first.management_account)
        described = aws.user(user)
    # What a file says of itself wins over what is asked for.
    with Sandbox(path, throttling=False, latency=0, region="eu-west-1") as second, connected(second) as aws:
        assert (second.identity_store_id, second.instance_arn, second.management_account) == ids
        assert second.region == "us-east-1"
        assert aws.user(user) == described
        assert aws("describe_group_membership", MembershipId=membership)["GroupId"] == group
        assert refusal(aws.add_user, "ADA")["Code"] == "ConflictException"


def test_a_page_token_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, throttling=False, latency=0) as first, connected(first) as aws:
        for number in range(3):
            aws.add_user(f"u{number}")
        token = aws("list_users", MaxResults=2)["NextToken"]
    with Sandbox(path, throttling=False, latency=0) as second, connected(second) as aws:
        assert [user["UserName"] for user in aws("list_users", NextToken=token)["Users"]] == ["u2"]


def test_two_sandboxes_are_two_worlds() -> None:
    with Sandbox(latency=0) as one, Sandbox(latency=0) as two:
        assert one.identity_store_id != two.identity_store_id
        assert one.instance_arn != two.instance_arn
        assert one.url != two.url


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(path, latency=0):
        pass
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    db.close()
    with pytest.raises(ReconcilerError, match="format 99"):
        Sandbox(path).start()


def test_a_file_that_is_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, " * 100, encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ReconcilerError, match="is not a file of the sandbox"):
        Sandbox(path).start()
    assert path.read_bytes() == before


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="cannot open"):
        Sandbox(tmp_path / "nowhere" / "sandbox.sqlite").start()


def test_two_servers_may_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with (
        Sandbox(path, throttling=False, latency=0) as one,
        Sandbox(path, throttling=False, latency=0) as two,
        connected(one) as aws,
    ):
        two.store.add_user("ada")
        assert refusal(aws.add_user, "ada")["Code"] == "ConflictException"
        aws.add_group("Platform")
        two.store.add_member("Platform", "ada")
        assert one.store.memberships() == {"Platform": frozenset({"ada"})}


def test_a_sandbox_that_does_not_run_has_no_address() -> None:
    sandbox = Sandbox()
    for ask in (lambda: sandbox.url, lambda: sandbox.store, lambda: sandbox.identity_store_id):
        with pytest.raises(RuntimeError, match="not running"):
            ask()
    sandbox.stop()


def test_a_port_that_is_taken_is_an_error_and_leaves_the_file_free(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with Sandbox(latency=0) as first, pytest.raises(OSError, match="in use"):
        Sandbox(path, port=first.port).start()
    with Sandbox(path, latency=0):
        pass


def test_starting_and_stopping_twice_is_fine() -> None:
    sandbox = Sandbox(latency=0).start()
    assert sandbox.start() is sandbox
    sandbox.stop()
    sandbox.stop()


def at_once(jobs: list[Callable[[], object]]) -> list[object]:
    """Run all jobs in eight threads; what an Aws call is refused with is its result."""

    def run(job: Callable[[], object]) -> object:
        try:
            return job()
        except Exception as error:  # noqa: BLE001  # the error is the result
            return error

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, jobs))


def test_of_many_who_create_the_same_user_one_wins(aws: Aws, sandbox: Sandbox) -> None:
    aws("list_users")
    results = at_once([partial(aws.add_user, "ADA" if n % 2 else "ada") for n in range(24)])
    assert sum(isinstance(result, str) for result in results) == 1
    assert len(sandbox.store.users()) == 1


def test_of_many_who_update_on_one_revision_one_wins(aws: Aws) -> None:
    user = aws.add_user("ada")
    revision = aws.user(user)["Revision"]
    jobs: list[Callable[[], object]] = [
        partial(aws.update_user, user, "title", f"t{n}", Revision=revision) for n in range(16)
    ]
    winners = [number for number, result in enumerate(at_once(jobs)) if isinstance(result, dict)]
    assert len(winners) == 1
    assert aws.user(user)["Title"] == f"t{winners[0]}"


def test_many_hands_leave_a_store_that_holds_together(aws: Aws, sandbox: Sandbox) -> None:
    groups = [aws.add_group(f"g{n}") for n in range(4)]

    def life(number: int) -> None:
        user = aws.add_user(f"u{number}")
        for group in groups:
            aws.add_member(group, user)
        if number % 3 == 0:
            aws("delete_user", UserId=user)

    results = at_once([partial(life, n) for n in range(30)])
    assert results == [None] * 30
    alive = {f"u{number}" for number in range(30) if number % 3}
    assert set(sandbox.store.users()) == alive
    assert sandbox.store.memberships() == {f"g{number}": alive for number in range(4)}


def test_a_request_that_fails_in_the_middle_changes_nothing(aws: Aws, sandbox: Sandbox) -> None:
    user = aws.add_user("ada")
    before = aws.user(user)
    operations = [
        {"AttributePath": "title", "AttributeValue": "x"},
        {"AttributePath": "displayName"},
    ]
    refusal(aws, "update_user", UserId=user, Operations=operations)
    assert aws.user(user) == before


def bare_app(handler: Handler) -> tuple[App, World]:
    """The services without the server, with `handler` as the Identity Store's ListUsers."""
    store = Store(None, region="us-east-1", management_account="111111111111", created_at=0.0)
    clock, world = SandboxClock(), World(store)
    handlers = {**HANDLERS, "identitystore": {**HANDLERS["identitystore"], "ListUsers": handler}}
    return App(world, clock, Faults(), Journal(), None, 0, handlers), world


SIGNED = {
    "x-amz-target": "AWSIdentityStore.ListUsers",
    "authorization": "Credential=AKID/20261123/us-east-1/identitystore/aws4_request",
}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param({"Users": [{"UserId": 7}]}, "users.1.member.userId is a number", id="wrong type"),
        pytest.param({"Users": [{"UserId": "x"}]}, "validation errors detected", id="required missing"),
        pytest.param({"Users": [], "Surplus": True}, "no such member", id="unknown member"),
        pytest.param({"Users": [], "NextToken": None}, "omits what it lacks", id="null"),
        pytest.param({}, "must not be null", id="no list"),
        pytest.param(ApiError("TeapotException", "x"), "may not answer TeapotException", id="unknown error"),
        pytest.param(
            ApiError("ResourceNotFoundException", "x", members={"ResourceType": "DOG"}),
            "enum value set",
            id="error with a wrong member",
        ),
        pytest.param(KeyError("oops"), "oops", id="plain bug"),
    ],
)
def test_an_answer_that_the_model_forbids_is_a_500_and_nothing_is_kept(
    outcome: dict[str, object] | Exception, expected: str
) -> None:
    def handler(call: Call) -> Answer:
        call.directory.users.add(person("ada"), call.hand)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    served, world = bare_app(handler)
    reply = served.answer(SIGNED, json.dumps({"IdentityStoreId": "d-0123456789"}).encode())
    body = json.loads(reply.body)
    assert (reply.status, body["__type"]) == (500, "InternalFailure")
    assert body["Message"].startswith("sandbox bug in identitystore.ListUsers: ")
    assert expected in body["Message"]
    with world.store.transaction() as db:
        assert world.directory(db).users.count() == 0
    world.store.close()


class TestConsole:
    """ConsoleBase behind the API's back."""

    def test_a_member_added_and_removed_shows_through_the_api(self, aws: Aws, sandbox: Sandbox) -> None:
        group = sandbox.store.add_group("Platform", description="d")
        user = sandbox.store.add_user("ada")
        membership = sandbox.store.add_member("PLATFORM", "ADA")
        found = aws("get_group_membership_id", GroupId=group, MemberId={"UserId": user})
        assert found["MembershipId"] == membership
        sandbox.store.remove_member("Platform", "ada")
        assert sandbox.store.members("Platform") == frozenset()
        with pytest.raises(ApiError, match="GROUP_MEMBERSHIP not found"):
            sandbox.store.remove_member("Platform", "ada")

    def test_a_status_shows_and_moves_the_revision(self, aws: Aws, sandbox: Sandbox) -> None:
        user = sandbox.store.add_user("ada")
        before = aws.user(user)
        sandbox.store.set_status("ada", "DISABLED")
        after = aws.user(user)
        assert (before["UserStatus"], after["UserStatus"]) == ("ENABLED", "DISABLED")
        assert before["Revision"] != after["Revision"]
        aws.update_user(user, "title", "x")
        assert aws.user(user)["UserStatus"] == "DISABLED"
        with pytest.raises(ValueError, match="ENABLED or DISABLED"):
            sandbox.store.set_status("ada", "OFF")

    def test_renames_keep_ids_and_members(self, aws: Aws, sandbox: Sandbox) -> None:
        user, group = sandbox.store.add_user("ada"), sandbox.store.add_group("Platform")
        sandbox.store.add_member("Platform", "ada")
        sandbox.store.rename_user("ada", "countess")
        sandbox.store.rename_group("Platform", "Engines")
        assert aws.user(user)["UserName"] == "countess"
        assert aws("describe_group", GroupId=group)["DisplayName"] == "Engines"
        assert sandbox.store.memberships() == {"Engines": frozenset({"countess"})}

    def test_attributes_can_be_set_and_removed(self, aws: Aws, sandbox: Sandbox) -> None:
        sandbox.store.add_user("ada", attributes={"Title": "Countess"})
        sandbox.store.set_user("ada", "title", None)
        sandbox.store.set_user("ada", "nickName", "Ada")
        sandbox.store.add_group("Platform")
        sandbox.store.set_group("Platform", "description", "x")
        assert sandbox.store.users()["ada"]["NickName"] == "Ada"
        assert "Title" not in sandbox.store.users()["ada"]
        assert sandbox.store.groups()["Platform"]["Description"] == "x"

    def test_external_ids_come_and_go(self, aws: Aws, sandbox: Sandbox) -> None:
        user, group = sandbox.store.add_user("ada"), sandbox.store.add_group("Platform")
        sandbox.store.set_user_external_id("ada", "guid-1")
        sandbox.store.set_group_external_id("Platform", "guid-1", issuer="https://other.example")
        assert aws.user(user)["ExternalIds"][0]["Id"] == "guid-1"
        assert aws("describe_group", GroupId=group)["ExternalIds"][0]["Issuer"] == "https://other.example"
        sandbox.store.add_user("grace")
        with pytest.raises(ApiError, match="Duplicate ExternalId"):
            sandbox.store.set_user_external_id("grace", "guid-1")
        assert sandbox.store.users()["grace"]["ExternalIds"] == []
        sandbox.store.set_user_external_id("ada", None)
        sandbox.store.set_user_external_id("grace", "guid-1")
        assert "ExternalIds" not in aws.user(user)

    def test_removals_cascade(self, sandbox: Sandbox) -> None:
        for name in ("ada", "grace"):
            sandbox.store.add_user(name)
        for group in ("One", "Two"):
            sandbox.store.add_group(group)
            sandbox.store.add_member(group, "ada")
            sandbox.store.add_member(group, "grace")
        sandbox.store.remove_user("ada")
        sandbox.store.remove_group("One")
        assert sandbox.store.memberships() == {"Two": frozenset({"grace"})}

    def test_the_console_obeys_the_same_rules(self, sandbox: Sandbox) -> None:
        sandbox.store.add_user("ada")
        with pytest.raises(ApiError, match="Duplicate UserName"):
            sandbox.store.add_user("ADA")
        with pytest.raises(ApiError, match="reserved"):
            sandbox.store.add_group("Administrator")
        with pytest.raises(ApiError, match="There is no group"):
            sandbox.store.add_member("Platform", "ada")

    def test_what_the_console_does_carries_another_name(self, aws: Aws, sandbox: Sandbox) -> None:
        by_console = aws.user(sandbox.store.add_user("ada"))["CreatedBy"]
        by_api = aws.user(aws("create_user", **person("grace"))["UserId"])["CreatedBy"]
        assert by_console.endswith("/console")
        assert by_console != by_api


def test_an_error_before_the_commit_keeps_nothing_and_one_after_keeps_all(aws: Aws, sandbox: Sandbox) -> None:
    group = aws.add_group("Platform")
    for kind, kept in ((FaultKind.ERROR, 0), (FaultKind.ERROR_AFTER, 1)):
        user = aws.add_user(kind.value)
        sandbox.faults.add(kind, "identitystore.CreateGroupMembership")
        assert refusal(aws.add_member, group, user)["Status"] == 500
        assert len(sandbox.store.members("Platform")) == kept

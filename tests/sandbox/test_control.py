"""The sandbox's own address, for other processes, and the journal."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.aws import Aws, refusal
from tests.sandbox.scim import Scim


class Remote:
    """Another process, as far as the sandbox can tell."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._port = sandbox.port

    def __call__(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=600)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, f"/_sandbox{path}", data, {"Content-Type": kind})
            response = connection.getresponse()
            answer = json.loads(response.read())
            return answer if response.status == 200 else (response.status, answer["error"])
        finally:
            connection.close()


@pytest.fixture
def remote(sandbox: Sandbox) -> Remote:
    return Remote(sandbox)


def test_it_tells_who_it_is(remote: Remote, sandbox: Sandbox) -> None:
    assert remote("GET", "") == {
        "speed": 1.0,
        "url": sandbox.url,
        "scim_url": sandbox.scim_url,
        "region": "us-east-1",
        "identity_store_id": sandbox.identity_store_id,
        "instance_arn": sandbox.instance_arn,
        "management_account": sandbox.management_account,
        "requests": 0,
    }


def test_every_request_is_counted_and_its_own_are_not(remote: Remote, aws: Aws, sandbox: Sandbox) -> None:
    aws.add_user("ada")
    aws("list_users")
    aws("list_users")
    refusal(aws.add_user, "ada")
    aws.sso.list_instances()
    expected = {"identitystore.CreateUser": 2, "identitystore.ListUsers": 2, "sso-admin.ListInstances": 1}
    assert remote("GET", "/counts") == sandbox.requests.counts() == expected
    assert remote("GET", "")["requests"] == sandbox.requests.total() == 5


def test_the_journal_says_how_each_request_ended_and_names_nobody(
    remote: Remote, aws: Aws, sandbox: Sandbox
) -> None:
    aws.add_user("ada")
    refusal(aws.add_user, "ada")
    entries = remote("GET", "/requests")
    assert [(e["number"], e["operation"], e["status"], e["code"]) for e in entries] == [
        (1, "CreateUser", 200, ""),
        (2, "CreateUser", 400, "ConflictException"),
    ]
    assert "ada" not in json.dumps(entries)
    assert [entry.number for entry in sandbox.requests] == [1, 2]


def test_the_journal_can_be_read_from_a_number_on_and_cleared(
    remote: Remote, aws: Aws, sandbox: Sandbox
) -> None:
    for _ in range(3):
        aws("list_users")
    assert [entry["number"] for entry in remote("GET", "/requests?since=2")] == [3]
    assert remote("DELETE", "/requests") == {}
    assert (len(sandbox.requests), sandbox.requests.counts()) == (0, {})
    aws("list_users")
    assert [entry.number for entry in sandbox.requests] == [4]


def test_faults_can_be_switched_from_outside(remote: Remote, aws: Aws) -> None:
    made = remote("POST", "/faults", {"kind": "throttle", "operation": "*.ListUsers", "nth": 2})
    assert (made["kind"], made["nth"], made["count"]) == ("throttle", 2, 1)
    assert len(remote("GET", "/faults")) == 1
    aws("list_users")
    assert refusal(aws, "list_users")["Code"] == "ThrottlingException"
    assert remote("GET", "/faults") == []
    remote("POST", "/faults", {"kind": "deny", "count": None})
    assert remote("DELETE", "/faults") == {}
    aws("list_users")


def test_the_console_can_be_used_from_outside(remote: Remote, aws: Aws) -> None:
    user = remote("POST", "/console/add_user", {"user_name": "ada", "email": "ada@example.com"})
    remote("POST", "/console/add_group", {"display_name": "Platform"})
    remote("POST", "/console/add_member", {"group": "platform", "user": "ADA"})
    assert remote("GET", "/console/memberships") == {"Platform": ["ada"]}
    assert remote("POST", "/console/members", {"group": "Platform"}) == ["ada"]
    assert set(remote("GET", "/console/users")) == {"ada"}
    assert aws.user(user)["Emails"][0]["Value"] == "ada@example.com"


def test_scim_can_be_used_from_outside(remote: Remote, sandbox: Sandbox) -> None:
    token = remote("POST", "/console/create_scim_token", {})
    ((identifier, shown),) = remote("GET", "/console/scim_tokens").items()
    assert set(shown) == {"created_at", "expires_at"}
    assert remote("GET", "")["scim_url"] == sandbox.scim_url
    assert Scim(sandbox, token)("GET", "Users").status == 200
    remote("POST", "/console/delete_scim_token", {"identifier": identifier})
    assert Scim(sandbox, token)("GET", "Users").status == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/nothing", None, 404, "there is no GET /_sandbox/nothing"),
        ("POST", "/faults", {"kind": "explode"}, 400, "explode"),
        ("POST", "/faults", {"kind": "throttle", "often": 3}, 400, "often"),
        ("POST", "/faults", [], 400, "JSON object"),
        ("POST", "/console/_directory", {}, 404, "the console has accounts, add_group"),
        ("GET", "/console/remove_user", None, 404, "the console has"),
        ("POST", "/console/remove_user", {"user": "nobody"}, 400, "There is no user nobody"),
        ("POST", "/console/add_user", {"user_name": "a b"}, 400, "ValidationException"),
        ("POST", "/console/add_user", {"name": "a"}, 400, "argument 'name'"),
        ("GET", "/requests?since=x", None, 400, "invalid literal"),
    ],
)
def test_what_makes_no_sense_is_explained(
    remote: Remote, method: str, path: str, body: Any, status: int, message: str
) -> None:
    answer = remote(method, path, body)
    assert answer[0] == status
    assert message in answer[1]


def test_a_page_in_a_browser_cannot_switch_anything(remote: Remote, sandbox: Sandbox) -> None:
    assert remote("POST", "/faults", {"kind": "deny"}, kind="text/plain")[0] == 415
    assert sandbox.faults.pending() == ()

"""The protocol itself: AWS JSON 1.1 over HTTP, without a client library in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any

import pytest

from reconciler.sandbox import SPEED_HEADER, FaultKind, Sandbox
from tests.sandbox.aws import NOBODY

pytestmark = pytest.mark.socket

SCOPE = "AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/{service}/aws4_request, SignedHeaders=host"


class Raw:
    """One keep-alive connection."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.store = sandbox.identity_store_id
        self.connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=600)

    def send(self, target: str | None, body: bytes, service: str | None = "identitystore") -> HTTPResponse:
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        if target:
            headers["X-Amz-Target"] = target
        if service:
            headers["Authorization"] = SCOPE.format(service=service)
        self.connection.request("POST", "/", body, headers)
        return self.connection.getresponse()

    def post(
        self, target: str | None, body: bytes | dict[str, Any], service: str | None = "identitystore"
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        response = self.send(target, body if isinstance(body, bytes) else json.dumps(body).encode(), service)
        content = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        return response.status, names, json.loads(content)


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[Raw]:
    made = Raw(sandbox)
    yield made
    made.connection.close()


def test_an_answer_names_speed_and_request(raw: Raw) -> None:
    status, headers, body = raw.post("AWSIdentityStore.ListUsers", {"IdentityStoreId": raw.store})
    assert (status, body) == (200, {"Users": []})
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert float(headers[SPEED_HEADER]) == 1
    assert len(headers["x-amzn-requestid"]) == 36


def test_an_error_carries_the_request_id_twice(raw: Raw) -> None:
    params = {"IdentityStoreId": raw.store, "UserId": NOBODY}
    status, headers, body = raw.post("AWSIdentityStore.DescribeUser", params)
    assert status == 400
    assert body == {
        "__type": "ResourceNotFoundException",
        "Message": "USER not found.",
        "ResourceType": "USER",
        "ResourceId": NOBODY,
        "RequestId": headers["x-amzn-requestid"],
    }


def test_one_connection_serves_many_requests(raw: Raw) -> None:
    raw.post("AWSIdentityStore.ListUsers", {"IdentityStoreId": raw.store})
    socket = raw.connection.sock
    raw.post("AWSIdentityStore.ListUsers", {"IdentityStoreId": raw.store})
    assert raw.connection.sock is socket


@pytest.mark.parametrize(
    ("target", "body", "service", "code"),
    [
        pytest.param(None, {}, "identitystore", "UnknownOperationException", id="no target"),
        pytest.param("AWSIdentityStore.Nope", {}, "identitystore", "UnknownOperationException", id="no such"),
        pytest.param("Other.ListUsers", {}, "identitystore", "UnknownOperationException", id="other service"),
        pytest.param(
            "AWSIdentityStore.ListUsers", {}, None, "MissingAuthenticationTokenException", id="unsigned"
        ),
        pytest.param(
            "AWSIdentityStore.ListUsers",
            {},
            "sso",
            "UnrecognizedClientException",
            id="signed for another service",
        ),
        pytest.param("AWSIdentityStore.ListUsers", b"{", "identitystore", "SerializationException", id="cut"),
        pytest.param(
            "AWSIdentityStore.ListUsers", b"[]", "identitystore", "SerializationException", id="a list"
        ),
        pytest.param(
            "AWSIdentityStore.ListUsers", b"\xff", "identitystore", "SerializationException", id="bytes"
        ),
        pytest.param(
            "AWSIdentityStore.ListUsers",
            b'{"IdentityStoreId": "\\ud800"}',
            "identitystore",
            "SerializationException",
            id="lone surrogate",
        ),
        pytest.param(
            "AWSIdentityStore.ListUsers",
            {"IdentityStoreId": 7},
            "identitystore",
            "SerializationException",
            id="number for a string",
        ),
        pytest.param(
            "AWSIdentityStore.ListUsers",
            {"IdentityStoreId": "d-0123456789", "MaxResults": True},
            "identitystore",
            "SerializationException",
            id="truth for a number",
        ),
        pytest.param("AWSIdentityStore.ListUsers", {}, "identitystore", "ValidationException", id="required"),
        pytest.param(
            "AWSIdentityStore.ListUsers",
            {"IdentityStoreId": "store"},
            "identitystore",
            "ValidationException",
            id="pattern",
        ),
        pytest.param(
            "AWSIdentityStore.IsMemberInGroups",
            {"IdentityStoreId": "d-0123456789", "GroupIds": [NOBODY], "MemberId": {"GroupId": NOBODY}},
            "identitystore",
            "ValidationException",
            id="a group as a member",
        ),
    ],
)
def test_a_request_that_is_none_is_refused(
    raw: Raw, target: str | None, body: Any, service: str | None, code: str
) -> None:
    status, _, answer = raw.post(target, body, service)
    assert (status, answer["__type"]) == (400, code)


def test_a_violation_is_worded_as_aws_words_it(raw: Raw) -> None:
    params = {"IdentityStoreId": raw.store, "MaxResults": 101}
    _, _, answer = raw.post("AWSIdentityStore.ListUsers", params)
    assert answer["Message"] == (
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100"
    )


def test_null_is_absent_and_unknown_members_are_ignored(raw: Raw) -> None:
    params = {"IdentityStoreId": raw.store, "MaxResults": None, "Filters": None, "Unheard": 1}
    status, _, answer = raw.post("AWSIdentityStore.ListUsers", params)
    assert (status, answer) == (200, {"Users": []})


def test_a_user_with_nulls_is_stored_without_them(raw: Raw) -> None:
    user = {
        "IdentityStoreId": raw.store,
        "UserName": "ada",
        "DisplayName": "Ada",
        "Title": None,
        "Name": {"GivenName": "Ada", "FamilyName": "L", "MiddleName": None},
        "Emails": [{"Value": "ada@example.com", "Type": None}],
    }
    _, _, created = raw.post("AWSIdentityStore.CreateUser", user)
    params = {"IdentityStoreId": raw.store, "UserId": created["UserId"]}
    _, _, found = raw.post("AWSIdentityStore.DescribeUser", params)
    assert found["Name"] == {"GivenName": "Ada", "FamilyName": "L"}
    assert found["Emails"] == [{"Value": "ada@example.com"}]
    assert "Title" not in found


def test_a_body_beyond_all_bounds_is_not_read(raw: Raw) -> None:
    raw.connection.putrequest("POST", "/")
    raw.connection.putheader("Content-Length", str(1 << 40))
    raw.connection.endheaders()
    assert raw.connection.getresponse().status == 413


def test_stopping_ends_idle_connections(sandbox: Sandbox) -> None:
    idle = Raw(sandbox)
    idle.post("AWSIdentityStore.ListUsers", {"IdentityStoreId": idle.store})
    sandbox.stop()
    assert idle.connection.sock is not None
    assert idle.connection.sock.recv(1) == b""
    idle.connection.close()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(FaultKind.HTML, b"<html>", id="a proxy's page"),
        pytest.param(FaultKind.TRUNCATED, b'{"Us', id="half a body that claims to be whole"),
        pytest.param(FaultKind.EMPTY, b"", id="no body"),
        pytest.param(FaultKind.GARBAGE, b"\x00\xff", id="no JSON"),
        pytest.param(FaultKind.MISSING_KEY, b"{}", id="nothing in it"),
        pytest.param(FaultKind.WRONG_TYPE, b'{"Users": "unexpected"', id="text for a list"),
    ],
)
def test_a_spoilt_answer_is_200(raw: Raw, sandbox: Sandbox, kind: FaultKind, body: bytes) -> None:
    sandbox.faults.add(kind)
    response = raw.send("AWSIdentityStore.ListUsers", json.dumps({"IdentityStoreId": raw.store}).encode())
    content = response.read()
    assert response.status == 200
    assert content.startswith(body)
    assert int(response.headers["Content-Length"]) == len(content)


def test_a_connection_can_end_in_the_middle_of_the_body(raw: Raw, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.CUT_OFF)
    response = raw.send("AWSIdentityStore.ListUsers", json.dumps({"IdentityStoreId": raw.store}).encode())
    with pytest.raises(IncompleteRead):
        response.read()

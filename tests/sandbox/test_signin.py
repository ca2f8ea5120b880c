"""Sign-in sessions: listed with their filters, looked at, revoked; and never those of another identity."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox import Sandbox
from reconciler.sandbox.faults import FaultKind
from reconciler.wire.aws_endpoint import keep
from tests.sandbox.aws import Aws

TOP = "111111111111"
ALL = f"arn:aws:iam::{TOP}:*"
USER = f"arn:aws:iam::{TOP}:user/bob"


def code(call: Any, **params: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def client(aws: Aws) -> Any:
    found = aws.client("signin")
    # By the rules of the service alone its requests would go to AWS.
    keep(found)
    return found


def test_a_session_is_listed_shown_and_revoked(sandbox: Sandbox, client: Any) -> None:
    arn = sandbox.store.sign_in(TOP, "bob", "Read", client="MCP")
    mine = sandbox.store.sign_in(TOP, "bob", principal=USER)
    sandbox.store.sign_in("210000000020", "bob", "Read")
    first, second = client.list_sessions(principalArn=ALL)["items"]
    assert (first["sessionArn"], first["status"], first["clientType"]) == (arn, "ACTIVE", "MCP")
    assert first["role"] == first["principalArn"]
    assert first["role"].startswith(f"arn:aws:iam::{TOP}:role/AWSReservedSSO_Read_")
    assert "role" not in second
    assert client.list_sessions(principalArn=USER)["items"] == [second]
    assert client.list_sessions()["items"] == []
    assert client.list_sessions(principalArn=ALL, issuedAfter=1 << 40)["items"] == []
    shown = client.get_session(sessionArn=arn, principalArn=ALL)
    assert "bob" not in str({**shown, "ResponseMetadata": None})
    assert code(client.get_session, sessionArn=arn, principalArn=USER) == ("ResourceNotFoundException", 404)
    for _ in range(2):
        ended = client.batch_revoke_sessions(
            sessionArns=[arn, "none"], principalArn=first["role"], reason="x"
        )
        assert [one["sessionArn"] for one in ended["revokedSessions"]] == [arn]
        assert [one["sessionArn"] for one in ended["errors"]] == ["none"]
    assert sandbox.store.signed_in(TOP) == [(TOP, "bob")]
    refused = client.batch_revoke_sessions(sessionArns=[mine], principalArn=first["role"])
    assert (len(refused["errors"]), refused["revokedSessions"]) == (1, [])
    assert [
        one["sessionArn"] for one in client.list_sessions(principalArn=ALL, status="REVOKED")["items"]
    ] == [arn]


def test_what_it_refuses_is_refused_in_its_own_words(sandbox: Sandbox, client: Any) -> None:
    elsewhere = "arn:aws:iam::210000000020:*"
    assert code(client.list_sessions, principalArn=elsewhere) == ("AccessDeniedException", 403)
    assert code(client.list_sessions, principalArn=f"arn:aws:iam::{TOP}:role/a/b")[0] == "ValidationException"
    assert code(client.batch_revoke_sessions, sessionArns=list("abcdef"))[0] == "ValidationException"
    assert code(client.list_sessions, principalArn=ALL, nextToken="x")[0] == "ValidationException"
    sandbox.faults.add(FaultKind.THROTTLE, "signin.*")
    assert code(client.list_sessions) == ("TooManyRequestsError", 429)
    sandbox.faults.add(FaultKind.DENY, "signin.*")
    assert code(client.list_sessions) == ("AccessDeniedException", 403)


def test_pages_go_to_the_end(aws: Aws, sandbox: Sandbox, client: Any) -> None:
    made = [sandbox.store.sign_in(TOP, "bob", "Read") for _ in range(7)]
    pages = list(
        client.get_paginator("list_sessions").paginate(principalArn=ALL, PaginationConfig={"PageSize": 3})
    )
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert [one["sessionArn"] for page in pages for one in page["items"]] == made

"""What goes wrong on request, as a client sees it, and what it leaves in the store."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from reconciler.sandbox import FaultKind, Sandbox
from tests.sandbox.aws import Aws, person, refusal


def create(aws: Aws) -> None:
    aws("create_user", **person("ada"))


REFUSED = [
    pytest.param(FaultKind.THROTTLE, "ThrottlingException", 400, id="throttled"),
    pytest.param(FaultKind.ERROR, "InternalServerException", 500, id="server error"),
    pytest.param(FaultKind.DENY, "AccessDeniedException", 400, id="denied"),
    pytest.param(FaultKind.EXPIRED, "ExpiredTokenException", 400, id="expired"),
    pytest.param(FaultKind.CONFLICT, "ConflictException", 400, id="conflict"),
    pytest.param(FaultKind.NOT_FOUND, "ResourceNotFoundException", 400, id="not seen yet"),
]


@pytest.mark.parametrize(("kind", "code", "status"), REFUSED)
def test_a_refusal_does_nothing_once_and_then_no_more(
    aws: Aws, sandbox: Sandbox, kind: FaultKind, code: str, status: int
) -> None:
    sandbox.faults.add(kind, "identitystore.CreateUser")
    error = refusal(create, aws)
    assert (error["Code"], error["Status"]) == (code, status)
    assert sandbox.store.users() == {}
    create(aws)
    assert set(sandbox.store.users()) == {"ada"}


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.ERROR_AFTER])
def test_a_lost_answer_leaves_the_work_done(aws: Aws, sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults.add(kind, "identitystore.CreateUser")
    with pytest.raises((BotoCoreError, ClientError)):
        create(aws)
    assert set(sandbox.store.users()) == {"ada"}
    assert refusal(create, aws)["Code"] == "ConflictException"


def test_a_connection_dropped_before_leaves_nothing_done(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.DROP_BEFORE, "identitystore.CreateUser")
    with pytest.raises(BotoCoreError):
        create(aws)
    assert sandbox.store.users() == {}


SPOILT = (
    FaultKind.HTML,
    FaultKind.TRUNCATED,
    FaultKind.EMPTY,
    FaultKind.MISSING_KEY,
)


@pytest.mark.parametrize("kind", SPOILT)
def test_boto3_takes_a_spoilt_answer_for_one_without_a_list(
    aws: Aws, sandbox: Sandbox, kind: FaultKind
) -> None:
    # Why a reader must check that what it relies on is there.
    create(aws)
    sandbox.faults.add(kind)
    assert "Users" not in aws("list_users")


def test_a_list_can_turn_into_text(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.WRONG_TYPE)
    with pytest.raises((TypeError, AttributeError)):
        aws("list_users")["Users"][0]["UserId"]


@pytest.mark.parametrize(
    ("kind", "status"), [(FaultKind.DENY, 403), (FaultKind.EXPIRED, 401), (FaultKind.ERROR, 503)]
)
def test_the_status_of_a_refusal_can_be_chosen(
    aws: Aws, sandbox: Sandbox, kind: FaultKind, status: int
) -> None:
    sandbox.faults.add(kind, status=status)
    assert refusal(aws, "list_users")["Status"] == status


def test_a_denial_names_the_action(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.DENY, "*.List*", count=2)
    assert "perform: identitystore:ListUsers" in refusal(aws, "list_users")["Message"]
    assert "perform: sso:ListInstances" in refusal(aws.sso.list_instances)["Message"]


def test_a_refusal_can_carry_a_reason(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.DENY, reason="KMS_ACCESS_DENIED")
    assert refusal(aws, "list_users")["Reason"] == "KMS_ACCESS_DENIED"


def test_a_refusal_that_an_operation_does_not_have_is_no_fault(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.CONFLICT, "identitystore.ListUsers")
    assert aws("list_users")["Users"] == []


def test_organizations_throttles_in_its_own_words(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.THROTTLE, "organizations.*")
    assert refusal(aws.organizations.list_accounts)["Code"] == "TooManyRequestsException"


def test_the_identity_store_says_how_long_to_wait(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.THROTTLE, seconds=7)
    assert refusal(aws, "list_users")["RetryAfterSeconds"] == 7


@pytest.fixture
def ten(aws: Aws, sandbox: Sandbox) -> Aws:
    for number in range(10):
        sandbox.store.add_user(f"u{number}")
    return aws


def read(aws: Aws, most: int = 8) -> list[list[str]]:
    """At most so many pages of three users each, by name."""
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    for _ in range(most):
        page = aws("list_users", MaxResults=3, **token)
        pages.append([user["UserName"] for user in page["Users"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    return pages


WHOLE = [["u0", "u1", "u2"], ["u3", "u4", "u5"], ["u6", "u7", "u8"], ["u9"]]


@pytest.mark.parametrize(
    ("kind", "nth", "pages"),
    [
        pytest.param(FaultKind.LOSE_PAGE, 2, [WHOLE[0], WHOLE[2], WHOLE[3]], id="the second page is lost"),
        pytest.param(FaultKind.LOSE_PAGE, 1, WHOLE[1:], id="the first page is lost"),
        pytest.param(FaultKind.LOSE_PAGE, 4, [*WHOLE[:3], []], id="the last page is lost"),
        pytest.param(
            FaultKind.REPEAT_PAGE, 2, [WHOLE[0], WHOLE[1], WHOLE[1], *WHOLE[2:]], id="the second page twice"
        ),
        pytest.param(FaultKind.REPEAT_PAGE, 1, [WHOLE[0], *WHOLE], id="the first page twice"),
        pytest.param(FaultKind.EMPTY_PAGE, 2, [WHOLE[0], [], *WHOLE[1:]], id="an empty page between"),
        pytest.param(FaultKind.EMPTY_PAGE, 1, [[], *WHOLE], id="an empty page first"),
        pytest.param(
            FaultKind.SHORT_PAGE,
            1,
            [["u0"], ["u1", "u2", "u3"], ["u4", "u5", "u6"], ["u7", "u8", "u9"]],
            id="a short page first",
        ),
        pytest.param(FaultKind.LOOP, 2, [WHOLE[0], WHOLE[1], WHOLE[1], *WHOLE[2:]], id="a token given again"),
    ],
)
def test_pages_go_wrong_as_asked(
    ten: Aws, sandbox: Sandbox, kind: FaultKind, nth: int, pages: list[list[str]]
) -> None:
    assert read(ten) == WHOLE
    sandbox.faults.add(kind, "identitystore.ListUsers", nth=nth)
    assert read(ten) == pages
    assert read(ten) == WHOLE


def test_a_loop_sends_the_very_token_back(ten: Aws, sandbox: Sandbox) -> None:
    token = ten("list_users", MaxResults=3)["NextToken"]
    sandbox.faults.add(FaultKind.LOOP)
    assert ten("list_users", MaxResults=3, NextToken=token)["NextToken"] == token


def test_a_fault_without_end_hits_from_its_nth_call_on(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.DENY, "identitystore.List*", nth=3, count=None)
    aws("list_users")
    aws("list_groups")
    for _ in range(3):
        assert refusal(aws, "list_users")["Code"] == "AccessDeniedException"
    assert len(sandbox.faults.pending()) == 1
    sandbox.faults.clear()
    aws("list_users")


def test_a_fault_hits_only_calls_that_match(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.ERROR, "identitystore.CreateGroup", count=2)
    create(aws)
    assert refusal(aws.add_group, "g")["Code"] == "InternalServerException"
    aws("list_groups")
    assert refusal(aws.add_group, "g")["Code"] == "InternalServerException"
    aws.add_group("g")
    assert sandbox.faults.pending() == ()


def test_the_journal_names_the_fault(aws: Aws, sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.DROP_AFTER, "identitystore.CreateUser")
    with pytest.raises(BotoCoreError):
        create(aws)
    (entry,) = sandbox.requests
    assert (entry.label, entry.status, entry.fault) == ("identitystore.CreateUser", 0, "drop-after")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"kind": "throttle", "nth": 0},
        {"kind": "throttle", "count": 0},
        {"kind": "deny", "status": 200},
    ],
)
def test_a_fault_that_makes_no_sense_cannot_be_switched_on(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is not a valid|counts from|is at least|is that of"):
        sandbox.faults.add(**wrong)
    assert sandbox.faults.pending() == ()

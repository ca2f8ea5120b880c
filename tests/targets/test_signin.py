"""Sessions of `aws login`, through the real client: whose they are, how they end, and what refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.signin import AccountSessions, Search, SignedIn, Whose, permission_set, whose
from reconciler.sandbox import Sandbox
from reconciler.sandbox.faults import FaultKind
from reconciler.targets.identity_center import signin
from reconciler.targets.identity_center.signin import Sessions
from reconciler.wire import aws as wire
from reconciler.wire.aws import Aws

TOP, PROD, DEV = "111111111111", "210000000020", "210000000021"
ROLE = "path/end-sessions"
BOB = "bob@example.com"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(latency=0, speed=1000.0, largest_page=3) as running:
        running.circumstances.account_role = ROLE
        yield running


def search(accounts: dict[str, dict[str, bool]], *, everybody: bool = False) -> Search:
    return Search(accounts, [BOB], everybody, "left")


def end(sandbox: Sandbox, wanted: Search, role: str | None = ROLE) -> dict[str, AccountSessions]:
    aws = Aws("aws", region="us-east-1", endpoint_url=sandbox.url, speed=1000.0, sandbox=True)
    found = list(Sessions(aws, role).end(wanted))
    assert len({one.account for one in found}) == len(found)
    return {one.account: one for one in found}


def asked(sandbox: Sandbox, operation: str) -> int:
    return sum(one.operation == operation for one in sandbox.requests)


def test_the_persons_end_page_by_page_and_five_at_a_time(sandbox: Sandbox) -> None:
    for number in range(12):
        sandbox.store.sign_in(PROD, BOB, "Own")
        sandbox.store.sign_in(PROD, "ada", "Read" if number % 2 else "Owner")
    found = end(sandbox, search({PROD: {"Own": True, "Read": False}}))
    assert sandbox.store.signed_in() == [(PROD, "ada")] * 12
    assert (len(found[PROD].ended), found[PROD].theirs, found[PROD].shared) == (12, {"Own": 12}, {"Read": 6})
    assert asked(sandbox, "BatchRevokeSessions") == 3
    assert found[TOP] == AccountSessions(TOP)


def test_all_of_a_shared_role_end_when_it_was_asked_for(sandbox: Sandbox) -> None:
    for person in (BOB, "ada"):
        sandbox.store.sign_in(PROD, person, "Read")
    sandbox.store.sign_in(PROD, "eve", "Audit")
    end(sandbox, search({PROD: {"Read": False}}, everybody=True))
    assert sandbox.store.signed_in() == [(PROD, "eve")]


def test_without_a_role_only_the_callers_own_account_is_looked_at(sandbox: Sandbox) -> None:
    for account in (TOP, PROD):
        sandbox.store.sign_in(account, BOB, "Own")
    found = end(sandbox, search({PROD: {"Own": True}, TOP: {"Own": True}}), role=None)
    assert sandbox.store.signed_in() == [(PROD, BOB)]
    assert (found[PROD].asked, found[TOP].asked, asked(sandbox, "AssumeRole")) == (False, True, 0)


def test_an_account_that_refuses_holds_up_no_other(sandbox: Sandbox) -> None:
    for account in (TOP, PROD, DEV):
        sandbox.store.sign_in(account, BOB, "Own")
    sandbox.circumstances.accounts_without_role = (PROD,)
    sandbox.faults.add(FaultKind.DENY, "signin.ListSessions")
    found = end(sandbox, search({one: {"Own": True} for one in (TOP, PROD, DEV)}))
    assert sandbox.store.signed_in() == [(TOP, BOB), (PROD, BOB)]
    assert "signin:ListSessions" in found[TOP].problem
    assert "sts:AssumeRole" in found[PROD].problem
    assert (found[DEV].problem, len(found[DEV].ended)) == ("", 1)


@pytest.mark.parametrize(
    ("kind", "operation", "left", "says"),
    [
        pytest.param(FaultKind.FAIL, "signin.Batch*", 5, "The session was not found", id="one batch refused"),
        pytest.param(FaultKind.THROTTLE, "signin.*", 0, "", id="throttled and tried again"),
        pytest.param(FaultKind.ERROR, "signin.Batch*", 0, "", id="failed and sent again"),
        pytest.param(FaultKind.DROP_AFTER, "signin.Batch*", 0, "", id="done, and the answer was lost"),
        pytest.param(FaultKind.DENY, "signin.Batch*", 7, "signin:BatchRevokeSessions", id="not allowed"),
        pytest.param(FaultKind.SHORT_PAGE, "signin.List*", 0, "", id="a short page"),
    ],
)
def test_what_is_open_afterwards_is_what_is_said(
    sandbox: Sandbox, kind: FaultKind, operation: str, left: int, says: str
) -> None:
    for _ in range(7):
        sandbox.store.sign_in(PROD, BOB, "Own")
    sandbox.faults.add(kind, operation)
    found = end(sandbox, search({PROD: {"Own": True}}))[PROD]
    assert len(sandbox.store.signed_in()) == left == len(found.failed)
    assert len(found.ended) == 7 - left
    assert all(says in why for why in found.failed.values())


def test_a_list_that_is_not_whole_ends_nothing(sandbox: Sandbox) -> None:
    for _ in range(7):
        sandbox.store.sign_in(TOP, BOB, "Own")
        sandbox.store.sign_in(PROD, BOB, "Own")
    sandbox.faults.add(FaultKind.LOOP, "signin.ListSessions", count=4)
    found = end(sandbox, search({TOP: {"Own": True}, PROD: {"Own": True}}))
    assert "came twice" in found[TOP].problem
    assert [one for one in sandbox.store.signed_in() if one[0] == TOP] == [(TOP, BOB)] * 7


def test_an_older_boto3_asks_nobody(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "has_operation", lambda service, _: service != "signin")
    sandbox.store.sign_in(TOP, BOB, "Own")
    found = end(sandbox, search({TOP: {"Own": True}}))
    assert found == {TOP: AccountSessions(TOP, problem=signin.UNKNOWN)}
    assert len(sandbox.requests) == 0


def test_where_nobody_answers_no_further_account_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.faults.add(FaultKind.DROP_BEFORE, "signin.*", count=None)
    found = end(sandbox, search({TOP: {}, PROD: {}, DEV: {}}))
    assert sorted(found) == [TOP, PROD, DEV]
    assert asked(sandbox, "AssumeRole") == 0


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SIGNIN", "profile", "option"])
def test_signin_goes_where_everything_goes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its rules a request for sessions goes to AWS, whatever is configured."""
    with Sandbox(latency=0, throttling=False) as sandbox:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        if name == "profile":
            (tmp_path / "config").write_text(f"[default]\nendpoint_url = {sandbox.url}\n", encoding="utf-8")
            monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        elif name != "option":
            monkeypatch.setenv(name, sandbox.url)
        aws = Aws("aws", region="eu-central-1", endpoint_url=sandbox.url if name == "option" else None)
        everybody = f"arn:aws:iam::{sandbox.management_account}:*"
        assert aws.call("signin", "ListSessions", mutates=False, principalArn=everybody) == {"items": []}
        assert [one.operation for one in sandbox.requests] == ["ListSessions"]


ARN = "arn:aws:iam::{}:role/AWSReservedSSO_{}_0123456789abcdef"


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (ARN.format(PROD, "Own"), Whose.THEIRS),
        (ARN.format(PROD, "Read"), Whose.SHARED),
        (ARN.format(PROD, "Ow"), Whose.OTHER),
        (ARN.format(PROD, "Own_0123456789abcdef"), Whose.OTHER),
        (ARN.format(DEV, "Own"), Whose.OTHER),
        (ARN.format(PROD, "own"), Whose.OTHER),
        (f"arn:aws:iam::{PROD}:role/AWSReservedSSO_Own", Whose.OTHER),
        (f"arn:aws:iam::{PROD}:role/MyAWSReservedSSO_Own_0123456789abcdef", Whose.OTHER),
        (
            f"arn:aws:iam::{PROD}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Own_0123456789abcdef",
            Whose.THEIRS,
        ),
        (f"arn:aws:iam::{PROD}:user/BOB@example.com", Whose.THEIRS),
        (f"arn:aws:sts::{PROD}:federated-user/{BOB}", Whose.THEIRS),
        (f"arn:aws:iam::{DEV}:user/{BOB}", Whose.OTHER),
        (f"arn:aws:iam::{PROD}:user/bob", Whose.OTHER),
        (f"arn:aws:iam::{PROD}:user/x{BOB}", Whose.OTHER),
        (f"arn:aws:iam::{PROD}:root", Whose.OTHER),
        (f"arn:aws:iam::{PROD}:role/{BOB}", Whose.OTHER),
        ("", Whose.OTHER),
    ],
)
def test_whose_a_session_is(principal: str, expected: Whose) -> None:
    wanted = search({PROD: {"Own": True, "Read": False}})
    assert whose(SignedIn("s", principal), PROD, wanted) is expected


def test_a_plain_name_is_nobodys() -> None:
    """A user of IAM by the name `admin` is hardly the person whose user name that is."""
    wanted = Search({PROD: {}}, ["admin"], everybody=True, reason="left")
    session = SignedIn("s", f"arn:aws:iam::{PROD}:user/admin")
    assert (whose(session, PROD, wanted), permission_set(session, PROD)) == (Whose.OTHER, "")

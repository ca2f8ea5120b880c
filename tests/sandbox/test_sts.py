"""Who calls, as STS tells it."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Caller, FaultKind
from tests.sandbox.aws import refusal
from tests.sandbox.sso import MANAGEMENT, ONE, Sso


@pytest.mark.parametrize(
    ("caller", "account"), [(Caller.MANAGEMENT, MANAGEMENT), (Caller.DELEGATED, ONE), (Caller.MEMBER, ONE)]
)
def test_a_caller_is_told_the_account_it_comes_from(sso: Sso, caller: Caller, account: str) -> None:
    sso.sandbox.circumstances.caller = caller

    answer = sso.aws.client("sts").get_caller_identity()

    assert answer["Account"] == account
    assert account in answer["Arn"]
    assert sso.sandbox.requests.counts() == {"sts.GetCallerIdentity": 1}


def test_a_delegate_outside_of_the_organisation_is_a_stranger(sso: Sso) -> None:
    sso.sandbox.store.dissolve_organization()
    sso.sandbox.circumstances.caller = Caller.DELEGATED

    account = sso.aws.client("sts").get_caller_identity()["Account"]

    assert account not in {MANAGEMENT, ONE}


@pytest.mark.parametrize(
    ("kind", "code"),
    [(FaultKind.DENY, "AccessDeniedException"), (FaultKind.THROTTLE, "ThrottlingException"),
     (FaultKind.EXPIRED, "ExpiredTokenException")],
)  # fmt: skip
def test_it_refuses_in_its_own_protocol(sso: Sso, kind: FaultKind, code: str) -> None:
    sso.sandbox.faults.add(kind, "sts.*")

    assert refusal(sso.aws.client("sts").get_caller_identity)["Code"] == code


def test_what_it_does_not_have_is_refused(sso: Sso) -> None:
    assert refusal(sso.aws.client("sts").get_session_token)["Code"] == "InvalidAction"

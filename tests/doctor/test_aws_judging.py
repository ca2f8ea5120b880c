"""What no sandbox shows: facts about AWS, and the checks that are made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.doctor.aws.actions import READS, Use
from reconciler.doctor.aws.facts import (
    Asked,
    AwsFacts,
    Caller,
    Declared,
    Instance,
    Reply,
    SessionFacts,
    reply_of,
)
from reconciler.doctor.aws.judge import judge
from reconciler.doctor.check import Check, Outcome, Unseen
from reconciler.errors import Denied, NotFound, Rejected, ServiceError

INSTANCE = Instance("arn:aws:sso:::instance/ssoins-1", "d-1", "111111111111", "ACTIVE", permission_sets=True)
WELL = AwsFacts(
    region="eu-central-1",
    region_from="`region` of the target",
    caller=Caller("arn:aws:sts::111111111111:assumed-role/apply/reconciler-7", "111111111111"),
    instances=(INSTANCE,),
    management="111111111111",
    in_management=(),
    asked=tuple(Asked(action, Reply.ANSWERED) for action in READS),
    offset=timedelta(seconds=1),
)


NOTHING = Declared()


def check(name: str, declared: Declared = NOTHING, use: Use | None = None, **changed: Any) -> Check:
    """The one check of that name."""
    found = judge("aws", replace(WELL, **changed), declared, use).checks
    (one,) = [each for each in found if each.name == name]
    return one


def test_several_instances() -> None:
    other = replace(INSTANCE, arn="arn:aws:sso:::instance/ssoins-2")
    one = check("instance", instances=(INSTANCE, other))
    assert (one.outcome, len(one.details)) == (Outcome.PROBLEM, 2)
    assert "instance_arn" in one.fix
    assert check("instance").outcome is Outcome.OK


def test_an_instance_that_is_not_active() -> None:
    one = check("instance", instances=(replace(INSTANCE, status="CREATE_FAILED", status_reason="no key"),))
    assert (one.outcome, "no key" in one.found) == (Outcome.PROBLEM, True)


def test_a_replica() -> None:
    one = check("region", instances=(replace(INSTANCE, primary_region="eu-west-1"),))
    assert (one.outcome, "eu-west-1" in one.fix) == (Outcome.PROBLEM, True)


def test_network_rules_that_let_us_pass() -> None:
    one = check("network", instances=(replace(INSTANCE, rules=("VpceAccessRequired: True",)),))
    assert (one.outcome, one.details) == (Outcome.WARNING, ("VpceAccessRequired: True",))


def test_encryption_that_changes() -> None:
    one = check("encryption-key", instances=(replace(INSTANCE, key="k", key_status="UPDATE_FAILED"),))
    assert one.outcome is Outcome.WARNING


@pytest.mark.parametrize(
    ("offset", "outcome"),
    [(None, Outcome.PROBLEM), (timedelta(seconds=10), Outcome.OK), (timedelta(seconds=-90), Outcome.PROBLEM)],
)
def test_a_signature_that_is_refused(offset: timedelta | None, outcome: Outcome) -> None:
    assert check("clock", signing=True, offset=offset).outcome is outcome


@pytest.mark.parametrize(
    ("arn", "use", "outcome"),
    [
        ("arn:aws:iam::111111111111:root", None, Outcome.WARNING),
        ("arn:aws:iam::111111111111:user/ada", None, Outcome.WARNING),
        ("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_1/ada@example.com", None, Outcome.OK),
        (
            "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_1/ada@example.com",
            Use.APPLY,
            Outcome.WARNING,
        ),
        ("arn:aws:sts::111111111111:assumed-role/apply/reconciler-7", Use.APPLY, Outcome.OK),
        ("arn:aws:sts::111111111111:assumed-role/reconciler-apply/GitHubActions", None, Outcome.WARNING),
    ],
)
def test_who_calls(arn: str, use: Use | None, outcome: Outcome) -> None:
    assert check("credentials", use=use, caller=Caller(arn, "111111111111")).outcome is outcome


def test_what_is_not_seen_is_nowhere_ok() -> None:
    nothing = Unseen("nobody looked")
    found = judge(
        "aws",
        AwsFacts("eu-central-1", "x", caller=nothing, instances=nothing, management=nothing),
        Declared(assignments={"a": ()}, tag_keys={"env": ("a",)}, customer_policies={"Read": ("/x",)},
                 described={"Read": ("the organization",)}),
    )  # fmt: skip
    assert [one.name for one in found.checks if one.outcome is Outcome.OK] == []


ADA = "User: arn:aws:sts::1:assumed-role/vpc-network-admin/source-ip is not authorized to perform: a:B"


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (NotFound("gone", code="ResourceNotFoundException"), Reply.ANSWERED),
        (Denied("x", code="AccessDeniedException", reason="KMS_ACCESS_DENIED"), Reply.KEY),
        (Rejected("x", code="ValidationException", reason="KMS_DISABLED"), Reply.KEY),
        (Denied(f"{ADA} because no identity-based policy allows it", code="AccessDenied"), Reply.DENIED),
        (Denied(f"{ADA} on resource: arn:aws:ec2:x:1:vpc/1", code="AccessDenied"), Reply.DENIED),
        (Denied(f"{ADA} with an explicit deny in a VPC endpoint policy", code="AccessDenied"), Reply.NETWORK),
        (Denied("Access from this network is not allowed", code="AccessDeniedException"), Reply.NETWORK),
        (Denied("The source IP address is not allowed", code="AccessDeniedException"), Reply.NETWORK),
        (Denied("expired", code="ExpiredTokenException"), Reply.CREDENTIALS),
        (Denied("no credentials"), Reply.CREDENTIALS),
        (ServiceError("500", code="InternalServerException"), Reply.FAILED),
        (Rejected("what", code="UnknownOperationException"), Reply.FAILED),
    ],
)
def test_what_an_error_says_of_the_right_to_call(error: ServiceError, reply: Reply) -> None:
    assert reply_of(error) is reply


def test_which_policy_denies() -> None:
    denied = Asked(READS[0], Reply.DENIED, "denied with an explicit deny in a service control policy")
    one = check("read-actions", asked=(denied, *WELL.asked[1:]))
    assert one.details == (f"{READS[0]} (denied by a service control policy)",)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (SessionFacts(known=False), Outcome.NOT_CHECKED),
        (SessionFacts(known=True), Outcome.OK),
        (SessionFacts(known=True, role="r"), Outcome.WARNING),
    ],
)
def test_sessions_that_the_caller_may_not_end(facts: SessionFacts, outcome: Outcome) -> None:
    found = check("login-sessions", sessions=facts, simulated={"signin:ListSessions": "implicitDeny"})
    assert found.outcome is outcome
    assert "simulated" in check("login-sessions", sessions=SessionFacts(known=True)).found


def test_a_role_for_sessions_says_how_many_accounts_were_looked_at() -> None:
    seen = SessionFacts(known=True, role="r", tried={"1": "", "2": "no"}, wanted=40)
    found = check("session-role", sessions=seen)
    assert (found.outcome, found.details) == (Outcome.WARNING, ("2: no",))
    assert "in 1 (2 of 40 other accounts" in found.found
    nothing = SessionFacts(known=True, role="r")
    assert check("session-role", sessions=nothing).outcome is Outcome.OK

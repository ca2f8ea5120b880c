"""Facts about AWS to checks: every check runs, also after a problem."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.doctor.aws.actions import Use
from reconciler.doctor.aws.calling import actions, clock, credentials, key, network, writes
from reconciler.doctor.aws.denying import deny_policy
from reconciler.doctor.aws.facts import AwsFacts, Declared
from reconciler.doctor.aws.organization import customer_policies, management, tag_keys
from reconciler.doctor.aws.places import instance, permission_sets, region
from reconciler.doctor.aws.sessions import login_sessions
from reconciler.doctor.check import Check, Examination, not_checked, ok, problem, warning


def judge(target: str, facts: AwsFacts, declared: Declared, use: Use | None = None) -> Examination:
    """Every check of one target; `use` says what the credentials are for (None: nobody said)."""
    checks = (
        credentials(facts, use),
        clock(facts),
        region(facts),
        instance(facts),
        permission_sets(facts, declared),
        *actions(facts),
        writes(facts, use),
        network(facts),
        key(facts),
        management(facts, declared),
        tag_keys(declared),
        customer_policies(facts, declared),
        *deny_policy(facts, declared),
        *login_sessions(facts),
        *_token(facts, use),
    )
    return Examination(target, checks)


def _token(facts: AwsFacts, use: Use | None) -> Iterator[Check]:
    if not facts.has_channel:
        return
    name, fix = "scim-token", "put the token where `token` of the target points, or `token_next`"
    if facts.token and (use is Use.APPLY or (facts.notices and use is None)):
        yield problem(name, facts.token, fix)
    elif facts.token:
        yield not_checked(name, f"{facts.token}; a plan needs none", f"where this role applies: {fix}")
    else:
        yield ok(name, "the token is there, as an apply needs it")
    name = "scim-token-expiry"
    for one in facts.notices[:1]:
        yield warning(name, one.message, one.fix or "", one.details)
    if not facts.notices:
        yield ok(name, "it does not end within 60 days, as far as `expires` says")

"""Plans that guards and rules refuse."""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Finding, Plan, Severity
from tests.render.pieces import TEAMS, member, of


def refused() -> Plan:
    leaving = [member("payments", f"person.{number:02}", Action.DELETE) for number in range(12)]
    fix = (
        "if it is meant, add to identities/approvals/: {guard: max-removals, kind: membership, count: 12, "
        "until: <date>, reason: <why>}"
    )
    return of(
        *leaving,
        findings=(
            Finding(
                "max-removals",
                Severity.REFUSAL,
                "12 of 40 memberships would be removed; at most 4 may be",
                fix=fix,
                kind=Kind.MEMBERSHIP,
                count=12,
            ),
            Finding(
                "set-emptied",
                Severity.REFUSAL,
                "1 groups would lose their last member",
                fix="if it is meant, add to identities/approvals/: {guard: set-emptied, kind: membership, "
                "count: 1, until: <date>, reason: <why>}",
                details=("payments",),
                kind=Kind.MEMBERSHIP,
                origin=TEAMS,
            ),
        ),
    )

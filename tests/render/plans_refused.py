"""Plans that guards and rules refuse."""

from __future__ import annotations

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Effect
from reconciler.model.plan import Finding, Plan, Severity
from tests.render.pieces import PEOPLE, TEAMS, assigned, member, of, user

_OR_ELSE = "change the rule in a review of its own"


def _approval(guard: str, kind: str, count: int) -> str:
    """What guards advise."""
    return (
        f"if it is meant, add under `approvals:` in identities/approvals/: <name>: {{guard: {guard}, "
        f"kind: {kind}, count: {count}, until: <date>, reason: <why>}}"
    )


def refused() -> Plan:
    """Too many leave, all of them from one group."""
    leaving = [member("payments", f"person.{number:02}", Action.DELETE) for number in range(12)]
    return of(
        *leaving,
        findings=(
            Finding(
                "max-removals",
                Severity.REFUSAL,
                "12 of 40 memberships would be removed; at most 4 may be",
                fix=_approval("max-removals", "memberships", 12),
                kind=Kind.MEMBERSHIP,
                count=12,
            ),
            Finding(
                "set-emptied",
                Severity.REFUSAL,
                "1 group would lose every member",
                fix=_approval("set-emptied", "memberships", 1),
                details=("payments",),
                kind=Kind.MEMBERSHIP,
                origin=TEAMS,
            ),
        ),
    )


def protected() -> Plan:
    """Three of one sort, and an approval that lets something else past."""
    keys = ("break.glass.1", "break.glass.2", "break.glass.3")
    return of(
        *(user(key, Action.UPDATE, {"active": (True, False)}, effect=Effect.REVOKE) for key in keys),
        member("payments", "alan.turing", Action.DELETE),
        findings=(
            *(
                Finding(
                    "protected",
                    Severity.REFUSAL,
                    f"aws/user/{key} is protected and would be disabled",
                    address=Address.of("aws", Kind.USER, key),
                    origin=PEOPLE,
                    fix=_approval("protected", "users", 3),
                    kind=Kind.USER,
                )
                for key in keys
            ),
            Finding(
                "set-emptied",
                Severity.NOTE,
                "1 group would lose every member: approved by team-closed (PAY-12)",
                details=("payments",),
                kind=Kind.MEMBERSHIP,
                origin=TEAMS,
            ),
        ),
    )


def ruled() -> Plan:
    """Rules that the plan breaks, and one that was broken before."""
    return of(
        assigned("210000000020", "PlatformAdmin", "user:ada.lovelace"),
        member("payments-approvers", "alan.turing"),
        findings=(
            Finding(
                "rule-deny",
                Severity.REFUSAL,
                "no-direct-on-prod: 1 person gets access that nobody may have by assignments to users "
                "(People get production through a group)",
                origin=TEAMS,
                fix=f"take it out of `assignments` or of the groups, or {_OR_ELSE}",
                details=(
                    "Admin in payments-prod through an assignment to the user (by quick in quick.yaml): ada",
                ),
            ),
            Finding(
                "rule-disjoint",
                Severity.REFUSAL,
                "four-eyes: 1 person is in more than one of payments-operators, payments-approvers",
                origin=TEAMS,
                fix=f"leave each of them in one of the groups at most, or {_OR_ELSE}",
                details=("alan.turing: payments-approvers (teams.yaml), payments-operators (teams.yaml)",),
            ),
            Finding(
                "rule-max-holders",
                Severity.WARNING,
                "few-admins: 9 people have access that at most 8 may have, and none of them by this plan",
                fix=f"take it from others first, or {_OR_ELSE}",
                details=tuple(
                    f"PlatformAdmin in {account} through group ops (by ops in access.yaml): ada, bob"
                    for account in ("platform-prod", "platform-dev", "payments-prod")
                ),
                count=9,
            ),
        ),
    )

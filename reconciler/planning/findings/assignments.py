"""What a reviewer must know of assignments that stay: whose they are, and why nothing is done about them."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding, Severity
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.given.privileged import PrivilegedNow
from reconciler.planning.withheld import Withheld
from reconciler.planning.wording import many

# More lines than this nobody reads; `count` tells how many there are.
_SHOWN = 100


def assignment_findings(context: PlanContext, diff: Diff, withheld: Withheld) -> Iterable[Finding]:
    """Findings on assignments that are left alone."""
    delegated, kept = withheld.delegated, withheld.kept
    yield from _unmanaged(context, diff)
    if diff.unseen_assignments:
        yield Finding(
            code="assignments-not-read",
            severity=Severity.WARNING,
            message=(
                f"{many(diff.unseen_assignments, 'declared assignment')} not compared, because nobody "
                "looked whether they are there"
            ),
            fix="plan again with everything read",
            count=diff.unseen_assignments,
            kind=Kind.ASSIGNMENT,
        )
    if diff.unresolved_assignments:
        count = len(diff.unresolved_assignments)
        yield Finding(
            code="assignments-unresolved",
            severity=Severity.WARNING,
            message=(
                f"{many(count, 'assignment')} kept: which accounts their entries mean is not known, because"
                " not every unit that they name is"
            ),
            fix="correct the selectors; a renamed unit has another path, and the same id",
            details=_shown(map(str, sorted(diff.unresolved_assignments))),
            count=count,
        )
    if diff.orphans:
        yield Finding(
            code="orphaned-assignments",
            severity=Severity.WARNING,
            message=f"{many(len(diff.orphans), 'assignment')} of users or groups that no longer exist",
            fix=(
                "delete them in the console, or write `assignments: exclusive` at their permission sets, so "
                "that apply does"
            ),
            details=_shown(map(str, diff.orphans)),
            count=len(diff.orphans),
            kind=Kind.ASSIGNMENT,
        )
    if diff.out_of_reach:
        count = sum(diff.out_of_reach.values())
        yield Finding(
            code="assignments-out-of-reach",
            severity=Severity.WARNING,
            message=(
                f"{many(count, 'assignment')} left as they are, in accounts that are not active or not in "
                "the organization"
            ),
            fix="nothing can be changed there until the account is active again, or is gone",
            details=tuple(
                f"{context.account_name(account)} ({account}): {many(number, 'assignment')}"
                for account, number in sorted(diff.out_of_reach.items())
            ),
            count=count,
            kind=Kind.ASSIGNMENT,
        )
    if delegated:
        yield Finding(
            code="delegated-administrator",
            severity=Severity.WARNING,
            message=(
                f"{many(len(delegated), 'change')} left out, because a delegated administrator manages "
                "neither the management account nor permission sets that are provisioned there"
            ),
            fix="apply from the management account, or keep separate permission sets for it",
            details=_shown(f"{change.action} {change.address}" for change in delegated),
            count=len(delegated),
        )
    if kept:
        yield Finding(
            code="kept-for-assignments",
            severity=Severity.WARNING,
            message=f"{many(len(kept), 'deletion')} left out, because assignments of what goes must stay",
            fix="remove the assignments first, or stop ignoring them",
            details=_shown(str(change.address) for change in kept),
            count=len(kept),
        )


def _unmanaged(context: PlanContext, diff: Diff) -> Iterable[Finding]:
    """Assignments beside those of git, privileged ones, and others of sets or to principals of git."""
    judge = PrivilegedNow(context, {key: identifier for identifier, key in context.account_keys.items()})
    privileged = [each for each in diff.unmanaged_assignments if judge.assignment(each[0], each[1])]
    if privileged:
        yield Finding(
            code="unmanaged-privileged",
            severity=Severity.WARNING,
            message=f"{many(len(privileged), 'privileged assignment')} made outside git, and left alone",
            fix="declare them, or write `assignments: exclusive` at their permission sets to remove them",
            details=_shown(
                str(context.assignment_address(account, context.set_name(arn), context.holder(principal)))
                for account, arn, principal in privileged
            ),
            count=len(privileged),
            kind=Kind.ASSIGNMENT,
        )
    loud = set(privileged)
    mine = [
        (account, arn, principal)
        for account, arn, principal in diff.unmanaged_assignments
        if (account, arn, principal) not in loud
        and (arn in context.sets.declared or _is_declared(context, principal))
    ]
    if mine:
        yield Finding(
            code="unmanaged-assignments",
            severity=Severity.NOTE,
            message=f"{many(len(mine), 'assignment')} made outside git of what git declares, and left alone",
            fix="declare them, or write `assignments: exclusive` at their permission sets to remove them",
            details=_shown(
                str(context.assignment_address(account, context.set_name(arn), context.holder(principal)))
                for account, arn, principal in mine
            ),
            count=len(mine),
            kind=Kind.ASSIGNMENT,
        )


def _is_declared(context: PlanContext, principal: Principal) -> bool:
    owners = context.users if principal.kind is Kind.USER else context.groups
    return principal.id in owners.declared or principal.id in owners.external


def _shown(lines: Iterable[str]) -> tuple[str, ...]:
    everything = sorted(lines)
    if len(everything) <= _SHOWN:
        return tuple(everything)
    return (*everything[:_SHOWN], f"and {len(everything) - _SHOWN:,} more")

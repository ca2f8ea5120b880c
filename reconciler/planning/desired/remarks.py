"""What a reviewer must know of the assignments that git writes, also where nothing differs."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.organization import Organization
from reconciler.model.plan import Finding, Severity
from reconciler.model.state import Desired
from reconciler.planning.wording import many


def remarks(desired: Desired, organization: Organization) -> Iterable[Finding]:
    """The findings on entries of `assignments`: where they lead nowhere, or elsewhere than one thinks."""
    yield from _accounts(desired, organization)
    noted = desired.remarks
    for place, entries in noted.unknown.items():
        yield Finding(
            code="unit-unknown",
            severity=Severity.WARNING,
            message=f"the organization has no unit {place}: nothing is given or taken for it",
            fix="correct the path or the id; a path is written from the top, as Workloads/Prod",
            details=entries,
            count=len(entries),
        )
    for place, (ids, entries) in noted.ambiguous.items():
        yield Finding(
            code="unit-ambiguous",
            severity=Severity.REFUSAL,
            message=f"the path {place} is that of {len(ids)} units: {', '.join(ids)}",
            fix="write the id of the one that is meant",
            details=entries,
            count=len(entries),
        )
    if noted.empty and organization.accounts:  # where the accounts were not read, nothing is known
        count = len(noted.empty)
        yield Finding(
            code="selector-empty",
            severity=Severity.NOTE,
            message=f"the selectors of {_entries(count)} match no active account",
            fix="correct them, or leave them for accounts to come",
            details=noted.empty,
            count=count,
        )
    if noted.left_out:
        yield Finding(
            code="assignments-not-provisioned",
            severity=Severity.NOTE,
            message="some of what entries of `assignments` name is not provisioned to this target",
            fix="widen `paths` or `provision` of the target if it belongs",
            details=noted.left_out,
            count=len(noted.left_out),
        )
    if noted.longest:
        yield Finding(
            code="longest-until",
            severity=Severity.NOTE,
            message="entries of `assignments` say the same with different ends: the last end counts",
            fix="delete the entry that is not meant",
            details=noted.longest,
            count=len(noted.longest),
        )
    if noted.direct:
        count = len(noted.direct)
        yield Finding(
            code="direct-assignment",
            severity=Severity.NOTE,
            message=f"users are assigned directly by {_entries(count)}: they keep it when they change groups",
            fix="assign to a group that they are members of",
            details=noted.direct,
            count=count,
        )


def _accounts(desired: Desired, organization: Organization) -> Iterable[Finding]:
    """Accounts that nothing can be assigned in: named by git, or left out by selectors."""
    if desired.unreachable:
        yield Finding(
            code="account-unreachable",
            severity=Severity.WARNING,
            message=(
                f"git assigns in {many(len(desired.unreachable), 'account')} where nothing can be assigned; "
                "assignments that are there are left alone"
            ),
            fix="correct the id, invite or reactivate the account, or take it out of `assignments`",
            details=tuple(f"{account}: {why}" for account, why in sorted(desired.unreachable.items())),
            count=len(desired.unreachable),
        )
    closed = [one for one in organization.accounts.values() if not one.active]
    if closed and desired.selecting:
        yield Finding(
            code="accounts-not-active",
            severity=Severity.NOTE,
            message=f"{many(len(closed), 'account')} not active, and left out by selectors",
            details=tuple(sorted(f"{one.id} {one.name}: {one.state}" for one in closed)),
            count=len(closed),
        )


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'} of `assignments`"

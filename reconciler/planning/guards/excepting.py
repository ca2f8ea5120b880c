"""New access of entries whose `except` names what the organization does not have.

A unit that was renamed, a tag that was misspelt: the entry then reaches accounts that were to stay out. What
it gave before stays, and what it would give now waits for a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.state import Unmet
from reconciler.planning.context import PlanContext
from reconciler.planning.guards.approving import approval
from reconciler.planning.wording import many


def excepting(context: PlanContext, changes: Sequence[Change]) -> Iterator[Finding]:
    """One refusal of all that is new by such entries, and a warning of the others; `changes` are the plan's.

    What git gave before, and somebody took away, is nothing new.
    """
    desired = context.desired
    entries: dict[str, list[Address]] = {}
    if desired.doubtful:
        doubtful = {
            context.assignment_address(account, name, holder): desired.assignments[account, name][
                holder
            ].entry
            for (account, name), holders in desired.doubtful.items()
            for holder in holders
        }
        for change in changes:
            if _gives_anew(change) and (entry := doubtful.get(change.address)) is not None:
                entries.setdefault(entry, []).append(change.address)
    unmet = desired.remarks.exceptions
    withheld = [address for _, found in sorted(entries.items()) for address in found]
    if withheld:
        count = len(withheld)
        yield Finding(
            code="except-unknown",
            severity=Severity.REFUSAL,
            message=(
                f"{many(count, 'new assignment')} withheld: `except` of {_entries(entries)} names what the "
                "organization does not have, and keeps nothing out by it"
            ),
            fix=f"correct the name; {approval('except-unknown', count, Kind.ASSIGNMENT)}",
            details=tuple(
                f"{entry}: {line}"
                for entry, found in sorted(entries.items())
                for line in (*_said(context, unmet.get(entry, ())), _reach(context, found))
            ),
            count=count,
            kind=Kind.ASSIGNMENT,
            covers=tuple(withheld),
        )
    idle = {entry: found for entry, found in unmet.items() if entry not in entries}
    if idle:
        yield Finding(
            code="except-unmatched",
            severity=Severity.WARNING,
            message=f"`except` of {_entries(idle)} names what the organization does not have",
            fix="correct the name, or delete it: what the entry would newly give is withheld until then",
            details=tuple(
                f"{entry}: {line}" for entry, found in sorted(idle.items()) for line in _said(context, found)
            ),
            count=len(idle),
        )


def _gives_anew(change: Change) -> bool:
    if change.address.kind is not Kind.ASSIGNMENT or change.effect not in (Effect.GRANT, Effect.MIXED):
        return False
    return change.action is not Action.CREATE or change.cause is not Cause.DRIFT


def _entries(entries: Collection[str]) -> str:
    return next(iter(entries)) if len(entries) == 1 else f"{len(entries):,} entries"


def _said(context: PlanContext, unmet: Sequence[Unmet]) -> Iterator[str]:
    for one in unmet:
        if not one.near:
            yield f"{one.what} is not there"
            continue
        names = sorted(context.account_name(account) for account in one.accounts)
        kept = f"; it would keep out {', '.join(names)}" if names else ""
        yield f"{one.what} is not there: did you mean {one.near}?{kept}"


def _reach(context: PlanContext, found: Sequence[Address]) -> str:
    accounts = sorted({context.account_name(address.account) for address in found})
    return f"withheld on {', '.join(accounts)}"

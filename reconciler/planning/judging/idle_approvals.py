"""Approvals in force that lift nothing, because no guard speaks of what they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.catalogue import CATALOGUE
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval

_OF_GROUPS = ("max-removals", "set-emptied")


def idle_approvals(approvals: Iterable[Approval], now: datetime) -> Iterator[Finding]:
    """A warning for each approval that holds at `now` and that nothing fits.

    Before an approval named the kind, one without it lifted every kind.
    """
    for one in approvals:
        if now < one.until and (why := _why(one)) is not None:
            yield Finding(
                code="approval-lifts-nothing",
                severity=Severity.WARNING,
                message=f"the approval {one.key} lifts nothing: {why}",
                origin=one.origin,
                fix="write it as the refusal proposes it, or delete it",
            )


def _why(one: Approval) -> str | None:
    kinds = CATALOGUE[one.guard].lifted_by
    if one.kind not in kinds:
        if one.kind is None:
            return f"it names no kind, and {one.guard} always speaks of one"
        return f"{one.guard} does not speak of the kind that it names"
    if one.blocked and one.guard != "max-removals":
        return f"{one.guard} does not count blocks"
    if one.group is not None and not (one.guard in _OF_GROUPS and one.kind is Kind.MEMBERSHIP):
        return f"{one.guard} speaks of one group only of `kind: memberships`, or never"
    if one.account is not None and not (one.guard == "max-removals" and one.kind is Kind.ASSIGNMENT):
        return "only max-removals with `kind: assignments` speaks of one account"
    if one.group is not None and one.account is not None:
        return "it names a group and an account, and no guard speaks of both"
    return None

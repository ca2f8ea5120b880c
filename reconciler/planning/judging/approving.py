"""Approvals of guards: what a person writes in git to let a refusal pass, and whether one in force does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval

# Each critical thing is a refusal of its own; what lifts those of one code and kind counts them together.
_TOGETHER = frozenset({"protected", "min-members"})


def approval(code: str, count: int, kind: Kind | None) -> str:
    """How to approve `count` of what the guard `code` refuses: the fix of its finding."""
    scope = f" kind: {kind.replace('-', '_')}s," if kind else ""
    return (
        f"if it is meant, add under `approvals:` in identities/approvals/: <name>: {{guard: {code},{scope} "
        f"count: {count}, until: <date>, reason: <why>}}"
    )


def lifted(
    refusals: Sequence[Finding], approvals: Iterable[Approval], target: str, now: datetime
) -> list[Finding]:
    """The refusals, each with a note in its place where an approval for `target` is in force at `now`."""
    usable = [one for one in approvals if one.target in (None, target)]
    together = Counter((one.code, one.kind) for one in refusals if one.code in _TOGETHER)
    return [
        _lifted(refusal, usable, now, together.get((refusal.code, refusal.kind), refusal.count))
        for refusal in refusals
    ]


def _lifted(refusal: Finding, approvals: Sequence[Approval], now: datetime, count: int) -> Finding:
    """The refusal, or a note in its place where an approval in force covers `count` of its sort."""
    if count != refusal.count:
        refusal = replace(refusal, fix=approval(refusal.code, count, refusal.kind))
    fitting = [one for one in approvals if one.guard == refusal.code and one.kind in (None, refusal.kind)]
    for one in fitting:
        if now < one.until and count <= one.count:
            return replace(
                refusal,
                severity=Severity.NOTE,
                message=f"{refusal.message}: approved by {one.key} ({one.reason})",
                fix=None,
                origin=one.origin,
            )
    if fitting:
        best = max(fitting, key=lambda one: (one.until > now, one.count))
        why = "has expired" if now >= best.until else f"allows only {best.count}"
        return replace(refusal, fix=f"the approval {best.key} {why}; {refusal.fix}")
    return refusal

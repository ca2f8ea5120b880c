"""What a plan says of the memory that it rests on: that there is none yet, or what is missing of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.loading.memory import AppliedHistory, Lack
from reconciler.model.change import Action, Effect
from reconciler.model.plan import FIRST_APPLY, Finding, Severity
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.wording import many


def memory_findings(name: str, memory: AppliedHistory, *, sandbox: bool) -> Iterable[Finding]:
    """What a reviewer must know of how the memory of the target `name` was read."""
    if memory.lack is Lack.MISSING:
        yield Finding(
            code="first-apply",
            severity=Severity.NOTE,
            message=f"nothing was applied to {name} yet, so nothing is removed for being absent from git",
            fix=None if sandbox else "apply the first time with --first-apply",
        )
    elif memory.problem is not None and memory.incomplete and not sandbox:
        yield Finding(
            code="memory-incomplete",
            severity=Severity.WARNING,
            message=memory.problem.message,
            fix=memory.problem.fix,
        )
    elif memory.problem is not None and not sandbox:
        yield Finding(
            code="memory-unreliable",
            severity=Severity.WARNING,
            message=memory.problem.message,
            fix=memory.problem.fix,
        )
    if marks := memory.chain.marks:
        they = "it" if len(marks) == 1 else "they"
        yield Finding(
            code="runs-not-ended",
            severity=Severity.WARNING,
            message=(
                f"{many(len(marks), 'run')} began to write and left no receipt: what {they} may have given "
                "counts as given by git until then"
            ),
            fix="nothing, while a run is still going; close the mark of a dead one with `reconciler unlock`",
            details=tuple(
                f"run {one.mark.run} by {one.mark.holder} on {one.mark.host}, "
                f"since {one.mark.at.isoformat(timespec='seconds')}"
                for one in marks
            ),
            count=len(marks),
        )
    if passed := memory.remembered.passed_over:
        yield Finding(
            code="commits-passed-over",
            severity=Severity.WARNING,
            message=f"{many(len(passed), 'commit')} since the last whole apply did not load whole: "
            "what makes sense of them is remembered",
            details=passed,
            count=len(passed),
        )
    if memory.gap is not None:
        yield Finding(
            code="memory-by-commits",
            severity=Severity.WARNING,
            message=memory.gap.message,
            fix=memory.gap.fix,
        )


def as_planned(planned: PreparedPlan, memory: AppliedHistory) -> PreparedPlan:
    """The plan, with findings on its memory that agree with what it does."""
    return _said_once(_removing(planned, memory))


def _removing(planned: PreparedPlan, memory: AppliedHistory) -> PreparedPlan:
    """Without a note that nothing is removed, where something is, or may be."""
    part = planned.plan
    removes = any(change.action is Action.DELETE or change.effect is Effect.REVOKE for change in part.changes)
    if memory.remembered.ledger is not None or memory.remembered.since:
        message = (
            f"nothing was applied whole to {part.target} yet; what an apply began to give there is taken "
            "back where git does not have it any more"
        )
    elif removes:
        message = (
            f"nothing was applied to {part.target} yet; what is removed below goes by what git says now, "
            "and not because git had it before"
        )
    else:
        return planned
    findings = tuple(
        replace(finding, message=message) if finding.code == FIRST_APPLY else finding
        for finding in part.findings
    )
    return replace(planned, plan=replace(part, findings=findings))


def _said_once(planned: PreparedPlan) -> PreparedPlan:
    """Without what an incomplete plan says already: that nothing is known of what git declared before."""
    part = planned.plan
    if not part.incomplete:
        return planned
    findings = tuple(finding for finding in part.findings if finding.code != "memory-unknown")
    return replace(planned, plan=replace(part, findings=findings))

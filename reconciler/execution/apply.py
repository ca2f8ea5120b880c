"""Applies what a review let through, target after target, and says of every change how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.execution.carry_out import MayWrite, always, carry_out
from reconciler.execution.read_back import ReadBack, read_back
from reconciler.execution.renewed import renewed
from reconciler.execution.run import Run
from reconciler.model.address import Address
from reconciler.model.change import Action, Cause, Change
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding, Severity, Step
from reconciler.model.report import Outcome, Report, Result, Status, TargetReport
from reconciler.planning.ordering.order import restricted
from reconciler.planning.planner import Planned
from reconciler.planning.review import Review
from reconciler.targets.base import Target
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Pool

_GOOD = (Status.DONE, Status.UNNECESSARY)
# Which changes must be done before the memory moves forward (section 13, Memory).
_COUNTS_FOR_WHOLE = (Cause.GIT, Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER, Cause.LEFTOVER)
# From bad to worse: a change that takes two steps is as well as the worse of them.
_WORSE = (
    Status.UNNECESSARY,
    Status.DONE,
    Status.LEFT_OUT,
    Status.HELD,
    Status.SKIPPED,
    Status.STOPPED,
    Status.UNKNOWN,
    Status.FAILED,
)


@dataclass(frozen=True, slots=True)
class Job:
    """One target with its fresh plan and the verdict on it."""

    target: Target
    planned: Planned
    review: Review


def apply(
    jobs: Sequence[Job],
    *,
    pool: Callable[[int], Pool],
    clock: Clock,
    observer: Observer,
    may_write: MayWrite = always,
) -> Report:
    """Write what the reviews allow. No review may be stale: the caller has seen to it, and to refusals.

    `may_write` as in `carry_out`; a reason to stop holds for the targets that follow, too.
    """
    parts: list[TargetReport] = []
    interrupted, stopped = False, ""
    for job in jobs:
        if interrupted or stopped:
            parts.append(_untouched(job, stopped or "interrupted before this target"))
            continue
        part, run = _apply_one(job, pool=pool, clock=clock, observer=observer, may_write=may_write)
        interrupted, stopped = run.interrupted, run.stopped
        parts.append(part)
    return Report(tuple(parts), interrupted=interrupted)


def _apply_one(
    job: Job, *, pool: Callable[[int], Pool], clock: Clock, observer: Observer, may_write: MayWrite
) -> tuple[TargetReport, Run]:
    began, before = clock.monotonic(), Counter(job.target.calls)
    go = job.review.go
    steps = restricted(job.planned.steps, go)
    run = carry_out(
        job.target, job.planned, steps, pool=pool, clock=clock, observer=observer, may_write=may_write
    )
    changes = {change.address: change for change in job.planned.part.changes if change.address in go}
    ended = _by_change(steps, run, changes)
    ended |= _renewed(job, run, steps, ended)
    done = {
        address: changes[address]
        for address, result in ended.items()
        if result.status is Status.DONE and changes[address].action is not Action.RELEASE
    }
    seen = _read_back(job, run, done, clock) if done else ReadBack()
    ended |= {address: Result(address, *verdict) for address, verdict in seen.verdicts.items()}
    results = [
        *ended.values(),
        *(Result(one.address, Status.UNNECESSARY, "needed no more") for one in job.review.unnecessary),
        *(
            Result(one.address, Status.LEFT_OUT, f"{one.cause}: waits for review")
            for one in job.review.left_out
        ),
        *(Result(one.address, Status.REFUSED, why) for one, why in job.planned.refused),
    ]
    report = TargetReport(
        target=job.target.name,
        digest=job.planned.part.digest,
        results=tuple(sorted(results, key=lambda result: result.address)),
        whole=is_whole(job.planned, ended),
        writes=run.writes,
        calls=dict(sorted((Counter(job.target.calls) - before).items())),
        seconds=clock.monotonic() - began,
        notes=_not_kept(job.target.name, sorted(set(seen.unkept) - set(job.planned.unkept.names))),
        unkept=tuple(sorted({*job.planned.unkept.names, *seen.unkept})),
        ids=dict(run.ids),
        refusals=_refusals(job.planned),
        approvals=job.planned.part.approvals,
    )
    return report, run


def _read_back(job: Job, run: Run, done: Mapping[Address, Change], clock: Clock) -> ReadBack:
    """What does not read back as planned. Ctrl-C ends the looking, and never the report."""
    try:
        return read_back(job.target, job.planned, run, done, clock)
    except KeyboardInterrupt:
        run.interrupted = True
        return ReadBack(dict.fromkeys(done, (Status.UNKNOWN, "written, and not read back: interrupted")))


def _not_kept(target: str, unkept: Sequence[str]) -> tuple[str, ...]:
    """What to say of attributes that turned out not to be kept."""
    if not unkept:
        return ()
    told = f"{target} does not keep {', '.join(unkept)}: it answered well, and does not show what it was sent"
    return (f"{told}; from the next plan on that is left out",)


def _renewed(
    job: Job, run: Run, steps: Sequence[Step], ended: Mapping[Address, Result]
) -> Mapping[Address, Result]:
    """Which roles are up to date after all. Ctrl-C ends the looking, and never the report."""
    try:
        return renewed(job.target, run, steps, ended)
    except KeyboardInterrupt:
        run.interrupted = True
        return {}


def is_whole(planned: Planned, ended: Mapping[Address, Result]) -> bool:
    """Whether this apply moves the memory forward.

    Everything of git's own making is done, nothing waits, and nothing that git declares or remembers was
    left unread (section 13, Memory).
    """
    if planned.waiting or planned.uncovered or planned.part.only or planned.refused:
        return False
    for change in (*planned.part.changes, *planned.left_out):
        if change.cause in _COUNTS_FOR_WHOLE:
            result = ended.get(change.address)
            if result is None or result.status not in _GOOD:
                return False
    return True


def _by_change(steps: Sequence[Step], run: Run, changes: Mapping[Address, Change]) -> dict[Address, Result]:
    worst: dict[Address, Outcome] = {}
    for step in steps:
        outcome = run.outcomes.get(step.id)
        if outcome is None:
            continue
        for address in step.changes:
            known = worst.get(address)
            if known is None or _WORSE.index(outcome.status) > _WORSE.index(known.status):
                worst[address] = outcome
    return {
        address: Result(
            address, worst[address].status, worst[address].message, request_id=worst[address].request_id
        )
        for address in changes
        if address in worst
    }


def _untouched(job: Job, why: str) -> TargetReport:
    return TargetReport(
        target=job.target.name,
        digest=job.planned.part.digest,
        results=tuple(Result(address, Status.STOPPED, why) for address in sorted(job.review.go)),
        whole=False,
        writes=0,
        ids=dict(job.planned.ids),
        refusals=_refusals(job.planned),
        approvals=job.planned.part.approvals,
    )


def _refusals(planned: Planned) -> tuple[Finding, ...]:
    return tuple(one for one in planned.part.findings if one.severity is Severity.REFUSAL)

"""Applies what a review let through, target after target, and says of every change how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.execution.carry_out import MayWrite, always, carry_out
from reconciler.execution.outdated_roles import recheck_roles
from reconciler.execution.read_back import ReadBack, read_back
from reconciler.execution.run import Run
from reconciler.execution.service_remarks import service_remarks
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding, Severity, Step
from reconciler.model.report import Outcome, Report, Result, Status, TargetReport
from reconciler.planning.ordering.order import restricted
from reconciler.planning.ordering.steps import writes_something
from reconciler.planning.pending import next_pending, without_pending
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Review
from reconciler.targets.base import Learning, Target
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Pool

# Which changes must be done before the memory moves forward (docs/concepts.md, "Memory").
_COUNTS_FOR_WHOLE = (Cause.GIT, Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER, Cause.LEFTOVER)
# From bad to worse: a change that takes two steps is as well as the worse of them.
_WORSE = (
    Status.UNNECESSARY,
    Status.DONE,
    Status.LEFT_OUT,
    Status.HELD,
    Status.SKIPPED,
    Status.STOPPED,
    Status.PARTLY,
    Status.UNKNOWN,
    Status.FAILED,
)
# What a report says as well: it shows no findings.
_TOLD = ("end-not-reviewed", "sessions-live-on")
# How many parts of a change a message names.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Job:
    """One target with its fresh plan and the verdict on it."""

    target: Target
    planned: PreparedPlan
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
    if isinstance(job.target, Learning):
        job.target.recall(job.planned.unkept.names)
    run = carry_out(
        job.target, job.planned, steps, pool=pool, clock=clock, observer=observer, may_write=may_write
    )
    changes = {change.address: change for change in job.planned.plan.changes if change.address in go}
    ended = _by_change(steps, run, changes)
    ended |= _gone_with_groups(ended, changes)
    ended |= _recheck_roles(job, run, steps, ended)
    done = {
        address: changes[address]
        for address, result in ended.items()
        if result.status is Status.DONE and changes[address].writes
    }
    seen = _read_back(job, run, done, clock) if done else ReadBack()
    ended |= {address: Result(address, *verdict) for address, verdict in seen.verdicts.items()}
    # A denial that was reviewed and cannot be written now is still needed.
    undenied = {change.address for change, _ in job.planned.undenied}
    results = [
        *ended.values(),
        *(
            Result(one.address, Status.UNNECESSARY, "no longer needed")
            for one in job.review.unnecessary
            if one.address not in undenied
        ),
        *(
            Result(one.address, Status.LEFT_OUT, f"{one.cause}: waits for review")
            for one in job.review.left_out
        ),
        *(Result(one.address, Status.REFUSED, why) for one, why in job.planned.refused),
        *(Result(one.address, Status.FAILED, why) for one, why in job.planned.undenied),
    ]
    whole, unkept = is_whole(job.planned, ended), _unkept(job, seen, ended)
    report = TargetReport(
        target=job.target.name,
        digest=job.planned.plan.digest,
        results=tuple(sorted(results, key=lambda result: result.address)),
        whole=whole,
        writes=run.writes,
        calls=dict(sorted((Counter(job.target.calls) - before).items())),
        seconds=clock.monotonic() - began,
        notes=(
            *job.review.notes,
            *service_remarks(
                job.target.name,
                set(unkept) - set(job.planned.unkept.names),
                required=job.target.capabilities.required,
                # Each apply leaves a receipt, whole or not.
            ),
            *_earlier_ends(job.planned),
        ),
        unkept=unkept,
        ids=dict(run.ids),
        refusals=_refusals(job.planned),
        approvals=job.planned.plan.approvals,
        differing=_differing(job.planned, ended),
    )
    return report, run


def _differing(planned: PreparedPlan, ended: Mapping[Address, Result]) -> tuple[Address, ...] | None:
    """What still differs from git after this apply; None where not all of the target was compared."""
    if planned.plan.partial:
        return None
    apart = (*planned.refused, *planned.undenied)
    every = (*planned.plan.changes, *planned.withheld.all, *(one for one, _ in apart))
    done = {address for address, result in ended.items() if result.status.good}
    # Of one user the status may be done, and the rest of the change wait.
    left = {change.address for change in planned.left_out}
    return tuple(sorted(({change.address for change in every} - done) | left))


def _unkept(job: Job, seen: ReadBack, ended: Mapping[Address, Result]) -> tuple[str, ...]:
    """What is known of the service after this apply; its habits as the target knows them now."""
    known = job.planned.unkept.names
    names = {*without_pending(known), *seen.unkept}
    part = job.planned.plan
    every = (*part.changes, *job.planned.left_out)
    names |= next_pending(known, every, ended, whole=not part.only)
    if isinstance(job.target, Learning):
        names = {each for each in names if not each.startswith("service.")} | {*job.target.habits}
    return tuple(sorted(names))


def _read_back(job: Job, run: Run, done: Mapping[Address, Change], clock: Clock) -> ReadBack:
    """What does not read back as planned. Ctrl-C ends the looking, and never the report."""
    try:
        return read_back(job.target, job.planned, run, done, clock)
    except KeyboardInterrupt:
        run.interrupted = True
        return ReadBack(dict.fromkeys(done, (Status.UNKNOWN, "written, and not read back: interrupted")))


def _earlier_ends(planned: PreparedPlan) -> Iterable[str]:
    """What to say of ends that nobody reviewed, and of sessions that live on."""
    for finding in planned.plan.findings:
        if finding.code in _TOLD:
            # The document to paste is for plans.
            told = (each for each in finding.details if not each.startswith("{"))
            yield f"{finding.message} ({'; '.join(told)})"


def _recheck_roles(
    job: Job, run: Run, steps: Sequence[Step], ended: Mapping[Address, Result]
) -> Mapping[Address, Result]:
    """Which roles are up to date after all. Ctrl-C ends the looking, and never the report."""
    try:
        return recheck_roles(job.target, run, steps, ended)
    except KeyboardInterrupt:
        run.interrupted = True
        return {}


def is_whole(planned: PreparedPlan, ended: Mapping[Address, Result]) -> bool:
    """Whether this apply moves the memory forward.

    Everything of git's own making is done, nothing waits, and nothing that git declares or remembers was
    left unread (docs/concepts.md, "Memory").
    """
    if planned.waiting or planned.uncovered or planned.plan.only or planned.refused:
        return False
    if any(change.cause in _COUNTS_FOR_WHOLE for change in planned.left_out):
        return False
    for change in planned.plan.changes:
        if change.cause in _COUNTS_FOR_WHOLE:
            result = ended.get(change.address)
            if result is None or not result.status.good:
                return False
    return True


def _by_change(steps: Sequence[Step], run: Run, changes: Mapping[Address, Change]) -> dict[Address, Result]:
    ended: dict[Address, list[tuple[Step, Outcome]]] = {}
    for step in steps:
        outcome = run.outcomes.get(step.id)
        if outcome is not None:
            for address in step.changes:
                ended.setdefault(address, []).append((step, outcome))
    return {address: _together(address, ended[address]) for address in changes if address in ended}


def _together(address: Address, ended: Sequence[tuple[Step, Outcome]]) -> Result:
    """How a change of one step or several ended: as the worst of them, or partly where any of it was done."""
    worst = max((outcome for _, outcome in ended), key=lambda outcome: _WORSE.index(outcome.status))
    status, message = worst.status, worst.message
    if status.good or status is Status.LEFT_OUT:
        return Result(address, status, message, request_id=worst.request_id)
    done = [step for step, outcome in ended if outcome.status is Status.DONE and writes_something(step)]
    if status is not Status.UNKNOWN and (done or any(outcome.wrote for _, outcome in ended)):
        status = Status.PARTLY
    messages = [message] if message else []
    # What was done inside a step that did not end well is said by its own message.
    messages += [outcome.message for _, outcome in ended if outcome.wrote and outcome is not worst]
    if done:
        messages.append(f"done: {_named(done)}")
    return Result(address, status, "; ".join(messages), request_id=worst.request_id)


def _named(steps: Sequence[Step]) -> str:
    """Which parts of one change these steps are."""
    parts = [_part(step) for step in steps]
    more = len(parts) - _NAMED
    return ", ".join(parts[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _part(step: Step) -> str:
    if step.address.kind.facts.of:
        account = step.address.account
        return f"the role on {account}" if account else "the roles on all accounts"
    if step.action is Action.CREATE:
        return "it was created"
    return ", ".join(each.name for each in step.fields)


def _gone_with_groups(
    ended: Mapping[Address, Result], changes: Mapping[Address, Change]
) -> Mapping[Address, Result]:
    """Memberships that could not be taken back one by one, and went with their group."""
    deleted = {
        address
        for address, result in ended.items()
        if address.kind is Kind.GROUP and changes[address].action is Action.DELETE and result.status.good
    }
    return {
        address: Result(address, Status.DONE, "went with its group")
        for address, result in ended.items()
        if address.kind is Kind.MEMBERSHIP and not result.status.good and address.group in deleted
    }


def _untouched(job: Job, why: str) -> TargetReport:
    return TargetReport(
        target=job.target.name,
        digest=job.planned.plan.digest,
        results=tuple(Result(address, Status.STOPPED, why) for address in sorted(job.review.go)),
        whole=False,
        writes=0,
        ids=dict(job.planned.ids),
        refusals=_refusals(job.planned),
        approvals=job.planned.plan.approvals,
    )


def _refusals(planned: PreparedPlan) -> tuple[Finding, ...]:
    return tuple(one for one in planned.plan.findings if one.severity is Severity.REFUSAL)

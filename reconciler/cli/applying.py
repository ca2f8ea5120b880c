"""What apply and reconcile share: may it be done here and now, doing it, and remembering it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from reconciler import __version__
from reconciler.cli.common import Options, remark, wrote
from reconciler.cli.connecting import SANDBOX_RECORD
from reconciler.cli.workspace import Workspace
from reconciler.errors import INTERRUPTED, AppliedInPart, Problem, ReconcilerError, RecordError, UsageError
from reconciler.execution.apply import Job, apply
from reconciler.execution.receipt import record_begin, record_used, record_whole_apply, used_digests
from reconciler.execution.record import read_record, save_partial, save_whole
from reconciler.files.git import DEFAULT_REMOTE
from reconciler.loading.memory import require
from reconciler.model.report import Report
from reconciler.model.state import Receipt
from reconciler.planning.ordering.order import restricted
from reconciler.wire.pool import Pool

_NOTED_HERE = (
    "Only this clone knows now that the approval is used: without --push another one would take it again."
)
_NONE: Mapping[str, Collection[str]] = MappingProxyType({})


def used(space: Workspace, target: str, *, anywhere: bool = False) -> Collection[str]:
    """The approved digests that were spent on a target; `anywhere` asks the remote, too, if there is one.

    Raises RecordError, also where the remote cannot be asked.
    """
    if space.sandbox:
        return read_record(SANDBOX_RECORD).kept(target, space.identities[target]).used
    if space.standing is None:
        return ()
    repository = space.standing.repository
    return used_digests(repository, target, DEFAULT_REMOTE if anywhere and repository.has_remote() else None)


def check_moment(options: Options, *, push: bool) -> None:
    """Raise UsageError for options that only make sense on the sandbox, or only without it."""
    if options.now is not None and not options.sandbox:
        raise UsageError("--now is for plans, and for apply on the sandbox only; leave it out")
    if push and options.sandbox:
        raise UsageError(
            "--push makes no sense with --sandbox, which never moves a tag; leave one of them out"
        )


def check_standing(space: Workspace, *, first_apply: bool) -> None:
    """Raise RecordError unless the files are what people agreed on, and git remembers what was applied.

    The sandbox asks for neither.
    """
    if space.sandbox:
        return
    if space.standing is None:
        raise RecordError(
            "apply works from git, so that what is applied is what was reviewed; "
            "run it in a clone, or try the files with --sandbox"
        )
    problems = space.standing.problems()
    if problems:
        raise RecordError("\n".join(str(problem) for problem in problems))
    require(space.memories, first_apply=first_apply)


def ended(report: Report, problems: Sequence[Problem]) -> int:
    """The exit code of what was written, and of what could not be recorded, which is said."""
    for problem in problems:
        remark(str(problem))
    if report.interrupted or report.failed or problems:
        if report.writes or problems:
            return AppliedInPart.exit_code
        return INTERRUPTED if report.interrupted else ReconcilerError.exit_code
    return 0


def carry_out(
    space: Workspace, jobs: Collection[Job], approved: Mapping[str, Collection[str]] = _NONE, *, push: bool
) -> Report:
    """Write what the reviews let through, after noting that it begins, and which digests that spends.

    `approved` are digests that people approved, by target; where nobody but this clone will know that they
    are spent, that is said. Raises AppliedInPart, RecordError, and Denied where the credentials of any target
    would not last.
    """
    _be_ready(space, [job for job in jobs if job.review.go])
    spending = {
        job.target.name: [job.planned.part.digest]
        for job in jobs
        if job.review.go and job.planned.part.digest in approved.get(job.target.name, ())
    }
    if space.sandbox:
        for job in jobs:
            if job.review.go:
                name = job.target.name
                save_partial(SANDBOX_RECORD, name, space.identities[name], space.tree, spending.get(name, ()))
    else:
        assert space.standing is not None
        assert space.standing.head is not None
        writing = [job.target.name for job in jobs if job.review.go]
        record_begin(space.standing.repository, writing, space.standing.head, space.now, push=push)
        repository = space.standing.repository
        for name, digests in spending.items():
            record_used(repository, name, digests, space.now, push=push)
        if spending and not push and repository.has_remote():
            remark(_NOTED_HERE)
    wrote(anything=True)
    try:
        report = apply(list(jobs), pool=Pool, clock=space.clock, observer=space.observer)
        wrote(anything=report.writes > 0)
    except KeyboardInterrupt:
        raise AppliedInPart(
            "Interrupted again, before everything that was sent had been answered. "
            "Run `reconciler plan`: it shows what is left."
        ) from None
    return report


def _be_ready(space: Workspace, jobs: Collection[Job]) -> None:
    """Ask every target that is to be written to whether that can begin, before the first write to any."""
    parts = {
        job.target.name: replace(job.planned, steps=tuple(restricted(job.planned.steps, job.review.go)))
        for job in jobs
    }
    needed = space.estimates(parts)
    # Targets are written one after another, so the last of them must last until all are done.
    seconds = 0.0
    for job in jobs:
        seconds += needed[job.target.name].seconds
        job.target.ready(space.options.now or space.clock.now(), seconds)


def remember_applied(space: Workspace, report: Report, *, push: bool) -> Sequence[Problem]:
    """Move the memory of every target that was applied whole; returns what could not be recorded."""
    receipts = [
        Receipt(
            target=part.target,
            identity=space.identities[part.target],
            digest=part.digest,
            tool_version=__version__,
            at=space.now,
            commit=space.standing.head or "" if space.standing else "",
            used=tuple(used(space, part.target)),
            unkept=part.unkept,
        )
        for part in report.targets
        if part.whole
    ]
    try:
        if not space.sandbox:
            assert space.standing is not None
            return record_whole_apply(space.standing.repository, receipts, push=push)
        for receipt in receipts:
            save_whole(SANDBOX_RECORD, space.tree, receipt)
    except RecordError as error:
        return (Problem(f"it was applied, but not recorded: {error}", "mend that, and apply again"),)
    except KeyboardInterrupt:
        again = "apply again: there is nothing left to write"
        return (Problem("it was applied, but the interruption kept it from being recorded", again),)
    return ()

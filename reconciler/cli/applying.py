"""What apply and reconcile share: may it be done here and now, doing it, and remembering it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from reconciler import __version__
from reconciler.cli.common import Options, remark, wrote
from reconciler.cli.connecting import SANDBOX_RECORD
from reconciler.cli.workspace import Workspace
from reconciler.errors import INTERRUPTED, AppliedInPart, Problem, ReconcilerError, RecordError, UsageError
from reconciler.execution.apply import Job, apply
from reconciler.execution.given import given_after, intended, removed_without_review
from reconciler.execution.marking import Opened, check_newest, drop_mark, never_applied, open_mark
from reconciler.execution.receipt import End, record_apply, record_begin, record_used, used_digests
from reconciler.execution.record import read_record, save_end, save_partial
from reconciler.files.git import DEFAULT_REMOTE
from reconciler.loading.marks import Mark
from reconciler.loading.memory import require
from reconciler.model.ledger import Ledger
from reconciler.model.plan import Plan
from reconciler.model.removed import Removed, lately
from reconciler.model.report import Report, TargetReport
from reconciler.model.state import Receipt
from reconciler.planning.ordering.order import restricted
from reconciler.wire.pool import Pool

_NOTED_HERE = (
    "Only this clone knows now that the approval is used: with --unpublished another one would take it again."
)
_UNPUBLISHED = (
    "With --unpublished the mark and the receipt of this apply stay in this clone: an apply from another one "
    "does not know what this one gave and cannot take it back, and a fetch of tags with --force overwrites "
    "what is remembered here. Apply again without it, from this clone, before either happens."
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


def check_moment(options: Options, *, push: bool, unpublished: bool) -> None:
    """Raise UsageError for options that only make sense on the sandbox, or only without it."""
    if options.now is not None and not options.sandbox:
        raise UsageError("--now is for plans, and for apply on the sandbox only; leave it out")
    if push and options.sandbox:
        raise UsageError(
            "--push makes no sense with --sandbox, which never moves a tag; leave one of them out"
        )
    if unpublished and options.sandbox:
        raise UsageError(
            "--unpublished makes no sense with --sandbox, which publishes nothing; leave one of them out"
        )
    if push and unpublished:
        raise UsageError("--push and --unpublished contradict each other; leave one of them out")


def publishes(space: Workspace, *, push: bool, unpublished: bool) -> bool:
    """Whether this apply records at the remote, too: it does where there is one, without being asked.

    Says what is lost where it shall not. Raises RecordError for `push` without a remote.
    """
    if space.sandbox or space.standing is None:
        return False
    if not space.standing.repository.has_remote():
        if push:
            raise RecordError(
                f"this clone has no remote {DEFAULT_REMOTE} to push to; add it, or leave --push out"
            )
        return False
    if unpublished:
        remark(_UNPUBLISHED)
    return not unpublished


def check_standing(space: Workspace, *, first_apply: bool, push: bool) -> Workspace:
    """Raise RecordError unless the files are what people agreed on, and git remembers what was applied.

    With `push` the remote is asked whether it knows of an apply that this clone does not, and the workspace
    that comes back leaves out marks that were closed there. The sandbox asks for nothing of this.
    """
    if space.sandbox:
        return space
    if space.standing is None:
        raise RecordError(
            "apply works from git, so that what is applied is what was reviewed; "
            "run it in a clone, or try the files with --sandbox"
        )
    problems = space.standing.problems()
    if problems:
        raise RecordError("\n".join(str(problem) for problem in problems))
    require(space.memories, first_apply=first_apply)
    if push:
        chains = {name: memory.chain for name, memory in space.memories.items()}
        current = check_newest(space.standing.repository, chains)
        space = replace(
            space,
            memories={name: memory.with_chain(current[name]) for name, memory in space.memories.items()},
        )
    return space


def ended(report: Report, problems: Sequence[Problem], plan: Plan) -> int:
    """The exit code of what was written, was not recorded, and is blocked; the last two are said."""
    for problem in problems:
        remark(str(problem))
    for finding in plan.blocked:
        remark(str(Problem(f"blocked: {finding.message}", finding.fix)))
    if report.interrupted or report.failed or problems or plan.blocked:
        if report.writes or problems:
            return AppliedInPart.exit_code
        return INTERRUPTED if report.interrupted else ReconcilerError.exit_code
    return 0


def carry_out(
    space: Workspace, jobs: Collection[Job], approved: Mapping[str, Collection[str]] = _NONE, *, push: bool
) -> tuple[Report, Mapping[str, Opened]]:
    """Write what the reviews let through, after noting that it begins, and which digests that spends.

    `approved` are digests that people approved, by target; where nobody but this clone will know that they
    are spent, that is said. Returns the report, and the mark of every target that was to be written to.
    Raises AppliedInPart, RecordError where the mark of this run cannot be made (or published, with `push`),
    Locked where a lock was lost meanwhile, and Denied where the credentials of any target would not last.
    """
    writing = [job for job in jobs if job.review.go]
    _be_ready(space, writing)
    space.locks.begin({job.target.name: job.planned.part.digest for job in writing})
    spending = {
        job.target.name: [job.planned.part.digest]
        for job in writing
        if job.planned.part.digest in approved.get(job.target.name, ())
    }
    opened: Mapping[str, Opened] = {}
    if space.sandbox:
        for job in writing:
            name = job.target.name
            save_partial(
                SANDBOX_RECORD,
                name,
                space.identities[name],
                space.tree,
                spending.get(name, ()),
                run=space.run.id,
                intents=intended(job),
            )
    else:
        opened = _opened(space, writing, spending, push=push)
    wrote(anything=True)
    try:
        report = apply(
            list(jobs), pool=Pool, clock=space.clock, observer=space.observer, may_write=space.locks.check
        )
        wrote(anything=report.writes > 0)
    except KeyboardInterrupt:
        raise AppliedInPart(
            "Interrupted again, before everything that was sent had been answered. "
            "Run `reconciler plan`: it shows what is left."
        ) from None
    return report, opened


def _opened(
    space: Workspace, jobs: Sequence[Job], spending: Mapping[str, Sequence[str]], *, push: bool
) -> Mapping[str, Opened]:
    """Mark this run at every target that it is to write to. Raises RecordError; then no mark is left."""
    assert space.standing is not None
    assert space.standing.head is not None
    repository, head = space.standing.repository, space.standing.head
    names = [job.target.name for job in jobs]
    chains = {name: space.memories[name].chain for name in names}
    unapplied = {name for name in names if never_applied(repository, name, chains[name])}
    record_begin(repository, names, head, space.now, push=push)
    opened: dict[str, Opened] = {}
    try:
        for job in jobs:
            name, digest, intents = job.target.name, job.planned.part.digest, intended(job)
            mark = Mark(
                target=name,
                run=space.run.id,
                commit=head,
                plan=digest,
                at=space.now,
                host=space.run.host,
                holder=space.run.holder,
                tool_version=__version__,
            )
            first = _receipt(space, name, digest) if name in unapplied else None
            opened[name] = open_mark(repository, mark, intents, chains[name], push=push, first=first)
        for name, digests in spending.items():
            record_used(repository, name, digests, space.now, push=push)
    except RecordError:
        for one in opened.values():
            # A mark that cannot be taken back says too much, and never too little.
            with suppress(RecordError):
                drop_mark(repository, one, push=push)
        raise
    if spending and not push and repository.has_remote():
        remark(_NOTED_HERE)
    return opened


def _receipt(space: Workspace, target: str, digest: str) -> Receipt:
    return Receipt(
        target=target,
        identity=space.identities[target],
        digest=digest,
        tool_version=__version__,
        at=space.now,
    )


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


def remember_applied(
    space: Workspace, jobs: Collection[Job], report: Report, opened: Mapping[str, Opened], *, push: bool
) -> Sequence[Problem]:
    """Record how the apply ended at every target; returns what could not be recorded."""
    by_name = {job.target.name: job for job in jobs}

    def removed(part: TargetReport) -> tuple[Removed, ...]:
        before = space.memories[part.target].remembered.removed
        return lately((*before, *removed_without_review(by_name[part.target], part, space.now)), space.now)

    try:
        ends = [
            End(
                receipt=replace(
                    _receipt(space, part.target, part.digest),
                    commit=space.standing.head or "" if space.standing else "",
                    used=tuple(used(space, part.target)),
                    unkept=part.unkept,
                    removed=removed(part),
                ),
                whole=part.whole,
                ledger=given_after(by_name[part.target], part),
                chain=space.memories[part.target].chain,
                opened=opened.get(part.target),
            )
            for part in report.targets
        ]
        if not space.sandbox:
            assert space.standing is not None
            return record_apply(space.standing.repository, ends, push=push)
        for end in ends:
            save_end(
                SANDBOX_RECORD,
                space.tree,
                end.receipt,
                whole=end.whole,
                ledger=end.ledger,
                judged=space.memories[end.receipt.target].remembered.ledger or Ledger(),
                run=space.run.id,
            )
    except RecordError as error:
        return (Problem(f"it was applied, but not recorded: {error}", "fix that, and apply again"),)
    except KeyboardInterrupt:
        again = "apply again: there is nothing left to write"
        return (Problem("it was applied, but the interruption kept it from being recorded", again),)
    return ()

"""Apply and reconcile: whether it may be done here and now, doing it, and recording it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.errors import (
    INTERRUPTED,
    AppliedInPart,
    Problem,
    ReconcilerError,
    RecordError,
    Refused,
    Stale,
)
from reconciler.execution.apply import Job, apply
from reconciler.execution.given import given_after, intended, removed_without_review
from reconciler.execution.marking import Opened, drop_mark, never_applied, open_mark
from reconciler.execution.receipt import End, record_apply, record_begin, record_used
from reconciler.execution.record import save_end, save_partial
from reconciler.loading.marks import Mark
from reconciler.model.checked import Checked, checked_after
from reconciler.model.ledger import Ledger
from reconciler.model.plan import Plan
from reconciler.model.removed import Removed, lately
from reconciler.model.report import Report, TargetReport
from reconciler.model.state import Receipt
from reconciler.planning.ordering.order import restricted
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Difference, Review
from reconciler.session.approvals import Approvals
from reconciler.session.connecting import SANDBOX_RECORD
from reconciler.session.preconditions import used
from reconciler.targets.base import Denies
from reconciler.wire.pool import Pool

if TYPE_CHECKING:
    from reconciler.session.session import Session

_NOTED_HERE = (
    "Only this clone knows now that the approval is used: with --unpublished another one would take it again."
)
_NONE: Mapping[str, Collection[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended.

    `plan` is the fresh plan; `prepared` has by target what was ready to be written. `report` is None where
    nothing was begun: because a guard or rule refuses the plan, or because what was reviewed is `stale`, with
    the differences by target. `problems` are what could not be recorded.
    """

    plan: Plan
    prepared: Mapping[str, PreparedPlan]
    report: Report | None = None
    problems: Sequence[Problem] = ()
    stale: Mapping[str, Sequence[Difference]] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """The exit code of the command (docs/cli.md)."""
        report = self.report
        if report is None:
            return Stale.exit_code if self.stale else Refused.exit_code
        if report.interrupted or report.failed or self.problems or self.plan.blocked:
            # A denial is tried beside everything else: where it fails alone, the rest is as it should be.
            # Of a run that was interrupted, and wrote nothing for sure, only that is to be said.
            alone = report.denials_unsure if report.interrupted else report.undenied
            if report.writes or self.problems or alone:
                return AppliedInPart.exit_code
            return INTERRUPTED if report.interrupted else ReconcilerError.exit_code
        return Refused.exit_code if report.refused else 0


def apply_reviewed(session: Session, approvals: Approvals, *, push: bool, by_group: bool = False) -> Applied:
    """Plan again, and write what `approvals` cover and still holds; `session` is what `may_apply` returned.

    Raises Refused where one of the plans was refused when it was made, and what `apply_jobs` raises.
    """
    plan, planned = session.plan(approvals.only(), by_group=by_group)
    if not plan.applyable:
        return Applied(plan, planned)
    if codes := approvals.refused():
        raise Refused(
            f"The plan was refused by {', '.join(codes)} when it was made; nothing was written. Nothing "
            "refuses it now: plan again, and have the new plan reviewed."
        )
    policies = {name: target.policy for name, target in session.config.targets.items()}
    spent = {
        name: used(
            session, name, anywhere=bool(one.plan.changes) and one.plan.digest in approvals.digests(name)
        )
        for name, one in planned.items()
    }
    verdicts = approvals.judge(planned, policies, spent)
    stale = {name: verdict.stale for name, verdict in verdicts.items() if verdict.stale}
    if stale:
        return Applied(plan, planned, stale=stale)
    jobs = [Job(session.targets[name], planned[name], verdict) for name, verdict in verdicts.items()]
    approved = {name: approvals.digests(name) for name in planned}
    report, opened = apply_jobs(session, jobs, approved, push=push)
    return Applied(plan, planned, report, remember_applied(session, jobs, report, opened, push=push))


def apply_by_rule(session: Session, *, push: bool, by_group: bool = False) -> Applied:
    """Write what the causes in `auto_apply` bring about; `session` is what `check_standing` returned.

    The plan names also what waits for a review and what is refused. Raises what `apply_jobs` raises.
    """
    plan, planned = session.plan(by_group=by_group, by_rule=True)
    jobs = []
    for name, one in planned.items():
        go = frozenset(change.address for change in one.plan.changes)
        jobs.append(Job(session.targets[name], one, Review(go, (), one.left_out, (), by_rule=go)))
    report, opened = apply_jobs(session, jobs, push=push)
    problems = remember_applied(session, jobs, report, opened, push=push)
    parts = [
        replace(
            one.plan,
            changes=(*one.plan.changes, *one.left_out, *(change for change, _ in one.refused)),
        )
        for one in planned.values()
    ]
    return Applied(replace(plan, targets=tuple(parts)), planned, report, problems)


def apply_jobs(
    session: Session, jobs: Collection[Job], approved: Mapping[str, Collection[str]] = _NONE, *, push: bool
) -> tuple[Report, Mapping[str, Opened]]:
    """Write what the reviews let through, after noting that it begins, and which digests that spends.

    `approved` are digests that people approved, by target; where nobody but this clone will know that they
    are spent, that is said. Returns the report, and the mark of every target that was to be written to.
    Raises AppliedInPart, RecordError where the mark of this run cannot be made (or published, with `push`),
    Locked where a lock was lost meanwhile, and Denied where the credentials of any target would not last.
    """
    writing = [job for job in jobs if job.review.go]
    _be_ready(session, writing)
    session.locks.begin({job.target.name: job.planned.plan.digest for job in writing})
    spending = {
        job.target.name: [job.planned.plan.digest]
        for job in writing
        if job.planned.plan.digest in approved.get(job.target.name, ())
    }
    opened: Mapping[str, Opened] = {}
    if session.sandbox:
        for job in writing:
            name = job.target.name
            save_partial(
                SANDBOX_RECORD,
                name,
                session.identities[name],
                session.tree,
                spending.get(name, ()),
                run=session.run.id,
                intents=intended(job),
            )
    else:
        opened = _opened(session, writing, spending, push=push)
    session.settings.note_writes(True)
    try:
        report = apply(
            list(jobs),
            pool=Pool,
            clock=session.clock,
            observer=session.observer,
            may_write=session.locks.check,
        )
        session.settings.note_writes(report.writes > 0)
    except KeyboardInterrupt:
        raise AppliedInPart(
            "Interrupted again, before everything that was sent had been answered. "
            "Run `reconciler plan`: it shows what is left."
        ) from None
    return report, opened


def _opened(
    session: Session, jobs: Sequence[Job], spending: Mapping[str, Sequence[str]], *, push: bool
) -> Mapping[str, Opened]:
    """Mark this run at every target that it is to write to. Raises RecordError; then no mark is left."""
    assert session.position is not None
    assert session.position.head is not None
    repository, head = session.position.repository, session.position.head
    names = [job.target.name for job in jobs]
    chains = {name: session.memories[name].chain for name in names}
    unapplied = {name for name in names if never_applied(repository, name, chains[name])}
    record_begin(repository, names, head, session.now, push=push)
    opened: dict[str, Opened] = {}
    try:
        for job in jobs:
            name, digest, intents = job.target.name, job.planned.plan.digest, intended(job)
            mark = Mark(
                target=name,
                run=session.run.id,
                commit=head,
                plan=digest,
                at=session.now,
                host=session.run.host,
                holder=session.run.holder,
                tool_version=__version__,
            )
            first = _receipt(session, name, digest) if name in unapplied else None
            opened[name] = open_mark(repository, mark, intents, chains[name], push=push, first=first)
        for name, digests in spending.items():
            record_used(repository, name, digests, session.now, push=push)
    except RecordError:
        for one in opened.values():
            # A mark that cannot be taken back says too much, and never too little.
            with suppress(RecordError):
                drop_mark(repository, one, push=push)
        raise
    if spending and not push and repository.has_remote():
        session.settings.remark(_NOTED_HERE)
    return opened


def _receipt(session: Session, target: str, digest: str) -> Receipt:
    return Receipt(
        target=target,
        identity=session.identities[target],
        digest=digest,
        tool_version=__version__,
        at=session.now,
    )


def _policy(session: Session, target: str) -> str:
    """The policy of denials that an apply used; see Denies.keep_policy."""
    one = session.targets[target]
    return one.policy if isinstance(one, Denies) else ""


def _be_ready(session: Session, jobs: Collection[Job]) -> None:
    """Ask every target that is to be written to whether that can begin, before the first write to any."""
    parts = {
        job.target.name: replace(job.planned, steps=tuple(restricted(job.planned.steps, job.review.go)))
        for job in jobs
    }
    needed = session.estimates(parts)
    # Targets are written one after another, so the last of them must last until all are done.
    seconds = 0.0
    for job in jobs:
        seconds += needed[job.target.name].seconds
        job.target.ready(session.settings.now or session.clock.now(), seconds)


def remember_applied(
    session: Session, jobs: Collection[Job], report: Report, opened: Mapping[str, Opened], *, push: bool
) -> Sequence[Problem]:
    """Record how the apply ended at every target; returns what could not be recorded."""
    by_name = {job.target.name: job for job in jobs}

    def removed(part: TargetReport) -> tuple[Removed, ...]:
        before = session.memories[part.target].remembered.removed
        return lately(
            (*before, *removed_without_review(by_name[part.target], part, session.now)), session.now
        )

    def checked(part: TargetReport) -> Checked | None:
        before = session.memories[part.target].remembered.checked
        return before if part.differing is None else checked_after(before, part.differing, session.now)

    try:
        ends = [
            End(
                receipt=replace(
                    _receipt(session, part.target, part.digest),
                    commit=session.position.head or "" if session.position else "",
                    used=tuple(used(session, part.target)),
                    unkept=part.unkept,
                    removed=removed(part),
                    checked=checked(part),
                    deny_policy=_policy(session, part.target),
                ),
                whole=part.whole,
                ledger=given_after(by_name[part.target], part),
                chain=session.memories[part.target].chain,
                opened=opened.get(part.target),
            )
            for part in report.targets
        ]
        if not session.sandbox:
            assert session.position is not None
            return record_apply(session.position.repository, ends, push=push)
        for end in ends:
            save_end(
                SANDBOX_RECORD,
                session.tree,
                end.receipt,
                whole=end.whole,
                ledger=end.ledger,
                judged=session.memories[end.receipt.target].remembered.ledger or Ledger(),
                run=session.run.id,
            )
    except RecordError as error:
        return (Problem(f"it was applied, but not recorded: {error}", "fix that, and apply again"),)
    except KeyboardInterrupt:
        again = "apply again: nothing is left to write"
        return (Problem("it was applied, but the interruption kept it from being recorded", again),)
    return ()

"""`reconciler apply`: does what was reviewed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from reconciler import __version__
from reconciler.cli.common import (
    Options,
    answer,
    ask,
    common_options,
    on_terminal,
    remark,
    show_plan,
    wants_color,
)
from reconciler.cli.observing import observing
from reconciler.cli.workspace import SANDBOX_RECORD, Workspace, workspace
from reconciler.errors import AppliedInPart, PlanFileError, RecordError, Refused, Stale, UsageError
from reconciler.execution.apply import Job, apply
from reconciler.execution.plan_file import read_plan
from reconciler.execution.receipt import record_whole_apply
from reconciler.execution.record import save_partial, save_whole
from reconciler.loading.memory import require
from reconciler.model.plan import SEMANTICS_VERSION, Plan, TargetPlan
from reconciler.model.report import Report
from reconciler.model.state import Receipt
from reconciler.planning.planner import Planned
from reconciler.planning.review import review
from reconciler.render.messages import stale_text
from reconciler.render.report import report_text
from reconciler.wire.pool import Pool


@click.command("apply", short_help="do what was reviewed")
@click.argument("plans", nargs=-1, type=click.Path(path_type=Path), metavar="[PLAN]...")
@click.option(
    "--expect-digest",
    "digests",
    multiple=True,
    metavar="[TARGET=]DIGEST",
    help="Go on if the fresh plan has exactly this digest; repeatable.",
)
@click.option("--first-apply", is_flag=True, help="Accept that nothing was applied to the target yet.")
@click.option("--push", is_flag=True, help="Push the tag that remembers this apply to origin.")
@common_options
def command(
    options: Options, plans: tuple[Path, ...], digests: tuple[str, ...], *, first_apply: bool, push: bool
) -> int:
    """Read and plan again, and write what stands in the reviewed PLANs and still holds.

    Without a plan and on a terminal: plan, show, ask. Whatever was not reviewed is either left out and
    said, or stops everything with exit 4 and no write.
    """
    if options.now is not None and not options.sandbox:
        raise UsageError("--now is for plans, and for apply on the sandbox only")
    reviewed = [read_plan(path) for path in plans]
    if not reviewed and not digests and not on_terminal():
        raise UsageError(
            "name a reviewed plan (`reconciler plan --out plan.json`) or an approved digest "
            "(--expect-digest); apply asks only on a terminal"
        )
    with observing() as observer, workspace(options, observer) as space:
        _may_apply(space, first_apply=first_apply)
        if not reviewed and not digests:
            shown, _ = space.plan()
            answer(show_plan(shown, options))
            _refuse(shown)
            if shown.changes and not ask("Apply this plan?"):
                raise Stale("Not confirmed; nothing was written.")
            reviewed = [shown]
        plan, planned = space.plan()
        _refuse(plan, options)
        jobs = _jobs(space, planned, reviewed, digests)
        _stop_if_stale(jobs)
        report = _carry_out(space, jobs)
        problems = _remember(space, report, push=push)
    answer(report_text(report, plan, color=wants_color(), verbose=options.verbose))
    for problem in problems:
        remark(str(problem))
    if report.interrupted or report.failed or problems:
        return AppliedInPart.exit_code if report.writes or problems else 1
    return 0


def _may_apply(space: Workspace, *, first_apply: bool) -> None:
    """Raise RecordError unless the files are what people agreed on and the memory can be relied on."""
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


def _refuse(plan: Plan, options: Options | None = None) -> None:
    if plan.applyable:
        return
    if options is not None:
        answer(show_plan(plan, options))
    raise Refused("Refused; nothing was written. The plan says what would lift it.")


def _jobs(
    space: Workspace, planned: Mapping[str, Planned], reviewed: Sequence[Plan], digests: Sequence[str]
) -> list[Job]:
    jobs = []
    for name, one in planned.items():
        parts = [part for plan in reviewed for part in _parts(plan, name, one)]
        verdict = review(
            one,
            parts,
            auto_apply=space.config.targets[name].policy.auto_apply,
            digests=_digests(name, digests),
        )
        jobs.append(Job(space.targets[name], one, verdict))
    return jobs


def _parts(plan: Plan, name: str, fresh: Planned) -> list[TargetPlan]:
    """What a reviewed plan says of a target. Raises PlanFileError when it speaks of another instance."""
    parts = [part for part in plan.targets if part.target == name]
    for part in parts:
        if dict(part.identity) != dict(fresh.part.identity):
            raise PlanFileError(f"the plan is for another instance behind {name}: {_named(part.identity)}")
        if plan.semantics_version != SEMANTICS_VERSION:
            raise PlanFileError(
                f"the plan was made by version {plan.tool_version}, which plans otherwise; plan again"
            )
    return parts


def _named(identity: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(identity.items()))


def _digests(target: str, given: Sequence[str]) -> list[str]:
    """The digests meant for one target: `TARGET=D`, or `D` for any."""
    found = []
    for text in given:
        name, separator, digest = text.rpartition("=")
        if not separator or name == target:
            found.append(digest)
    return found


def _stop_if_stale(jobs: Sequence[Job]) -> None:
    stale = {job.target.name: job.review.stale for job in jobs if job.review.stale}
    if stale:
        raise Stale(stale_text(stale, {job.target.name: job.planned.part.digest for job in jobs}))


def _carry_out(space: Workspace, jobs: Sequence[Job]) -> Report:
    if space.sandbox:
        for job in jobs:
            if job.review.go:
                save_partial(SANDBOX_RECORD, job.target.name, space.identities[job.target.name], space.tree)
    return apply(jobs, pool=Pool, clock=space.clock, observer=space.observer)


def _remember(space: Workspace, report: Report, *, push: bool) -> Sequence[object]:
    """Move the memory of every target that was applied whole; returns what could not be recorded."""
    receipts = [
        Receipt(
            target=part.target,
            identity=space.identities[part.target],
            digest=part.digest,
            tool_version=__version__,
            at=space.now,
            commit=space.standing.head or "" if space.standing else "",
        )
        for part in report.targets
        if part.whole
    ]
    if space.sandbox:
        for receipt in receipts:
            save_whole(SANDBOX_RECORD, space.tree, receipt)
        return ()
    assert space.standing is not None
    return record_whole_apply(space.standing.repository, receipts, push=push)

"""`reconciler apply`: does what was reviewed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from reconciler.cli.applying import (
    carry_out,
    check_moment,
    check_standing,
    ended,
    publishes,
    remember_applied,
    used,
)
from reconciler.cli.approvals import Approvals
from reconciler.cli.common import (
    Options,
    answer,
    ask,
    by_group_option,
    common_options,
    on_terminal,
    remark,
    show_plan,
    show_report,
    wants_color,
)
from reconciler.cli.linting import with_lint
from reconciler.cli.locking import Taking
from reconciler.cli.observing import observing
from reconciler.cli.workspace import Workspace, workspace
from reconciler.errors import PlanFileError, ReconcilerError, Refused, Stale, UsageError
from reconciler.execution.apply import Job
from reconciler.execution.plan_file import read_for_apply
from reconciler.model.plan import Plan
from reconciler.render.messages import stale_text


@click.command("apply", short_help="do what was reviewed")
@click.argument("plans", nargs=-1, type=click.Path(path_type=Path), metavar="[PLAN]...")
@click.option(
    "--expect-digest",
    "digests",
    multiple=True,
    metavar="[TARGET=]DIGEST",
    help="Go on if the fresh plan has exactly this digest, and stands in PLAN if one is named; repeatable.",
)
@by_group_option
@click.option("--first-apply", is_flag=True, help="Accept that nothing was applied to the target yet.")
@click.option("--push", is_flag=True, help="Publish what remembers this apply at origin; the default.")
@click.option("--unpublished", is_flag=True, help="Keep what remembers this apply in this clone alone.")
@common_options()
def command(
    options: Options,
    plans: tuple[Path, ...],
    digests: tuple[str, ...],
    *,
    by_group: bool,
    first_apply: bool,
    push: bool,
    unpublished: bool,
) -> int:
    """Read and plan again, and write what stands in the reviewed PLANs and still holds.

    Whatever was not reviewed is either left out and said, or stops everything with exit 4 and no write.
    On a terminal and without a PLAN: plan, show, ask.
    """
    _check_usage(options, asked=bool(plans or digests), push=push, unpublished=unpublished)
    approvals = Approvals([read_for_apply(path) for path in plans], digests)
    taking = Taking("apply", approvals.plans())
    with observing() as observer, workspace(options, observer, approvals.targets(), taking) as loaded:
        publish = publishes(loaded, push=push, unpublished=unpublished)
        space = _may_apply(loaded, approvals, first_apply=first_apply, push=publish)
        if not approvals:
            approvals = Approvals([_asked(space, options, observer.finish, by_group=by_group)])
        plan, planned = space.plan(approvals.only(), by_group=by_group)
        if not plan.applyable:
            observer.finish()
            answer(show_plan(plan, options))
            raise Refused("Refused; nothing was written. The plan says what would lift it.")
        if codes := approvals.refused():
            observer.finish()
            raise Refused(
                f"The plan was refused by {', '.join(codes)} when it was made; nothing was written. Nothing "
                "refuses it now: plan again, and have the new plan reviewed."
            )
        policies = {name: target.policy for name, target in space.config.targets.items()}
        spent = {
            name: used(
                space, name, anywhere=bool(one.part.changes) and one.part.digest in approvals.digests(name)
            )
            for name, one in planned.items()
        }
        verdicts = approvals.judge(planned, policies, spent)
        jobs = [Job(space.targets[name], planned[name], verdict) for name, verdict in verdicts.items()]
        stale = {name: verdict.stale for name, verdict in verdicts.items() if verdict.stale}
        if stale:
            observer.finish()
            remark(
                stale_text(stale, {name: planned[name].part.digest for name in stale}, color=wants_color())
            )
            return Stale.exit_code
        observer.finish()
        approved = {name: approvals.digests(name) for name in planned}
        report, opened = carry_out(space, jobs, approved, push=publish)
        problems = remember_applied(space, jobs, report, opened, push=publish)
    answer(show_report(report, plan, options))
    return ended(report, problems, plan)


def _check_usage(options: Options, *, asked: bool, push: bool, unpublished: bool) -> None:
    check_moment(options, push=push, unpublished=unpublished)
    if not asked and not on_terminal():
        raise UsageError(
            "name a reviewed plan (`reconciler plan --out plan.json`) or an approved digest "
            "(--expect-digest); apply asks only on a terminal"
        )


def _may_apply(space: Workspace, approvals: Approvals, *, first_apply: bool, push: bool) -> Workspace:
    """Raise unless the files are what people agreed on, and the plans and the memory fit them."""
    unknown = [name for name in approvals.targets() or () if name not in space.config.targets]
    if unknown:
        known = ", ".join(space.config.targets)
        raise PlanFileError(f"what was reviewed is for the target {unknown[0]}; configured are: {known}")
    if not space.targets:
        raise UsageError("--target leaves nothing of what was reviewed; name one that it speaks of")
    return check_standing(space, first_apply=first_apply, push=push)


def _asked(space: Workspace, options: Options, finish: Callable[[], None], *, by_group: bool) -> Plan:
    """The plan that a person just said yes to."""
    plan, planned = space.plan(by_group=by_group)
    plan = with_lint(
        plan, space.loaded.identities, space.loaded.locate, space.validators(), played=space.played
    )
    finish()
    answer(show_plan(plan, options, estimates=space.estimates(planned)))
    if not plan.applyable:
        raise Refused("Refused; nothing was written. The plan says what would lift it.")
    if plan.changes and not ask("Apply this plan?"):
        raise ReconcilerError("Not confirmed; nothing was written.")
    return plan

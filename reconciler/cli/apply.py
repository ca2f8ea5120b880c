"""`reconciler apply`: does what was reviewed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from reconciler.cli.applied import show_applied
from reconciler.cli.common import (
    REPORT_FORMATS,
    Options,
    answer,
    ask,
    by_group_option,
    common_options,
    on_terminal,
)
from reconciler.cli.observing import beside, observing
from reconciler.cli.showing import comment_options, show_plan
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.execution.plan_file import read_for_apply
from reconciler.model.plan import Plan
from reconciler.session.applying import apply_reviewed
from reconciler.session.approvals import Approvals
from reconciler.session.locking import Taking
from reconciler.session.opening import open_session
from reconciler.session.preconditions import check_moment, may_apply, publishes
from reconciler.session.session import Session


@click.command("apply", short_help="do what was reviewed")
@click.argument("plans", nargs=-1, type=click.Path(path_type=Path), metavar="[PLAN]...")
@click.option(
    "--expect-digest",
    "digests",
    multiple=True,
    metavar="[TARGET=]DIGEST",
    help="Go on if the fresh plan has exactly this digest, and is in PLAN if one is named; repeatable.",
)
@by_group_option
@click.option("--first-apply", is_flag=True, help="Accept that nothing was applied to the target yet.")
@click.option("--push", is_flag=True, help="Publish what remembers this apply at origin; the default.")
@click.option("--unpublished", is_flag=True, help="Keep what remembers this apply in this clone alone.")
@comment_options
@common_options(formats=REPORT_FORMATS)
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
    """Read and plan again, and write what is in the reviewed PLANs and still holds.

    A change that was not reviewed is either left out and listed, or stops everything with exit 4.
    On a terminal and without a PLAN: plan, show, ask.
    """
    _check_usage(options, asked=bool(plans or digests), push=push, unpublished=unpublished)
    approvals = Approvals([read_for_apply(path) for path in plans], digests)
    taking = Taking("apply", approvals.plans())
    with (
        observing() as observer,
        open_session(beside(observer, options), observer, approvals.targets(), taking) as session,
    ):
        if approvals:
            applied = session.apply(
                approvals, first_apply=first_apply, push=push, unpublished=unpublished, by_group=by_group
            )
        else:
            publish = publishes(session, push=push, unpublished=unpublished)
            checked = may_apply(session, approvals, first_apply=first_apply, push=publish)
            asked = Approvals([_asked(checked, options, observer.finish, by_group=by_group)])
            applied = apply_reviewed(checked, asked, push=publish, by_group=by_group)
    return show_applied(applied, options)


def _check_usage(options: Options, *, asked: bool, push: bool, unpublished: bool) -> None:
    check_moment(options, push=push, unpublished=unpublished)
    if not asked and not on_terminal():
        raise UsageError(
            "name a reviewed plan (`reconciler plan --out plan.json`) or an approved digest "
            "(--expect-digest); apply asks only on a terminal"
        )


def _asked(session: Session, options: Options, finish: Callable[[], None], *, by_group: bool) -> Plan:
    """The plan that a person just said yes to."""
    plan, planned = session.plan(by_group=by_group)
    plan = session.linted(plan)
    finish()
    answer(show_plan(plan, options, estimates=session.estimates(planned)))
    if not plan.applyable:
        raise Refused("Refused; nothing was written. The plan says what would lift it.")
    if plan.changes and not ask("Apply this plan?"):
        raise ReconcilerError("Not confirmed; nothing was written.")
    return plan

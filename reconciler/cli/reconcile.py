"""`reconciler reconcile`: the scheduled apply of what needs no review."""

from __future__ import annotations

from dataclasses import replace

import click

from reconciler.cli.applying import carry_out, check_moment, check_standing, ended, remember_applied
from reconciler.cli.common import Options, answer, by_group_option, common_options, show_plan, show_report
from reconciler.cli.observing import observing
from reconciler.cli.workspace import workspace
from reconciler.errors import Refused
from reconciler.execution.apply import Job
from reconciler.planning.review import Review


@click.command("reconcile", short_help="apply what auto_apply names")
@by_group_option
@click.option("--push", is_flag=True, help="Push the tag that remembers this apply to origin.")
@common_options()
def command(options: Options, *, by_group: bool, push: bool) -> int:
    """Write what rules alone bring about: what has ended, who was blocked, who left.

    `auto_apply` in reconciler.yaml names the causes. Everything else is reported as left out, and waits for
    its own review; guards and rules judge only what would be written. Meant for a schedule: asks nothing.
    """
    check_moment(options, push=push)
    with observing() as observer, workspace(options, observer) as space:
        check_standing(space, first_apply=False)
        plan, planned = space.plan(by_group=by_group, by_rule=True)
        if not plan.applyable:
            observer.finish()
            answer(show_plan(plan, options))
            raise Refused("Refused; nothing was written. The plan says what would lift it.")
        jobs = [
            Job(
                space.targets[name],
                one,
                Review(frozenset(change.address for change in one.part.changes), (), one.left_out, ()),
            )
            for name, one in planned.items()
        ]
        report = carry_out(space, jobs, push=push)
        problems = remember_applied(space, report, push=push)
    # The report names also what waits.
    parts = [replace(one.part, changes=(*one.part.changes, *one.left_out)) for one in planned.values()]
    answer(show_report(report, replace(plan, targets=tuple(parts)), options))
    return ended(report, problems, plan)

"""`reconciler reconcile`: the scheduled apply of what needs no review."""

from __future__ import annotations

from dataclasses import replace

import click

from reconciler.cli.applying import (
    carry_out,
    check_moment,
    check_standing,
    ended,
    publishes,
    remember_applied,
)
from reconciler.cli.common import Options, answer, by_group_option, common_options, show_report
from reconciler.cli.locking import Taking
from reconciler.cli.observing import observing
from reconciler.cli.workspace import workspace
from reconciler.errors import Refused
from reconciler.execution.apply import Job
from reconciler.planning.review import Review


@click.command("reconcile", short_help="apply what auto_apply names")
@by_group_option
@click.option("--push", is_flag=True, help="Publish what remembers this apply at origin; the default.")
@click.option("--unpublished", is_flag=True, help="Keep what remembers this apply in this clone alone.")
@common_options()
def command(options: Options, *, by_group: bool, push: bool, unpublished: bool) -> int:
    """Write what rules alone bring about: what has ended, who was blocked, who left.

    `auto_apply` in reconciler.yaml names the causes. Everything else is reported as left out, and waits for
    its own review. Guards and rules judge what would be written, change by change: what they refuse is left
    out and said (exit code 3), and the rest is done. Meant for a schedule: asks nothing.
    """
    check_moment(options, push=push, unpublished=unpublished)
    with observing() as observer, workspace(options, observer, taking=Taking("reconcile")) as loaded:
        publish = publishes(loaded, push=push, unpublished=unpublished)
        space = check_standing(loaded, first_apply=False, push=publish)
        plan, planned = space.plan(by_group=by_group, by_rule=True)
        jobs = []
        for name, one in planned.items():
            go = frozenset(change.address for change in one.part.changes)
            jobs.append(Job(space.targets[name], one, Review(go, (), one.left_out, (), by_rule=go)))
        report, opened = carry_out(space, jobs, push=publish)
        problems = remember_applied(space, jobs, report, opened, push=publish)
    # The report names also what waits, and what is refused.
    parts = [
        replace(
            one.part,
            changes=(*one.part.changes, *one.left_out, *(change for change, _ in one.refused)),
        )
        for one in planned.values()
    ]
    answer(show_report(report, replace(plan, targets=tuple(parts)), options))
    return ended(report, problems, plan) or (Refused.exit_code if report.refused else 0)

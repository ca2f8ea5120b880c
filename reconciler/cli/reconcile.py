"""`reconciler reconcile`: the scheduled apply of what needs no review."""

from __future__ import annotations

import click

from reconciler.cli.applied import show_applied
from reconciler.cli.common import REPORT_FORMATS, Options, by_group_option, common_options
from reconciler.cli.observing import beside, observing
from reconciler.cli.plan import CHANGES_PENDING
from reconciler.cli.showing import comment_options
from reconciler.session.locking import Taking
from reconciler.session.opening import open_session


@click.command("reconcile", short_help="apply what auto_apply names")
@by_group_option
@click.option("--push", is_flag=True, help="Publish what remembers this apply at origin; the default.")
@click.option("--unpublished", is_flag=True, help="Keep what remembers this apply in this clone alone.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when all went well and changes wait for review."
)
@comment_options
@common_options(formats=REPORT_FORMATS)
def command(
    options: Options, *, by_group: bool, push: bool, unpublished: bool, detailed_exitcode: bool
) -> int:
    """Write what rules alone bring about: what has ended, and who was blocked.

    `auto_apply` in reconciler.yaml names the causes. Everything else is reported as left out, and waits for
    its own review. Guards and rules judge what would be written, change by change: what they refuse is left
    out and said (exit code 3), and the rest is done. Meant for a schedule: asks nothing.
    """
    with (
        observing() as observer,
        open_session(beside(observer, options), observer, taking=Taking("reconcile")) as session,
    ):
        applied = session.reconcile(push=push, unpublished=unpublished, by_group=by_group)
    code = show_applied(applied, options)
    waiting = applied.report is not None and applied.report.waiting
    return CHANGES_PENDING if detailed_exitcode and code == 0 and waiting else code

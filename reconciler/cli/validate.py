"""`reconciler validate`: is what people wrote right, without asking anybody."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from reconciler.cli.common import Options, answer, common_options, remark, wants_color


@click.command("validate", short_help="check the files, offline")
@common_options(hide=("--target", "--sandbox", "--now", "--trusted-ref", "-v"))
def command(options: Options) -> None:
    """Check every file, offline, and say everything that is wrong with file, line and column.

    `--format github` annotates the lines at fault in a pull request.
    """
    from reconciler.files.tree import FolderTree
    from reconciler.loading.lint import lint
    from reconciler.loading.load import load
    from reconciler.loading.summary import summary
    from reconciler.model.plan import Severity
    from reconciler.planning.judging.idle_approvals import idle_approvals
    from reconciler.render.messages import findings_text
    from reconciler.targets.registry import profiles
    from reconciler.wire.clock import SystemClock

    loaded = load(FolderTree(options.identities), profiles())
    approvals = loaded.identities.approvals.values()
    findings = (
        *loaded.findings,
        *idle_approvals(approvals, SystemClock().now()),
        *lint(loaded.identities.permission_sets.values()),
    )
    if findings:
        places = loaded.locate([one.origin for one in findings if one.origin])
        remark(findings_text(findings, places, color=wants_color(sys.stderr)))
    warnings = tuple(one for one in findings if one.severity is not Severity.NOTE)
    answer(summary(replace(loaded, findings=warnings)))

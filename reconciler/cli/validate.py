"""`reconciler validate`: is what people wrote right, without asking anybody."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import FINDING_FORMATS, Options, answer, common_options, remark, token, wants_color
from reconciler.cli.reports import OTHERS, findings_report, located
from reconciler.cli.showing import comment_options, redact_option

if TYPE_CHECKING:
    from reconciler.errors import Place
    from reconciler.model.plan import Finding
    from reconciler.model.resources import Origin


@click.command("validate", short_help="check the files, offline")
@redact_option
@comment_options
@common_options(hide=("--target", "--sandbox", "--trusted-ref", "-v"), formats=FINDING_FORMATS)
def command(options: Options) -> None:
    """Check every file, offline, and say everything that is wrong with file, line and column.

    `--format github` annotates the lines at fault in a pull request, `markdown` makes a comment for it.
    """
    from reconciler.cli.joiners import incomplete_joiners
    from reconciler.config import check_usable
    from reconciler.errors import InputError
    from reconciler.files.tree import FolderTree
    from reconciler.loading.lint import lint
    from reconciler.loading.load import load
    from reconciler.loading.summary import summary
    from reconciler.model.plan import Severity
    from reconciler.planning.findings.declared import idle_approvals
    from reconciler.wire.clock import SystemClock

    now = options.now or SystemClock().now()
    tree = FolderTree(options.identities)
    loaded = load(tree)
    check_usable(tree, loaded.config.targets)
    if problems := incomplete_joiners(loaded, options, tree, now):
        raise InputError(problems)
    findings = (
        *loaded.findings,
        *idle_approvals(loaded.identities.approvals.values(), now),
        *lint(loaded.identities.permission_sets.values()),
    )
    warnings = tuple(one for one in findings if one.severity is not Severity.NOTE)
    verdict = summary(replace(loaded, findings=warnings))
    places = loaded.locate([one.origin for one in findings if one.origin]) if findings else {}
    if options.redact:
        from reconciler.render.redacting import redacted_findings
        from reconciler.session.people import people_declared

        findings, places = redacted_findings(findings, places, people_declared(loaded.identities))
    if options.format != "text":
        answer(_formatted(options, verdict, findings, places))
        return
    if findings:
        from reconciler.render.messages import findings_text

        remark(findings_text(findings, places, color=wants_color(sys.stderr)))
    answer(verdict)


def _formatted(
    options: Options, verdict: str, findings: Sequence[Finding], places: Mapping[Origin, Place]
) -> str:
    from reconciler.render import validation

    if options.format == "json":
        return validation.valid_json(verdict, findings, places)
    if options.format == "markdown":
        from reconciler.render.comment.report import valid_markdown

        return valid_markdown(verdict, findings, places, max_bytes=options.max_bytes)
    if options.format in OTHERS:
        return findings_report(findings, places, options, verdict)
    from reconciler.render.github import valid_github

    return valid_github(verdict, findings, located(places), token=token())

"""Prints plans, reports and errors in the format that was asked for, and has the options of comments."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import FORMATS, PLAN_FORMATS, Command, Options, token, wants_color, width
from reconciler.cli.reports import OTHERS, located, located_problems, plan_report, problems_report
from reconciler.errors import InputError, Problem, ReconcilerError

if TYPE_CHECKING:  # `--help` takes none of it
    from reconciler.model.plan import Plan
    from reconciler.model.report import Report
    from reconciler.planning.ordering.estimate import Estimate


_WITHHELD = "the files are not valid; what is wrong is not shown here, because it may quote values of people"


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The address of the whole plan. Raises BadParameter for anything but that of a page."""
    from reconciler.render.escape import is_link

    if value is not None and not is_link(value):
        raise click.BadParameter(
            f"{value!r} is not the address of a page; write it like https://ci.example.com/runs/7"
        )
    return value


def size_option(command: Command) -> Command:
    """The option of commands that write Markdown of a limited size; `common_options` takes it up."""
    return click.option(
        "--max-bytes",
        type=click.IntRange(min=2048),
        default=65_536,
        show_default=True,
        metavar="N",
        help="How many bytes of UTF-8 a comment (--format markdown) may have.",
    )(command)


def comment_options(command: Command) -> Command:
    """The options of commands whose answer can be a comment; `common_options` takes them up."""
    return click.option(
        "--whole-plan",
        callback=_address,
        metavar="URL",
        help="Where a comment that cannot show everything sends its readers; an https address.",
    )(size_option(command))


def redact_option(command: Command) -> Command:
    """The option that leaves values of people out of the answer."""
    return click.option(
        "--redact",
        "redacting",
        type=click.Choice(["pii"]),
        metavar="pii",
        help="Show pseudonyms for people, and no value of them, to readers who shall not see them.",
    )(command)


def show_plan(
    plan: Plan,
    options: Options,
    *,
    saved: str | None = None,
    estimates: Mapping[str, Estimate] | None = None,
) -> str:
    """A plan in the format that was asked for; `saved` is the file that it was written to."""
    from reconciler.render.comment.document import plan_markdown
    from reconciler.render.github import plan_github
    from reconciler.render.json import plan_json
    from reconciler.render.text import plan_text

    if options.format == "json":
        return plan_json(plan)
    if options.format == "markdown":
        return plan_markdown(
            plan,
            max_bytes=options.max_bytes,
            estimates=estimates,
            saved=saved,
            whole_plan=options.whole_plan,
        )
    if options.format == "github":
        there = replace(plan, places=located(plan.places))
        return plan_github(there, token=token(), verbose=options.verbose, saved=saved)
    if options.format in PLAN_FORMATS[len(FORMATS) :]:
        return plan_report(plan, options)
    return plan_text(
        plan,
        color=wants_color(),
        verbose=options.verbose,
        width=width(),
        saved=saved,
        estimates=estimates,
        flags=" --sandbox" if options.sandbox else "",
    )


def show_report(report: Report, plan: Plan, options: Options, *, recorded: bool) -> str:
    """What an apply did, in the format that was asked for; `recorded` says whether it is remembered."""
    from reconciler.render.comment.report import report_markdown
    from reconciler.render.github import protected
    from reconciler.render.json import report_json
    from reconciler.render.report import report_text

    if options.format == "json":
        return report_json(report)
    if options.format == "text":
        return report_text(
            report,
            plan,
            color=wants_color(),
            verbose=options.verbose,
            width=width(),
            recorded=recorded,
        )
    if options.format == "junit":
        from reconciler.render.reports.junit import report_junit

        return report_junit(report)
    if options.format == "markdown":
        return report_markdown(
            report, plan, max_bytes=options.max_bytes, verbose=options.verbose, recorded=recorded
        )
    return protected(report_text(report, plan, verbose=options.verbose, recorded=recorded), token())


def explain(error: ReconcilerError, options: Options | None = None) -> str:
    """What to print of an error: never a traceback."""
    from reconciler.render.comment.report import problems_markdown
    from reconciler.render.github import problems_github
    from reconciler.render.messages import error_text
    from reconciler.render.problems import problems_text
    from reconciler.render.validation import problems_json

    color = wants_color(sys.stderr)
    asked = Options() if options is None else options
    if isinstance(error, InputError) and asked.redact:
        # What is wrong quotes what is written, and whose it is cannot be known of files that do not load.
        error = InputError([Problem(_WITHHELD, "run `reconciler validate` without --redact to see it")])
    if isinstance(error, InputError):
        if asked.format == "github":
            return problems_github(located_problems(error.problems), token=token())
        if asked.format == "markdown":
            return problems_markdown(error.problems, max_bytes=asked.max_bytes)
        if asked.format == "json":
            return problems_json(error.problems)
        if asked.format in OTHERS:
            return problems_report(error.problems, asked)
        return problems_text(error.problems, color=color)
    return error_text(str(error), color=color)

"""`reconciler report`: who has what, as a page to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.access import SIDES, state_option
from reconciler.cli.common import Options, answer, common_options, remark
from reconciler.cli.observing import beside, observing
from reconciler.cli.plan import live_options
from reconciler.cli.show import chosen_targets
from reconciler.cli.showing import redact_option
from reconciler.errors import RecordError, UsageError

if TYPE_CHECKING:
    from reconciler.access.page import AccessPage
    from reconciler.render.html.page import Assets

# In the order in which they are put together: each after those that it takes from.
SCRIPTS = (
    "dom",
    "model",
    "query",
    "csv",
    "parts",
    "table",
    "matrix",
    "graph",
    "overview",
    "lists",
    "pages",
    "main",
)


@click.command("report", short_help="show who has what as a page")
@click.option(
    "--html",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    required=True,
    help="Write the page to this file; - is stdout.",
)
@click.option(
    "--rules",
    is_flag=True,
    help="Ask no service: show what the files give, with accounts as they are selected.",
)
@click.option(
    "--plan",
    "plan",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Show what a saved plan changes, and ask no service.",
)
@state_option
@live_options
@redact_option
@common_options(hide=("--format", "-v"), formats=("text",))
def command(
    options: Options,
    out: Path,
    plan: Path | None,
    state: str,
    live: str | None,
    max_age: timedelta,
    *,
    rules: bool,
) -> None:
    """Write a page that shows who has which permission set on which account, and why.

    The page is one file that loads nothing. It holds names of people, so only its owner may read the file.
    Nothing is written to any service.
    """
    from reconciler.files.private import write_private
    from reconciler.render.html.page import page_html

    _check(options, live, plan, state, rules=rules)
    page = _page(replace(options, live=live, max_age=max_age), plan, state, rules=rules)
    text = page_html(page, read_assets())
    if str(out) == "-":
        answer(text)
        return
    try:
        write_private(out, text)
    except OSError as error:
        raise RecordError(f"{out} cannot be written: {error.strerror}") from error
    remark(f"Written to {out}.")


def _check(options: Options, live: str | None, plan: Path | None, state: str, *, rules: bool) -> None:
    """Raises UsageError where two options say what to show."""
    given = {
        "--rules": rules,
        "--plan": plan is not None,
        "--live": live is not None,
        "--sandbox": options.sandbox and not rules,
    }
    named = [name for name, there in given.items() if there]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} exclude each other: each says what to show")
    if state != SIDES[0] and (rules or plan is not None):
        raise UsageError(f"--state {state} has no meaning with {named[0]}, which asks for no accounts")
    if plan is not None and options.redact:
        raise UsageError(
            "--redact needs the values of everybody, and a plan file does not hold them: "
            "leave --plan out, or use --live"
        )


def _page(options: Options, plan: Path | None, state: str, *, rules: bool) -> AccessPage:
    from reconciler.planning.holdings import Side
    from reconciler.render.html.redacting import redacted_page
    from reconciler.session.opening import open_session
    from reconciler.session.reporting import page_of_files, page_of_plan, page_of_session

    if plan is not None:
        from reconciler.execution.plan_file import read_plan

        return page_of_plan(chosen_targets(read_plan(plan), plan, options), plan.name, options.now)
    with observing() as observer:
        if rules:
            page, people = page_of_files(beside(observer, options))
        else:
            with open_session(beside(observer, options), observer) as session:
                page, people = page_of_session(session, Side(state))
    return redacted_page(page, people) if options.redact else page


def read_assets() -> Assets:
    """The styles and scripts of the page, as the package has them."""
    from reconciler.render.html.page import Assets

    folder = files("reconciler.render.html") / "js"
    scripts = [(name, (folder / f"{name}.js").read_text("utf-8")) for name in SCRIPTS]
    return Assets((folder / "page.css").read_text("utf-8"), scripts)

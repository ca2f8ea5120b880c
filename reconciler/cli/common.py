"""What every command shares: options, printing, and the moment of the run. The only file that prints."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import update_wrapper
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.errors import InputError, ReconcilerError, UsageError
from reconciler.model.plan import Plan
from reconciler.planning.estimate import Estimate

FORMATS = ("text", "json", "markdown", "github")
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Options:
    """The common options of a command, as given."""

    identities: Path
    targets: tuple[str, ...]
    sandbox: bool
    format: str
    now: datetime | None
    trusted_ref: str | None
    verbose: bool


def answer(text: str) -> None:
    """Print the answer of a command to stdout; everything else goes to stderr."""
    click.echo(text.rstrip("\n"))


def remark(text: str) -> None:
    """Print something beside the answer to stderr."""
    click.echo(text.rstrip("\n"), err=True)


def write_error(text: str) -> None:
    """Write to stderr as it is, for the line of progress that rewrites itself."""
    sys.stderr.write(text)
    sys.stderr.flush()


def on_terminal() -> bool:
    """Whether a person can be asked: stdin and stderr are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def wants_color(stream: Any = None) -> bool:
    """Colour on terminals only, and never where NO_COLOR is set (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool((stream or sys.stdout).isatty())


def width() -> int | None:
    """The width of the terminal in columns; None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def ask(question: str) -> bool:
    """Ask a person; anything but `yes` is no."""
    click.echo(f"\n{question} Only `yes` is taken as yes: ", err=True, nl=False)
    return sys.stdin.readline().strip() == "yes"


def show_plan(
    plan: Plan,
    options: Options,
    *,
    saved: str | None = None,
    estimates: Mapping[str, Estimate] | None = None,
) -> str:
    """A plan in the format that was asked for; `saved` is the file that it was written to."""
    from reconciler.render.github import plan_github
    from reconciler.render.json import plan_json
    from reconciler.render.markdown import plan_markdown
    from reconciler.render.text import plan_text

    if options.format == "json":
        return plan_json(plan)
    if options.format == "markdown":
        return plan_markdown(plan)
    if options.format == "github":
        return plan_github(plan, token=secrets.token_hex(16), verbose=options.verbose, saved=saved)
    return plan_text(
        plan,
        color=wants_color(),
        verbose=options.verbose,
        width=width(),
        saved=saved,
        estimates=estimates,
    )


def explain(error: ReconcilerError, format_: str = "text") -> str:
    """What to print of an error: never a traceback."""
    from reconciler.render.github import problems_github
    from reconciler.render.messages import error_text
    from reconciler.render.problems import problems_text

    color = wants_color(sys.stderr)
    if isinstance(error, InputError):
        if format_ == "github":
            return problems_github(error.problems, token=secrets.token_hex(16))
        return problems_text(error.problems, color=color)
    return error_text(str(error), color=color)


def _instant(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"--now {value!r} is no RFC 3339 instant; write 2026-11-23T12:00:00Z") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def common_options(command: Command) -> Command:
    """The options of section 11 that every command takes, passed on as one `Options`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        options = Options(
            identities=Path(kwargs.pop("identities")),
            targets=tuple(kwargs.pop("targets")),
            sandbox=kwargs.pop("sandbox"),
            format=kwargs.pop("format_"),
            now=kwargs.pop("now"),
            trusted_ref=kwargs.pop("trusted_ref"),
            verbose=kwargs.pop("verbose"),
        )
        click.get_current_context().obj = options
        return command(options, *args, **kwargs)

    for option in reversed(
        (
            click.option(
                "--identities",
                default="identities",
                show_default=True,
                metavar="PATH",
                help="The folder of YAML files.",
            ),
            click.option(
                "--target", "targets", multiple=True, metavar="NAME", help="Only this target; repeatable."
            ),
            click.option("--sandbox", is_flag=True, help="Use the embedded sandbox instead of AWS."),
            click.option(
                "--format",
                "format_",
                type=click.Choice(FORMATS),
                default="text",
                show_default=True,
                help="How to print the answer.",
            ),
            click.option(
                "--now",
                callback=_instant,
                metavar="INSTANT",
                help="Plan as if it were then (RFC 3339); apply takes it on the sandbox only.",
            ),
            click.option(
                "--trusted-ref",
                metavar="REF",
                help="The branch that people agreed on. Default: origin's default branch, else HEAD.",
            ),
            click.option("-v", "--verbose", is_flag=True, help="Fold nothing away."),
        )
    ):
        wrapped = option(wrapped)
    return update_wrapper(wrapped, command)  # type: ignore[return-value]  # click replaces the signature

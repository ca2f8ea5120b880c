"""What every command shares: options, printing, and the moment of the run. The only file that prints."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import update_wrapper
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click
from click.core import ParameterSource

from reconciler.errors import AppliedInPart, ReconcilerError
from reconciler.session.settings import Settings

FORMATS = ("text", "json", "markdown", "github")
# Reports in the forms of other tools, of commands that tell findings.
FINDING_FORMATS = (*FORMATS, "sarif", "junit", "gitlab")
PLAN_FORMATS = (*FINDING_FORMATS, "gitlab-plan")
REPORT_FORMATS = (*FORMATS, "junit")
# What GitHub lets a comment have, in characters: bytes are never fewer.
MAX_BYTES = 65_536
_WROTE = "reconciler.wrote"
Command = TypeVar("Command", bound=Callable[..., Any])


def remark(text: str) -> None:
    """Print something beside the answer to stderr; nobody's work ends because nobody listens there."""
    with contextlib.suppress(OSError):
        click.echo(text.rstrip("\n"), err=True)


def wrote(anything: bool) -> None:  # noqa: FBT001  # as Settings.note_writes calls it
    """Note whether this command wrote, or may have written, anything to a service."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.find_root().meta[_WROTE] = anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Settings):
    """The common options of a command, as given: how to open a session, and how to print the answer."""

    format: str = "text"
    verbose: bool = False
    max_bytes: int = MAX_BYTES
    whole_plan: str | None = None
    redact: bool = False
    remark: Callable[[str], None] = remark
    note_writes: Callable[[bool], None] = wrote


def answer(text: str) -> None:
    """Print the answer of a command to stdout; everything else goes to stderr.

    Raises ReconcilerError when stdout takes no more, and BrokenPipeError when nobody reads it.
    """
    try:
        click.echo(text.rstrip("\n"))
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is still buffered would be tried once more when Python ends, and change the exit code.
        hang_up()
        unsaid = f"the answer cannot be written to stdout: {error.strerror}"
        if has_written(click.get_current_context(silent=True)):
            # Exit code 1 would say that nothing was written to a service.
            raise AppliedInPart(
                f"{unsaid}; something was applied: `reconciler plan` shows what is left"
            ) from error
        raise ReconcilerError(unsaid) from error


def write_error(text: str) -> None:
    """Write to stderr as it is, for the line of progress that rewrites itself."""
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def hang_up() -> None:
    """Discard what is still to be written to stdout: its reader is gone, or it takes no more.

    The interpreter would otherwise complain when it flushes (Python library reference, "Note on SIGPIPE").
    """
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a closed one is none."""
    return stream is not None and not stream.closed and stream.isatty()


def on_terminal() -> bool:
    """Whether a person can be asked: stdin and stderr are a terminal."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def wants_color(stream: TextIO | None = None) -> bool:
    """Colour on terminals only, and never where NO_COLOR is set (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return is_terminal(stream or sys.stdout)


def width() -> int | None:
    """The width of the terminal in columns; None where there is none."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None


def ask(question: str) -> bool:
    """Ask a person; anything but `yes` is no."""
    write_error(f"\n{question} Type `yes` to continue: ")
    return sys.stdin.readline().strip() == "yes"


def has_written(context: click.Context | None) -> bool:
    """Whether the command of this context may have written anything to a service."""
    return context is not None and bool(context.find_root().meta.get(_WROTE))


def token() -> str:
    """A fresh word that nothing printed can hold, for output that a runner reads for commands."""
    return secrets.token_hex(16)


def _instant(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """The moment of --now: an instant, because a date alone would begin elsewhere in every time zone."""
    if value is None:
        return None
    from reconciler.files.moments import parse_moment

    try:
        moment = parse_moment(value)
    except ValueError:
        moment = None
    if not isinstance(moment, datetime):
        raise click.BadParameter(
            f"{value!r} is not an instant of RFC 3339; write it with its time zone: 2026-11-23T12:00:00Z"
        )
    return moment


def _found(folder: Path) -> Path:
    """The folder here, or else further up, as far as the root of the git repository; by a relative path.

    Where there is none, `folder` as it is, which is then said not to be there.
    """
    if folder.exists():
        return folder
    here = Path.cwd()
    for around in (here, *here.parents):
        if (around / folder).is_dir():
            return Path(os.path.relpath(around / folder, here))
        if (around / ".git").exists():
            break
    return folder


def common_options(
    *, hide: tuple[str, ...] = (), formats: tuple[str, ...] = FORMATS
) -> Callable[[Command], Command]:
    """The options that every command takes (docs/cli.md), passed on as one `Options`.

    Those in `hide` make no difference to the command: they are taken, and its help does not speak of them.
    `formats` are those that it can answer in.
    """

    def decorate(command: Command) -> Command:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            written = Path(kwargs.pop("identities"))
            context = click.get_current_context()
            if context.get_parameter_source("identities") is ParameterSource.DEFAULT:
                written = _found(written)
            options = Options(
                identities=written,
                targets=tuple(kwargs.pop("targets")),
                sandbox=kwargs.pop("sandbox"),
                format=kwargs.pop("format_"),
                now=kwargs.pop("now"),
                trusted_ref=kwargs.pop("trusted_ref"),
                verbose=kwargs.pop("verbose"),
                max_bytes=kwargs.pop("max_bytes", MAX_BYTES),
                whole_plan=kwargs.pop("whole_plan", None),
                redact=kwargs.pop("redacting", None) is not None,
            )
            context.find_root().obj = options
            return command(options, *args, **kwargs)

        made: Any = wrapped
        for names, settings in reversed(_COMMON):
            described = {**settings, **(_format(formats) if names[0] == "--format" else {})}
            made = click.option(*names, **described, hidden=names[0] in hide)(made)
        done: Command = update_wrapper(made, command)  # type: ignore[assignment]  # click calls it otherwise
        return done

    return decorate


def _format(formats: tuple[str, ...]) -> Mapping[str, Any]:
    return {"type": click.Choice(formats), "help": f"How to print the answer: {', '.join(formats)}."}


def by_group_option(command: Command) -> Command:
    """The option of plan and apply that reads assignments the cheaper way."""
    return click.option(
        "--by-group",
        is_flag=True,
        help="Read assignments group by group where that takes fewer calls; what it cannot see stays.",
    )(command)


_COMMON: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...] = (
    (
        ("--identities",),
        {
            "default": "identities",
            "show_default": True,
            "metavar": "PATH",
            "help": "The folder of YAML files, here or further up in the repository.",
        },
    ),
    (
        ("--target", "targets"),
        {"multiple": True, "metavar": "NAME", "help": "Only this target; repeatable."},
    ),
    (("--sandbox",), {"is_flag": True, "help": "Use the embedded sandbox instead of AWS."}),
    (
        ("--format", "format_"),
        {
            "metavar": "FORMAT",
            "default": "text",
            "show_default": True,
        },
    ),
    (
        ("--now",),
        {
            "callback": _instant,
            "metavar": "INSTANT",
            "help": "Plan as if it were then, such as 2026-11-23T12:00:00Z.",
        },
    ),
    (
        ("--trusted-ref",),
        {
            "metavar": "REF",
            "help": "The trusted branch.  [default: that of origin; HEAD without a remote]",
        },
    ),
    (("-v", "--verbose"), {"is_flag": True, "help": "Show everything."}),
)

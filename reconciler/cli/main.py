"""The group of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler import __version__
from reconciler.cli.common import Options, explain, hang_up, remark
from reconciler.errors import ReconcilerError, UsageError

EPILOG = """\b
Exit codes: 0 done, or nothing to do; 1 error; 2 changes pending (plan --detailed-exitcode);
3 refused by a guard or rule; 4 stale plan; 5 locked; 6 applied in part; 64 wrong usage."""

_PACKAGE = Path(__file__).parents[1]
# Command name -> module; imported when the command is used, so that `--help` is quick.
_COMMANDS = ("validate", "plan", "show", "apply", "reconcile", "unlock", "schema", "sandbox", "demo")


class _Commands(click.Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command = import_module(f"reconciler.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """Who has access to AWS, as YAML in git: planned, reviewed, applied."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code and never raises."""
    context: click.Context | None = None
    try:
        with cli.make_context("reconciler", list(arguments)) as context:
            code = cli.invoke(context)
            return code if isinstance(code, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        remark(_misused(error))
        return UsageError.exit_code
    except (KeyboardInterrupt, click.Abort):
        remark("Interrupted; nothing was written to any service.")
        return 1
    except BrokenPipeError:
        hang_up()
        return 1
    except ReconcilerError as error:
        remark(explain(error, _format(context)))
        return error.exit_code
    except Exception as error:  # noqa: BLE001  # the last resort: a fault of ours, told without a traceback
        remark(_unexpected(error))
        return 1


def _misused(error: click.ClickException) -> str:
    """What is wrong with the command line, and where to read how it is written."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) or not isinstance(error, click.UsageError):
        return error.format_message()
    asked = error.ctx.command_path if error.ctx else "reconciler"
    return f"{error.format_message()}\nTry `{asked} --help`."


def _unexpected(error: Exception) -> str:
    """A fault of ours by its kind and place; its words may hold anything, and so are not shown."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents]
    where = f"{Path(ours[-1].filename).relative_to(_PACKAGE)}:{ours[-1].lineno}" if ours else "?"
    return (
        f"Internal error: {type(error).__name__} in {where}. This is a bug of the reconciler; "
        "please report it with this line."
    )


def _format(context: click.Context | None) -> str:
    """The format that the command was asked for, if it got that far."""
    while context is not None:
        if isinstance(context.obj, Options):
            return context.obj.format
        context = context.parent
    return "text"

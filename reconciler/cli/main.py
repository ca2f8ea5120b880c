"""The group of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem, shell_complete

from reconciler import __version__
from reconciler.cli.common import Options, answer, hang_up, has_written, remark
from reconciler.cli.showing import explain
from reconciler.errors import INTERRUPTED, AppliedInPart, InputError, ReconcilerError, UsageError
from reconciler.files.characters import show

EPILOG = """\b
Exit codes: 0 done, or nothing to do; 1 error; 2 changes pending (--detailed-exitcode) or drift;
3 refused by a guard or rule; 4 stale plan; 5 locked; 6 applied in part; 64 wrong usage;
130 and 143 interrupted (Ctrl-C, SIGTERM) before anything was written."""

_COMPLETE = "_RECONCILER_COMPLETE"
_PACKAGE = Path(__file__).parents[1]
# Command name -> what the list of commands says of it. Its module is imported when the command is used, so
# that `--help` and the completion of a shell are quick.
COMMANDS = {
    "validate": "check the files, offline",
    "plan": "show what apply would do",
    "show": "print a saved plan",
    "access": "say who has what, and why",
    "report": "show who has what as a page",
    "doctor": "say what is missing around the reconciler: in AWS, at GitHub, in SAML metadata",
    "drift": "say what differs from git, and since when",
    "snapshot": "keep what is live, for plans without credentials",
    "apply": "do what was reviewed",
    "reconcile": "apply what auto_apply names",
    "offboard": "take all access of one person away, now",
    "unlock": "show the locks, and break those of dead runs",
    "adopt": "write what is live as YAML, with an empty plan",
    "import": "write people and groups of another directory as YAML",
    "init": "write a new identity repository",
    "ci": "what the workflows ask of GitHub",
    "edit": "change the files: remove a person, rename a key, grant for hours",
    "who-edits": "say which line decides about somebody or something",
    "explain": "say what the code of a finding means",
    "schema": "write JSON Schemas for editors and programs",
    "sandbox": "serve the embedded sandbox for AWS tools",
    "demo": "take a tour of the main job on the sandbox",
}
# The modules of commands whose names are words of Python's.
_MODULES = {"import": "importing"}


class _Commands(click.Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        """Write the list of commands, and import none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Name the commands, and import none of them."""
        named = [
            CompletionItem(name, help=says) for name, says in COMMANDS.items() if name.startswith(incomplete)
        ]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = _MODULES.get(cmd_name, cmd_name.replace("-", "_"))
        command = import_module(f"reconciler.cli.{module}").command
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
    if instruction := os.environ.get(_COMPLETE):
        # Click's own protocol: the shell asks for its script, or for what can follow (shell_completion).
        return shell_complete(cli, {}, "reconciler", _COMPLETE, instruction)
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
        if has_written(context):
            remark("Interrupted after something was written. Run `reconciler plan`: it shows what is left.")
            return AppliedInPart.exit_code
        remark("Interrupted; nothing was written to any service.")
        return INTERRUPTED
    except BrokenPipeError:
        hang_up()
        return 1
    except ReconcilerError as error:
        _tell(error, _options(context))
        return error.exit_code
    except OSError as error:
        remark(_of_the_system(error))
        return _failed(context)
    except Exception as error:  # noqa: BLE001  # the last resort: a fault of ours, told without a traceback
        remark(_unexpected(error))
        return _failed(context)


def _failed(context: click.Context | None) -> int:
    """The exit code of a run that ended in its middle: 1 says that nothing was written to a service."""
    if not has_written(context):
        return 1
    remark("Something may have been written. Run `reconciler plan`: it shows what is left.")
    return AppliedInPart.exit_code


def _tell(error: ReconcilerError, options: Options | None) -> None:
    """Print an error: to stderr, or as the answer where a format was asked for and the files are wrong.

    Who asked for a format reads stdout: a comment on a pull request must not be empty.
    """
    described = explain(error, options)
    asked = options.format if options is not None else "text"
    if isinstance(error, InputError) and asked not in ("text", "gitlab-plan"):
        with contextlib.suppress(ReconcilerError, BrokenPipeError):
            answer(described)
            return
    remark(described)


def _misused(error: click.ClickException) -> str:
    """What is wrong with the command line, and where to read how it is written."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) or not isinstance(error, click.UsageError):
        return error.format_message()
    asked = error.ctx.command_path if error.ctx else "reconciler"
    return f"{error.format_message()}\nTry `{asked} --help`."


def _of_the_system(error: OSError) -> str:
    """What the system refused and at which path, where no command has more to say of it."""
    if not error.strerror:
        return _unexpected(error)
    if error.filename is None:
        # It may be stdout, which Python would try once more when it ends.
        hang_up()
    paths = [os.fsdecode(one) for one in (error.filename, error.filename2) if isinstance(one, (str, bytes))]
    where = " and ".join(map(show, paths)) or "stdout or a file"
    return (
        f"{where}: {error.strerror}. Check the path, what you may read and write there, and the room on the "
        "disk."
    )


def _unexpected(error: Exception) -> str:
    """A fault of ours by its kind and place; its words may hold anything, and so are not shown."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents]
    where = f"{Path(ours[-1].filename).relative_to(_PACKAGE)}:{ours[-1].lineno}" if ours else "?"
    return (
        f"Internal error: {type(error).__name__} in {where}. This is a bug of the reconciler; "
        "please report it with this line."
    )


def _options(context: click.Context | None) -> Options | None:
    """The options of the command, if it got that far."""
    while context is not None:
        if isinstance(context.obj, Options):
            return context.obj
        context = context.parent
    return None

"""`reconciler edit`: change what people wrote, in every file at once, and leave files that validate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Command, Options, answer, common_options, remark
from reconciler.cli.plan import parse_duration
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.editing import Editor

# As reconciler/editing/renaming.py has them; it is imported when it is needed.
_KINDS = ("user", "group", "account", "assignment")


@click.group("edit", short_help="change the files: remove a person, rename a key, grant for hours")
def command() -> None:
    """Change the identity files, every reference in all of them, and keep comments and order.

    The answer is a diff. The files validate afterwards, or none was changed. Nothing is committed, and no
    service is asked: the change goes through a pull request like every other.
    """


def _options(command: Command) -> Command:
    common = common_options(hide=("--target", "--sandbox", "--now", "--trusted-ref", "-v"), formats=("text",))
    return click.option("--dry-run", is_flag=True, help="Show the diff, and write nothing.")(common(command))


@command.command("remove-user", short_help="take a person out of every file")
@click.argument("user")
@click.option("--manager", metavar="KEY", help="Who manages the people whose manager the person was.")
@_options
def remove_user(options: Options, user: str, manager: str | None, dry_run: bool) -> None:  # noqa: FBT001  # click's
    """Take USER, a key of `users`, and everything that names them out of the files.

    The next plan removes the person's access. A person whom reconciler.yaml protects, or whom an import
    owns, is refused.
    """
    from reconciler.editing.removing import remove_user as edit

    _edit(options, lambda editor: edit(editor, user, manager=manager), f"Remove {user}", dry_run=dry_run)


@command.command("rename-key", short_help="give a user, group, account or assignment another key")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("old")
@click.argument("new")
@_options
def rename_key(options: Options, kind: str, old: str, new: str, dry_run: bool) -> None:  # noqa: FBT001  # click's
    """Give the KIND that is called OLD the key NEW, in every file that names it.

    Users and groups get `previously`, so that the next plan creates and removes nothing. AWS cannot rename a
    permission set: `previously` plans a replacement there, which is written by hand.
    """
    from reconciler.editing.renaming import rename_key as edit

    _edit(
        options, lambda editor: edit(editor, kind, old, new), f"Rename {kind} {old} to {new}", dry_run=dry_run
    )


@command.command("grant", short_help="make somebody a member of a group for a time")
@click.argument("user")
@click.argument("group")
@click.option(
    "--for", "lasts", required=True, callback=parse_duration, metavar="TIME", help="How long: 90m, 8h, 2d."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why, for reviewers: a ticket or a sentence.")
@_options
def grant(options: Options, user: str, group: str, lasts: timedelta, reason: str, dry_run: bool) -> None:  # noqa: FBT001  # click's
    """Make USER a member of GROUP, from the apply on and until TIME from now.

    A membership that ends sooner is prolonged. `reconciler reconcile` takes it away when it is over.
    """
    from reconciler.editing.granting import grant as edit
    from reconciler.wire.clock import SystemClock

    now = options.now or SystemClock().now()
    _edit(
        options,
        lambda editor: edit(editor, user, group, lasts=lasts, reason=reason, now=now),
        f"Grant {group} to {user}",
        dry_run=dry_run,
    )


def _edit(options: Options, edit: Callable[[Editor], Sequence[str]], title: str, *, dry_run: bool) -> None:
    from reconciler.editing import Editor

    if options.format != "text":
        raise UsageError(f"--format {options.format}: the answer is a diff")
    editor = Editor(options.identities)
    said = edit(editor)
    shown = editor.diff()
    if dry_run:
        editor.check()
        files: Sequence[str] = ()
    else:
        files = editor.write()
    answer(shown)
    for one in said:
        remark(f"Note: {one}.")
    if dry_run:
        remark("Nothing was written (--dry-run).")
        return
    remark(f"Changed {', '.join(files)}. They validate.")
    remark(f'Next: `git commit -am "{title}"` on a branch of its own, `reconciler plan`, and a pull request.')

"""`reconciler ci request`: the change that an issue form asks for, as a pull request."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import answer
from reconciler.errors import InputError, ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.editing import Editor
    from reconciler.forge.github import GitHub
    from reconciler.forge.requests import Request


@click.command("request", short_help="turn an issue form into a pull request")
@click.option("--branch", default="main", show_default=True, metavar="NAME", help="The trusted branch.")
@click.option("--identities", default="identities", show_default=True, metavar="PATH", help="The folder.")
def request(branch: str, identities: str) -> None:
    """Make the change that the issue of this run asks for, and open its pull request.

    Runs on the event issues, in a checkout of the trusted branch. The issue is data: known fields, each with
    its form, from a person who may write to the repository. The change is reviewed as every other is.
    """
    from reconciler.files.git import Repository
    from reconciler.forge.github import connect, read_event
    from reconciler.forge.requests import NotUsable, asked, may_ask, parse, reply

    event = read_event(os.environ)
    github = connect(os.environ)
    number, login = asked(event)
    folder = Path(identities)
    repository = Repository.of(folder)
    head = repository.head() if repository is not None else None
    if repository is None or head is None or folder.is_absolute():
        raise UsageError(f"{identities} is not in a git repository with commits; check the branch out first")
    if not may_ask(github, login):
        reply(github, number, "Nothing was done: only who may write to this repository can ask here.")
        answer(f"Issue {number}: {login} may not ask.")
        return
    try:
        wanted = parse(event)
        editor, notes = _edited(folder, wanted)
    except NotUsable as error:
        reply(github, number, f"Nothing was done. {error}")
        answer(f"Issue {number} is not a request: {error}")
        return
    except (InputError, UsageError) as error:
        reply(github, number, _refused(error))
        answer(f"Issue {number}: nothing was done.")
        return
    files = {
        f"{repository.folder}/{path}".lstrip("/"): after.decode()
        for path, (_, after) in editor.changed().items()
        if after is not None
    }
    done = _proposed(github, wanted, head, files, branch)
    reply(github, number, done + "".join(f"\n- {one}" for one in notes))
    answer(f"Issue {number}: {wanted.title}.")


def _edited(folder: Path, wanted: Request) -> tuple[Editor, list[str]]:
    from reconciler.editing import Editor
    from reconciler.editing.granting import grant
    from reconciler.editing.removing import remove_user
    from reconciler.render.escape import code
    from reconciler.wire.clock import SystemClock

    editor = Editor(folder)
    if wanted.group is None or wanted.hours is None:
        said = remove_user(editor, wanted.user)
    else:
        reason = f"{wanted.reason} (#{wanted.number}, {wanted.login})"
        said = grant(
            editor,
            wanted.user,
            wanted.group,
            lasts=timedelta(hours=wanted.hours),
            reason=reason,
            now=SystemClock().now(),
        )
    editor.check()
    return editor, [code(one) for one in said]


def _proposed(github: GitHub, wanted: Request, head: str, files: dict[str, str], branch: str) -> str:
    from reconciler.forge.requests import open_pull, put_branch

    if not put_branch(github, wanted, head, files):
        return f"The branch `{wanted.branch}` is there already; delete it, and open the issue anew."
    pull = open_pull(github, wanted, branch)
    if pull is not None:
        return f"#{pull} is the pull request. Its plan is shown after somebody lets its workflows run."
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    link = f"{server}/{github.repository}/compare/{branch}...{wanted.branch}?expand=1"
    return f"The change is on a branch. [Open its pull request]({link}); somebody else approves it."


def _refused(error: ReconcilerError) -> str:
    from reconciler.render.escape import fenced, text

    lines = [text(one) for one in str(error).splitlines()[:20]]
    return "Nothing was done:\n\n" + fenced(lines)

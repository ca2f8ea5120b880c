"""`reconciler ci propose` and `merge-leavers`: the pull requests of an import."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Command, answer
from reconciler.errors import PlanFileError, UsageError

if TYPE_CHECKING:
    from reconciler.files.git import Repository

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TITLES = {
    "leavers": "Leavers: take access away from accounts that are disabled, gone or expired",
    "others": "Import from the directory: everything but leavers",
}
_TEXTS = {
    "leavers": (
        "Accounts that are disabled, gone or expired in the directory. "
        "Every file is of one person, and takes access away. After the merge, *reconcile* takes it away at "
        "its next run."
    ),
    "others": (
        "Newcomers, attributes, groups, ends to come, and who is enabled again. Both halves of a move from "
        "group to group are here. Review the plan below as that of every other change."
    ),
}
_HOW = (
    "\n\nWritten by the workflow *import*, which writes it anew while the directory changes and nobody else "
    "has committed to this branch. It may be merged before or after the other pull request of the import."
)


def _common(command: Command) -> Command:
    branch = click.option(
        "--branch", default="main", show_default=True, metavar="NAME", help="The trusted branch."
    )
    return click.option("--head", required=True, metavar="NAME", help="The branch of the pull request.")(
        branch(command)
    )


@click.command("propose", short_help="open or close a pull request of an import")
@click.argument("part", type=click.Choice(["leavers", "others"]))
@click.option("--nothing", is_flag=True, help="Nothing is to be proposed: close what is open.")
@_common
def propose(part: str, head: str, branch: str, *, nothing: bool) -> None:
    """Have one open pull request for a part of an import, or none where there is nothing to propose."""
    from reconciler.forge.github import connect
    from reconciler.forge.proposing import propose as open_one
    from reconciler.forge.proposing import withdraw

    github = connect(os.environ)
    if nothing:
        number = withdraw(github, head, branch)
        answer(f"{part}: nothing to propose." if number is None else f"{part}: pull request {number} closed.")
        return
    number, done = open_one(github, head, branch, _TITLES[part], f"{_TEXTS[part]}{_HOW}")
    answer(f"{part}: pull request {number} {done}.")


@click.command("merge-leavers", short_help="merge leavers where a plan only revokes")
@click.argument("plan", type=click.Path(path_type=Path), metavar="PLAN")
@_common
@click.option(
    "--read",
    "read",
    required=True,
    metavar="TREE",
    help="The tree of the trusted branch with what was read from the directory.",
)
@click.option("--identities", default="identities", show_default=True, metavar="PATH", help="The folder.")
@click.option(
    "--into", default="imported", show_default=True, metavar="FOLDER", help="The folder of the import."
)
@click.option("--dry-run", is_flag=True, help="Judge, and merge nothing.")
def merge_leavers(
    plan: Path, read: str, head: str, branch: str, identities: str, into: str, *, dry_run: bool
) -> None:
    """Merge the leavers' pull request where it takes access away and does nothing else.

    Run it where the merge of both branches is checked out, with PLAN made of that by code and configuration
    of the trusted branch. Who can push to the branch of the pull request could call anybody a leaver: its
    files must be those that were read. What does not qualify is left for people, and told; the exit code is
    0 then, too.
    """
    from reconciler.files.git import Repository
    from reconciler.forge.github import connect
    from reconciler.forge.proposing import merge, open_pull
    from reconciler.render.escape import sentence

    repository = Repository.of(Path(identities))
    commit = repository.head() if repository is not None else None
    if repository is None or commit is None:
        raise UsageError(f"{identities} is not in a git repository with commits; check the merge out first")
    parents = _parents(repository, commit)
    why = [*_of_files(repository, commit, parents[0], into), *_of_plan(plan, repository, commit)]
    if _tree(repository, commit) != read:
        why.insert(0, "its files are not those that were read from the directory")
    if why:
        told = "\n".join(f"- {sentence(one)}" for one in why[:20])
        answer(f"The leavers are left for people to review:\n{told}")
        return
    if dry_run:
        answer("The leavers may be merged: the plan only revokes.")
        return
    github = connect(os.environ)
    pull = open_pull(github, head, branch)
    if pull is None or pull.head_sha != parents[1]:
        answer("The leavers are left for the next run: their pull request has changed, or is closed.")
        return
    merged = merge(github, pull, parents[1], parents[0], branch, read)
    answer(f"Pull request {pull.number} is merged as {merged[:10]}: the plan only revokes.")


def _parents(repository: Repository, commit: str) -> tuple[str, str]:
    """The tips of the trusted branch and of the pull request, whose merge is checked out."""
    from reconciler.files.git_objects import parents_in

    found = repository.git.content(commit)
    parents = parents_in(found[1]) if found is not None else ()
    if len(parents) != 2:
        raise UsageError("what is checked out is not the merge of two branches; merge with --no-ff")
    return parents[0], parents[1]


def _tree(repository: Repository, commit: str) -> str:
    """The tree of all files of a commit, not of the identities alone."""
    return repository.git.run("rev-parse", "--verify", f"{commit}^{{tree}}").line


def _of_files(repository: Repository, commit: str, base: str, into: str) -> Iterator[str]:
    """What of the changed files is not a leaver's."""
    from reconciler.sources.judging import more_than_leavers
    from reconciler.wire.clock import SystemClock

    at = SystemClock().now()
    below = f"{repository.folder}/{into}" if repository.folder else into
    listed = repository.git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", base, commit).output
    words = os.fsdecode(listed).split("\0")
    if len(words) < 2:
        yield "nothing is changed"
    for meta, path in zip(words[::2], words[1::2], strict=False):
        _, mode, _, _, status = meta.split(" ")
        before = None if status == "A" else repository.git.content(f"{base}:{path}")
        after = None if status == "D" else repository.git.content(f"{commit}:{path}")
        plain = status == "A" or (status == "M" and before is not None)
        if status != "D" and not (plain and mode == "100644" and after is not None):
            yield f"{path} is not a plain file"
            continue
        says = more_than_leavers(
            path, below, None if before is None else before[1], None if after is None else after[1], at
        )
        if says is not None:
            yield f"{path} {says}"


def _of_plan(file: Path, repository: Repository, commit: str) -> Iterator[str]:
    """What of the plan is more than to revoke, and whether it is one of these files."""
    from reconciler.execution.plan_file import read_plan
    from reconciler.planning.only_revokes import more_than_revokes

    try:
        plan = read_plan(file)
    except PlanFileError as error:
        yield str(error)
        return
    if plan.tree != repository.trees([commit])[commit]:
        yield "the plan is of other files"
    yield from more_than_revokes(plan)

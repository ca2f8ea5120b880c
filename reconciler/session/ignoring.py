"""Keeps what the reconciler writes beside the identities out of git: a `.gitignore`, where there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import RecordError
from reconciler.files.git import Repository
from reconciler.files.git_process import run_git
from reconciler.scaffold.files import ignored_text

NAME = ".gitignore"


@dataclass(frozen=True, slots=True)
class Ignoring:
    """Whether the file was `written`; else the lines that are `missing` in the one that is there.

    `outside`: the folder is in no git repository.
    """

    written: bool = False
    missing: tuple[str, ...] = ()
    outside: bool = False


def keep_out_of_git(folder: Path, identities: Path) -> Ignoring:
    """Write a `.gitignore` in the folder in which commands run, unless git ignores the files already.

    Nothing is done outside git, nor where the identities are elsewhere than below the folder, which is then
    not theirs. A file that is there is never changed. What cannot be written is told as missing.
    """
    if not identities.resolve().is_relative_to(folder.resolve()):
        return Ignoring()
    text = ignored_text()
    wanted = [line for line in text.splitlines() if line and not line.startswith("#")]
    try:
        repository = Repository.of(folder)
        if repository is None:
            return Ignoring(outside=True)
        below = folder.resolve().relative_to(repository.root)
        missing = tuple(
            line for line in wanted if not _is_ignored(repository, below / line.rstrip("/"), line)
        )
    except RecordError:
        return Ignoring()
    path = folder / NAME
    if len(missing) < len(wanted) or os.path.lexists(path):
        return Ignoring(missing=missing)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return Ignoring(missing=missing)
    return Ignoring(written=True)


def _is_ignored(repository: Repository, path: Path, line: str) -> bool:
    """Whether git would leave the file alone; a folder that ends with a slash need not exist."""
    name = f"{path.as_posix()}/x" if line.endswith("/") else path.as_posix()
    git = repository.git
    answer = run_git(
        # The command takes names as they are, and refuses to be told so.
        *("--no-literal-pathspecs", "check-ignore", "--quiet", "--no-index", name),
        folder=git.folder,
        repository=git.git_dir,
    )
    if answer.code not in (0, 1):
        raise RecordError(answer.message)
    return answer.code == 0

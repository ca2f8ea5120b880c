"""Finds the repository that a folder lies in by walking up, as git does, but by `.git` alone.

git itself also takes a folder for a repository that merely holds `HEAD`, `objects` and `refs` (a bare one),
which every pull request can bring. https://git-scm.com/docs/git-config, safe.bareRepository
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import RecordError
from reconciler.files.git_process import run_git

_NO_REPOSITORY = "not a git repository (or any"


@dataclass(frozen=True, slots=True)
class Place:
    """`root` is the top of the work tree, `git_dir` its repository, `common` the one that it shares.

    (`common` is another folder than `git_dir` in a linked work tree.) All are absolute and without links.
    """

    root: Path
    git_dir: Path
    common: Path


def find(path: Path) -> Place | None:
    """Where the folder `path` lies; None outside every repository.

    Raises RecordError for a repository that git refuses (somebody else's, by `safe.directory`; a linked work
    tree whose repository is gone), for one that is reached through a symbolic link inside of another, and
    for a submodule of the repository in which the command runs: there a pull request could have made it.
    """
    place = next(_places(path.resolve()), None)
    if place is not None:
        _check_links(path, place)
        _check_submodule(path, place)
    return place


def _places(folder: Path) -> Iterator[Place]:
    """The repositories around a folder, innermost first."""
    for root in (folder, *folder.parents):
        if os.path.lexists(root / ".git") and (place := _asked(root)) is not None:
            yield place


def _asked(root: Path) -> Place | None:
    """What git says of the `.git` in `root`; None where that is nothing to git, which then looks further up.

    Asked without naming the repository, because only then does git check whose it is.
    """
    words = ("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir")
    answer = run_git(*words, folder=root, environment={"GIT_CEILING_DIRECTORIES": str(root.parent)})
    if answer.code != 0:
        if _NO_REPOSITORY in answer.message and (root / ".git").is_dir():
            return None
        raise RecordError(f"git cannot use the repository around {root}: {answer.message}")
    lines = os.fsdecode(answer.output).splitlines()
    if len(lines) != 2:
        raise RecordError(f"the name of {root} has a line break in it; rename the folder")
    git_dir, common = (Path(line).resolve() for line in lines)
    if (root / ".git").is_dir() and git_dir != (root / ".git").resolve():
        return None
    return Place(root, git_dir, common)


def _check_links(path: Path, place: Place) -> None:
    """Raise RecordError where a link leads to the folder, beginning inside a repository.

    A pull request can put such a link there, and the folder that people agreed on would be another one.
    """
    named = Path.cwd() / path
    for folder in (named, *named.parents):
        if folder.is_symlink() and _inside(folder.parent):
            raise RecordError(f"{folder} is a symbolic link; name the folder that it points at")
        if folder.resolve() == place.root:
            return


def _inside(folder: Path) -> bool:
    return any(os.path.lexists(above / ".git") for above in (folder, *folder.parents))


def _check_submodule(path: Path, place: Place) -> None:
    here = Path.cwd()
    if here == place.root or place.root in here.parents:
        return
    for outer in place.root.parents:
        if not os.path.lexists(outer / ".git") or not (outer == here or outer in here.parents):
            continue
        around = _asked(outer)
        if around is not None and around.common / "modules" in place.common.parents:
            raise RecordError(
                f"{path} is a submodule of the repository in {outer}, or lies in one: a commit there decides "
                f"which repository that is; run the command in {place.root}"
            )

"""git for calls that reach a remote, without the configuration of the repository.

That configuration can name programs in more ways than can be listed (an ssh command, credential helpers, the
program at the other end, transports, addresses in place of others), and it may include files of the work
tree, which every pull request can change. So such a call runs in a repository made for it alone: the refs and
objects of the real one, and a configuration of which only this is taken over that names no program.
The user's own configuration, and the system's, hold as always.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import RecordError
from reconciler.files.git_process import Answer, run_git

# What a repository's own configuration may say about its remotes: data, and no program.
_TAKEN = re.compile(
    r"core\.repositoryformatversion"
    r"|extensions\.(objectformat|compatobjectformat|refstorage|partialclone|noop|preciousobjects)"
    r"|remote\..+\.(url|pushurl|promisor|partialclonefilter)"
    r"|url\..+\.(insteadof|pushinsteadof)"
    r"|http\.(.+\.)?(extraheader|proxy|proxyauthmethod|sslcainfo|sslcapath|sslcert|sslkey|useragent)"
    r"|credential\.(.+\.)?(username|usehttppath)"
    r"|(user|author|committer)\.(name|email)",
    re.DOTALL,
)
_OF_REPOSITORY = frozenset({"local", "worktree"})
_OF_USER = frozenset({"system", "global"})
# The rest of what is in a repository is read and written through links; HEAD must not be one.
_LINKED = ("refs", "logs", "packed-refs", "shallow", "reftable")


class _Setting(NamedTuple):
    """One value of git's configuration: whose it is, the file that it stands in, and what it says."""

    scope: str
    origin: str
    key: str
    value: str | None


def run_by_network(*arguments: str, folder: Path, git_dir: Path, common: Path, stdin: bytes = b"") -> Answer:
    """Run one git command that reaches a remote, as `git_process.run_git` does.

    `git_dir` is the repository, `common` the one that it shares refs and objects with. Raises RecordError
    as well where the repository made for the call cannot be made.
    """
    with _shadow(folder, git_dir, common) as shadow:
        return run_git(
            *arguments,
            folder=folder,
            repository=shadow,
            stdin=stdin,
            network=True,
            environment={"GIT_OBJECT_DIRECTORY": str(common / "objects")},
        )


@contextmanager
def _shadow(folder: Path, git_dir: Path, common: Path) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="reconciler-git-") as made:
            shadow = Path(made).resolve()
            (shadow / "HEAD").write_bytes((git_dir / "HEAD").read_bytes())
            (shadow / "config").touch()
            for name in _LINKED:
                if (common / name).exists() or name in ("packed-refs", "shallow"):
                    (shadow / name).symlink_to(common / name)
            settings = _settings(folder, git_dir)
            taken = [one for one in settings if one.scope in _OF_REPOSITORY and _may_stay(one, common)]
            _write(shadow / "config", taken)
            # Files that the user has included for this repository alone are not found from another one.
            known = {one.origin for one in _settings(folder, shadow)}
            own = [one for one in settings if one.scope in _OF_USER and one.origin not in known]
            _write(shadow / "config", [*own, *taken])
            yield shadow
    except OSError as error:
        raise RecordError(f"no folder can be made to run git in for {folder}: {error.strerror}") from error


def _settings(folder: Path, repository: Path) -> list[_Setting]:
    words = ("config", "--list", "--show-scope", "--show-origin", "-z", "--includes")
    answer = run_git(*words, folder=folder, repository=repository)
    if answer.code != 0:
        raise RecordError(f"git config failed in {folder}: {answer.message or answer.code}")
    parts = os.fsdecode(answer.output).split("\0")
    found = []
    for scope, origin, text in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        key, separator, value = text.partition("\n")
        found.append(_Setting(scope, origin, key, value if separator else None))
    return found


def _may_stay(setting: _Setting, common: Path) -> bool:
    """Whether it names no program, and stands in no file of a work tree."""
    if _TAKEN.fullmatch(setting.key) is None:
        return False
    kind, _, name = setting.origin.partition(":")
    if kind != "file":
        return False
    file = Path(name).resolve()
    if common in file.parents:
        return True
    return not any(os.path.lexists(above / ".git") for above in file.parents)


def _write(file: Path, settings: list[_Setting]) -> None:
    lines = []
    for one in settings:
        section, _, rest = one.key.partition(".")
        subsection, dot, name = rest.rpartition(".")
        inner = subsection.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'[{section} "{inner}"]' if dot else f"[{section}]")
        lines.append(f"\t{name}" if one.value is None else f"\t{name} = {_quoted(one.value)}")
    file.write_bytes(os.fsencode("".join(f"{line}\n" for line in lines)))


def _quoted(value: str) -> str:
    inner = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{inner}"'

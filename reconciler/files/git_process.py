"""Runs git: argument lists only, in an environment that can neither redirect it nor make it ask.

What a repository's own configuration could otherwise start is switched off for every call: hooks, the
file system monitor, the pager, automatic maintenance, replace refs and grafts (which would let a clone
tell a different history), and, except where a call is meant to use the network, every transport (a
partial clone would otherwise fetch in the middle of a read). Calls that use the network do not have that
configuration at all: see `git_network`. https://git-scm.com/docs/git
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from reconciler.errors import RecordError

LOCAL_SECONDS = 60.0
NETWORK_SECONDS = 120.0

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "--no-optional-locks",
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "push.followTags=false"),
    *("-c", "push.gpgSign=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "safe.bareRepository=explicit"),
)
# A remote is reached by nothing else; plain http would show credentials to everybody on the way.
_TRANSPORTS = "file:git:https:ssh"
# Everything else that begins with GIT_ is dropped: GIT_DIR and its like (set inside hooks) would point
# at another repository, the tracing ones would put noise, and with it credentials, into messages.
_KEPT = re.compile(
    r"GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)"
    r"|GIT_CEILING_DIRECTORIES|GIT_DISCOVERY_ACROSS_FILESYSTEM|GIT_EXEC_PATH"
    r"|GIT_ASKPASS|GIT_SSH|GIT_SSH_COMMAND|GIT_SSH_VARIANT|GIT_PROXY_COMMAND|GIT_SSL_\w+|GIT_HTTP_\w+"
)
# Up to the last @ before a blank: a password may hold one. What stands in a query may be a token, too.
_USERINFO = re.compile(r"://\S*@")
_QUERY = re.compile(r"(://[^\s'\"?#]*[?#])[^\s'\"]+")
# The same where git says a path alone.
_PARAMETER = re.compile(r"([?&][^\s=&'\"]*=)[^\s&'\"]+")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call of git gave: its exit code, its output, and what it said in English, redacted."""

    code: int
    output: bytes
    message: str

    @property
    def line(self) -> str:
        """The output as one line of text, without its line end."""
        return os.fsdecode(self.output.removesuffix(b"\n"))


def run_git(
    *arguments: str,
    folder: Path,
    repository: Path | None = None,
    stdin: bytes = b"",
    network: bool = False,
    environment: Mapping[str, str] = _NOTHING,
) -> Answer:
    """Run one git command in `folder` to its end and return what it said.

    `repository` is named to git as the one whose work tree `folder` is (None: git looks for it). Raises
    RecordError for a missing git and for a call that takes longer than LOCAL_SECONDS or NETWORK_SECONDS.
    """
    seconds = NETWORK_SECONDS if network else LOCAL_SECONDS
    try:
        done = subprocess.run(  # noqa: S603  # an argument list, of which no part is ever a shell's
            _command(arguments, folder, repository),
            cwd=folder,
            env=_environment(os.environ, network=network) | dict(environment),
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RecordError(
            f"git {arguments[0]} did not end within {seconds:.0f} seconds in {folder}; "
            "run it by hand to see what it waits for"
        ) from error
    except OSError as error:
        raise RecordError(f"git cannot be run in {folder}: {error.strerror}") from error
    return Answer(done.returncode, done.stdout, redact(os.fsdecode(done.stderr).strip()))


def start_git(*arguments: str, folder: Path, repository: Path) -> subprocess.Popen[bytes]:
    """Start one git command that answers what is written to it, and uses no network.

    Its errors are not read. It is in a session of its own: Ctrl-C, which a command may outlive, does not end
    it. Raises RecordError where git cannot be run.
    """
    try:
        return subprocess.Popen(  # noqa: S603  # as above
            _command(arguments, folder, repository),
            cwd=folder,
            env=_environment(os.environ, network=False),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise RecordError(f"git cannot be run in {folder}: {error.strerror}") from error


def _command(arguments: Sequence[str], folder: Path, repository: Path | None) -> list[str]:
    named = () if repository is None else (f"--git-dir={repository}", f"--work-tree={folder}")
    return [executable(), *_OPTIONS, *named, *arguments]


def executable() -> str:
    """Where git is; RecordError when it is not installed.

    A PATH may name folders relative to the current one, and there a pull request could put a `git`.
    """
    found = shutil.which("git", path=absolute_path(os.environ.get("PATH", os.defpath)))
    if found is None:
        raise RecordError("git is not installed, or not on the PATH; install it and try again")
    return found


def redact(text: str) -> str:
    """The text without the user names, tokens and passwords that addresses in it carry."""
    return _PARAMETER.sub(r"\1…", _QUERY.sub(r"\1…", _USERINFO.sub("://", text)))


@lru_cache(maxsize=8)
def absolute_path(path: str) -> str:
    """A PATH without the folders that are relative to the current one."""
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if Path(folder).is_absolute())


def _environment(given: Mapping[str, str], *, network: bool) -> dict[str, str]:
    """The environment of a call: see the head of this file."""
    kept = {
        name: value
        for name, value in given.items()
        if not name.startswith("GIT_") or _KEPT.fullmatch(name) is not None
    }
    if "PATH" in kept:
        kept["PATH"] = absolute_path(kept["PATH"])
    kept |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_GRAFT_FILE": os.devnull}
    kept["GIT_ALLOW_PROTOCOL"] = _TRANSPORTS if network else ""
    return kept if network else kept | {"GIT_NO_LAZY_FETCH": "1"}

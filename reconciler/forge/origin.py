"""Which repository of GitHub the remote `origin` of a clone is."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.errors import UsageError
from reconciler.files.git import DEFAULT_REMOTE, Repository

# `git@github.com:OWNER/NAME.git` (git-clone, "GIT URLS").
_SCP = re.compile(r"(?:[^@/\s]+@)?([^:/\s]+):(?!//)(.+)")
_HOSTS = frozenset({"github.com", "www.github.com", "ssh.github.com"})
_FIX = "name it: --repository OWNER/NAME"


def repository_of_origin(folder: Path, *, elsewhere: bool) -> str:
    """OWNER/NAME of the origin of the clone around `folder`.

    `elsewhere` says that the API of another host than github.com is named. Raises UsageError where there is
    no such repository.
    """
    repository = Repository.of(folder)
    if repository is None:
        raise UsageError(
            f"this folder is not in a git repository, so the repository at GitHub is not known; {_FIX}"
        )
    url = repository.git.run("config", "--get", f"remote.{DEFAULT_REMOTE}.url", fine=(0, 1)).line
    if not url:
        raise UsageError(f"the repository has no remote {DEFAULT_REMOTE}; {_FIX}")
    host, path = _apart(url)
    name = path.strip("/").removesuffix(".git")
    if host not in _HOSTS and not (elsewhere and host):
        raise UsageError(
            f"{DEFAULT_REMOTE} is not at github.com; {_FIX}, and for a server of your own set GITHUB_API_URL"
        )
    if name.count("/") != 1:
        raise UsageError(f"the address of {DEFAULT_REMOTE} does not end with OWNER/NAME; {_FIX}")
    return name


def _apart(url: str) -> tuple[str, str]:
    """Host and path of an address; user and password in it are left out."""
    if found := _SCP.fullmatch(url):
        return found[1].lower(), found[2]
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.path
    except ValueError:
        return "", ""

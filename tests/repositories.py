"""Real git repositories for tests, untouched by the configuration of whoever runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


class Work:
    """A work tree at `root`: write, commit, branch, merge. The identities are in `folder` below it."""

    def __init__(
        self, root: Path, patch: pytest.MonkeyPatch, folder: str = "identities", *, start: bool = True
    ) -> None:
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        self.root, self._folder = root, folder
        if start:
            root.mkdir(parents=True, exist_ok=True)
            self.git("init", "-q", "-b", "main")

    @property
    def folder(self) -> Path:
        """Where the identities are."""
        return self.root / self._folder

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git here; its output without the line end."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().removesuffix("\n")

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write (or, for None, remove) files below the root."""
        for path, text in files.items():
            target = self.root / path
            if text is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def commit(self, files: Mapping[str, str | None] | None = None, message: str = "change") -> str:
        """Write files, commit everything, and return the commit's id."""
        self.write(files or {})
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str) -> str:
        """Merge a branch with a merge commit, and return that commit's id."""
        self.git("merge", "-q", "--no-ff", "-m", f"merge {branch}", branch)
        return self.git("rev-parse", "HEAD")

    def clone(self, root: Path, patch: pytest.MonkeyPatch, options: Iterable[str] = ()) -> Work:
        """Another clone of this repository, over the file transport."""
        subprocess.run(
            ["git", "clone", "-q", *options, f"file://{self.root}", str(root)],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
        return Work(root, patch, self._folder, start=False)

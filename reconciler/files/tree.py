"""A tree of files: a folder, a git commit, or a record in memory, all the same to a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Tree(Protocol):
    """Regular files below one root, read-only. Paths are relative to it, with `/`, NFC, sorted."""

    @property
    def label(self) -> str:
        """What to call it before a path in an error: "identities", or "identities at 1a2b3c4"."""

    def paths(self) -> Sequence[str]:
        """Every regular file. Raises InputError for what a tree must not hold (symlinks, devices)."""

    def read(self, path: str) -> bytes:
        """The bytes of one of `paths`. Raises InputError when it is too large or cannot be read."""


class MemoryTree:
    """A tree that somebody holds: a sandbox's record, or a test."""

    def __init__(self, label: str, files: Mapping[str, bytes]) -> None:
        self._label, self._files = label, dict(sorted(files.items()))

    @property
    def label(self) -> str:
        """What to call it in an error."""
        return self._label

    def paths(self) -> Sequence[str]:
        """Every file, sorted."""
        return tuple(self._files)

    def read(self, path: str) -> bytes:
        """The bytes of one file."""
        return self._files[path]

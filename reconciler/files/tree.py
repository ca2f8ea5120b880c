"""A tree of files: a folder, a git commit, or a record in memory, all the same to a reader."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from reconciler.errors import InputError, Problem
from reconciler.files.characters import FORBIDDEN, show

MAX_FILE_BYTES = 1 << 20
# Nobody nests folders this deep; a mount that contains itself would.
MAX_FOLDERS_DEEP = 64

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a named pipe waits for a writer that never comes.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Tree(Protocol):
    """Regular files below one root, read-only. Paths are relative to it, with `/`, NFC, sorted."""

    @property
    def label(self) -> str:
        """What to call it before a path in an error: "identities", or "identities at 1a2b3c4"."""

    def paths(self) -> Sequence[str]:
        """Every regular file. Raises InputError for what a tree must not hold (symlinks, devices)."""

    def read(self, path: str) -> bytes:
        """The bytes of one of `paths`. Raises InputError when it is too large or cannot be read."""


@runtime_checkable
class FlawedTree(Tree, Protocol):
    """A tree that may hold what no tree may hold, and that can be read without it."""

    def without_flaws(self) -> tuple[Tree, Sequence[Problem]]:
        """The same files without those for which `paths` raises InputError, and the problems with them."""


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


@dataclass(slots=True)
class _Listing:
    """What a walk finds: the names on disk of each file by its path, and what is wrong."""

    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class FolderTree:
    """Regular files below one folder. Hidden files and folders (`.git`, editors' swap files) are skipped.

    Symbolic links, devices, pipes and sockets are refused rather than skipped: what somebody put there
    would silently be absent. So are two names that another file system would hold as one.
    """

    def __init__(self, root: Path, label: str | None = None) -> None:
        self._root = root
        self._label = root.as_posix() if label is None else label
        self._names: Mapping[str, tuple[str, ...]] | None = None
        self._contents: dict[str, bytes] = {}

    @property
    def label(self) -> str:
        """The folder as it was named on the command line."""
        return self._label

    def paths(self) -> Sequence[str]:
        """Every regular file, sorted. The folder is walked once; later changes to it are not seen.

        Raises InputError with everything that the folder must not hold, and where there is no folder.
        """
        return tuple(self._listed())

    def read(self, path: str) -> bytes:
        """The bytes of one of `paths`. A file is read once; later changes to it are not seen.

        Raises InputError when there are more than MAX_FILE_BYTES of them, when the file cannot be read,
        or when somebody meanwhile put something else in its place.
        """
        if path not in self._contents:
            self._contents[path] = self._from_disk(path)
        return self._contents[path]

    def _from_disk(self, path: str) -> bytes:
        *folders, name = self._listed()[path]
        try:
            with self._open(folders) as parent:
                handle = os.open(name, _FILE, dir_fd=parent)
                with os.fdopen(handle, "rb") as file:
                    if not stat.S_ISREG(os.fstat(handle).st_mode):
                        raise InputError([self._problem(path, "is not a regular file", "put the file there")])
                    data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            raise InputError([self._problem(path, reason, "check that it exists and may be read")]) from error
        if len(data) > MAX_FILE_BYTES:
            reason = f"is larger than {MAX_FILE_BYTES:,} bytes, the most that a file may have"
            raise InputError([self._problem(path, reason, "split it into several files")])
        return data

    def _listed(self) -> Mapping[str, tuple[str, ...]]:
        if self._names is None:
            listing = _Listing()
            self._walk((), listing)
            if listing.problems:
                raise InputError(listing.problems)
            self._names = dict(sorted(listing.files.items()))
        return self._names

    def _walk(self, folders: tuple[str, ...], listing: _Listing) -> None:
        try:
            with self._open(folders) as handle, os.scandir(handle) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
                kinds = [(entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in found]
        except OSError as error:
            listing.problems.append(self._unreadable(folders, error))
            return
        for name, mode in kinds:
            if name.startswith("."):
                continue
            names = (*folders, name)
            path = _shown(names)
            problem = self._unfit(path, mode, listing.seen)
            if problem is not None:
                listing.problems.append(problem)
            elif stat.S_ISREG(mode):
                listing.files[path] = names
            elif len(names) > MAX_FOLDERS_DEEP:
                listing.problems.append(
                    self._problem(path, f"lies more than {MAX_FOLDERS_DEEP} folders deep", "move it up")
                )
            else:
                self._walk(names, listing)

    def _unfit(self, path: str, mode: int, seen: dict[str, str]) -> Problem | None:
        """Why something in the folder cannot be there at all."""
        if stat.S_ISLNK(mode):
            return self._problem(path, "is a symbolic link", "put the file itself there")
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return self._problem(path, "is neither a file nor a folder", "remove it, or move it elsewhere")
        if FORBIDDEN.search(path) or any(ord(character) < ord(" ") for character in path):
            return Problem(f"{self._label}: the name {show(path)} has invisible characters", "rename it")
        # Two spellings of one name in NFC are both shown as that name.
        same = unicodedata.normalize("NFC", path.casefold())
        if (other := seen.get(same)) is not None:
            return self._problem(path, f"and {other} are one name on many file systems", "rename one of them")
        seen[same] = path
        return None

    def _unreadable(self, folders: tuple[str, ...], error: OSError) -> Problem:
        if folders:
            return self._problem(_shown(folders), f"cannot be read: {error.strerror}", "allow reading it")
        try:
            mode = self._root.lstat().st_mode
        except (OSError, ValueError):  # also a name that is too long
            mode = None
        if mode is not None and stat.S_ISLNK(mode):
            return Problem(f"{self._label} is a symbolic link", "name the folder that it points at")
        if mode is None and error.errno != errno.EACCES:
            return Problem(
                f"the folder {self._label} does not exist",
                "run this in the repository of your files, or name their folder with --identities; "
                "`reconciler adopt` and `reconciler init` make one",
            )
        if mode is not None and not stat.S_ISDIR(mode):
            return Problem(f"{self._label} is a file", "name the folder that it lies in")
        return Problem(f"the folder {self._label} cannot be read: {error.strerror}", "allow reading it")

    def _problem(self, path: str, what: str, fix: str) -> Problem:
        return Problem(f"{self._label}: {path} {what}", fix)

    @contextmanager
    def _open(self, folders: Sequence[str]) -> Iterator[int]:
        """A handle on a folder, reached name by name, so that no link in between is followed."""
        handle = os.open(self._root, _FOLDER)
        try:
            for name in folders:
                inner = os.open(name, _FOLDER, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


def _shown(names: Sequence[str]) -> str:
    """Names on disk as one path in NFC; bytes that are not UTF-8 are shown as escapes."""
    path = os.fsencode("/".join(names)).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", path)

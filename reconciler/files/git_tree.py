"""The files of a folder as one commit holds them, read from git's object store alone."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import NamedTuple

from reconciler.errors import InputError, Problem, RecordError
from reconciler.files.characters import FORBIDDEN, show
from reconciler.files.git_command import Git
from reconciler.files.git_reader import MANY
from reconciler.files.tree import MAX_FILE_BYTES

# Files are fetched in batches, because a process for each of 500 files would take seconds; so many
# batches are kept.
_BATCH_BYTES = 16 << 20
_KEPT_BATCHES = 4

MISSING_OBJECTS = (
    "this clone does not hold every object of its history; "
    "run `git fetch --refetch --no-filter origin` and try again"
)


class Entry(NamedTuple):
    """One line of `git ls-tree`: a file's mode, the id of its content, and its size in bytes."""

    mode: str
    oid: str
    size: int


class GitTree:
    """Regular files below one folder at one commit: what `FolderTree` is to a folder on disk.

    `oid` is the id of the folder's git tree: equal ids are equal files. Nothing is read before it is
    asked for. `paths` raises InputError as any tree does; besides, `paths` and `read` raise RecordError
    where git itself fails, as it does in a clone that lacks objects.
    """

    def __init__(self, git: Git, label: str, oid: str) -> None:
        self.oid = oid
        self._git, self._label = git, label
        self._listed: Mapping[str, Entry] | None = None
        self._problems: Sequence[Problem] = ()
        self._lenient = False
        self._batches: dict[str, int] = {}
        self._members: list[list[str]] = []
        self._fetched: dict[int, Mapping[str, bytes]] = {}

    @property
    def label(self) -> str:
        """What to call it in an error: "identities at 1a2b3c4"."""
        return self._label

    def paths(self) -> Sequence[str]:
        """Every regular file that is not hidden, sorted."""
        return tuple(self._entries())

    def without_flaws(self) -> tuple[GitTree, Sequence[Problem]]:
        """The same files without those for which `paths` raises InputError, and the problems with them."""
        sound = GitTree(self._git, self._label, self.oid)
        sound._lenient = True
        sound._entries()
        return sound, sound._problems

    def read(self, path: str) -> bytes:
        """The bytes of one of `paths`; InputError when there are more than MAX_FILE_BYTES of them."""
        entry = self._entries()[path]
        if entry.size > MAX_FILE_BYTES:
            message = f"{self._label}: {path} has {entry.size:,} bytes; a file may have {MAX_FILE_BYTES:,}"
            raise InputError([Problem(message, "split it into several files")])
        batch = self._batches[path]
        if batch not in self._fetched:
            while len(self._fetched) >= _KEPT_BATCHES:
                self._fetched.pop(next(iter(self._fetched)))
            self._fetched[batch] = self._fetch(self._members[batch])
        return self._fetched[batch][path]

    def holds(self, path: str, content: bytes) -> bool:
        """Whether `content` is what the file `path` has here; the ends of lines do not count.

        (A work tree may have CRLF where git has LF, by core.autocrlf; no declaration depends on that.)
        """
        entry = self._entries()[path]
        kind = hashlib.sha1 if len(entry.oid) == 40 else hashlib.sha256
        if kind(b"blob %d\0" % len(content) + content).hexdigest() == entry.oid:
            return True
        if b"\r\n" not in content or entry.size > MAX_FILE_BYTES:
            return False
        return content.replace(b"\r\n", b"\n") == self.read(path).replace(b"\r\n", b"\n")

    def _entries(self) -> Mapping[str, Entry]:
        if self._listed is None:
            answer = self._git.run("ls-tree", "-r", "-z", "-l", "--full-tree", self.oid, fine=None)
            if answer.code != 0:
                raise RecordError(f"{self._label} cannot be read: {MISSING_OBJECTS}")
            listed, self._problems = _parse(answer.output, self._label)
            if self._problems and not self._lenient:
                raise InputError(self._problems)
            self._plan(listed)
            self._listed = listed
        return self._listed

    def _plan(self, listed: Mapping[str, Entry]) -> None:
        """Sort files into batches of one kind, so that a picture is never fetched for a policy's sake."""
        small = [path for path, entry in listed.items() if entry.size <= MAX_FILE_BYTES]
        for _, group in groupby(sorted(small, key=_suffix), key=_suffix):
            size = _BATCH_BYTES + 1
            for path in group:
                size += listed[path].size
                if size > _BATCH_BYTES:
                    self._members.append([])
                    size = listed[path].size
                self._members[-1].append(path)
                self._batches[path] = len(self._members) - 1

    def _fetch(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        entries = self._entries()
        if len(paths) <= MANY:
            return {path: self._blob(path, entries[path].oid) for path in paths}
        wanted = "".join(f"{entries[path].oid}\n" for path in paths).encode()
        answer = self._git.run("cat-file", "--batch", stdin=wanted, fine=None)
        contents: dict[str, bytes] = {}
        start = 0
        for path in paths:
            end = answer.output.find(b"\n", start)
            header = answer.output[start:end].split(b" ") if end >= 0 else []
            if answer.code != 0 or len(header) != 3 or header[1] != b"blob":
                raise RecordError(f"{self._label}: {path} cannot be read: {MISSING_OBJECTS}")
            size = int(header[2])
            contents[path] = answer.output[end + 1 : end + 1 + size]
            start = end + 1 + size + 1
        return contents

    def _blob(self, path: str, oid: str) -> bytes:
        found = self._git.content(oid)
        if found is None or found[0].kind != "blob":
            raise RecordError(f"{self._label}: {path} cannot be read: {MISSING_OBJECTS}")
        return found[1]


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix


def _parse(listing: bytes, label: str) -> tuple[Mapping[str, Entry], Sequence[Problem]]:
    """The lines of `git ls-tree -r -z -l` as entries by path, and a problem for each that cannot be."""
    listed: dict[str, Entry] = {}
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for line in listing.split(b"\0")[:-1]:
        head, _, raw = line.partition(b"\t")
        mode, _, oid, size = head.decode("ascii").split()
        name = raw.decode("utf-8", "backslashreplace")
        path = unicodedata.normalize("NFC", name)
        if any(part.startswith(".") for part in path.split("/")):
            continue
        if mode == "120000":
            problems.append(Problem(f"{label}: {path} is a symbolic link", "put the file itself there"))
        elif mode == "160000":
            problems.append(Problem(f"{label}: {path} is a submodule", "put the files themselves there"))
        elif FORBIDDEN.search(path) or any(character < " " for character in path):
            problems.append(Problem(f"{label}: the name {show(path)} has invisible characters", "rename it"))
        elif (other := _clash(name, seen)) is not None:
            problems.append(
                Problem(
                    f"{label}: {path} and {other} are one name on many file systems", "rename one of them"
                )
            )
        else:
            listed[path] = Entry(mode, oid, int(size))
    return dict(sorted(listed.items())), problems


def _clash(name: str, seen: dict[str, str]) -> str | None:
    """An earlier file or folder that another file system would hold as this one, or one above it."""
    parts = name.split("/")
    for length in range(1, len(parts) + 1):
        part = "/".join(parts[:length])
        other = seen.setdefault(unicodedata.normalize("NFC", part).casefold(), part)
        if other != part:
            return other
    return None

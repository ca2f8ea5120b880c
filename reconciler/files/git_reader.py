"""Answers questions about objects of one repository from one `git cat-file` process that stays.

A command asks for dozens of objects, and a process for each takes longer than the answers. What is asked for
is named by ids, which mean the same for ever. Nothing of the answers is kept. The process has the options and
the environment of every other call of git (`git_process`), and ends with its reader.
https://git-scm.com/docs/git-cat-file, "BATCH OUTPUT"
"""

from __future__ import annotations

import os
import re
import selectors
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from reconciler.errors import RecordError
from reconciler.files.git_process import LOCAL_SECONDS, start_git

_FOUND = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (blob|tree|commit|tag) ([0-9]+)")
# More at once are asked of a process of their own, which reads all of them before it answers the last.
MANY = 64


class Ref(NamedTuple):
    """A ref: the id of the object that it names, and the ref that it stands for ("" for itself)."""

    oid: str
    symbolic: str


class Info(NamedTuple):
    """An object that is here: its id, its kind (`blob`, `tree`, `commit`, `tag`), and its size in bytes."""

    oid: str
    kind: str
    size: int


def parsed(line: bytes) -> Info | None:
    """What a line of `git cat-file --batch-check` says; None where the object is not here."""
    found = _FOUND.fullmatch(line)
    if found is None:
        return None
    return Info(found[1].decode("ascii"), found[2].decode("ascii"), int(found[3]))


class _Ended(Exception):
    """The process is gone, or says what it may not say: a process of its own tells why."""


class ObjectReader:
    """The processes that were started for one repository, and do nothing now.

    A thread takes one for a question and gives it back, so that any number of threads may ask. `refs` are the
    refs that were listed in the moment that lasts, by what they are below; None where every question is asked
    anew (`git_refs.one_moment`).
    """

    def __init__(self) -> None:
        self.refs: dict[str, Mapping[str, Ref]] | None = None
        self._idle: dict[str, list[_Process]] = {"--batch": [], "--batch-check": []}
        weakref.finalize(self, _end, self._idle)

    def changed(self) -> None:
        """Forget the refs that were listed: some may move now."""
        if self.refs is not None:
            self.refs.clear()

    def info(self, name: str, folder: Path, git_dir: Path) -> Info | None:
        """What `name` is: an id, or what `git cat-file --batch-check` takes; None where it is not here."""
        return self._asked("--batch-check", name, folder, git_dir)[0]

    def content(self, name: str, folder: Path, git_dir: Path) -> tuple[Info, bytes] | None:
        """The same, with what it holds."""
        info, content = self._asked("--batch", name, folder, git_dir)
        return None if info is None else (info, content)

    def _asked(self, how: str, name: str, folder: Path, git_dir: Path) -> tuple[Info | None, bytes]:
        """Raises RecordError where git cannot be run, or takes too long."""
        if "\n" in name or "\0" in name:
            return None, b""
        idle = self._idle[how]
        # One that waited may have been ended by a signal that was meant for this command.
        while idle:
            process = idle.pop()
            try:
                return self._answer(process, name, idle)
            except _Ended:
                continue
        try:
            return self._answer(_Process(how, folder, git_dir), name, idle)
        except _Ended:
            raise RecordError(f"git cat-file failed in {folder} for {name[:80]!r}") from None

    def _answer(self, process: _Process, name: str, idle: list[_Process]) -> tuple[Info | None, bytes]:
        try:
            found = process.ask(name)
        except BaseException:
            # Nobody knows how much of the answer was read.
            process.end()
            raise
        idle.append(process)
        return found


class _Process:
    def __init__(self, how: str, folder: Path, git_dir: Path) -> None:
        self._contents, self._folder = how == "--batch", folder
        self._running = start_git("cat-file", how, folder=folder, repository=git_dir)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._read = bytearray()

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._running.stdout is not None
        return self._running.stdout

    def ask(self, name: str) -> tuple[Info | None, bytes]:
        stdin = self._running.stdin
        assert stdin is not None
        try:
            stdin.write(os.fsencode(f"{name}\n"))
            stdin.flush()
        except OSError as error:
            raise _Ended from error
        line = self._line()
        info = parsed(line)
        if info is None and not line.endswith((b" missing", b" ambiguous")):
            raise _Ended
        if info is None or not self._contents:
            return info, b""
        while len(self._read) <= info.size:
            self._more(info.size + 1 - len(self._read))
        content = bytes(self._read[: info.size])
        del self._read[: info.size + 1]
        return info, content

    def end(self) -> None:
        """End it at once: it writes nothing."""
        self._selector.close()
        self._running.kill()
        for stream in (self._running.stdin, self._running.stdout):
            if stream is not None:
                stream.close()
        self._running.wait()

    def _line(self) -> bytes:
        while (end := self._read.find(b"\n")) < 0:
            self._more(1)
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def _more(self, wanted: int) -> None:
        if not self._selector.select(LOCAL_SECONDS):
            raise RecordError(
                f"git cat-file did not answer within {LOCAL_SECONDS:.0f} seconds in {self._folder}; "
                "run it by hand to see what it waits for"
            )
        read = os.read(self._stdout.fileno(), max(wanted, 1 << 16))
        if not read:
            raise _Ended
        self._read += read


def _end(idle: dict[str, list[_Process]]) -> None:
    for processes in idle.values():
        while processes:
            processes.pop().end()

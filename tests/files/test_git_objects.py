"""Commits of their own, and refs that move together or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.files import git_objects
from reconciler.files.git_command import Git
from reconciler.files.git_objects import (
    Incomplete,
    Move,
    local_refs,
    move_refs,
    push_refs,
    read_commit,
    remote_refs,
    write_commit,
)
from tests.repositories import Work

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 23, 22, 10, tzinfo=UTC)
BELOW = "refs/tags/reconciler/"
ONE, TWO = f"{BELOW}one", f"{BELOW}deep/two"


def _git(work: Work) -> Git:
    git_dir = work.root / ".git"
    return Git(work.root, git_dir, git_dir)


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    return _git(Work(tmp_path / "work", monkeypatch))


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    bare = Work(tmp_path / "bare.git", monkeypatch, start=False)
    bare.root.mkdir()
    bare.git("init", "-q", "--bare")
    return bare


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
@pytest.mark.parametrize("count", [0, 3, 300])
def test_a_commit_is_read_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, count: int
) -> None:
    work = Work(tmp_path, monkeypatch, start=False)
    work.git("init", "-q", f"--object-format={kind}")
    git = _git(work)
    files = {f"users/{number:02x}": b"line %d\n" % number for number in range(count)}
    files["top"] = b"done\nblob\n\0\xff"
    first = write_commit(git, files, [], "first", AT)
    second = write_commit(git, {"top": b""}, [first], "second", AT)
    assert read_commit(git, first) == (dict(sorted(files.items(), key=lambda item: item[0])), ())
    assert read_commit(git, second) == ({"top": b""}, (first,))
    assert write_commit(git, files, [], "first", AT) == first
    work.git("fsck", "--strict")


def test_what_is_not_such_a_commit_is_an_error(git: Git) -> None:
    blob = git.run("hash-object", "-w", "--stdin", stdin=b"x").line
    with pytest.raises(RecordError, match="is not a commit"):
        read_commit(git, blob)
    with pytest.raises(Incomplete, match="does not hold every object"):
        read_commit(git, "1" * 40)


def test_more_than_a_reader_may_be_made_to_hold_is_an_error(
    git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = write_commit(git, {"a/b": b"12345", "a/c": b"123456"}, [], "m", AT)
    assert read_commit(git, commit).files == {"a/b": b"12345", "a/c": b"123456"}
    monkeypatch.setattr(git_objects, "MAX_COMMIT_BYTES", 10)
    with pytest.raises(RecordError, match="holds more than 10 bytes"):
        read_commit(git, commit)


def test_refs_move_together_or_not_at_all(git: Git) -> None:
    first, second = (write_commit(git, {"a": name}, [], "m", AT) for name in (b"1", b"2"))
    move_refs(git, [Move(ONE, None, first), Move(TWO, None, second)])
    with pytest.raises(RecordError):
        move_refs(git, [Move(ONE, first, second), Move(TWO, first, None)])
    assert local_refs(git, BELOW) == {ONE: first, TWO: second}
    move_refs(git, [Move(ONE, first, second), Move(TWO, second, None)])
    assert local_refs(git, BELOW) == {ONE: second}
    move_refs(git, [])


def test_a_push_moves_all_or_none_and_only_what_it_judged(git: Git, remote: Work) -> None:
    first, second = (write_commit(git, {"a": name}, [], "m", AT) for name in (b"1", b"2"))
    there = f"file://{remote.root}"
    push_refs(git, there, [Move(ONE, None, first), Move(TWO, None, second)])
    for stale in (Move(TWO, first, None), Move(TWO, None, first), Move(TWO, first, first)):
        with pytest.raises(RecordError, match="git push failed"):
            push_refs(git, there, [Move(ONE, first, second), stale])
    assert remote_refs(git, there, BELOW) == {ONE: first, TWO: second}
    push_refs(git, there, [Move(ONE, first, second), Move(TWO, second, None)])
    assert remote_refs(git, there, BELOW) == {ONE: second}
    assert local_refs(git, BELOW) == {}
    push_refs(git, there, [Move(ONE, first, second)])  # its answer was lost, and it had arrived
    push_refs(git, there, [])

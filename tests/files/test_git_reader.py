"""Objects and refs that are read from few processes: what they say is what git says at that time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor  # noqa: TID251  # several threads ask at once
from pathlib import Path

import pytest

from reconciler.files.git import Repository
from reconciler.files.git_names import exact
from reconciler.files.git_objects import Move, local_refs, move_refs
from reconciler.files.git_reader import MANY, ObjectReader
from tests.repositories import Work

pytestmark = pytest.mark.slow

BELOW = "refs/tags/reconciler/"
ONE = f"{BELOW}one"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work(tmp_path / "work", monkeypatch)
    made.commit({"identities/people.yaml": "users: {}\n"})
    return made


@pytest.fixture
def repository(work: Work) -> Repository:
    found = Repository.of(work.folder)
    assert found is not None
    return found


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says with which words git was started, line by line."""
    real, folder, said = shutil.which("git"), tmp_path / "bin", tmp_path / "started"
    folder.mkdir()
    script = folder / "git"
    script.write_text(f'#!/bin/sh\necho "$*" >> "{said}"\nexec "{real}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return said


def test_any_number_of_objects_is_read_from_one_process_each_for_kinds_and_contents(
    work: Work, repository: Repository, started: Path
) -> None:
    head = work.git("rev-parse", "HEAD")
    started.write_text("", encoding="utf-8")
    for _ in range(10):
        assert repository.resolve(head) == head
        found = repository.git.content(head)
        assert found is not None
        assert found[1].startswith(b"tree ")
    assert len(started.read_text("utf-8").splitlines()) == 2


def test_what_is_written_later_is_found_and_what_is_not_there_is_none(
    work: Work, repository: Repository
) -> None:
    git = repository.git
    content = b"later\n" + b"\0\n" * 300_000
    oid = work.git("hash-object", "--stdin", stdin=content)
    assert git.info(oid) is None
    assert git.content(oid) is None
    assert work.git("hash-object", "-w", "--stdin", stdin=content) == oid
    found = git.content(oid)
    assert found is not None
    assert found == (git.info(oid), content)
    assert found[0][1:] == ("blob", len(content))
    assert git.info(f"{oid}^{{commit}}") is None


@pytest.mark.parametrize(
    "name", ["a\nb", "a\0b", "", "no blob 12", "HEAD:a tree 3", "HEAD:identities/a\nHEAD"]
)
def test_no_name_puts_an_answer_in_the_place_of_another(
    work: Work, repository: Repository, name: str
) -> None:
    assert repository.git.info(name) is None
    assert repository.git.content(name) is None
    assert repository.head() == work.git("rev-parse", "HEAD")


def test_many_are_read_as_few_are(work: Work, repository: Repository) -> None:
    oids = [work.git("hash-object", "-w", "--stdin", stdin=b"%d" % number) for number in range(3)] * MANY + [
        "0" * 40
    ]
    infos = repository.git.infos(oids)
    assert infos == [repository.git.info(oid) for oid in oids]
    assert infos[-1] is None


def test_a_process_that_was_ended_meanwhile_is_started_again(work: Work, repository: Repository) -> None:
    head = work.git("rev-parse", "HEAD")
    for _ in range(2):
        assert repository.resolve(head) == head
        ((waiting,),) = [
            list(idle) for how, idle in repository.reader._idle.items() if how == "--batch-check"
        ]
        os.kill(waiting._running.pid, signal.SIGKILL)
        waiting._running.wait()
    assert repository.resolve(head) == head


def test_the_processes_end_with_their_reader(work: Work, repository: Repository) -> None:
    reader = ObjectReader()
    head = work.git("rev-parse", "HEAD")
    git_dir = work.root / ".git"
    assert reader.info(head, work.root, git_dir) is not None
    ((waiting,),) = [list(idle) for idle in reader._idle.values() if idle]
    running: subprocess.Popen[bytes] = waiting._running
    assert running.poll() is None
    del reader, waiting
    assert running.poll() is not None


def test_several_threads_get_their_own_answers(work: Work, repository: Repository) -> None:
    texts = [b"%d" % number * (number + 1) for number in range(40)]
    oids = [work.git("hash-object", "-w", "--stdin", stdin=text) for text in texts]
    git = repository.git
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(git.content, oids * 5))
    assert [one and one[1] for one in found] == texts * 5


def test_refs_are_read_once_a_moment_and_what_moves_here_is_seen(
    work: Work, repository: Repository, started: Path
) -> None:
    git, head = repository.git, work.git("rev-parse", "HEAD")
    work.git("update-ref", ONE, head)
    started.write_text("", encoding="utf-8")
    with repository.one_moment():
        for _ in range(5):
            assert exact(git, ONE) == head
            assert exact(git, f"{BELOW}two") is None
            assert local_refs(git, BELOW) == {ONE: head}
            assert local_refs(git, ONE) == {ONE: head}
        assert len(started.read_text("utf-8").splitlines()) == 1
        move_refs(git, [Move(ONE, head, None), Move(f"{BELOW}two", None, head)])
        assert local_refs(git, BELOW) == {f"{BELOW}two": head}
    work.git("update-ref", ONE, head)
    assert exact(git, ONE) == head
    work.git("update-ref", "-d", ONE)
    assert exact(git, ONE) is None

"""Locks whose place cannot be asked, and writes of them whose answer is lost."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from reconciler.errors import Locked, RecordError, Rejected, ServiceError
from reconciler.execution.locks.git_ref import BELIEVED, GitPlace
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.lock import Kept, Lock, Place
from reconciler.execution.locks.s3 import S3Place
from reconciler.wire.aws import Aws
from tests.execution.locking import SECONDS, clones, in_s3, s3
from tests.wire.clocks import FakeClock


@dataclass
class Shaky:
    """A place in memory that loses what a test wants: the way there, or the answer to a write."""

    kept: Kept | None = None
    unreachable: bool = False
    loses_answers: bool = False
    where: str = "somewhere"
    believed: float = 10.0
    asked: int = field(default=0)

    def look(self) -> Kept | None:
        self._ask()
        return self.kept

    def put(self, text: str, expected: str | None) -> str | None:
        self._ask()
        if (self.kept.version if self.kept else None) != expected:
            return None
        self.kept = Kept(f"v{self.asked}", text)
        if self.loses_answers:
            raise RecordError("the answer was lost")
        return self.kept.version

    def remove(self, expected: str) -> bool:
        self._ask()
        if self.kept is None or self.kept.version != expected:
            return False
        self.kept = None
        return True

    def _ask(self) -> None:
        self.asked += 1
        if self.unreachable:
            raise RecordError("the remote cannot be reached")


def lock_at(place: Place, clock: FakeClock, holder: str = "ada") -> Lock:
    return Lock("aws", place, clock, SECONDS, Run(holder, "laptop", f"run-of-{holder}", "apply"))


def test_a_place_that_cannot_be_asked_is_believed_until_the_lease_ends() -> None:
    place, clock = Shaky(), FakeClock()
    lock = lock_at(place, clock)
    lock.acquire()
    place.unreachable = True
    clock.sleep(SECONDS - 1)
    assert lock.check() is None
    clock.sleep(1)

    found = lock.check()

    assert found == ("the lock of aws has expired and could not be renewed: the remote cannot be reached")


def test_a_place_that_cannot_be_asked_is_not_asked_before_each_batch() -> None:
    place, clock = Shaky(), FakeClock()
    lock = lock_at(place, clock)
    lock.acquire()
    place.unreachable = True
    clock.sleep(SECONDS / 2)
    before = place.asked
    for _ in range(100):
        assert lock.check() is None
    assert place.asked == before + 1
    clock.sleep(place.believed)
    place.unreachable = False

    assert lock.check() is None

    assert place.kept is not None
    assert "serial: 3" in place.kept.text


def test_a_look_is_good_for_some_seconds() -> None:
    place, clock = Shaky(), FakeClock()
    lock = lock_at(place, clock)
    lock.acquire()
    before = place.asked
    for _ in range(20):
        clock.sleep(1)
        assert lock.check() is None

    assert place.asked == before + 2


def test_a_renewal_whose_answer_was_lost_is_taken_for_ones_own() -> None:
    place, clock = Shaky(), FakeClock()
    lock = lock_at(place, clock)
    lock.acquire()
    clock.sleep(SECONDS / 2)
    place.loses_answers = True
    assert lock.check() is None
    place.loses_answers = False
    clock.sleep(place.believed)

    assert lock.check() is None
    assert lock.release() is None

    assert place.kept is None


def test_a_lock_whose_answer_was_lost_is_given_back() -> None:
    place, clock = Shaky(loses_answers=True), FakeClock()
    lock = lock_at(place, clock)
    with pytest.raises(RecordError, match="the answer was lost"):
        lock.acquire()
    assert place.kept is not None

    assert lock.release() is None

    assert place.kept is None


def test_what_cannot_be_released_is_said() -> None:
    place, clock = Shaky(), FakeClock()
    lock = lock_at(place, clock)
    lock.acquire()
    place.unreachable = True

    output = lock.release()

    assert output is not None
    assert "could not be released: the remote cannot be reached" in output
    assert "`reconciler unlock --target aws`" in output


def test_a_wall_clock_that_is_put_back_does_not_stretch_a_lease() -> None:
    class Back(FakeClock):
        def now(self) -> datetime:
            return super().now().replace(year=2020) if self.monotonic() else super().now()

    place, clock = Shaky(), Back()
    lock = lock_at(place, clock)
    lock.acquire()
    place.unreachable = True
    clock.sleep(SECONDS)

    assert lock.check() is not None


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, GitPlace, FakeClock]:
    clock = FakeClock()
    (repository,) = clones(tmp_path, monkeypatch, 1)
    return tmp_path / "origin.git", GitPlace(repository, "aws", clock), clock


def test_a_lock_at_git_moves_no_ref_here_and_one_there(remote: tuple[Path, GitPlace, FakeClock]) -> None:
    origin, place, clock = remote
    lock = lock_at(place, clock)
    git = place._ref.repository.git
    before = git.run("for-each-ref").line
    lock.acquire()

    listed = git.run("ls-remote", str(origin), network=True).line

    assert "refs/tags/reconciler/locks/aws" in listed
    assert git.run("for-each-ref").line == before
    lock.release()
    assert "locks" not in git.run("ls-remote", str(origin), network=True).line


def test_a_remote_that_is_gone_is_an_error_and_no_lock(remote: tuple[Path, GitPlace, FakeClock]) -> None:
    origin, place, clock = remote
    shutil.move(origin, origin.with_name("elsewhere.git"))
    lock = lock_at(place, clock)

    with pytest.raises(RecordError, match="git ls-remote failed"):
        lock.acquire()

    assert lock.release() is None


def test_a_remote_that_refuses_the_ref_says_so(remote: tuple[Path, GitPlace, FakeClock]) -> None:
    origin, place, clock = remote
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'tags are protected' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    with pytest.raises(RecordError, match=r"refs/tags/reconciler/locks/aws cannot be pushed to origin: "):
        lock_at(place, clock).acquire()


def test_a_lock_that_is_no_commit_is_somebody_elses(remote: tuple[Path, GitPlace, FakeClock]) -> None:
    _, place, clock = remote
    git = place._ref.repository.git
    blob = git.run("hash-object", "-w", "--stdin", stdin=b"not a lock").line
    git.run("push", "-q", "origin", f"{blob}:refs/tags/reconciler/locks/aws", network=True)

    with pytest.raises(Locked, match="cannot be read by this version"):
        lock_at(place, clock).acquire()

    there = place.look()
    assert there is not None
    assert place.remove(there.version)


def test_a_look_at_git_is_good_for_seconds_only(remote: tuple[Path, GitPlace, FakeClock]) -> None:
    _, place, clock = remote
    lock = lock_at(place, clock)
    lock.acquire()
    there = place.look()
    assert there is not None
    place.remove(there.version)
    assert lock.check() is None
    clock.sleep(BELIEVED)

    assert lock.check() is not None


def test_a_bucket_that_does_not_exist_is_said() -> None:
    clock = FakeClock()
    with s3() as url:
        aws = Aws("the lock", region="us-east-1", endpoint_url=url, clock=clock, speed=1000, sandbox=True)
        lock = lock_at(S3Place(aws, "nowhere", "aws"), clock)

        with pytest.raises(Rejected, match="bucket"):
            lock.acquire()


def test_an_object_that_is_far_too_long_is_not_read() -> None:
    clock = FakeClock()
    with s3() as url:
        place = in_s3(url, clock)("aws")
        place.put("x" * 100_000, None)

        with pytest.raises(ServiceError, match="more than 65,536 bytes"):
            place.look()

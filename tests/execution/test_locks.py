"""One lock for each target, at every kind of place: a file, a ref of a bare remote, an object in S3."""

from __future__ import annotations

import fcntl
import re
import threading  # noqa: TID251  # several runs at one moment
from pathlib import Path

import pytest

from reconciler.errors import Locked, ReconcilerError
from reconciler.execution.locks.lease import parse_lease
from reconciler.execution.locks.local import LocalPlace
from reconciler.execution.locks.lock import SKEW, Lock, Locks
from tests.execution.locking import SECONDS, Site, site
from tests.support.patience import PATIENCE, joined
from tests.wire.clocks import FakeClock

__all__ = ["site"]
LATE = SECONDS + SKEW.total_seconds()


def holder(site: Site, target: str = "aws") -> str | None:
    """Who has the lock, as anybody sees it."""
    there = site.place(target).look()
    if there is None:
        return None
    lease = parse_lease(there.text)
    assert lease is not None
    return lease.holder


def test_one_has_it_and_the_other_hears_who(site: Site) -> None:
    ada, bob = site.lock("ada", plan="sha256:abc"), site.lock("bob")
    ada.acquire()

    with pytest.raises(Locked) as refused:
        bob.acquire()

    output = str(refused.value)
    assert refused.value.exit_code == 5
    for declared in (
        "aws is locked by another run; nothing was written.",
        "holder: ada on ada-laptop",
        "run: run-of-ada",
        "command: apply",
        "plan: sha256:abc",
        "since: 2026-11-23T09:00:00Z",
        "expires: 2026-11-23T09:10:00Z",
        "`reconciler unlock --target aws`",
        f"where: {ada.place.where}",
    ):
        assert declared in output
    assert holder(site) == "ada"


def test_what_was_released_is_free_for_the_next(site: Site) -> None:
    ada, bob = site.lock("ada"), site.lock("bob")
    ada.acquire()
    assert ada.release() is None
    assert holder(site) is None

    assert bob.acquire() is None
    assert holder(site) == "bob"


def test_each_target_has_a_lock_of_its_own(site: Site) -> None:
    site.lock("ada", "aws").acquire()

    site.lock("bob", "slack").acquire()

    assert (holder(site, "aws"), holder(site, "slack")) == ("ada", "bob")


def test_a_lease_that_a_killed_run_left_is_taken_over_once_it_has_ended(site: Site) -> None:
    site.lock("ada").acquire()
    site.clock.sleep(LATE - 1)
    with pytest.raises(Locked, match=r"\(it has expired\)"):
        site.lock("bob").acquire()
    site.clock.sleep(1)

    over = site.lock("bob").acquire()

    assert over is not None
    assert over.holder == "ada"
    assert holder(site) == "bob"


def test_who_wakes_up_late_finds_out_and_leaves_the_lock_of_the_other_alone(site: Site) -> None:
    late = site.lock("late")
    late.acquire()
    assert late.check() is None
    site.clock.sleep(LATE)
    site.lock("bob").acquire()

    found = late.check()

    assert found is not None
    assert "had expired or was broken, and bob on bob-laptop (run run-of-bob) has it now" in found
    assert late.check() == found, "it stays so"
    assert late.release() is None
    assert holder(site) == "bob"


def test_who_wakes_up_when_others_have_come_and_gone_finds_out(site: Site) -> None:
    late = site.lock("late")
    late.acquire()
    site.clock.sleep(LATE)
    other = site.lock("bob")
    other.acquire()
    other.release()

    found = late.check()

    assert found is not None
    assert "is gone" in found
    assert holder(site) is None


def test_an_expired_lease_that_nobody_took_is_renewed(site: Site) -> None:
    late = site.lock("late")
    late.acquire()
    site.clock.sleep(LATE)

    assert late.check() is None

    with pytest.raises(Locked):
        site.lock("bob").acquire()


def test_half_of_the_lease_renews_it_and_less_does_not(site: Site) -> None:
    ada = site.lock("ada")
    ada.acquire()
    first = site.place("aws").look()
    site.clock.sleep(SECONDS / 2 - 1)
    assert ada.check() is None
    assert site.place("aws").look() == first
    site.clock.sleep(1)
    assert ada.check() is None
    second = site.place("aws").look()
    assert second != first
    site.clock.sleep(SECONDS / 2 - 1 + SKEW.total_seconds())

    with pytest.raises(Locked, match="since: 2026-11-23T09:00:00Z\nexpires: 2026-11-23T09:15:00Z"):
        site.lock("bob").acquire()


def test_a_lock_that_was_broken_is_missed_at_the_next_look(site: Site) -> None:
    ada = site.lock("ada")
    ada.acquire()
    kept = site.place("aws").look()
    assert kept is not None
    assert site.place("aws").remove(kept.version)
    site.clock.sleep(ada.place.believed)

    found = ada.check()

    assert found is not None
    assert "somebody broke it with `reconciler unlock`" in found


def test_the_first_write_looks_in_any_case_and_says_the_plan(site: Site) -> None:
    ada = site.lock("ada")
    ada.acquire()
    assert ada.begin("sha256:fresh") is None
    kept = site.place("aws").look()
    assert kept is not None
    assert "plan: sha256:fresh" in kept.text
    assert site.place("aws").remove(kept.version)

    found = ada.begin("sha256:fresh")

    assert found is not None
    assert holder(site) is None


def test_of_many_who_see_it_expired_at_once_one_wins(site: Site) -> None:
    site.lock("ada").acquire()
    site.clock.sleep(LATE)
    runs = [site.lock(f"run{number}") for number in range(4)]
    together = threading.Barrier(len(runs), timeout=PATIENCE)
    won: list[Lock] = []
    lost: list[ReconcilerError] = []

    def take(lock: Lock) -> None:
        together.wait()
        try:
            lock.acquire()
            won.append(lock)
        except ReconcilerError as error:
            lost.append(error)

    threads = [threading.Thread(target=take, args=(lock,), daemon=True) for lock in runs]
    for thread in threads:
        thread.start()
    joined(*threads)

    assert [type(error) for error in lost] == [Locked] * 3, lost
    (winner,) = won
    assert winner.check() is None
    assert winner.begin("sha256:abc") is None


def test_a_swap_is_pinned_to_what_was_judged(site: Site) -> None:
    """Both see the same expired lease; the slower one writes against what is not there any more."""
    site.lock("ada").acquire()
    slow, fast = site.place("aws"), site.place("aws")
    judged = slow.look()
    assert judged is not None
    taken = fast.put("bob's\n", judged.version)
    assert taken is not None

    assert slow.put("cyd's\n", judged.version) is None
    assert slow.put("cyd's\n", None) is None
    assert not slow.remove(judged.version)
    assert slow.look() == fast.look()
    assert fast.remove(taken)
    assert not fast.remove(taken)
    assert slow.put("cyd's\n", taken) is None
    assert slow.look() is None


@pytest.mark.parametrize("text", ["", "anything\n", "reconciler lock\nformat: 2\nholder: eve\n"])
def test_what_cannot_be_read_is_never_taken_over(site: Site, text: str) -> None:
    site.place("aws").put(text, None)
    site.clock.sleep(100 * LATE)

    with pytest.raises(Locked, match="cannot be read by this version"):
        site.lock("ada").acquire()


def test_all_targets_are_locked_or_none(site: Site) -> None:
    site.lock("bob", "slack").acquire()
    mine = Locks([site.lock("ada", "slack"), site.lock("ada", "aws")])

    with pytest.raises(Locked, match="slack is locked"):
        mine.acquire()
    assert mine.release() == []

    assert (holder(site, "aws"), holder(site, "slack")) == (None, "bob")


def test_one_lost_lock_stops_all_targets(site: Site) -> None:
    mine = Locks([site.lock("ada", "aws"), site.lock("ada", "slack")])
    assert mine.acquire() == []
    assert mine.check() is None
    kept = site.place("slack").look()
    assert kept is not None
    site.place("slack").remove(kept.version)

    with pytest.raises(Locked, match=r"the lock of slack is gone.*nothing was written"):
        mine.begin({"aws": "sha256:a", "slack": "sha256:b"})


def test_no_secret_of_the_environment_gets_into_a_lock(site: Site) -> None:
    lock = site.lock("https://ada:hunter2@example.com/ \x1b[31m\nholder: eve")
    lock.acquire()

    kept = site.place("aws").look()

    assert kept is not None
    assert "hunter2" not in kept.text
    assert "\x1b" not in kept.text
    lease = parse_lease(kept.text)
    assert lease is not None
    assert lease.holder.startswith("https://example.com/")
    when = f"{lease.expires:%Y-%m-%d}"
    assert parse_lease(kept.text.replace(f"expires: {when}", "expires: tomorrow")) is None
    assert parse_lease(re.sub(r"(?m)^expires: .*$", "expires: 0001-01-01T00:00:00+14:00", kept.text)) is None


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    LocalPlace(tmp_path / "locks", "aws", FakeClock()).put("text\n", None)

    assert (tmp_path / "locks" / "aws.lock").stat().st_mode & 0o777 == 0o600


def test_a_run_that_is_stopped_in_the_middle_of_a_write_keeps_nobody_waiting_for_ever(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path, "aws", FakeClock())
    version = place.put("one\n", None)
    assert version is not None
    with (tmp_path / "aws.guard").open("rb") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        kept = place.look()
        assert kept is not None, "a look waits for nobody"
        assert kept.text == "one\n"
        for write in (lambda: place.put("two\n", version), lambda: place.remove(version)):
            with pytest.raises(Locked, match=r"aws\.guard.*the lock was left as it is") as refused:
                write()
            assert refused.value.exit_code == 5
    assert place.look() == kept
    assert place.put("two\n", version) is not None, "it is free again"


def test_a_lock_that_is_half_written_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    class Writing(FakeClock):
        """The other process goes on while this one waits."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            (tmp_path / "aws.lock").write_text("half and half\n", encoding="utf-8")
            fcntl.flock(other, fcntl.LOCK_UN)

    with (tmp_path / "aws.guard").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        (tmp_path / "aws.lock").write_text("half", encoding="utf-8")

        kept = LocalPlace(tmp_path, "aws", Writing()).look()

    assert kept is not None
    assert kept.text == "half and half\n"

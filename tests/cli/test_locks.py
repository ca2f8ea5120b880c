"""Two applies at once, and what is left of one that was killed, on the command line."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.execution.locks.git_ref import GitPlace
from reconciler.execution.locks.lease import Lease, render_lease
from reconciler.execution.locks.local import LocalPlace
from reconciler.execution.locks.lock import Place
from reconciler.files.git import Repository
from reconciler.sandbox import Sandbox
from reconciler.wire.clock import SystemClock
from tests.cli.clones import another, first_clone
from tests.cli.holding import gate, hold, stop_at_the_gate
from tests.cli.stage import CONFIG, GROUPS, TEAM, Ended, Played, Real
from tests.cli.test_process import ended, start

PAST, FUTURE = datetime(2026, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
GIT = CONFIG + "lock: {type: git}\n"
LOCKED = "aws is locked by another run; nothing was written."


@pytest.fixture
def clones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> tuple[Real, Real]:
    """Two clones of one repository to which nothing was applied yet."""
    one = first_clone(tmp_path, monkeypatch, capsys, aws)
    return one, another(one, monkeypatch, capsys)


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test but those that say so runs in CI."""
    monkeypatch.delenv("CI", raising=False)


def in_file(stage: Real) -> Place:
    return LocalPlace(stage.root / ".git" / "reconciler" / "locks", "aws", SystemClock())


def at_git(stage: Real) -> Place:
    repository = Repository.of(stage.root / "identities")
    assert repository is not None
    return GitPlace(repository, "aws", SystemClock())


def held(place: Place, *, until: datetime = FUTURE, serial: int = 1) -> None:
    """A lock that another run has, or had."""
    lease = Lease("aws", "eve", "build-7", "run-7", "apply", "sha256:eve", PAST, until, serial)
    there = place.look()
    assert place.put(render_lease(lease), None if there is None else there.version) is not None


def begun(stage: Real, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """An apply in a process of its own that was stopped (SIGSTOP) while its first writes are under way."""
    hold(stage, "identitystore.CreateUser")
    process = start(stage, *arguments)
    stop_at_the_gate(stage, process)
    gate(stage).open()
    return process


def wakes_up(process: subprocess.Popen[str]) -> Ended:
    """The process goes on, and ends."""
    process.send_signal(signal.SIGCONT)
    return ended(process)


def apply_anew(stage: Real) -> Ended:
    return stage.run("apply", stage.file, "--first-apply")


def test_of_two_processes_on_one_clone_the_second_ends_with_5(real: Real) -> None:
    real.plan()
    first = begun(real, "apply", real.file, "--first-apply")

    second = real.shell("apply", real.file, "--first-apply")

    assert second.code == 5
    assert second.out == ""
    assert LOCKED in second.err
    for expected in ("holder: ", "run: ", "command: apply", "plan: sha256:", "since: 2", "expires: 2"):
        assert expected in second.err
    assert "`reconciler unlock --target aws`" in second.err
    assert wakes_up(first).code == 0
    assert real.memberships() == TEAM
    assert in_file(real).look() is None
    assert real.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("how", ["configured", "in-ci"])
def test_of_two_clones_with_a_lock_at_the_remote_the_second_ends_with_5(
    clones: tuple[Real, Real], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    one, other = clones
    if how == "in-ci":
        monkeypatch.setenv("CI", "true")
    else:
        for stage in clones:
            stage.commit({"reconciler.yaml": GIT})
            stage.work.git("update-ref", "refs/remotes/origin/main", "HEAD")
    for stage in clones:
        stage.plan()
    first = begun(one, "apply", one.file, "--first-apply")

    second = other.shell("apply", other.file, "--first-apply")

    assert second.code == 5, second.output
    assert "where: refs/tags/reconciler/locks/aws at origin" in second.err
    assert wakes_up(first).code == 0
    assert at_git(one).look() is None


def test_reconcile_is_locked_out_and_plan_is_not(settled: Real) -> None:
    held(in_file(settled))
    settled.forget()

    locked = settled.run("reconcile")

    assert locked.code == 5
    assert "holder: eve on build-7" in locked.err
    assert settled.sandbox.requests.counts() == {}, "it reads nothing before it has the lock"
    assert settled.run("plan", "--detailed-exitcode").code == 0


def test_every_end_gives_the_lock_back(settled: Real) -> None:
    settled.commit({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})
    for line in ("reconcile", "apply --expect-digest sha256:" + 64 * "0"):
        assert settled.run(*line.split()).code in (0, 3, 4)
        assert in_file(settled).look() is None
    settled.sandbox.faults.add("deny", "identitystore.ListUsers", count=None)
    assert settled.run("reconcile").code == 1
    assert in_file(settled).look() is None


def test_ctrl_c_gives_the_lock_back(real: Real) -> None:
    real.plan()
    process = begun(real, "apply", real.file, "--first-apply")
    process.send_signal(signal.SIGINT)

    assert wakes_up(process).code == 6
    assert in_file(real).look() is None


def test_ctrl_c_while_the_lock_is_given_back_takes_no_report_from_anybody(clones: tuple[Real, Real]) -> None:
    one, _ = clones
    one.commit({"reconciler.yaml": GIT})
    one.work.git("update-ref", "refs/remotes/origin/main", "HEAD")
    one.plan()
    hook = one.root.parent / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    pid = one.root.parent / "pid"
    locks = "refs/tags/reconciler/locks/*) ;; *) exit 0;;"
    deletes = (
        f"read old new ref; case $ref in {locks} esac; case $new in *[!0]*) exit 0;; esac; "
        f"while [ ! -s {pid} ]; do sleep 0.01; done; p=$(cat {pid}); kill -INT $p; "
        # Where the system tells what is pending: until the signal was taken.
        "while grep -q 'Pnd:.*[1-9a-f]' /proc/$p/status 2>/dev/null; do sleep 0.01; done; exit 1"
    )
    hook.write_text(f"#!/bin/sh\n{deletes}\n", encoding="utf-8")
    hook.chmod(0o755)
    process = start(one, "apply", one.file, "--first-apply")
    pid.write_text(str(process.pid), encoding="utf-8")

    applied = ended(process)

    assert applied.code == 0, applied.output
    assert "8 created" in applied.out
    assert "Interrupted before the locks were released" in applied.err
    assert at_git(one).look() is not None


def test_what_a_killed_run_left_is_shown_broken_and_applied_over(real: Real) -> None:
    real.plan()
    process = begun(real, "apply", real.file, "--first-apply")
    process.kill()
    process.communicate()
    real.sandbox.faults.clear()
    assert apply_anew(real).code == 5

    asked = real.run("unlock")
    assert asked.code == 64
    assert "aws is locked:" in asked.out
    assert "Breaking a lock does not stop its run." in asked.out
    assert "add --yes" in asked.err
    assert apply_anew(real).code == 5
    broken = real.run("unlock", "--yes")

    assert (broken.code, "aws: the lock is broken." in broken.out) == (0, True), broken.output
    assert apply_anew(real).code == 0
    assert real.memberships() == TEAM


def test_an_expired_lock_is_taken_over_and_that_is_said(real: Real) -> None:
    held(in_file(real), until=PAST)
    real.plan()

    applied = apply_anew(real)

    assert applied.code == 0
    assert "Took over the lock of aws from eve on build-7 (run run-7), which expired at 2026-" in applied.err


def test_a_run_whose_lock_was_broken_and_taken_stops_before_its_next_batch(real: Real) -> None:
    people = "".join(
        f"  p{n}: {{user_name: p{n}@example.com, given_name: P, family_name: N}}\n" for n in range(60)
    )
    real.commit({"people.yaml": f"users:\n{people}", "groups.yaml": "groups: {}\n"})
    real.plan()
    late = begun(real, "apply", real.file, "--first-apply")
    assert real.run("unlock", "--yes").code == 0
    held(in_file(real))

    stopped = wakes_up(late)

    assert stopped.code == 6
    assert "Stopped: " in stopped.out
    assert (
        "the lock of aws had expired or was broken, and eve on build-7 (run run-7) has it" in stopped.output
    )
    made = len(real.sandbox.store.users())
    assert 0 < made < 60
    assert f"{made} created" in stopped.out
    assert real.tag() is None
    kept = in_file(real).look()
    assert kept is not None
    assert "holder: eve" in kept.text, "it leaves the lock of the other alone"


def test_unlock_breaks_nothing_that_changed_since_it_was_shown(
    real: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reconciler.cli.unlock import _look, break_all

    place = in_file(real)
    held(place)
    shown, unread = _look(["aws"], [lambda _: place])
    assert not unread
    held(place, serial=2)

    code = break_all(shown, ())

    assert code == 1
    assert "the lock changed since it was shown, and stays" in capsys.readouterr().err
    assert place.look() is not None


def test_unlock_of_what_is_free_breaks_nothing(real: Real) -> None:
    free = real.run("unlock")

    assert (free.code, free.out) == (0, "Not locked: aws.\n")


def test_unlock_finds_also_what_a_job_of_ci_left_at_the_remote(clones: tuple[Real, Real]) -> None:
    one, other = clones
    held(at_git(one))

    broken = other.run("unlock", "--yes")

    assert broken.code == 0
    assert "where: refs/tags/reconciler/locks/aws at origin" in broken.output
    assert at_git(one).look() is None


def test_unlock_says_of_a_remote_that_is_gone_that_it_does_not_know(clones: tuple[Real, Real]) -> None:
    one, _ = clones
    held(in_file(one))
    one.work.git("remote", "set-url", "origin", "file:///nowhere/origin.git")

    broken = one.run("unlock", "--yes")

    assert broken.code == 1
    assert "aws: the lock is broken." in broken.out
    assert "whether refs/tags/reconciler/locks/aws at origin exists is not known" in broken.err


def test_unlock_works_while_the_files_do_not_load(real: Real) -> None:
    held(in_file(real))
    real.write({"people.yaml": "users: [", "reconciler.yaml": "format: ["})

    assert real.run("unlock", "--yes").code == 0
    assert in_file(real).look() is None


def test_unlock_of_no_target_is_wrong_usage(real: Real) -> None:
    unknown = real.run("unlock", "--target", "azure")

    assert unknown.code == 64
    assert "configured are: aws" in unknown.err


def test_a_file_that_is_asked_for_in_ci_is_refused_and_the_others_named(
    settled: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled.commit({"reconciler.yaml": CONFIG + "lock: {type: file}\n"})
    monkeypatch.setenv("CI", "true")
    settled.forget()

    refused = settled.run("reconcile")

    assert refused.code == 1
    for expected in ("excludes nobody in CI", "`type: git`", "`type: s3`", "`type: none`"):
        assert expected in refused.output
    assert settled.sandbox.requests.counts() == {}
    assert settled.run("plan").code == 0, "a plan needs no lock"
    monkeypatch.setenv("CI", "false")
    assert settled.run("reconcile").code == 0


def test_without_a_remote_a_job_of_ci_takes_a_file_and_says_whom_it_keeps_apart(
    settled: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    done = settled.run("reconcile")

    assert done.code == 0
    assert "This clone has no remote, so the lock is a file in it" in done.err
    held(in_file(settled))
    assert settled.run("reconcile").code == 5


def test_without_a_remote_a_lock_at_git_cannot_be_had(settled: Real) -> None:
    settled.commit({"reconciler.yaml": GIT})

    refused = settled.run("reconcile")

    assert refused.code == 1
    assert "needs a remote called origin" in refused.output


def test_no_lock_is_none_and_says_so(settled: Real) -> None:
    settled.commit({"reconciler.yaml": CONFIG + "lock: {type: none}\n"})
    held(in_file(settled))

    done = settled.run("reconcile")

    assert done.code == 0
    assert "No lock is taken" in done.err


def test_the_lock_comes_from_the_trusted_branch(clones: tuple[Real, Real]) -> None:
    one, _ = clones
    one.commit({"reconciler.yaml": CONFIG + "lock: {type: none}\n"})

    planned = one.run("plan")

    assert "the lock is used as it is on the trusted branch" in planned.output


def test_on_the_sandbox_the_lock_is_a_file_beside_it(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    played.converge()
    held(LocalPlace(played.root / ".reconciler" / "locks", "aws", SystemClock()))

    locked = played.run("apply", "plan.json")

    assert locked.code == 5
    assert "`reconciler unlock --sandbox --target aws`" in locked.output
    assert played.run("unlock", "--sandbox", "--yes").code == 0
    assert played.run("apply", "plan.json").code == 0


def test_an_address_of_the_remote_with_a_password_is_nowhere_shown(clones: tuple[Real, Real]) -> None:
    one, _ = clones
    one.plan()
    one.work.git("remote", "set-url", "origin", "https://ada:hunter2@localhost:1/origin.git")
    one.commit({"reconciler.yaml": GIT})
    one.work.git("update-ref", "refs/remotes/origin/main", "HEAD")

    failed = apply_anew(one)

    assert failed.code == 1
    assert "hunter2" not in failed.output

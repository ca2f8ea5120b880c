"""With a remote every apply marks itself there before it writes, and records there how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import FaultKind
from tests.cli.clones import another, push
from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, GROUPS, TEAM, Real
from tests.repositories import Work

JOINED = GROUPS.replace("[cyd]", "[cyd, ada]")
LOST = "stay in this clone"


@pytest.fixture
def cloned(cloned_once: Done) -> Real:
    """A clone after a first whole apply, with one merged change that nobody has applied yet."""

    def merge(stage: Real) -> None:
        stage.converge("--first-apply")
        stage.commit({"groups.yaml": JOINED})
        push(stage)
        stage.plan()

    return cloned_once("merged", merge)


@pytest.fixture
def origin(cloned: Real, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(cloned.root.parent / "origin.git", monkeypatch, start=False)


def refs(place: Work) -> list[str]:
    """The tags of the memory, without what is after the last slash of marks, which is random."""
    listed = place.git("for-each-ref", "--format=%(refname)", "refs/tags/reconciler/").splitlines()
    return [ref.removeprefix("refs/tags/reconciler/") for ref in listed]


def refusing(origin: Work, pattern: str) -> Path:
    """The remote takes no ref of that pattern."""
    hook = origin.root / "hooks" / "update"
    hook.write_text(f"#!/bin/sh\ncase $1 in refs/tags/reconciler/{pattern}) exit 1;; esac\n")
    hook.chmod(0o755)
    return hook


def test_an_apply_publishes_without_being_asked(cloned: Real, origin: Work) -> None:
    assert cloned.run("apply", cloned.file).code == 0
    assert refs(origin) == refs(cloned.work)
    assert {"applied/aws", "begun/aws"} <= set(refs(origin))
    assert not [ref for ref in refs(origin) if ref.startswith("marks/")]
    there = origin.git("rev-parse", "refs/tags/reconciler/applied/aws^{commit}")
    assert there == cloned.work.git("rev-parse", "HEAD")


@pytest.mark.parametrize("command", ["apply", "reconcile"])
def test_unpublished_says_what_is_lost_and_leaves_the_remote_alone(
    cloned: Real, origin: Work, command: str
) -> None:
    before = origin.git("for-each-ref")
    words = [cloned.file] if command == "apply" else []
    ended = cloned.run(command, *words, "--unpublished")
    assert ended.code == 0, ended.output
    assert LOST in ended.output
    assert origin.git("for-each-ref") == before


def test_what_cannot_be_marked_at_the_remote_is_not_written(cloned: Real, origin: Work) -> None:
    before = cloned.work.git("for-each-ref")
    hook = refusing(origin, "marks/*")
    ended = cloned.run("apply", cloned.file)
    assert ended.code == 1
    assert "could not be pushed to origin" in ended.output
    assert "--unpublished" in ended.output
    assert (cloned.written(), cloned.memberships()) == ([], TEAM)
    assert cloned.work.git("for-each-ref") == before
    hook.unlink()
    assert cloned.run("apply", cloned.file).code == 0


@pytest.mark.parametrize("command", ["apply", "reconcile"])
def test_where_the_remote_cannot_be_asked_nothing_is_written(
    cloned: Real, origin: Work, command: str
) -> None:
    origin.root.rename(origin.root.with_name("moved.git"))
    ended = cloned.run(command, *([cloned.file] if command == "apply" else []))
    assert ended.code == 1
    assert "whether another clone applied since is not known" in ended.output
    assert "--unpublished" in ended.output
    assert cloned.written() == []


def test_an_apply_that_was_interrupted_leaves_a_mark_that_another_clone_is_told_of(
    cloned: Real, origin: Work, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = another(cloned, monkeypatch, capsys)
    other.plan()
    hook = refusing(origin, "applied/*")
    assert cloned.run("apply", cloned.file).code == 6
    hook.unlink()
    marks = [ref for ref in refs(origin) if ref.startswith("marks/aws/")]
    assert len(marks) == 1

    ended = other.run("apply", other.file)

    assert ended.code == 1
    assert f"origin has the tag reconciler/{marks[0]}, and this clone has not" in ended.output
    other.work.git("fetch", "-q", "origin", "--tags", "--force")
    other.plan()
    assert other.run("apply", other.file).code == 0
    assert marks[0] in refs(origin), "no apply discards the mark of another run"


def test_an_apply_of_which_everything_failed_closes_its_mark(cloned: Real, origin: Work) -> None:
    cloned.sandbox.faults.add(FaultKind.DENY, "identitystore.Create*", count=None)
    assert cloned.run("apply", cloned.file).code == 1
    assert not [ref for ref in refs(origin) if ref.startswith("marks/")]


def test_a_target_that_is_not_configured_any_more_is_named(cloned: Real) -> None:
    cloned.commit({"reconciler.yaml": CONFIG.replace("aws:", "prod:")})
    push(cloned)
    planned = cloned.plan()
    assert "aws was applied and is not configured any more" in planned.output
    assert "reconciler/applied/aws" in planned.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--push", "--unpublished"), "contradict each other"),
        (("--unpublished", "--sandbox"), "--unpublished makes no sense with --sandbox"),
        (("--push", "--sandbox"), "--push makes no sense with --sandbox"),
    ],
)
@pytest.mark.parametrize("command", ["apply", "reconcile"])
def test_options_that_contradict_each_other(
    real: Real, command: str, words: tuple[str, ...], message: str
) -> None:
    real.plan()
    ended = real.run(command, *([real.file] if command == "apply" else []), *words)
    assert ended.code == 64
    assert message in ended.output


def test_push_without_a_remote_is_an_error_and_its_absence_is_none(real: Real) -> None:
    real.plan()
    ended = real.run("apply", real.file, "--first-apply", "--push")
    assert ended.code == 1
    assert "this clone has no remote origin to push to" in ended.output
    assert real.written() == []
    assert real.run("apply", real.file, "--first-apply").code == 0

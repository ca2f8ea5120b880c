"""An approved digest lets one apply go, whichever clone it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import FaultKind, Sandbox
from tests.cli.clones import another, first_clone, push
from tests.cli.conftest import Done
from tests.cli.stage import GROUPS, TEAM, Real
from tests.cli.test_digests_used_once import digest

JOINED = GROUPS.replace("[cyd]", "[cyd, ada]")
ALONE = "Only this clone knows now that the approval is used"
NEWER = "aws was applied from elsewhere: origin has a newer receipt at reconciler/receipts/aws"
SPENT = "was approved for an apply that took place"


@pytest.fixture
def clones(
    cloned_once: Done, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Real, Real]:
    """Two clones with one merged change that nobody has applied yet."""

    def merge(stage: Real) -> None:
        stage.converge("--first-apply", "--push")
        stage.commit({"groups.yaml": JOINED})
        push(stage)

    one = cloned_once("merged and pushed", merge)
    return one, another(one, monkeypatch, capsys)


def fetch(stage: Real) -> None:
    """What an apply asks for where another clone applied since."""
    stage.work.git("fetch", "-q", "origin", "--tags", "--force")


def undo(stage: Real) -> None:
    """By hand, so that the very plan that was approved comes again."""
    stage.sandbox.store.remove_member("dev", "ada@example.com")
    stage.forget()


def test_a_digest_that_another_clone_used_and_pushed_is_spent_here_and_needs_a_fetch(
    clones: tuple[Real, Real],
) -> None:
    one, other = clones
    approved = digest(one.run("plan", "--format", "json"))
    applied = one.run("apply", "--expect-digest", approved, "--push")
    assert (applied.code, ALONE in applied.output) == (0, False), applied.output
    undo(other)
    tags = other.work.git("for-each-ref", "refs/tags", "refs/heads", "refs/remotes")
    assert digest(other.run("plan", "--format", "json")) == approved

    ended = other.run("apply", "--expect-digest", approved, "--push")

    assert ended.code == 1, ended.output
    assert NEWER in ended.output
    assert other.written() == []
    assert other.work.git("for-each-ref", "refs/tags", "refs/heads", "refs/remotes") == tags, (
        "looking moves nothing"
    )

    fetch(other)
    ended = other.run("apply", "--expect-digest", approved, "--push")

    assert ended.code == 4, ended.output
    assert SPENT in ended.output
    assert other.written() == []
    assert other.memberships() == TEAM


def test_a_digest_that_an_unfinished_apply_used_and_pushed_is_spent_everywhere(
    clones: tuple[Real, Real],
) -> None:
    one, other = clones
    approved = digest(one.run("plan", "--format", "json"))
    one.sandbox.faults.add(FaultKind.DENY, "identitystore.Create*", count=None)
    assert one.run("apply", "--expect-digest", approved, "--push").code == 1
    one.sandbox.faults.clear()

    fetch(other)
    assert other.run("apply", "--expect-digest", approved, "--push").code == 4
    assert other.memberships() == TEAM


def test_what_another_clone_used_stays_spent_after_the_next_whole_apply(
    clones: tuple[Real, Real], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = clones
    approved = digest(one.run("plan", "--format", "json"))
    assert one.run("apply", "--expect-digest", approved, "--push").code == 0
    undo(other)
    fetch(other)
    other.plan()
    assert other.run("apply", other.file, "--push").code == 0, "a reviewed plan is no approved digest"
    third = another(other, monkeypatch, capsys, "third")
    undo(third)

    assert third.run("apply", "--expect-digest", approved, "--push").code == 4


def test_unpublished_it_is_said_that_only_this_clone_knows(clones: tuple[Real, Real]) -> None:
    one, _ = clones
    approved = digest(one.run("plan", "--format", "json"))

    ended = one.run("apply", "--expect-digest", approved, "--unpublished")

    assert ended.code == 0
    assert ALONE in ended.output
    undo(one)
    assert one.run("apply", "--expect-digest", approved, "--unpublished").code == 4


def test_where_the_remote_cannot_be_asked_no_digest_lets_an_apply_go_and_a_reviewed_plan_does(
    clones: tuple[Real, Real],
) -> None:
    one, _ = clones
    approved = digest(one.plan("--format", "json"))
    origin = one.root.parent / "origin.git"
    origin.rename(origin.with_name("moved.git"))
    one.forget()

    ended = one.run("apply", "--expect-digest", approved, "--unpublished")

    assert ended.code == 1
    assert "whether the approved digest was used by an apply from elsewhere is not known" in ended.output
    assert one.written() == []
    assert one.run("apply", one.file, "--unpublished").code == 0


def test_where_there_is_no_remote_nothing_is_said_of_one(real: Real) -> None:
    ended = real.run(
        "apply", "--first-apply", "--expect-digest", digest(real.run("plan", "--format", "json"))
    )

    assert ended.code == 0
    assert ALONE not in ended.output


def test_a_first_apply_that_began_elsewhere_is_not_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> None:
    one = first_clone(tmp_path, monkeypatch, capsys, aws)
    other = another(one, monkeypatch, capsys)
    one.plan()
    aws.faults.add(FaultKind.ERROR, "identitystore.CreateGroupMembership", count=None)
    assert one.run("apply", one.file, "--first-apply", "--push").code == 6
    aws.faults.clear()
    # What the first one made and nobody declares any more is known to its tag alone.
    other.commit({"groups.yaml": GROUPS.partition("  dev")[0]})
    other.work.git("push", "-q", "origin", "main")
    assert other.plan().out.startswith("Incomplete plan")
    other.forget()

    ended = other.run("apply", one.file, "--first-apply", "--push")

    assert ended.code == 1
    assert "origin has the tag reconciler/receipts/aws, and this clone has not" in ended.output
    assert other.written() == []
    fetch(other)
    assert "- dev (gone from git)" in other.plan().output
    assert other.run("apply", other.file, "--first-apply", "--push").code == 0
    assert other.memberships() == {"ops": TEAM["ops"]}

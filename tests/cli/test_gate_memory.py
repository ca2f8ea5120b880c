"""A plan from a cut-off memory, and objects that nobody can tell apart: how they head it, and end it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.clones import another, first_clone, push
from tests.cli.conftest import Done
from tests.cli.stage import PEOPLE, Real
from tests.repositories import Work

LESS = {"groups.yaml": "groups:\n  ops: {members: [ada, bob]}\n"}
FORMATS = ["text", "markdown", "github", "json"]


@pytest.fixture
def applied(cloned_once: Done) -> Real:
    """A clone, applied and pushed, whose main says since then that a group is gone."""

    def apply(stage: Real) -> None:
        stage.converge("--first-apply", "--push")
        stage.commit(dict(LESS))
        push(stage)

    return cloned_once("applied", apply)


@pytest.fixture
def shallow(
    applied: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Real:
    """A clone of it whose history is cut off."""
    origin = Work(tmp_path / "origin.git", monkeypatch, start=False)
    work = origin.clone(tmp_path / "shallow", monkeypatch, ["--depth=1"])
    return Real(work.root, monkeypatch, capsys, applied.sandbox, Work(work.root, monkeypatch, start=False))


def no_tag(stage: Real) -> None:
    stage.work.git("tag", "-d", "reconciler/applied/aws")


def copied_tag(stage: Real) -> None:
    oid = stage.work.git("rev-parse", "refs/tags/reconciler/applied/aws")
    no_tag(stage)
    stage.work.git("update-ref", "refs/tags/reconciler/applied/aws", f"{oid}^{{commit}}")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_plan_from_a_cut_off_history_is_headed_so_and_is_not_saved(shallow: Real, format_: str) -> None:
    ended = shallow.plan("--format", format_, "--detailed-exitcode")

    assert ended.code == 1, ended.output
    assert not Path(shallow.file).exists()
    assert "No changes" not in ended.out
    if format_ == "json":
        assert json.loads(ended.out)["incomplete"] is True
    else:
        assert "Incomplete plan" in "\n".join(ended.out.splitlines()[:2])
    assert ended.out.count("this clone is shallow") <= (2 if format_ == "github" else 1)
    assert "memory-unknown" not in ended.output


@pytest.mark.parametrize("lost", [no_tag, copied_tag])
def test_a_tag_that_is_lost_here_is_no_first_apply(applied: Real, lost: object) -> None:
    assert callable(lost)
    lost(applied)

    ended = applied.plan()
    did = applied.run("apply", "--first-apply", "--expect-digest", "sha256:" + "0" * 64)

    assert ended.code == 1, ended.output
    assert ended.out.startswith("Incomplete plan")
    assert "first-apply" not in ended.output.replace("--first-apply", "")
    assert did.code == 1


def test_a_remote_that_cannot_be_asked_leaves_a_missing_tag_open(applied: Real) -> None:
    no_tag(applied)
    applied.work.git("remote", "set-url", "origin", "file:///nowhere")

    ended = applied.plan()

    assert ended.code == 1, ended.output
    assert "whether anything was applied before is not known" in ended.output


def test_no_tag_anywhere_is_a_first_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> None:
    stage = first_clone(tmp_path, monkeypatch, capsys, aws)

    ended = stage.plan()

    assert ended.code == 0, ended.output
    assert "first-apply" in ended.output
    assert Path(stage.file).exists()


def test_the_history_as_a_whole_plans_the_removal(
    applied: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Groups: 1 to delete" in another(applied, monkeypatch, capsys).plan().output
    assert applied.plan("--only", "aws/user/ada").code == 0, "chosen gaps are partial, and end as before"


@pytest.fixture
def blocked(settled: Real) -> Real:
    """A group that somebody renamed while another one took its name, and a change beside that."""
    settled.sandbox.store.rename_group("ops", "theirs")
    settled.sandbox.store.add_group("ops")
    settled.commit({"people.yaml": PEOPLE.replace("Engineer", "Lead")})
    return settled


@pytest.mark.parametrize("format_", FORMATS)
def test_blocked_objects_head_a_plan_that_is_saved(blocked: Real, format_: str) -> None:
    ended = blocked.plan("--format", format_, "--detailed-exitcode")

    assert ended.code == 1, ended.output
    assert Path(blocked.file).exists()
    if format_ == "json":
        assert json.loads(ended.out)["targets"][0]["blocked"] == ["aws/group/ops"]
    else:
        assert "blocked" in ended.out.splitlines()[0].lower()


def test_the_rest_of_a_plan_with_blocked_objects_is_done(blocked: Real) -> None:
    blocked.plan()

    first = blocked.run("apply", blocked.file)
    second = blocked.run("apply", blocked.file)

    assert (first.code, second.code) == (6, 1), first.output
    assert blocked.sandbox.store.users()["ada@example.com"]["Title"] == "Lead"
    assert "blocked: group ops" in first.output
    assert blocked.run("reconcile").code == 1

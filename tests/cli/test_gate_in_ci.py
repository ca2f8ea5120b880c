"""Checkouts as CI leaves them: detached, without origin/HEAD, shallow or not, and who judges there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, FILES, Real

GUARDED = f"{CONFIG}guards: {{max_removals: {{memberships: {{count: 0}}}}}}\n"
REMOVES = {
    "reconciler.yaml": CONFIG,
    "groups.yaml": "groups:\n  ops: {members: [ada]}\n  dev: {members: [cyd]}\n",
}
BOTH_WAYS = ("git remote set-head origin -a", "--trusted-ref")


class Runner:
    """Makes checkouts as `actions/checkout` does (its src/git-source-provider.ts and ref-helper.ts)."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._root, self._patch, self._capsys = root, patch, capsys

    def pull_request(self, aws: Sandbox, *, depth: int) -> Real:
        """The merge commit of pull request 5, detached; `depth` 0 is the whole history, with all branches."""
        stage = self._begun(aws)
        merge = "+refs/pull/5/merge:refs/remotes/pull/5/merge"
        self._fetch(stage, depth, merge)
        stage.work.git("checkout", "-q", "--progress", "--force", "refs/remotes/pull/5/merge")
        return stage

    def main(self, aws: Sandbox, *, depth: int) -> Real:
        """What was pushed to main, on a local branch of that name."""
        stage = self._begun(aws)
        self._fetch(stage, depth, "+refs/heads/main:refs/remotes/origin/main")
        stage.work.git("checkout", "-q", "--force", "-B", "main", "refs/remotes/origin/main")
        return stage

    def _begun(self, aws: Sandbox) -> Real:
        stage = Real(self._root / "runner", self._patch, self._capsys, aws)
        stage.work.git("remote", "add", "origin", f"file://{self._root}/origin.git")
        return stage

    def _fetch(self, stage: Real, depth: int, wanted: str) -> None:
        options = ["--prune", "--no-recurse-submodules"]
        if depth:
            stage.work.git("fetch", "-q", "--no-tags", *options, f"--depth={depth}", "origin", wanted)
            return
        every = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        stage.work.git("fetch", "-q", *options, "origin", *every, wanted)


@pytest.fixture
def proposed(cloned_once: Done) -> Real:
    """A guarded main, applied, and a pull request that takes away the guard and a membership."""

    def propose(stage: Real) -> None:
        stage.commit({**FILES, "reconciler.yaml": GUARDED})
        stage.work.git("push", "-q", "origin", "main")
        stage.converge("--first-apply", "--push")
        stage.work.git("checkout", "-q", "-b", "proposal")
        stage.commit(dict(REMOVES))
        stage.work.git("push", "-q", "origin", "proposal:refs/pull/5/merge")

    return cloned_once("proposed", propose)


@pytest.fixture
def runner(
    proposed: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Runner:
    """A runner that has nothing of it yet."""
    return Runner(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize(
    "words", [("plan",), ("reconcile",), ("apply", "--expect-digest", "sha256:" + "0" * 64)]
)
def test_without_a_trusted_branch_nothing_is_planned_and_both_ways_out_are_named(
    runner: Runner, proposed: Real, depth: int, words: tuple[str, ...]
) -> None:
    stage = runner.pull_request(proposed.sandbox, depth=depth)
    stage.forget()

    ended = stage.run(*words)

    assert ended.code == 1, ended.output
    assert all(way in ended.output for way in BOTH_WAYS)
    assert list(stage.sandbox.requests) == []


@pytest.mark.parametrize("ref", ["main", "origin/main", "refs/remotes/origin/main", None])
def test_the_pull_request_is_judged_by_the_branch_of_the_remote(
    runner: Runner, proposed: Real, ref: str | None
) -> None:
    stage = runner.pull_request(proposed.sandbox, depth=0)
    for taken in ("refs/tags/main", "refs/tags/origin/main", "refs/heads/main", "refs/heads/origin/main"):
        stage.work.git("update-ref", taken, "HEAD")
    if ref is None:
        stage.work.git("remote", "set-head", "origin", "-a")

    ended = stage.plan(*(() if ref is None else ("--trusted-ref", ref)))

    assert ended.code == 3, ended.output
    assert "guards of aws are used as they are on the trusted branch" in ended.output


@pytest.mark.parametrize("ref", ["main", "origin/main", "v1"])
def test_a_tag_or_a_local_branch_does_not_stand_for_a_branch_that_was_not_fetched(
    runner: Runner, proposed: Real, ref: str
) -> None:
    stage = runner.pull_request(proposed.sandbox, depth=1)
    for taken in (f"refs/tags/{ref}", f"refs/heads/{ref}"):
        stage.work.git("update-ref", taken, "HEAD")

    ended = stage.plan("--trusted-ref", ref)

    assert ended.code == 1, ended.output
    assert all(way in ended.output for way in (*BOTH_WAYS, "git fetch origin"))


def test_a_tag_is_trusted_where_it_is_written_in_full(runner: Runner, proposed: Real) -> None:
    stage = runner.pull_request(proposed.sandbox, depth=0)
    stage.work.git("update-ref", "refs/tags/v1", "refs/remotes/origin/main")

    assert stage.plan("--trusted-ref", "refs/tags/v1").code == 3


def test_main_as_a_runner_has_it_is_applied_with_its_name(runner: Runner, proposed: Real) -> None:
    stage = runner.main(proposed.sandbox, depth=0)

    ended = stage.run("reconcile", "--trusted-ref", "main")

    assert ended.code == 0, ended.output


def test_a_repository_without_any_remote_trusts_what_is_checked_out_and_says_so(real: Real) -> None:
    for words in (
        ("--format", "text"),
        ("--format", "json"),
        ("--format", "markdown"),
        ("--format", "github"),
    ):
        ended = real.plan(*words)
        assert ended.code == 0
        assert "head-trusted" in ended.output
    real.work.git("remote", "add", "upstream", "file:///nowhere")
    assert real.plan().code == 1

"""Attacks on the gate: refs of a like name, and a branch under review that is the first to configure."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.clones import another, first_clone
from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, Real
from tests.cli.test_gate import GIVES, OPEN, REMOVES
from tests.cli.test_gate_in_ci import BOTH_WAYS, Runner, proposed, runner

__all__ = ("proposed", "runner")

MAIN = "refs/remotes/origin/main"


def test_a_ref_that_is_called_like_the_full_name_of_a_branch_does_not_stand_for_it(
    runner: Runner, proposed: Real
) -> None:
    """With `fetch-tags: true` and a depth of 1, a runner has every tag and no branch."""
    stage = runner.pull_request(proposed.sandbox, depth=1)
    for space in ("refs/tags/", "refs/heads/", "refs/remotes/", "refs/"):
        stage.work.git("update-ref", f"{space}{MAIN}", "HEAD")
        for ref in ("main", "origin/main", MAIN):
            ended = stage.plan("--trusted-ref", ref)
            assert ended.code == 1, ended.output
            assert all(way in ended.output for way in BOTH_WAYS)
        stage.work.git("update-ref", "-d", f"{space}{MAIN}")


def test_a_branch_that_is_called_head_is_not_the_head_of_the_remote(
    runner: Runner, proposed: Real, tmp_path: Path
) -> None:
    stage = runner.pull_request(proposed.sandbox, depth=0)
    stage.work.git("push", "-q", f"file://{tmp_path}/origin.git", "HEAD:refs/heads/HEAD")
    stage.work.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    assert stage.work.git("rev-parse", "refs/remotes/origin/HEAD") == stage.work.git("rev-parse", "HEAD")

    for words in ((), *(("--trusted-ref", ref) for ref in ("origin", "origin/HEAD", f"{MAIN[:-4]}HEAD"))):
        ended = stage.plan(*words)
        assert ended.code == 1, ended.output
        assert all(way in ended.output for way in BOTH_WAYS)


def test_a_tag_beside_those_of_the_reconciler_is_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: Sandbox
) -> None:
    stage = first_clone(tmp_path, monkeypatch, capsys, aws)
    name = "refs/tags/reconciler/applied/aws"
    head = stage.work.git("rev-parse", "HEAD")
    text = f"object {head}\ntype commit\ntag reconciler/applied/aws\ntagger a <a@b> 1 +0000\n\nformat: 1\n"
    made = stage.work.git("mktag", stdin=text.encode())
    stage.work.git("push", "-q", "origin", f"{made}:refs/tags/{name}")
    clone = another(stage, monkeypatch, capsys)

    planned = clone.plan()

    assert planned.code == 0, planned.output
    assert "memory" not in planned.output


@pytest.fixture
def unconfigured(cloned_once: Done, monkeypatch: pytest.MonkeyPatch) -> Real:
    """A clone whose trusted branch has no configuration: its defaults hold."""

    def propose(stage: Real) -> None:
        stage.commit({"reconciler.yaml": None})
        stage.work.git("push", "-q", "origin", "main")
        stage.work.git("checkout", "-q", "-b", "proposal")

    stage = cloned_once("unconfigured", propose)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return stage


TOKEN = "url: 'http://127.0.0.1:PORT/', token: {env: AWS_SECRET_ACCESS_KEY}"


@pytest.mark.parametrize(
    "target", [f"{{type: scim, {TOKEN}}}", f"{{type: identity-center, directory: {{scim: {{{TOKEN}}}}}}}"]
)
def test_the_first_configuration_sends_no_token_before_it_is_merged(unconfigured: Real, target: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        text = f"format: 1\ntargets:\n  aws: {target}\n".replace("PORT", str(listener.getsockname()[1]))
        unconfigured.commit({"reconciler.yaml": text})

        ended = unconfigured.plan()

        assert ended.code == 1, ended.output
        assert "no target of reconciler.yaml is on origin/main yet" in ended.output
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
def proposing(cloned_once: Done) -> Real:
    """A clone with a configuration, applied, on a branch to be reviewed."""

    def propose(stage: Real) -> None:
        stage.converge("--first-apply")
        stage.work.git("checkout", "-q", "-b", "proposal")

    return cloned_once("proposing", propose)


def test_the_first_configuration_does_not_judge_itself(unconfigured: Real) -> None:
    unconfigured.work.git("checkout", "-q", "main")
    unconfigured.converge("--first-apply")
    unconfigured.work.git("checkout", "-q", "proposal")
    unconfigured.commit({**REMOVES, "reconciler.yaml": OPEN, "groups.yaml": "groups: {}\n"})

    ended = unconfigured.plan()

    assert ended.code == 3, ended.output
    assert "no-trusted-configuration" in ended.output


def test_a_trusted_ref_that_is_named_outside_git_is_an_error(real: Real) -> None:
    shutil.rmtree(real.root / ".git")

    ended = real.run("plan", "--trusted-ref", "main")

    assert ended.code == 1, ended.output
    assert "is not in a git repository" in ended.output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scope: {memberships: observe}", "scope of memberships is observe here, authoritative there"),
        ("scope: {ignore: {groups: [z*]}}", "`ignore` is another"),
        ("timezone: Pacific/Kiritimati", "timezone: Pacific/Kiritimati here, UTC there"),
    ],
)
def test_less_that_is_managed_is_said_where_it_plans_nothing_yet(
    proposing: Real, text: str, expected: str
) -> None:
    proposing.commit({"reconciler.yaml": f"{CONFIG}{text}\n"})

    ended = proposing.plan()

    assert ended.code == 0, ended.output
    assert "No changes" in ended.output
    assert "scope-changed" in ended.output
    assert expected in ended.output


def test_a_branch_that_keeps_a_receipt_from_being_pushed_is_named_with_what_to_do(proposing: Real) -> None:
    twin = "refs/heads/refs/tags/reconciler/applied/aws"
    proposing.work.git("checkout", "-q", "main")
    proposing.commit(dict(GIVES))
    proposing.work.git("push", "-q", "origin", "main", f"main:{twin}")

    proposing.plan()
    ended = proposing.run("apply", proposing.file)

    assert ended.code == 6, ended.output
    assert f"git push origin --delete {twin}" in ended.output
    proposing.work.git("push", "-q", "origin", "--delete", twin)
    assert proposing.run("reconcile").code == 0

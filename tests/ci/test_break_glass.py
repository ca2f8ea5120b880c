"""The runbook for a laptop: its commands, run where the remote cannot be reached, and after it is back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import files
from tests.cli.clones import another, first_clone
from tests.cli.stage import CONFIG, FILES, SPEED

pytestmark = pytest.mark.slow

RUNBOOK = files(Choices())["BREAK-GLASS.md"].decode()
BLOCK = {"block.yaml": "blocked:\n  bob: {since: 2026-11-20, reason: SEC-88}\n"}


def commands() -> list[list[str]]:
    """The command lines of the runbook, in their order."""
    return [found.split() for found in re.findall(r"`venv/bin/reconciler ([^`]+)`", RUNBOOK)]


def test_a_person_is_blocked_without_the_remote_and_the_memory_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(None, speed=SPEED, latency=0.0) as aws:
        laptop = first_clone(tmp_path, monkeypatch, capsys, aws)
        laptop.commit({**FILES, "reconciler.yaml": CONFIG + "lock: {type: git}\n"})
        laptop.work.git("push", "-q", "origin", "main")
        laptop.converge("--first-apply")
        offboards, validates, reconciles, plans, applies, publishes_plan, publishes = commands()

        # Away it is.
        (tmp_path / "origin.git").rename(tmp_path / "away.git")
        ended = laptop.run(*(word.replace("KEY", "bob") for word in offboards), "--yes", "--revoke-only")
        assert ended.code == 0, ended.output
        assert laptop.memberships()["ops"] == {"ada@example.com"}
        laptop.commit({**BLOCK, "reconciler.yaml": CONFIG + "lock: {type: file}\n"})
        assert laptop.run(*validates).code == 0
        ended = laptop.run(*reconciles)
        assert ended.code == 0, ended.output
        assert laptop.memberships()["ops"] == {"ada@example.com"}
        # And more than a block.
        laptop.commit(
            {"groups.yaml": "groups:\n  ops: {members: [ada, bob, cyd]}\n  dev: {members: [cyd]}\n"}
        )
        monkeypatch.chdir(laptop.root)
        for words in (plans, applies):
            ended = laptop.run(*words)
            assert ended.code == 0, ended.output
        assert laptop.memberships()["ops"] == {"ada@example.com", "cyd@example.com"}

        # It is back: the commits are merged, and this clone says what it did.
        (tmp_path / "away.git").rename(tmp_path / "origin.git")
        laptop.commit({"reconciler.yaml": CONFIG + "lock: {type: git}\n"})
        laptop.work.git("push", "-q", "origin", "main")
        laptop.work.git("fetch", "-q", "origin")
        for words in (publishes_plan, publishes):
            ended = laptop.run(*words)
            assert ended.code == 0, ended.output
        # Another place knows all of it, and has nothing to do.
        other = another(laptop, monkeypatch, capsys)
        ended = other.run("plan", "--detailed-exitcode", "--trusted-ref", "main")
        assert ended.code == 0, ended.output
        assert other.tag() == other.work.git("rev-parse", "HEAD")

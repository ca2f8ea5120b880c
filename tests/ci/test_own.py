"""The workflows of this repository run on it: the sample is validated, planned on the sandbox, and shown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.actions import Runner
from tests.ci.linting import ROOT
from tests.repositories import Work
from tests.support.github import Hub, hub

pytestmark = [pytest.mark.slow, pytest.mark.socket]


@pytest.fixture
def github() -> Iterator[Hub]:
    with hub(name="octo-org/identity-reconciler") as made:
        yield made


def test_a_pull_request_here_is_planned_and_shown(
    github: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(tmp_path / "work", monkeypatch)
    for name in (".github", "identities", "reconciler"):
        shutil.copytree(ROOT / name, work.root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", work.root)
    tip = work.commit()
    work.git("checkout", "-q", "-b", "topic")
    head = work.commit({"identities/people/more.yaml": "groups: {trial: {}}\n"})
    work.git("branch", "-q", "-f", "main", tip)
    number = github.open_pull(head, "topic")
    work.git("update-ref", f"refs/pull/{number}/merge", head)
    runner = Runner(tmp_path / "runner", work.root, github, {})

    run = github.start_run("identities.yml", "pull_request", head, "topic")
    planned = runner.job("identities.yml", "plan", "pull_request", run=run, at=head, pull=number)
    assert planned.ok, planned.output
    assert "trial" in planned.summary
    assert runner.roles == []

    github.runs[run]["conclusion"] = "success"
    own = github.start_run("plan-comment.yml", "workflow_run", tip, "main")
    payload = {"workflow_run": github.runs[run]}

    def show(**given: str) -> bool:
        ended = runner.job(
            "plan-comment.yml", "comment", "workflow_run", run=own, at=tip, payload=payload, variables=given
        )
        assert ended.ok, ended.output
        return not ended.skipped

    # Who copies the repository has no comments until they are asked for.
    assert not show()
    assert show(RECONCILER_COMMENTS="true")
    assert "trial" in github.bodies(number)[0]

"""The workflows of this repository, and those that `init` writes, pass the linters; a fault is found."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import files
from reconciler.scaffold.write import write
from tests.ci.linting import ROOT, actionlint, schema, zizmor

pytestmark = pytest.mark.slow

OWN = "own"
SORTS = (OWN, "snapshot", "role", "ad")
# Which permission to write each job may have at most; everything else may only read.
MAY_WRITE = {
    ("plan.yml", "plan"): {"id-token"},
    ("plan-comment.yml", "comment"): {"pull-requests", "statuses"},
    ("apply.yml", "apply"): {"id-token"},
    ("reconcile.yml", "reconcile"): {"id-token"},
    ("emergency.yml", "emergency"): {"id-token"},
    ("snapshot.yml", "snapshot"): {"id-token"},
    ("drift.yml", "drift"): {"id-token"},
    ("drift.yml", "issue"): {"issues"},
    ("offboard.yml", "offboard"): {"id-token"},
    ("request.yml", "request"): {"contents", "pull-requests", "issues"},
}
PIN = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
# Of what a pull request, a branch or a person writes, nothing may be part of a script.
PINS = dict(
    re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", (ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
)


@pytest.fixture(scope="module", params=SORTS)
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `.github`: this repository's, or one that `init` writes."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == OWN:
        shutil.copytree(ROOT / ".github", folder / ".github")
        if (ROOT / "action.yml").exists():
            shutil.copy(ROOT / "action.yml", folder)
    else:
        chosen = {"source": "ad"} if request.param == "ad" else {"plan_with": request.param}
        write(folder, files(Choices(repository="octo-org/access", **chosen)))
    return folder


def workflows(folder: Path) -> list[Path]:
    found = sorted((folder / ".github" / "workflows").glob("*.yml"))
    assert found
    return found


def test_zizmor_finds_nothing_offline_and_pedantic(repository: Path) -> None:
    code, output = zizmor(repository)
    assert code == 0, output
    assert "No findings to report" in output


def test_actionlint_finds_nothing(repository: Path) -> None:
    assert actionlint(workflows(repository)) == []


def test_the_forms_are_those_of_github(repository: Path) -> None:
    assert schema("vendor.github-workflows", *workflows(repository)) == (0, "ok -- validation done\n")
    assert schema("custom.github-workflows-require-timeout", *workflows(repository))[0] == 0
    for path in (repository / ".github").glob("ISSUE_TEMPLATE/*.yml"):
        assert schema("vendor.github-issue-forms", path)[0] == 0
    assert schema("vendor.dependabot", repository / ".github" / "dependabot.yml")[0] == 0


def test_a_workflow_may_do_nothing_that_its_jobs_do_not_need(repository: Path) -> None:
    for path in workflows(repository):
        workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {}, path
        # YAML 1.1 reads the key `on` as a truth value.
        triggers = set(workflow[True])
        assert not {"pull_request_target", "issue_comment"} & triggers, path
        assert ("workflow_run" in triggers) == (path.name == "plan-comment.yml")
        for name, job in workflow["jobs"].items():
            writes = {scope for scope, right in job["permissions"].items() if right != "read"}
            assert writes <= MAY_WRITE.get((path.name, name), set()), (path, name)
            if "pull_request" in triggers:
                assert not writes - {"id-token"}, (path, name)
            # What can act in AWS cannot speak for the repository, and the other way round.
            assert not ("id-token" in writes and len(writes) > 1), (path, name)


def test_no_text_of_others_is_part_of_a_script_and_no_token_is_left_behind(repository: Path) -> None:
    for path in workflows(repository):
        text = path.read_text(encoding="utf-8")
        uses = [line for line in text.splitlines() if re.match(r"\s*(- )?uses:", line)]
        assert [line for line in uses if not PIN.search(line)] == []
        for action, commit in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", text):
            assert PINS.get(action, commit) == commit, "one action, one pin"
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), path
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False


def test_a_plan_is_kept_before_the_rule_lets_it_be_merged(repository: Path) -> None:
    steps = yaml.safe_load((repository / ".github/workflows/plan-comment.yml").read_text("utf-8"))["jobs"][
        "comment"
    ]["steps"]
    keeps = [number for number, step in enumerate(steps) if "upload-artifact" in step.get("uses", "")]
    says = [number for number, step in enumerate(steps) if "ci shown" in step.get("run", "")]
    assert max(keeps, default=0) <= min(says, default=0)


def test_secrets_are_those_of_environments_alone(repository: Path) -> None:
    for path in workflows(repository):
        for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].items():
            if "secrets." in str(job):
                assert job.get("environment"), (path, name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("          persist-credentials: false\n", ""),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7"),
        ("permissions: {}", "permissions: write-all"),
        (
            "run: reconciler validate",
            'run: echo "${{ github.event.pull_request.title }}" && reconciler validate',
        ),
        ("  pull_request:", "  pull_request_target:"),
    ],
)
def test_zizmor_finds_what_it_is_there_for(before: str, after: str, tmp_path: Path) -> None:
    write(tmp_path, files(Choices()))
    file = tmp_path / ".github" / "workflows" / "validate.yml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    assert zizmor(tmp_path)[0] != 0


def test_actionlint_finds_what_it_is_there_for(tmp_path: Path) -> None:
    write(tmp_path, files(Choices()))
    file = tmp_path / ".github" / "workflows" / "plan-comment.yml"
    text = file.read_text(encoding="utf-8").replace("steps.comment.outputs", "steps.nothing.outputs")
    file.write_text(text, encoding="utf-8")
    assert len(actionlint([file])) >= 2

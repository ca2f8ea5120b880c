"""What `init --ci gitlab` writes: its form, who may do what, and its scripts, run for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.sandbox import Sandbox
from reconciler.scaffold.choices import Choices
from reconciler.scaffold.files import files
from reconciler.scaffold.write import write
from tests.ci.actions import PIP
from tests.ci.linting import schema
from tests.ci.story import GROUPS, PEOPLE
from tests.cli.stage import SPEED
from tests.repositories import IDENTITY, Work
from tests.support.forked import install_program
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.slow

BOTH = 'bash -eo pipefail -c "$1"; code=$?; bash -e -c "$2" || exit 90; exit "$code"'
TEMPLATE = "templates/identity-reconciler/template.yml"
ON_MAIN = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"


def documents(plan_with: str = "snapshot") -> tuple[Any, dict[str, Any]]:
    text = files(Choices(forge="gitlab", plan_with=plan_with, repository="group/access"))[TEMPLATE].decode()
    head, body = yaml.safe_load_all(text)
    return head, body


def job(jobs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A job with what it extends, merged as GitLab does it: maps deeply, everything else by the last."""
    found: dict[str, Any] = {}
    for base in jobs[name].get("extends", []):
        found = merged(found, job(jobs, base))
    return merged(found, {key: value for key, value in jobs[name].items() if key != "extends"})


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if both else value
    return found


@pytest.mark.parametrize("plan_with", ["snapshot", "role"])
def test_the_form_is_that_of_gitlab(plan_with: str, tmp_path: Path) -> None:
    write(tmp_path, files(Choices(forge="gitlab", plan_with=plan_with, repository="group/access")))
    parts = []
    for number, part in enumerate((tmp_path / TEMPLATE).read_text("utf-8").split("\n---\n")):
        parts.append(tmp_path / f"part-{number}.yml")
        parts[-1].write_text(part, "utf-8")
    assert len(parts) == 2
    assert schema("vendor.gitlab-ci", tmp_path / ".gitlab-ci.yml", *parts) == (0, "ok -- validation done\n")
    broken = tmp_path / "broken.yml"
    broken.write_text(
        parts[1].read_text("utf-8").replace("resource_group: identity-apply", "resource_group: [1]")
    )
    assert schema("vendor.gitlab-ci", broken)[0] != 0


@pytest.mark.parametrize("plan_with", ["snapshot", "role"])
def test_a_merge_request_gets_nothing_that_can_write(plan_with: str) -> None:
    _, jobs = documents(plan_with)
    runnable = [name for name in jobs if not name.startswith(".") and name != "variables"]
    for name in runnable:
        whole = job(jobs, name)
        on_request = "merge_request_event" in str(whole["rules"])
        if on_request:
            assert "environment" not in whole
            role = whole.get("variables", {}).get("AWS_ROLE_ARN", "")
            assert role in ("", "$[[ inputs.role-plan ]]")
            assert ("id_tokens" in whole) == (name == "plan" and plan_with == "role")
        else:
            assert all(ON_MAIN in rule["if"] for rule in whole["rules"]), name
            assert whole["environment"]["name"].startswith("identity-")
    assert {name for name in runnable if "environment" in job(jobs, name)} == {
        "plan-merged",
        "apply",
        "reconcile",
        "offboard",
        "snapshot",
        "drift",
    }
    # Two writes wait for each other, and the apply waits for who approves it.
    assert {job(jobs, name)["resource_group"] for name in ("apply", "reconcile")} == {"identity-apply"}
    assert {rule["when"] for rule in jobs["apply"]["rules"]} == {"manual"}
    assert jobs["apply"]["needs"] == ["plan-merged"]
    reports = jobs["plan"]["artifacts"]["reports"]
    assert set(reports) == {"terraform", "codequality"}


def test_no_text_of_others_is_part_of_a_script() -> None:
    _, jobs = documents()
    scripts = str([one.get(part, []) for one in jobs.values() for part in ("before_script", "script")])
    # Titles, branches and messages are variables that a person writes.
    assert not re.search(r"CI_(MERGE_REQUEST_(TITLE|SOURCE)|COMMIT_(MESSAGE|TITLE|REF_NAME|BRANCH))", scripts)
    assert "eval" not in scripts


class Lab:
    """A project: a bare repository, a clone where people work, and jobs that run their scripts by a shell."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch, aws: Sandbox) -> None:
        self.root, self.aws = root, aws
        self.origin = Work(root / "origin.git", patch, start=False)
        self.origin.root.mkdir()
        self.origin.git("init", "-q", "--bare", "-b", "main")
        self.people = Work(root / "people", patch)
        write(self.people.root, files(Choices(forge="gitlab", repository="group/access", region="us-east-1")))
        self.people.write({f"identities/{name}.yaml": None for name in ("groups", "access")})
        self.people.commit({"identities/people.yaml": "users: {}\n"})
        self.people.git("remote", "add", "origin", str(self.origin.root))
        self.people.git("push", "-q", "origin", "main")
        (root / "bin").mkdir()
        (root / "bin" / "python").write_text(PIP.replace("{python}", sys.executable), "utf-8")
        (root / "bin" / "python").chmod(0o755)
        install_program(root / "bin")
        self._count = 0

    def run(self, name: str, ref: str = "refs/heads/main", brings: Mapping[str, bytes] | None = None) -> Path:
        """Run one job at a ref, detached as the runner leaves it; the folder of its work."""
        self._count += 1
        work, builds = self.root / f"job-{self._count}", self.root / f"builds-{self._count}"
        builds.mkdir()
        work.mkdir()
        fetched = Work(work, _no_patch(), start=False)
        fetched.git("init", "-q")
        fetched.git("remote", "add", "origin", f"file://{self.origin.root}")
        fetched.git("fetch", "-q", "origin", f"+{ref}:refs/pipelines/{self._count}")
        fetched.git("checkout", "-q", "--detach", f"refs/pipelines/{self._count}")
        head, body = yaml.safe_load_all((work / TEMPLATE).read_text("utf-8"))
        whole = job(body, name)
        for path, content in (brings or {}).items():
            (work / path).write_bytes(content)

        def filled(value: object) -> str:
            inputs = head["spec"]["inputs"]
            return re.sub(
                r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda found: inputs[found[1]]["default"], str(value)
            )

        # What comes after it runs in a shell of its own, however the first ended.
        after = "\n".join(map(filled, whole.get("after_script", [])))
        lines = [*whole.get("before_script", []), *whole["script"]]
        done = subprocess.run(
            ["bash", "-c", BOTH, "-", "\n".join(map(filled, lines)), after],
            cwd=work,
            env={
                **IDENTITY,
                "HOME": str(self.root),
                "PATH": f"{self.root}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PIP_LOG": str(self.root / "pip.log"),
                "CI": "true",
                "CI_BUILDS_DIR": str(builds),
                "CI_JOB_ID": str(self._count),
                "AWS_ENDPOINT_URL": self.aws.url,
                "AWS_ACCESS_KEY_ID": "nobody",
                "AWS_SECRET_ACCESS_KEY": "nothing",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": os.devnull,
                "RECONCILER_FIRST_APPLY": "true" if name == "apply" and self._count < 6 else "",
                **{
                    key: filled(value)
                    for key, value in whole.get("variables", {}).items()
                    if key != "AWS_ROLE_ARN"
                },
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.output = done.stdout + done.stderr
        self.code = done.returncode
        assert "Traceback" not in self.output
        return work


def _no_patch() -> pytest.MonkeyPatch:
    return pytest.MonkeyPatch()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with Sandbox(None, speed=SPEED, latency=0.0) as aws:
        yield Lab(tmp_path, monkeypatch, aws)


@pytest.mark.socket
def test_from_a_merge_request_to_the_end(lab: Lab) -> None:
    lab.run("snapshot")
    assert lab.code == 0, lab.output
    lab.people.git("checkout", "-q", "-b", "topic")
    lab.people.commit({"identities/people.yaml": PEOPLE, "identities/groups.yaml": GROUPS})
    lab.people.git("push", "-q", "origin", "topic:refs/merge-requests/1/head")
    lab.run("validate", "refs/merge-requests/1/head")
    assert lab.code == 0, lab.output
    planned = lab.run("plan", "refs/merge-requests/1/head")
    assert lab.code == 0, lab.output
    widget = json.loads((planned / "terraform.json").read_text("utf-8"))
    assert widget == {"create": 6, "update": 0, "delete": 0}
    assert isinstance(json.loads((planned / "codequality.json").read_text("utf-8")), list)

    lab.people.git("push", "-q", "origin", "topic:main")
    merged_plan = lab.run("plan-merged")
    assert lab.code == 0, lab.output
    lab.run("apply", brings={"plan.json": (merged_plan / "plan.json").read_bytes()})
    assert lab.code == 0, lab.output
    assert set(lab.aws.store.memberships()["ops"]) == {"ada@example.com", "bob@example.com"}
    assert lab.origin.git("for-each-ref", "--format=%(*objectname)", "refs/tags/reconciler/applied/aws")

    lab.run("drift")
    assert lab.code == 0, lab.output
    lab.aws.store.add_member("ops", "cyd@example.com")
    drifted = lab.run("drift")
    assert lab.code == 2
    assert "cyd" in (drifted / "drift" / "aws.md").read_text("utf-8")
    lab.run("reconcile")
    assert lab.code == 0, lab.output

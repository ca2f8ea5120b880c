"""Runs jobs of workflows as GitHub's runner does: a fresh folder, a checkout, each step's own script by bash.

The scripts come from the workflow file at the commit that GitHub would take it from, so that files and
tests cannot drift apart. Actions of others are played: `actions/checkout` as its source does it (detached,
no origin/HEAD, shallow or not), uploads and downloads of artifacts, and the credentials of a role, by name.
The one thing that is not run is `pip install`: what it would install is the package under test, and its
arguments are checked instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reconciler.model.authorship import OWN_SESSION
from tests.ci.expressions import evaluate, fill
from tests.repositories import IDENTITY
from tests.support.forked import install_program
from tests.support.github import FORK, OURS, Hub
from tests.support.ldap_server import PASSWORD
from tests.support.patience import PATIENCE

PIP = """#!/bin/bash
if [ "$1 $2" = "-I -m" ]; then shift; fi
if [ "$1" = -m ] && [ "$2" = pip ]; then
  printf '%s\\n' "$*" >> "$PIP_LOG"
  case "$*" in *--require-hashes*--no-deps*) ;; *) exit 90 ;; esac
  test -f "${@: -1}"
  exit
fi
exec "{python}" "$@"
"""
_DEFAULT = {"shallow": False}
_KEY = {"RECONCILER_DEPLOY_KEY": "KEY"}
# By environment, as the README that `init` writes has people put them there.
_SECRETS = {
    "identity-apply": _KEY,
    "identity-reconcile": _KEY,
    "identity-snapshot": _KEY,
    "identity-import": {"AD_PASSWORD": PASSWORD},
    "identity-import-pulls": {"IMPORT_APP_KEY": "APP KEY"},
}


@dataclass
class Ended:
    """How a job ended: whether it succeeded, what its steps printed and put out, what it gives to others."""

    ok: bool
    output: str
    skipped: bool = False
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""
    codes: list[int] = field(default_factory=list)
    gives: dict[str, str] = field(default_factory=dict)


@dataclass
class Runner:
    """Where jobs run. `aws` is the environment of a role that was assumed; `roles` which ones were."""

    root: Path
    origin: Path
    hub: Hub
    aws: Mapping[str, str]
    roles: list[str] = field(default_factory=list)
    steps: int = 0
    jobs: int = 0

    def __post_init__(self) -> None:
        self.root.mkdir()
        home = self.root / "home"
        home.mkdir()
        there = f"git@github.com:{self.hub.name}.git"
        (home / ".gitconfig").write_text(f'[url "file://{self.origin}"]\n\tinsteadOf = {there}\n', "utf-8")
        programs = self.root / "bin"
        programs.mkdir()
        for name in ("python", "python3"):
            (programs / name).write_text(PIP.replace("{python}", sys.executable), "utf-8")
            (programs / name).chmod(0o755)
        install_program(programs)

    def job(
        self,
        workflow: str,
        job: str,
        event: str,
        *,
        run: int,
        at: str,
        payload: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        pull: int | None = None,
        depth: int | None = None,
        variables: Mapping[str, str] | None = None,
        needs: Mapping[str, Ended] | None = None,
    ) -> Ended:
        """Run one job of the workflow file at the commit `at`; `pull` is checked out where one is given."""
        self.jobs += 1
        folder = self.root / f"job-{self.jobs}"
        workspace, temporary = folder / "work", folder / "temp"
        workspace.mkdir(parents=True)
        temporary.mkdir()
        text = self._git(self.origin, "show", f"{at}:.github/workflows/{workflow}")
        described = yaml.safe_load(text)["jobs"][job]
        ref = f"refs/pull/{pull}/merge" if pull is not None else f"refs/heads/{self.hub.branch}"
        token = self.hub.token(described["permissions"])
        body = {"repository": {"id": OURS, "private": True}, **(payload or {})}
        (temporary / "event.json").write_text(json.dumps(body), "utf-8")
        context: dict[str, Any] = {
            "github": {
                "event": body,
                "event_name": event,
                "ref": ref,
                "token": token,
                "actor": "ada",
                "run_id": str(run),
                "workspace": str(workspace),
            },
            "runner": {"temp": str(temporary)},
            "inputs": dict(inputs or {}),
            "secrets": _SECRETS.get(described.get("environment", ""), {}),
            "vars": dict(variables or {}),
            "steps": {},
            "needs": {
                name: {
                    "result": "skipped" if one.skipped else "success" if one.ok else "failure",
                    "outputs": one.gives,
                }
                for name, one in (needs or {}).items()
            },
        }
        ended = Ended(True, "")
        if not self._goes(described, context, workspace):
            return Ended(True, "", skipped=True)
        environment = self._environment(workspace, temporary, event, ref, run)
        for step in described["steps"]:
            always = "!cancelled()" in str(step.get("if", "")) or "always()" in str(step.get("if", ""))
            if (not ended.ok and not always) or not self._goes(step, context, workspace):
                continue
            self.steps += 1
            if "uses" in step:
                self._use(step, context, workspace, run, environment, pull, at, depth)
            else:
                self._script(step, context, workspace, temporary, environment, ended)
        for name, value in described.get("outputs", {}).items():
            ended.gives[name] = fill(str(value), context, workspace)
        summary = temporary / "summary"
        ended.summary = summary.read_text("utf-8") if summary.exists() else ""
        return ended

    def _goes(self, described: Mapping[str, Any], context: Mapping[str, Any], workspace: Path) -> bool:
        text = str(described.get("if", "true")).strip().removeprefix("${{").removesuffix("}}")
        return bool(evaluate(text, context, workspace))

    def _environment(
        self, workspace: Path, temporary: Path, event: str, ref: str, run: int
    ) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        path = (self.root / "bin", Path(sys.executable).parent, *map(Path, os.environ["PATH"].split(":")))
        return {
            **kept,
            **{name: value for name, value in IDENTITY.items() if name != "GIT_CONFIG_GLOBAL"},
            "HOME": str(self.root / "home"),
            "PATH": ":".join(map(str, path)),
            "PIP_LOG": str(self.root / "pip.log"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": self.hub.name,
            "GITHUB_EVENT_PATH": str(temporary / "event.json"),
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REF": ref,
            "GITHUB_RUN_ID": str(run),
            "GITHUB_STEP_SUMMARY": str(temporary / "summary"),
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(temporary),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def _script(
        self,
        step: Mapping[str, Any],
        context: dict[str, Any],
        workspace: Path,
        temporary: Path,
        environment: Mapping[str, str],
        ended: Ended,
    ) -> None:
        output = temporary / f"output-{len(ended.codes)}"
        output.touch()
        own = {name: fill(str(value), context, workspace) for name, value in step.get("env", {}).items()}
        script = temporary / "script.sh"
        script.write_text(step["run"], "utf-8")
        done = subprocess.run(
            # As `shell: bash` has it (docs.github.com, "Workflow syntax", jobs.<job_id>.steps[*].shell).
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=workspace,
            env={**environment, **own, "GITHUB_OUTPUT": str(output)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        ended.output += f"\n## {step.get('name', 'run')}\n{done.stdout}{done.stderr}"
        ended.codes.append(done.returncode)
        ended.ok = ended.ok and done.returncode == 0
        if "id" in step:
            lines = output.read_text("utf-8").splitlines()
            ended.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
            context["steps"][step["id"]] = {"outputs": ended.outputs[step["id"]]}

    def _use(
        self,
        step: Mapping[str, Any],
        context: Mapping[str, Any],
        workspace: Path,
        run: int,
        environment: dict[str, str],
        pull: int | None,
        at: str,
        depth: int | None,
    ) -> None:
        action = step["uses"].partition("@")[0]
        given = {name: fill(str(value), context, workspace) for name, value in step.get("with", {}).items()}
        if action == "actions/checkout":
            assert given["persist-credentials"].lower() == "false"
            asked = int(given.get("fetch-depth", 1)) if depth is None else depth
            self._checkout(workspace, given.get("ref"), asked, pull, at)
        elif action == "aws-actions/configure-aws-credentials":
            assert given["role-session-name"].startswith(OWN_SESSION)
            self.roles.append(given["role-to-assume"].rpartition("/")[2])
            environment |= self.aws
        elif action == "actions/upload-artifact":
            path = workspace / given["path"]
            files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
            self.hub.upload(run, given["name"], {each.name: each.read_bytes() for each in files})
        elif action == "actions/download-artifact":
            self._download(workspace / given["path"], run, given["name"])
        elif action == "actions/create-github-app-token":
            assert given["private-key"] == "APP KEY"
            start = "permission-"
            rights = {key.removeprefix(start): it for key, it in given.items() if key.startswith(start)}
            context["steps"][step["id"]] = {"outputs": {"token": self.hub.token(rights)}}
        else:
            assert action == "actions/setup-python", action

    def _checkout(self, workspace: Path, ref: str | None, depth: int, pull: int | None, at: str) -> None:
        """As src/git-source-provider.ts and ref-helper.ts of actions/checkout do it."""
        self._git(workspace, "init", "-q", "-b", "main")
        self._git(workspace, "remote", "add", "origin", f"file://{self.origin}")
        branch = ref or self.hub.branch
        local = f"refs/remotes/pull/{pull}/merge" if pull is not None else f"refs/remotes/origin/{branch}"
        there = f"refs/pull/{pull}/merge" if pull is not None else f"refs/heads/{branch}"
        words = ["fetch", "-q", "--prune", "--no-recurse-submodules"]
        if depth:
            words += ["--no-tags", f"--depth={depth}", "origin", f"+{there}:{local}"]
        else:
            words += ["origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
            words += [f"+{there}:{local}"] if pull is not None else []
        self._git(workspace, *words)
        if pull is not None:
            self._git(workspace, "checkout", "-q", "--progress", "--force", local)
        elif ref is None:
            self._git(workspace, "checkout", "-q", "--progress", "--force", "--detach", at)
        else:
            self._git(workspace, "checkout", "-q", "--progress", "--force", "-B", branch, local)

    def _download(self, folder: Path, run: int, name: str) -> None:
        import io
        import zipfile

        found = [
            archive
            for body, archive in self.hub.artifacts.values()
            if (body["workflow_run"]["id"], body["name"]) == (run, name)
        ]
        assert found, "download-artifact fails where there is none"
        with zipfile.ZipFile(io.BytesIO(found[-1])) as opened:
            opened.extractall(folder)

    def _git(self, folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")


__all__ = ["FORK", "PIP", "Ended", "Runner"]

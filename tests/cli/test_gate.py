"""Nothing that a pull request brings can take the place of the repository that judges it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.stage import CONFIG, Ended, Real
from tests.support.patience import PATIENCE

GUARDED = f"{CONFIG}guards: {{max_removals: {{memberships: {{count: 0}}}}}}\n"
OPEN = f"{CONFIG}guards: {{max_removals: {{memberships: {{count: 100, percent: 100}}}}}}\n"

REMOVES = {
    "reconciler.yaml": OPEN,
    "groups.yaml": "groups:\n  ops: {members: [ada]}\n  dev: {members: [cyd]}\n",
}
GIVES = {"groups.yaml": "groups:\n  ops: {members: [ada, bob, cyd]}\n  dev: {members: [cyd]}\n"}


@pytest.fixture
def guarded(cloned_once: Done) -> Real:
    """A clone whose trusted branch refuses every removal, applied."""

    def guard(stage: Real) -> None:
        stage.commit({"reconciler.yaml": GUARDED})
        stage.work.git("push", "-q", "origin", "main")
        stage.converge("--first-apply", "--push")

    return cloned_once("guarded", guard)


def smuggle(stage: Real, url: str, files: Mapping[str, str], config: str = "") -> None:
    """Put a whole repository, trusted branch and all, in the folder, as files of a pull request."""
    stage.write(
        {
            **files,
            "HEAD": "ref: refs/heads/main\n",
            "commondir": "../brought\n",
            "config.worktree": "[core]\n\tbare = false\n\tworktree = .\n",
            "refs/keep": "",
            "objects/keep": "",
        }
    )
    other = Path(shutil.copytree(stage.root / "identities", stage.root.parent / "smuggled"))
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("commit", "-qm", "open"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
        ("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"),
    ):
        subprocess.run(["git", *words], cwd=other, timeout=PATIENCE, check=True, capture_output=True)
    brought = stage.root / "brought"
    shutil.copytree(other / ".git", brought, ignore=shutil.ignore_patterns("hooks", "index"))
    (brought / "config").write_text(
        f"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n{config}"
        f'[remote "origin"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n',
        encoding="utf-8",
    )


def marker(stage: Real) -> Path:
    return stage.root.parent / "ran"


def runs(stage: Real) -> str:
    """A command that leaves a trace, as a program of its own."""
    program = stage.root.parent / "program"
    program.write_text(f"#!/bin/sh\necho ran >> '{marker(stage)}'\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_a_repository_inside_the_folder_is_not_the_one_that_judges(guarded: Real) -> None:
    guarded.work.git("checkout", "-q", "-b", "proposal")
    smuggle(guarded, str(guarded.root.parent / "origin.git"), REMOVES)

    ended = guarded.plan()

    assert ended.code == 3, ended.output
    assert "max-removals" in ended.output
    assert "guards of aws are used as they are on the trusted branch" in ended.output


def test_a_repository_inside_the_folder_has_nothing_run(guarded: Real) -> None:
    program = runs(guarded)
    guarded.work.git("checkout", "-q", "-b", "proposal")
    settings = f"[core]\n\tfsmonitor = {program}\n\tsshCommand = {program}\n[protocol]\n\tallow = always\n"
    smuggle(guarded, f"ext::{program}", GIVES, settings)
    guarded.forget()

    planned = guarded.plan()
    approved = ("--expect-digest", _digest(planned))
    ended = guarded.run("apply", "--first-apply", *approved)

    assert ended.code == 1, ended.output
    assert "differs from HEAD" in ended.output
    assert not marker(guarded).exists()
    assert guarded.written() == []


Set = Callable[[Real, str], None]


def _config(*pairs: tuple[str, str]) -> Set:
    def setting(stage: Real, program: str) -> None:
        for name, value in pairs:
            stage.work.git("config", "--add", name, value.format(program=program, root=stage.root))

    return setting


def _hooks(stage: Real, program: str) -> None:
    for name in ("reference-transaction", "pre-push", "post-checkout", "post-index-change", "pre-auto-gc"):
        hook = stage.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        shutil.copy(program, hook)


def _included(stage: Real, program: str) -> None:
    stage.write(
        {
            "settings": f"[core]\n\tsshCommand = {program}\n\tfsmonitor = {program}\n"
            f'[remote "origin"]\n\turl = ext::{program}\n\tuploadpack = {program}\n'
            f'[url "ext::{program} "]\n\tinsteadOf = /\n\tinsteadOf = file://\n'
        }
    )
    stage.work.git("config", "include.path", "../identities/settings")
    stage.work.git("config", f"includeIf.gitdir:{stage.root}/.path", "../identities/settings")


SSH = ("remote.origin.url", "ssh://git@127.0.0.1:1/x.git")
HTTPS = ("remote.origin.url", "https://127.0.0.1:1/x.git")


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(_config(("core.fsmonitor", "{program}")), id="core.fsmonitor"),
        pytest.param(_config(("core.hooksPath", "{root}/identities")), id="core.hooksPath"),
        pytest.param(_hooks, id="hooks"),
        pytest.param(_config(("core.sshCommand", "{program}"), SSH), id="core.sshCommand"),
        pytest.param(
            _config(("core.gitProxy", "{program}"), ("remote.origin.url", "git://127.0.0.1:1/x")),
            id="core.gitProxy",
        ),
        pytest.param(_config(("core.askPass", "{program}"), HTTPS), id="core.askPass"),
        pytest.param(_config(("credential.helper", "!{program}"), HTTPS), id="credential.helper"),
        pytest.param(
            _config(("credential.https://127.0.0.1:1.helper", "{program}"), HTTPS), id="credential.url.helper"
        ),
        pytest.param(_config(("remote.origin.url", "ext::{program}")), id="ext"),
        pytest.param(_config(("remote.origin.pushurl", "ext::{program}")), id="pushurl"),
        pytest.param(_config(("remote.origin.vcs", "ext"), ("protocol.allow", "always")), id="vcs"),
        pytest.param(_config(("remote.origin.uploadpack", "{program}")), id="uploadpack"),
        pytest.param(_config(("remote.origin.receivepack", "{program}")), id="receivepack"),
        pytest.param(
            _config(("url.ext::{program} .insteadOf", "file://"), ("protocol.ext.allow", "always")),
            id="insteadOf",
        ),
        pytest.param(_config(("core.alternateRefsCommand", "{program}")), id="alternateRefsCommand"),
        pytest.param(
            _config(
                ("filter.x.clean", "{program}"), ("filter.x.smudge", "{program}"), ("core.pager", "{program}")
            ),
            id="filters",
        ),
        pytest.param(_config(("gpg.program", "{program}"), ("push.gpgSign", "true")), id="gpg"),
        pytest.param(
            _config(("alias.rev-parse", "!{program}"), ("alias.ls-remote", "!{program}")), id="alias"
        ),
        pytest.param(_included, id="include-of-a-file-of-the-tree"),
    ],
)
def test_nothing_of_the_configuration_of_the_repository_runs(guarded: Real, setting: Set) -> None:
    program = runs(guarded)
    guarded.write({".gitattributes": "* filter=x diff=x\n"})
    guarded.commit(dict(GIVES))
    guarded.work.git("push", "-q", "origin", "main")
    setting(guarded, program)
    marker(guarded).unlink(missing_ok=True)

    planned = guarded.plan()
    for words in (
        ("apply", "--push", guarded.file),
        ("apply", "--push", "--expect-digest", _digest(planned)),
        ("reconcile", "--push"),
    ):
        guarded.run(*words)

    assert not marker(guarded).exists()


def _digest(ended: Ended) -> str:
    return next((word for word in ended.output.split() if word.startswith("sha256:")), "sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS"]
)
def test_the_environment_does_not_name_another_repository(
    guarded: Real, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    guarded.work.git("checkout", "-q", "-b", "proposal")
    guarded.commit({"reconciler.yaml": OPEN, "groups.yaml": "groups:\n  ops: {members: [ada]}\n"})
    other = guarded.root.parent / "elsewhere"
    shutil.copytree(guarded.root / ".git", other)
    subprocess.run(
        ["git", "--git-dir", str(other), "update-ref", "refs/remotes/origin/main", "HEAD"],
        timeout=PATIENCE,
        check=True,
    )
    monkeypatch.setenv(name, "'core.fsmonitor'='false'" if name == "GIT_CONFIG_PARAMETERS" else str(other))

    ended = guarded.plan()

    assert ended.code == 3, ended.output


def test_a_submodule_that_a_pull_request_makes_of_the_folder_does_not_judge(guarded: Real) -> None:
    evil = guarded.root.parent / "evil"
    shutil.copytree(guarded.root / "identities", evil)
    (evil / "reconciler.yaml").write_text(OPEN, encoding="utf-8")
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("-c", "user.name=Eve", "-c", "user.email=eve@example.com", "commit", "-qm", "evil"),
    ):
        subprocess.run(["git", *words], cwd=evil, timeout=PATIENCE, check=True, capture_output=True)
    guarded.work.git("checkout", "-q", "-b", "proposal")
    guarded.work.git("rm", "-rq", "identities")
    guarded.work.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(evil), "identities")
    guarded.work.git("commit", "-qm", "proposal")
    assert (guarded.root / "identities/.git").is_file()

    ended = guarded.plan()

    assert ended.code == 1, ended.output
    assert "is a submodule of the repository" in ended.output


def test_a_link_on_the_way_to_the_folder_is_an_error(guarded: Real) -> None:
    guarded.work.git("checkout", "-q", "-b", "proposal")
    (guarded.root / "other").mkdir()
    shutil.copytree(guarded.root / "identities", guarded.root / "other/identities")
    (guarded.root / "config").symlink_to("other")

    ended = guarded.run("plan", "--identities", "config/identities")

    assert ended.code == 1
    assert "symbolic link" in ended.output

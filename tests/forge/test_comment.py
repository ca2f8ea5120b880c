"""One comment on a pull request: whose plan it shows, what an artifact may be, and what is left alone."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.errors import PlanFileError
from reconciler.forge.archive import members
from reconciler.render.json import plan_json
from tests.forge.conftest import Job
from tests.render.plans import PLANS
from tests.support.github import BOT, Hub

pytestmark = pytest.mark.slow

MARK = "<!-- identity-reconciler: plan -->"
PLAN, OTHER = plan_json(PLANS["everyday"]).encode(), plan_json(PLANS["leaving"]).encode()
HEAD = "ab" * 20


@dataclass
class Desk:
    hub: Hub
    job: Job
    out: Path
    capsys: pytest.CaptureFixture[str]
    pull: int

    def planned(self, files: dict[str, bytes] | bytes | None, **given: Any) -> int:
        """A run of the plan workflow that left these files, or this archive."""
        asked = {"workflow": "plan.yml", "event": "pull_request", "sha": HEAD, "branch": "topic", **given}
        run = self.hub.start_run(**asked)
        if isinstance(files, bytes):
            self.hub.upload_raw(run, "plan", files)
        elif files is not None:
            self.hub.upload(run, "plan", files)
        return run

    def show(self, number: int) -> int:
        """Show what a run left; the exit code."""
        self.outputs = self.job({"action": "completed", "workflow_run": self.hub.runs[number]})
        self.capsys.readouterr()
        code = run(["ci", "comment", "--out-dir", str(self.out)])
        said = self.capsys.readouterr()
        self.said = said.out + said.err
        assert "Traceback" not in self.said
        assert "Internal error" not in self.said
        return code

    def bodies(self) -> list[str]:
        return self.hub.bodies(self.pull)


@pytest.fixture
def desk(github: Hub, job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(github, job, tmp_path / "shown", capsys, github.open_pull(HEAD, "topic"))


def test_the_plan_is_shown_and_handed_on(desk: Desk) -> None:
    assert desk.show(desk.planned({"plan.json": PLAN})) == 0
    (body,) = desk.bodies()
    assert body.startswith(f"{MARK}\n")
    assert "https://github.com/octo-org/access/actions/runs/" in body
    assert (desk.out / "plan.json").read_bytes() == PLAN
    assert desk.outputs.read_text() == f"artifact=shown-plan-{desk.pull}-{HEAD}\ncommit={HEAD}\n"
    # What is merged has its plan kept: the status comes after that, by a command of its own.
    assert desk.hub.statuses == []
    assert run(["ci", "shown", HEAD]) == 0
    assert [(commit, one["context"]) for commit, one in desk.hub.statuses] == [(HEAD, "plan shown")]


@pytest.mark.parametrize("name", ["main", HEAD[:10], "../" + HEAD, ""])
def test_a_status_is_for_a_commit(desk: Desk, name: str) -> None:
    desk.job({})
    assert run(["ci", "shown", name]) == 64
    assert desk.hub.asked == []


def test_there_is_one_comment_and_it_is_written_anew(desk: Desk) -> None:
    desk.show(desk.planned({"plan.json": PLAN}))
    before = desk.bodies()
    desk.show(desk.planned({"plan.json": OTHER}))
    assert len(desk.bodies()) == 1
    assert desk.bodies() != before
    # Two runs at once left two of them.
    desk.hub.comments[desk.pull].append({"id": 999, "user": BOT, "body": f"{MARK}\nold"})
    desk.show(desk.planned({"plan.json": PLAN}))
    assert len(desk.bodies()) == 1


def test_comments_of_others_are_left_alone_and_found_behind_a_hundred(desk: Desk) -> None:
    mallory = {"login": "mallory", "type": "User"}
    forged = {"login": "github-actions[bot]", "type": "User"}
    theirs = [{"id": n, "user": mallory, "body": f"{MARK}\nlies"} for n in range(10_000, 10_250)]
    theirs += [
        {"id": 20_001, "user": forged, "body": f"{MARK}\n"},
        {"id": 20_002, "user": BOT, "body": "other"},
    ]
    desk.hub.comments[desk.pull] = [dict(one) for one in theirs]
    desk.show(desk.planned({"plan.json": PLAN}))
    desk.show(desk.planned({"plan.json": OTHER}))
    assert desk.hub.comments[desk.pull][: len(theirs)] == theirs
    assert len(desk.bodies()) == len(theirs) + 1


@pytest.mark.parametrize(
    "given",
    [
        {"workflow": "evil.yml"},
        {"event": "push"},
        {"event": "workflow_dispatch"},
        {"sha": "cd" * 20},
        {"branch": "elsewhere"},
        {"fork": True},
    ],
)
def test_a_run_that_is_not_the_plan_of_its_newest_commit_shows_nothing(
    desk: Desk, given: dict[str, Any]
) -> None:
    assert desk.show(desk.planned({"plan.json": PLAN}, **given)) == 0
    assert desk.bodies() == []
    assert desk.hub.statuses == []
    assert not desk.out.exists()
    assert desk.outputs.read_text() == ""


def test_the_number_is_githubs_and_not_the_artifacts(desk: Desk) -> None:
    other = desk.hub.open_pull("ef" * 20, "other")
    assert desk.show(desk.planned({"plan.json": PLAN, "number": str(other).encode()})) == 0
    assert desk.hub.bodies(other) == []
    assert "No plan" in desk.bodies()[0]


def test_a_pull_request_to_another_branch_is_not_ours_to_show(desk: Desk) -> None:
    desk.hub.pulls[desk.pull]["base"]["ref"] = "evil"
    assert desk.show(desk.planned({"plan.json": PLAN})) == 0
    assert desk.bodies() == []


def test_a_run_by_the_workflow_file_of_another_base_is_not_shown_at_a_clean_pull_request(
    desk: Desk,
) -> None:
    """The run is of a second pull request from the same branch, whose base brings a plan.yml of its own."""
    desk.hub.open_pull(HEAD, "topic", base="evil")
    assert desk.show(desk.planned({"plan.json": PLAN})) == 0
    (body,) = desk.bodies()
    assert "No plan" in body
    assert "another base" in body
    assert not desk.out.exists()
    assert desk.outputs.read_text() == ""


def test_a_run_from_before_the_base_was_changed_is_not_shown(desk: Desk) -> None:
    evil = desk.hub.open_pull(HEAD, "topic", base="evil")
    before = desk.planned({"plan.json": PLAN})
    desk.hub.change_base(evil, "main")
    soon = desk.planned({"plan.json": PLAN})
    desk.hub.close(evil)
    for forged in (before, soon):
        assert desk.show(forged) == 0
        assert "No plan" in desk.bodies()[0]
        assert not desk.out.exists()
    desk.hub.tick(30)
    assert desk.show(desk.planned({"plan.json": PLAN})) == 0
    assert "No plan" not in desk.bodies()[0]


def test_a_closed_pull_request_to_another_base_forges_nothing_later(desk: Desk) -> None:
    evil = desk.hub.open_pull("ef" * 20, "topic", base="evil")
    before = desk.planned({"plan.json": PLAN})
    desk.hub.close(evil)
    assert desk.show(before) == 0
    assert "No plan" in desk.bodies()[0]
    desk.hub.tick(30)
    assert desk.show(desk.planned({"plan.json": PLAN})) == 0
    assert "No plan" not in desk.bodies()[0]


def test_the_queue_shows_nothing_and_is_not_waited_for(desk: Desk) -> None:
    assert desk.show(desk.planned(None, event="merge_group", sha="cd" * 20)) == 0
    assert desk.bodies() == []
    assert desk.outputs.read_text() == f"commit={'cd' * 20}\n"


def archive(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a name that is there twice is the point
                opened.writestr(name, content)
    return made.getvalue()


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "no-archive": lambda: b"PK\x03\x04 and no more",
    "empty": lambda: b"",
    "another-file": lambda: archive(("comment.md", b"@everyone"), ("plan.json", PLAN)),
    "a-way-out": lambda: archive(("../plan.json", PLAN)),
    "an-absolute-way": lambda: archive(("/tmp/plan.json", PLAN)),
    "a-folder": lambda: archive(("plan.json/", b"")),
    "twice": lambda: archive(("plan.json", PLAN), ("plan.json", OTHER)),
    "a-bomb": lambda: archive(("plan.json", b"\0" * (257 * 2**20))),
    "no-plan": lambda: archive(("plan.json", b"{}")),
    "edited": lambda: archive(("plan.json", PLAN.replace(b"Site Reliability", b"Site Admins"))),
    "no-text": lambda: archive(("plan.json", b"\xff\xfe")),
    "markup": lambda: archive(
        ("plan.json", PLAN.replace(b'"targets":[', b'"targets":["@everyone <img src=x> [x](y)",'))
    ),
    "keys": lambda: archive(
        ("plan.json", PLAN.replace(b'"identity":{', b'"identity":{"@everyone\\n# `<b>":[],'))
    ),
    "deep": lambda: archive(("plan.json", b"[" * 200_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_artifact_that_is_not_a_plan_is_said_to_be_none(desk: Desk, name: str) -> None:
    assert desk.show(desk.planned(HOSTILE[name]())) == 0
    (body,) = desk.bodies()
    assert body.startswith(f"{MARK}\n## No plan\n")
    # Whatever it quotes stands in code.
    assert "@everyone" not in re.sub(r"`[^`]+`|``.+?``(?!`)|```.+?```(?!`)", "", body)
    assert body.count("\n#") == 1
    assert desk.hub.statuses == []
    assert not desk.out.exists()
    assert desk.outputs.read_text() == ""


def test_a_run_without_a_plan_takes_the_place_of_what_was_shown(desk: Desk) -> None:
    desk.show(desk.planned({"plan.json": PLAN}))
    desk.show(desk.planned(None))
    assert ["No plan" in body for body in desk.bodies()] == [True]


@pytest.mark.parametrize("name", ["hostile", "grants-5000", "grants-in-5000-groups", "refused", "nothing"])
def test_whatever_a_plan_holds_the_comment_fits_and_is_ours(desk: Desk, name: str) -> None:
    assert desk.show(desk.planned({"plan.json": plan_json(PLANS[name]).encode()})) == 0
    (body,) = desk.bodies()
    assert len(body) <= 65_536
    assert body.count("<!--") == 1


def test_a_token_that_may_not_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.planned({"plan.json": PLAN})
    desk.job({"workflow_run": desk.hub.runs[number]})
    token = desk.hub.token({"actions": "read", "pull-requests": "read"})
    monkeypatch.setenv("GITHUB_TOKEN", token)
    desk.capsys.readouterr()
    assert run(["ci", "comment", "--out-dir", str(desk.out)]) == 1
    said = desk.capsys.readouterr().err
    assert "not allowed" in said
    assert token not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", ""),
        ("GITHUB_REPOSITORY", "octo-org"),
        ("GITHUB_REPOSITORY", "octo-org/../x"),
        ("GITHUB_API_URL", "http://169.254.169.254"),
        ("GITHUB_API_URL", "http://api.example.com"),
        ("GITHUB_EVENT_PATH", "/nowhere"),
    ],
)
def test_an_environment_that_is_no_jobs_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    desk.job({"workflow_run": desk.hub.runs[desk.planned({"plan.json": PLAN})]})
    monkeypatch.setenv(name, value)
    assert run(["ci", "comment", "--out-dir", str(desk.out)]) in (1, 64)
    assert desk.bodies() == []


@pytest.mark.parametrize(
    "event", [{}, {"workflow_run": 7}, {"workflow_run": {"id": "7"}}, {"pull_request": {}}]
)
def test_an_event_that_is_no_run_is_refused(desk: Desk, event: dict[str, Any]) -> None:
    desk.job(event)
    assert run(["ci", "comment", "--out-dir", str(desk.out)]) in (1, 64)
    assert desk.hub.asked == []


def test_an_archive_with_any_bytes_changed_is_read_or_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("plan.json", b"x" * 100)
    whole, refused = made.getvalue(), 0
    for at in range(len(whole)):
        for value in (0, 1, 0x7F, 0x80, 0xF8, 0xFF):
            try:
                members(whole[:at] + bytes([value]) + whole[at + 1 :], ("plan.json",), "it")
            except PlanFileError:
                refused += 1
    assert refused > len(whole)

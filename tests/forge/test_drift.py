"""One issue for each target: opened, written anew, closed by itself, opened again, and never by a failure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from tests.forge.conftest import Job
from tests.support.github import BOT, Hub

pytestmark = pytest.mark.slow


@dataclass
class Desk:
    hub: Hub
    job: Job
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def say(self, states: Mapping[str, str], texts: Mapping[str, str] | None = None) -> int:
        self.folder.mkdir(exist_ok=True)
        listed = []
        for number, (target, state) in enumerate(states.items()):
            file = f"t{number}.md" if state == "drift" else None
            listed.append({"target": target, "state": state, "file": file})
            if file is not None:
                (self.folder / file).write_text((texts or {}).get(target, f"{target} drifted\n"), "utf-8")
        (self.folder / "drift.json").write_text(json.dumps({"targets": listed}), "utf-8")
        return self.run()

    def run(self) -> int:
        self.job({})
        code = run(["ci", "issue", "--from", str(self.folder)])
        assert "Traceback" not in self.capsys.readouterr().err
        return code

    def issues(self) -> dict[str, tuple[str, str]]:
        return {one["title"]: (one["state"], one["body"]) for one in self.hub.issues.values()}


@pytest.fixture
def desk(github: Hub, job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(github, job, tmp_path / "drift", capsys)


def test_the_life_of_an_issue(desk: Desk) -> None:
    assert desk.say({"aws": "drift", "chat": "none"}) == 0
    (title,) = desk.issues()
    assert title == "Drift: aws differs from git"
    (number,) = desk.hub.issues
    assert desk.issues()[title] == ("open", "<!-- identity-reconciler: drift aws -->\naws drifted\n")
    # The same again tells nobody.
    assert desk.say({"aws": "drift"}) == 0
    assert desk.hub.bodies(number) == []
    # More drift is told once.
    desk.say({"aws": "drift"}, {"aws": "more\n"})
    assert "more" in desk.issues()[title][1]
    assert len(desk.hub.bodies(number)) == 1
    # A failure is not drift, and not its end.
    before = desk.issues()
    desk.say({"aws": "unknown"})
    assert desk.issues() == before
    # Its end closes it.
    desk.say({"aws": "none"})
    assert desk.issues()[title][0] == "closed"
    assert desk.hub.issues[number]["state_reason"] == "completed"
    before_again = desk.hub.bodies(number)
    desk.say({"aws": "unknown"})
    desk.say({"aws": "none"})
    assert desk.hub.bodies(number) == before_again
    # It is back: the same issue, not another.
    desk.say({"aws": "drift"})
    assert desk.issues()[title][0] == "open"
    assert list(desk.hub.issues) == [number]
    assert "back" in desk.hub.bodies(number)[-1]


def test_one_that_was_closed_by_hand_is_opened_again(desk: Desk) -> None:
    desk.say({"aws": "drift"})
    (issue,) = desk.hub.issues.values()
    issue["state"] = "closed"
    desk.say({"aws": "drift"})
    assert issue["state"] == "open"


def test_each_target_has_its_own_whatever_its_name(desk: Desk) -> None:
    names = ["aws", "aws-2", "a--> <b>", "@everyone", "ä"]
    desk.say(dict.fromkeys(names, "drift"), dict.fromkeys(names, "It differs.\n"))
    assert len(desk.hub.issues) == len(names)
    assert all(body.count("-->") == 1 for _, body in desk.issues().values())
    desk.say({**dict.fromkeys(names, "none"), "aws": "drift"})
    assert [one["state"] for one in desk.hub.issues.values()].count("open") == 1


def test_issues_of_others_and_pull_requests_are_left_alone(desk: Desk) -> None:
    body = "<!-- identity-reconciler: drift aws -->\nlies"
    theirs: dict[int, dict[str, Any]] = {
        901: {"number": 901, "state": "open", "user": {"login": "eve", "type": "User"}, "body": body},
        902: {"number": 902, "state": "open", "user": BOT, "body": body, "pull_request": {}},
        903: {"number": 903, "state": "open", "user": BOT, "body": "see " + body},
    }
    for one in theirs.values():
        one["title"] = str(one["number"])
    desk.hub.issues.update({number: dict(one) for number, one in theirs.items()})
    desk.say({"aws": "drift"})
    desk.say({"aws": "none"})
    assert {number: desk.hub.issues[number] for number in theirs} == theirs
    assert len(desk.hub.issues) == 4


def test_a_long_diff_is_cut_with_its_fence_closed(desk: Desk) -> None:
    text = "````diff\n" + "+ somebody\n" * 9_000 + "````\n"
    assert desk.say({"aws": "drift"}, {"aws": text}) == 0
    ((_, body),) = desk.issues().values()
    assert len(body) <= 65_536
    assert "\n````\n\nThe rest does not fit" in body


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "[]",
        '{"targets": {}}',
        '{"targets": [{"target": "aws", "state": "fine"}]}',
        '{"targets": [{"target": "aws", "state": "drift"}]}',
        '{"targets": [{"target": "aws", "state": "drift", "file": "../secret.md"}]}',
        '{"targets": [{"target": "aws", "state": "drift", "file": "absent.md"}]}',
        '{"targets": [{"state": "none"}]}',
    ],
)
def test_a_run_that_left_nothing_sound_changes_no_issue(desk: Desk, content: str | None) -> None:
    desk.say({"aws": "drift"})
    before = desk.issues()
    file = desk.folder / "drift.json"
    file.unlink()
    (desk.folder.parent / "secret.md").write_text("secret")
    if content is not None:
        file.write_text(content, "utf-8")
    assert desk.run() == 1
    assert desk.issues() == before


@pytest.mark.parametrize(
    ("state", "hours", "code", "says"),
    [
        ("active", 1, 0, "Every schedule runs"),
        ("active", 30, 1, "30 hours ago"),
        ("disabled_inactivity", 1, 1, "switched off"),
        ("active", None, 0, "Every schedule runs"),
        ("active", -30, 1, "has not succeeded yet"),
    ],
)
def test_a_schedule_that_stopped_is_noticed(
    desk: Desk, state: str, hours: int | None, code: int, says: str
) -> None:
    desk.hub.workflows["drift.yml"] = state
    if hours is not None and hours < 0:
        desk.hub.tick(-60 * hours)
    elif hours is not None:
        number = desk.hub.start_run("drift.yml", "schedule", "ab" * 20, "main")
        desk.hub.runs[number]["conclusion"] = "success"
        desk.hub.tick(60 * hours)
    failed = desk.hub.start_run("drift.yml", "schedule", "ab" * 20, "main")
    desk.hub.runs[failed]["conclusion"] = "failure"
    desk.job({})
    assert run(["ci", "heartbeat", "drift.yml"]) == code
    assert says in desk.capsys.readouterr().out


@pytest.mark.parametrize("name", ["../drift.yml", "drift", "a/b.yml", ""])
def test_what_is_not_a_workflow_file_is_not_asked_for(desk: Desk, name: str) -> None:
    desk.job({})
    assert run(["ci", "heartbeat", name]) == 64
    assert desk.hub.asked == []

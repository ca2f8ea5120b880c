"""What a plan file and a digest allow together, and which files are not taken at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import GROUPS, TEAM, Ended, Played

MORE = {"groups.yaml": GROUPS.replace("[cyd]", "[cyd, bob]")}
OTHER = "sha256:" + "0" * 64


@pytest.fixture
def planned(played: Played) -> Played:
    """Applied, with one more member in a plan that was saved."""
    played.converge()
    played.write(dict(MORE))
    assert played.run("plan", "--out", "plan.json").code == 0
    return played


def digest(stage: Played) -> str:
    found: str = json.loads((stage.root / "plan.json").read_text(encoding="utf-8"))["targets"][0]["digest"]
    return found


def rewrite(stage: Played, change: Callable[[Any], object]) -> None:
    file = stage.root / "plan.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")


def test_a_plan_and_its_digest_allow_it_together(planned: Played) -> None:
    assert planned.run("apply", "plan.json", "--expect-digest", digest(planned)).code == 0
    assert "bob@example.com" in planned.memberships()["dev"]


@pytest.mark.parametrize("written", ["{}", "aws={}"])
def test_a_plan_with_another_digest_allows_nothing(planned: Played, written: str) -> None:
    ended = planned.run("apply", "plan.json", "--expect-digest", written.format(OTHER))

    assert ended.code == 4, ended.output
    assert planned.memberships() == TEAM


def test_a_digest_that_is_met_does_not_make_up_for_a_plan_of_something_else(planned: Played) -> None:
    planned.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[ada, bob, cyd]")})
    fresh = planned.run("plan", "--format", "json")
    met = json.loads(fresh.out)["targets"][0]["digest"]

    both = planned.run("apply", "plan.json", "--expect-digest", met)
    assert both.code == 4, both.output
    assert planned.memberships() == TEAM

    alone = planned.run("apply", "--expect-digest", met)
    assert alone.code == 0, alone.output


def test_a_digest_of_another_target_asks_nothing_of_this_one(planned: Played) -> None:
    ended = planned.run("apply", "plan.json", "--expect-digest", f"chat={OTHER}")
    assert ended.code == 1
    assert "what was reviewed is for the target chat" in ended.output


def part(data: Any) -> Any:
    return data["targets"][0]


REFUSAL: Any = {
    "code": "protected",
    "severity": "refusal",
    "message": "no",
    "address": None,
    "origin": None,
    "fix": None,
    "details": [],
    "count": 1,
    "kind": None,
}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.update(applyable=False), id="it says no"),
        pytest.param(lambda data: part(data).update(applyable=False), id="a target says no"),
        pytest.param(lambda data: part(data)["findings"].append(REFUSAL), id="a refusal was put in"),
        pytest.param(lambda data: part(data)["findings"].clear() or part(data).pop("shown"), id="no digest"),
        pytest.param(lambda data: part(data)["accounts"].update({"1": "prod"}), id="an account"),
        pytest.param(
            lambda data: part(data)["access"].append(
                {
                    "direction": "gain",
                    "permission_set": "Admin",
                    "people": ["ada"],
                    "accounts": ["1"],
                    "groups": ["ops"],
                    "privileged": False,
                }
            ),
            id="access",
        ),
        pytest.param(lambda data: part(data)["changes"][0].update(reason="it is harmless"), id="a reason"),
        pytest.param(lambda data: part(data)["changes"][0].update(cause="drift"), id="a cause"),
        pytest.param(lambda data: part(data)["counts"]["user"].update(live=9), id="a count"),
    ],
)
@pytest.mark.parametrize("command", ["show", "apply"])
def test_what_is_shown_beside_the_changes_cannot_be_edited(
    planned: Played, change: Callable[[Any], object], command: str
) -> None:
    rewrite(planned, change)

    ended = planned.run(command, "plan.json")

    assert ended.code == 1, ended.output
    assert "this plan was changed" in ended.output
    assert planned.memberships() == TEAM


def test_a_plan_that_was_refused_is_shown_and_not_applied(played: Played) -> None:
    played.converge()
    played.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})
    assert played.run("plan", "--out", "plan.json").code == 3
    # Nothing refuses what the files say by now; the plan is the same.
    played.write({"groups.yaml": GROUPS})

    assert played.run("show", "plan.json").code == 0
    for words in ((), ("--expect-digest", digest(played))):
        ended = played.run("apply", "plan.json", *words)
        assert ended.code == 3, ended.output
    assert played.memberships() == TEAM


def pipe(file: Path) -> None:
    os.mkfifo(file)


def device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize("make", [pipe, device, folder])
@pytest.mark.parametrize("command", ["show", "apply"])
def test_what_is_not_a_regular_file_is_refused_at_once(
    played: Played, make: Callable[[Path], None], command: str
) -> None:
    make(played.root / "odd")

    ended: Ended = played.run(command, "odd")

    assert ended.code == 1, ended.output
    assert "odd is not a regular file" in ended.output

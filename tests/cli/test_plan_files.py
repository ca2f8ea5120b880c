"""Plan files of other versions on the command line: an older one is applied, a later major one never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.stage import ROOT, TEAM, Played

RECORDED = ROOT / "tests" / "render" / "recorded"


def rewrite(played: Played, change: Callable[[Any], None]) -> None:
    """Save what is to be done as plan.json, changed as another version would have written it."""
    assert played.run("plan", "--out", "plan.json").code == 0
    file = played.root / "plan.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")


def first(data: Any) -> None:
    data.update(format_version="1.0")
    for part in data["targets"]:
        del part["access"], part["accounts"]


def later(data: Any) -> None:
    data.update(format_version="1.99", novelty=["anything"])
    for part in data["targets"]:
        part["novelty"] = {"of": "a target"}
        for change in part["changes"]:
            change["novelty"] = 1


@pytest.mark.parametrize("change", [first, later])
def test_a_plan_of_another_minor_format_is_shown_and_applied(
    played: Played, change: Callable[[Any], None]
) -> None:
    rewrite(played, change)

    assert "Plan: 8 to create" in played.run("show", "plan.json").out
    ended = played.run("apply", "plan.json")

    assert ended.code == 0, ended.output
    assert played.memberships() == TEAM
    assert played.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("version", ["0.9", "2.0", "10.1"])
@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_plan_of_an_unknown_major_format_is_refused_however_right_it_looks(
    played: Played, command: str, version: str
) -> None:
    rewrite(played, lambda data: data.update(format_version=version))

    ended = played.run(command, "plan.json")

    major = version.partition(".")[0]
    assert ended.code == 1
    assert f"this plan has format {major}, and this version of the reconciler reads format 1" in ended.output
    assert ended.out == ""
    assert played.memberships() == {}


def test_one_plan_of_an_unknown_format_among_others_stops_all_of_them(played: Played) -> None:
    rewrite(played, lambda data: data.update(format_version="2.0"))
    assert played.run("plan", "--out", "good.json").code == 0

    ended = played.run("apply", "good.json", "plan.json")

    assert ended.code == 1
    assert "plan.json: this plan has format 2" in ended.output
    assert played.memberships() == {}


@pytest.mark.parametrize("format_", ["1.0", "1.1", "1.2", "1.3"])
def test_a_recorded_plan_is_shown_and_is_for_no_other_instance(played: Played, format_: str) -> None:
    file = str(RECORDED / f"plan-{format_}.json")

    shown = played.run("show", file)
    applied = played.run("apply", file)

    assert shown.code == 0
    assert '+ dee  user_name "dee@example.com"' in shown.out
    assert applied.code == 1
    assert "the plan is for another instance behind aws: " in applied.output
    assert played.memberships() == {}

"""Findings in the formats of other tools, by the command line."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from tests.cli.stage import GROUPS, Played
from tests.render.test_reports import check_sarif

FORMATS = ("sarif", "junit", "gitlab")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("command", ["plan", "validate"])
def test_files_that_are_wrong_are_a_report_of_every_format(
    played: Played, command: str, format_: str
) -> None:
    played.write({"groups.yaml": "groups:\n  ops: {members: [adda]}\n"})
    ended = played.run(command, "--format", format_)
    assert ended.code == 1
    assert _places(ended.out, format_) == [("identities/groups.yaml", 2)]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_refusal_is_in_the_report_of_a_plan_and_of_its_file(played: Played, format_: str) -> None:
    played.converge()
    played.write({"groups.yaml": GROUPS.replace("[ada, bob]", "[]")})
    ended = played.run("plan", "--format", format_, "--out", "plan.json")
    assert ended.code == 3
    assert "set-emptied" in ended.out
    assert ("identities/groups.yaml", 2) in _places(ended.out, format_)
    shown = played.run("show", "plan.json", "--format", format_)
    assert "set-emptied" in shown.out
    assert len(_places(shown.out, format_)) == (0 if format_ == "junit" else 2)


@pytest.mark.parametrize("format_", FORMATS)
def test_valid_files_have_a_report_without_errors(played: Played, format_: str) -> None:
    ended = played.run("validate", "--format", format_)
    assert ended.code == 0
    assert _places(ended.out, format_) == []


def test_places_are_those_from_the_root_of_the_repository(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    (played.root / ".git").mkdir()
    below = played.root / "modules" / "vpc"
    below.mkdir(parents=True)
    played.write({"groups.yaml": "groups:\n  ops: {members: [adda]}\n"})
    monkeypatch.setattr(played, "root", below)
    for format_ in FORMATS:
        ended = played.run("validate", "--format", format_)
        assert _places(ended.out, format_) == [("identities/groups.yaml", 2)]
    assert "file=identities/groups.yaml,line=2," in played.run("validate", "--format", "github").out


def _places(text: str, format_: str) -> list[tuple[str, int]]:
    """Where the report has errors."""
    if format_ == "junit":
        root = ET.fromstring(text)
        failed = [case for case in root.iter("testcase") if case.find("failure") is not None]
        return [(case.attrib["file"], int(case.attrib["line"])) for case in failed if "file" in case.attrib]
    document = json.loads(text)
    if format_ == "gitlab":
        located = [one["location"] for one in document if one["severity"] == "blocker"]
        return [(one["path"], one["lines"]["begin"]) for one in located]
    check_sarif(document)
    results = [one for one in document["runs"][0]["results"] if one["level"] == "error"]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    return [(one["artifactLocation"]["uri"], one["region"]["startLine"]) for one in places]


def test_the_widget_of_gitlab_has_the_numbers_of_the_plan(played: Played) -> None:
    ended = played.run("plan", "--format", "gitlab-plan")
    assert json.loads(ended.out) == {"create": 8, "update": 0, "delete": 0}
    played.write({"groups.yaml": "groups:\n  ops: {members: [adda]}\n"})
    wrong = played.run("plan", "--format", "gitlab-plan")
    assert (wrong.code, wrong.out) == (1, "")
    assert "adda" in wrong.err


def test_an_apply_is_a_suite_with_a_case_for_each_change(played: Played) -> None:
    played.run("plan", "--out", "plan.json")
    ended = played.run("apply", "plan.json", "--format", "junit")
    root = ET.fromstring(ended.out)
    assert (ended.code, root.attrib["tests"], root.attrib["failures"]) == (0, "8", "0")


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "plan.json", "--format", "sarif"),
        ("apply", "plan.json", "--format", "gitlab"),
        ("reconcile", "--format", "gitlab-plan"),
        ("validate", "--format", "gitlab-plan"),
        ("access", "--format", "sarif"),
        ("snapshot", "--format", "junit"),
    ],
)
def test_a_command_refuses_a_format_that_says_nothing_of_it(
    played: Played, arguments: tuple[str, ...]
) -> None:
    ended = played.run(*arguments)
    assert ended.code == 64
    assert "--format" in ended.err

"""Reports in the formats of other tools: what they demand, and that no data is more than text in them."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from reconciler.errors import Place, Problem
from reconciler.model.address import Address, Kind
from reconciler.model.plan import Plan
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.render.issues import Issue, Level, fingerprints, of_plan, of_problems
from reconciler.render.reports.gitlab import code_quality, plan_widget
from reconciler.render.reports.junit import issues_junit, report_junit
from reconciler.render.reports.sarif import LIMIT, sarif, uri
from tests.render import plans
from tests.render.markup import MARKUP
from tests.render.test_text import poisoned

# An embedded link and a placeholder (SARIF 2.1.0, sections 3.11.5 and 3.11.6).
_EMBEDDED = re.compile(r"\]\(|(?<!\{)\{\d+\}")


def as_sarif(plan: Plan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sarif(of_plan(plan), folder="identities", version="1.0"))
    return document


def check_sarif(document: dict[str, Any]) -> None:
    """What SARIF 2.1.0 demands of what we write (its sections 3.13 to 3.30), and GitHub of results."""
    assert document.keys() == {"$schema", "version", "runs"}
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver.keys() == {"name", "version", "rules"}
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].strip()
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"].strip()
        assert not _EMBEDDED.search(result["message"]["text"])
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", artifact["uri"])
        assert not artifact["uri"].startswith("/")
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert re.fullmatch(r"[0-9a-f]{64}", result["partialFingerprints"]["reconciler/v1"])


@pytest.mark.parametrize("name", plans.PLANS)
def test_sarif_has_every_finding_with_its_line_and_rule(name: str) -> None:
    document = as_sarif(plans.PLANS[name])
    check_sarif(document)
    results = document["runs"][0]["results"]
    told = [result["ruleId"] for result in results]
    for part in plans.PLANS[name].targets:
        for finding in part.findings:
            assert finding.code in told or not finding.code.isprintable()


def test_a_refusal_is_an_error_on_its_line() -> None:
    results = as_sarif(plans.PLANS["refused"])["runs"][0]["results"]
    emptied = next(one for one in results if one["ruleId"] == "set-emptied")
    assert emptied["level"] == "error"
    assert emptied["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "identities/teams.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 31, "startColumn": 5},
    }


def test_fingerprints_stay_when_lines_move_and_differ_for_equal_issues() -> None:
    one = Issue(Level.ERROR, "x", "m", place=Place("a.yaml", 1, 1))
    moved = Issue(Level.ERROR, "x", "m", place=Place("a.yaml", 9, 1))
    other = Issue(Level.ERROR, "x", "m", place=Place("b.yaml", 1, 1))
    assert fingerprints([one]) == fingerprints([moved])
    assert len(set(fingerprints([one, moved, other]))) == 3


def test_sarif_has_at_most_what_is_shown() -> None:
    issues = [Issue(Level.NOTICE, "x", f"m{n}") for n in range(LIMIT + 10)]
    document = json.loads(sarif(issues, folder="identities", version="1.0"))
    assert len(document["runs"][0]["results"]) == LIMIT


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("identities/a b.yaml", "identities/a%20b.yaml"),
        ("/etc/passwd", "etc/passwd"),
        ("javascript:x", "javascript%3Ax"),
        ("//evil.example/x", "evil.example/x"),
        ("a?b#c", "a%3Fb%23c"),
        ("", "."),
    ],
)
def test_a_uri_is_relative_and_nothing_else(path: str, expected: str) -> None:
    assert uri(path) == expected


@given(evil=MARKUP.filter(bool))
@settings(deadline=None, max_examples=50)
def test_no_data_is_more_than_text_in_any_report(evil: str) -> None:
    issues = [*of_plan(poisoned(evil)), *of_problems([Problem(evil, evil, Place(evil, 1, 1))])]
    shown = sarif(issues, folder="identities", version="1.0")
    check_sarif(json.loads(shown))
    quality = code_quality(issues, folder="identities")
    for one in json.loads(quality):
        assert one["description"].isprintable()
        assert one["check_name"].isprintable()
        assert one["location"]["path"].isprintable()
    for text in (shown, quality):
        assert text.isascii()
        assert "##" not in text
    junit = issues_junit(evil, issues, evil)
    root = ET.fromstring(junit)
    assert len(list(root.iter("testcase"))) == len(issues)
    assert all(line.isprintable() for line in junit.split("\n"))
    for line in junit.split("\n"):
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##[A-Za-z]*\[", line)


def test_code_quality_has_what_gitlab_asks_for() -> None:
    found = json.loads(code_quality(of_plan(plans.PLANS["refused"]), folder="identities"))
    assert found[0].keys() == {"description", "check_name", "fingerprint", "severity", "location"}
    by_code = {one["check_name"]: one for one in found}
    assert by_code["set-emptied"]["severity"] == "blocker"
    assert by_code["set-emptied"]["location"] == {"path": "identities/teams.yaml", "lines": {"begin": 31}}
    assert by_code["max-removals"]["location"] == {"path": "identities", "lines": {"begin": 1}}
    assert by_code["removal"]["severity"] == "info"


@pytest.mark.parametrize("name", plans.PLANS)
def test_the_widget_counts_what_the_plan_counts(name: str) -> None:
    counts = json.loads(plan_widget(plans.PLANS[name]))
    assert counts.keys() == {"create", "update", "delete"}
    actions = [str(change.action) for change in plans.PLANS[name].changes]
    assert counts == {action: actions.count(action) for action in counts}


def test_junit_fails_for_what_refuses_and_passes_where_nothing_does() -> None:
    root = ET.fromstring(issues_junit("plan", of_plan(plans.PLANS["refused"]), "all is well"))
    failed = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert root.attrib["failures"] == str(len(failed)) == "2"
    assert failed[1].attrib["file"] == "identities/teams.yaml"
    assert failed[1].attrib["line"] == "31"
    quiet = ET.fromstring(issues_junit("plan", of_plan(plans.PLANS["nothing"]), "all is well"))
    assert quiet.attrib["failures"] == "0"
    assert next(case.attrib["name"] for case in quiet.iter("testcase")) == "all is well"


@pytest.mark.parametrize("status", Status)
def test_junit_of_a_report_fails_for_what_went_wrong(status: Status) -> None:
    result = Result(Address.of("aws", Kind.USER, "ada"), status, "\x00it broke\ufffe", "r-1")
    part = TargetReport("aws", "sha256:0", (result,), whole=False, writes=1)
    root = ET.fromstring(report_junit(Report((part,))))
    (case,) = root.iter("testcase")
    waits = status in (Status.SKIPPED, Status.HELD, Status.LEFT_OUT, Status.STOPPED)
    good = status in (Status.DONE, Status.UNNECESSARY)
    assert (case.find("skipped") is not None) == waits
    assert (case.find("failure") is not None) == (not waits and not good)
    assert case.attrib["name"] == "aws/user/ada"

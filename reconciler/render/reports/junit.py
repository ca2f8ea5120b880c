"""Issues and reports as JUnit XML: a test case for each, failed where it refuses or went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from reconciler.model.report import Report, Result, Status
from reconciler.render import escape
from reconciler.render.issues import Issue, Level

_WAITS = (Status.SKIPPED, Status.HELD, Status.LEFT_OUT, Status.STOPPED)
_GOOD = (Status.DONE, Status.UNNECESSARY)


def issues_junit(name: str, issues: Sequence[Issue], passed: str) -> str:
    """A suite `name` with a case for each issue; errors fail, and `passed` is a case where there is none.

    Warnings and notes are cases that pass, with what they say as their output: they keep nobody from merging.
    """
    cases = [_issue(issue) for issue in issues]
    if not any(issue.level is Level.ERROR for issue in issues):
        cases = [_case("reconciler", passed), *cases]
    return _document([(name, cases)])


def report_junit(report: Report) -> str:
    """A suite for each target with a case for each change: what went wrong fails, what waits is skipped."""
    return _document(
        (f"apply {part.target}", [_result(part.target, result) for result in part.results])
        for part in report.targets
    )


def _issue(issue: Issue) -> ET.Element:
    where = issue.place.path if issue.place else issue.target or "reconciler"
    case = _case(where, f"{issue.title}: {issue.message}")
    if issue.place:
        case.set("file", escape.text(issue.place.path))
        case.set("line", str(issue.place.line))
    at = f"\n{issue.place}" if issue.place else ""
    if issue.level is Level.ERROR:
        _fail(case, issue.code, issue.message, issue.text + at)
    else:
        ET.SubElement(case, "system-out").text = escape.xml(f"{issue.level}: {issue.text}{at}")
    return case


def _result(target: str, result: Result) -> ET.Element:
    case = _case(target, str(result.address))
    request = f"\nrequest {result.request_id}" if result.request_id else ""
    if result.status in _WAITS:
        message = escape.text(f"{result.status}: {result.message}" if result.message else str(result.status))
        ET.SubElement(case, "skipped", message=message)
    elif result.status not in _GOOD:
        _fail(case, str(result.status), result.message or str(result.status), result.message + request)
    return case


def _case(classname: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=escape.sentence(classname), name=escape.sentence(name))


def _fail(case: ET.Element, kind: str, message: str, text: str) -> None:
    failure = ET.SubElement(case, "failure", type=escape.sentence(kind), message=escape.sentence(message))
    failure.text = escape.xml(text)


def _document(suites: Iterable[tuple[str, Sequence[ET.Element]]]) -> str:
    root = ET.Element("testsuites", name="reconciler")
    totals = {"tests": 0, "failures": 0, "skipped": 0}
    for name, cases in suites:
        counts = {
            "tests": len(cases),
            "failures": sum(case.find("failure") is not None for case in cases),
            "skipped": sum(case.find("skipped") is not None for case in cases),
        }
        suite = ET.SubElement(root, "testsuite", name=escape.sentence(name))
        for what, number in counts.items():
            suite.set(what, str(number))
            totals[what] += number
        suite.set("errors", "0")
        suite.extend(cases)
    for what, number in totals.items():
        root.set(what, str(number))
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'

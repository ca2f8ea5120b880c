"""Answers in the forms of other tools, with places as they are from the root of the repository."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.common import Options

if TYPE_CHECKING:  # `--help` takes none of it
    from reconciler.errors import Place, Problem
    from reconciler.model.plan import Finding, Plan
    from reconciler.model.resources import Origin
    from reconciler.render.issues import Issue

# The formats of other tools.
OTHERS = ("sarif", "junit", "gitlab")


def from_root(path: str) -> str:
    """A path as it is from the root of the repository around the current folder; without one as it is."""
    here = Path.cwd()
    for around in (here, *here.parents):
        if (around / ".git").exists():
            return Path(os.path.relpath(here / path, around)).as_posix()
    return path


def located(places: Mapping[Origin, Place]) -> Mapping[Origin, Place]:
    """The places from the root, as annotations and reports need them."""
    return {origin: replace(place, path=from_root(place.path)) for origin, place in places.items()}


def located_problems(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The same of problems."""
    return [
        replace(one, place=replace(one.place, path=from_root(one.place.path))) if one.place else one
        for one in problems
    ]


def plan_report(plan: Plan, options: Options) -> str:
    """A plan as a report of findings, or as GitLab's widget takes it."""
    from reconciler.render.issues import of_plan
    from reconciler.render.reports.gitlab import plan_widget

    if options.format == "gitlab-plan":
        return plan_widget(plan)
    targets = ", ".join(part.target for part in plan.targets)
    issues = of_plan(replace(plan, places=located(plan.places)))
    return report(issues, options, f"plan {targets}", "nothing refuses the plan")


def findings_report(
    findings: Sequence[Finding], places: Mapping[Origin, Place], options: Options, summary: str
) -> str:
    """What `validate` found in files that are valid."""
    from reconciler.render.issues import of_findings

    return report(of_findings(findings, located(places)), options, "validate", summary)


def problems_report(problems: Sequence[Problem], options: Options) -> str:
    """What is wrong with files that are not valid."""
    from reconciler.render.issues import of_problems

    return report(of_problems(located_problems(problems)), options, "validate", "")


def report(issues: Sequence[Issue], options: Options, name: str, passed: str) -> str:
    """Issues in the form that was asked for."""
    from reconciler import __version__
    from reconciler.render.reports.gitlab import code_quality
    from reconciler.render.reports.junit import issues_junit
    from reconciler.render.reports.sarif import sarif

    folder = from_root(str(options.identities))
    if options.format == "sarif":
        return sarif(issues, folder=folder, version=__version__)
    if options.format == "gitlab":
        return code_quality(issues, folder=folder)
    return issues_junit(name, issues, passed)

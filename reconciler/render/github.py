"""Output for a GitHub Actions log: annotations on the lines at fault, then the text, which commands nothing.

(docs.github.com, "Workflow commands for GitHub Actions"; GitHub keeps ten annotations of a level for each
step, and fifty for each job, so the most important come first and the last says what is left out.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.errors import Place, Problem
from reconciler.model.plan import Finding, Plan
from reconciler.render import escape
from reconciler.render.issues import Issue, Level, of_findings, of_plan, of_problems
from reconciler.render.messages import Places, findings_text
from reconciler.render.problems import problems_text
from reconciler.render.text import plan_text

# How many annotations of one level GitHub keeps for a step.
LIMIT = 10
_TOKEN = re.compile(r"[0-9a-zA-Z-]{16,128}", re.ASCII)


def plan_github(plan: Plan, *, token: str, verbose: bool = False, saved: str | None = None) -> str:
    """Annotations for what refuses the plan and for all that has a place, then the plan as text.

    `token` is a fresh random word (16 to 128 letters and digits): until it comes again, the runner obeys
    no command in what it reads. Raises ValueError when the token is no such word or occurs in the plan.
    """
    text = plan_text(plan, color=False, verbose=verbose, saved=saved)
    told = [issue for issue in of_plan(plan) if _is_told(issue)]
    return "".join((*annotated(told), protected(text, token)))


def problems_github(problems: Sequence[Problem], *, token: str) -> str:
    """An error annotation for each problem, then all of them as text; `token` as in `plan_github`."""
    return "".join((*annotated(of_problems(problems)), protected(problems_text(problems), token)))


def valid_github(summary: str, found: Sequence[Finding], places: Places, *, token: str) -> str:
    """An annotation for each finding with a place, then everything as text; `token` as in `plan_github`."""
    told = [issue for issue in of_findings(found, places) if issue.place]
    text = findings_text(found, places) if found else ""
    body = protected(f"{text}{escape.line(escape.sentence(summary))}\n", token)
    return "".join((*annotated(told), body))


def protected(text: str, token: str) -> str:
    """`text` (whole lines) between the commands that stop and resume command processing."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token must be 16 to 128 random letters and digits")
    if token in text:
        raise ValueError("the token occurs in what it should protect")
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def annotated(issues: Sequence[Issue]) -> Iterable[str]:
    """Commands that annotate, at most LIMIT of a level; where there are more, the last says how many."""
    for level in Level:
        found = [issue for issue in issues if issue.level is level]
        shown = found if len(found) <= LIMIT else found[: LIMIT - 1]
        yield from (command(level, one.title, one.text, one.place) for one in shown)
        if more := len(found) - len(shown):
            text = f"{more:,} more, which GitHub would not show here; they are in the log of this step"
            yield command(level, "reconciler", text, None)


def _is_told(issue: Issue) -> bool:
    """Whether it annotates: without a place only what refuses the plan, and who gets what."""
    loud = issue.level is Level.ERROR or issue.code in ("restores", "self-grant", "privileged-grant")
    return issue.place is not None or loud


def command(level: str, title: str, message: str, place: Place | None) -> str:
    """One workflow command that annotates a line, or the whole run where there is no place."""
    properties = {"title": title}
    if place:
        properties |= {"file": place.path, "line": str(place.line), "col": str(place.column)}
    described = ",".join(f"{name}={escape.command_property(each)}" for name, each in properties.items())
    return f"::{level} {described}::{escape.command_data(message)}\n"

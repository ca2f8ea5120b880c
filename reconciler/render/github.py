"""Output for a GitHub Actions log: annotations on the lines at fault, then the text, which commands nothing.

(docs.github.com, "Workflow commands for GitHub Actions"; a step shows about ten errors and ten warnings,
so the loudest come first.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.errors import Place, Problem
from reconciler.model.plan import Plan, Severity
from reconciler.render import escape, findings
from reconciler.render.problems import problems_text
from reconciler.render.text import plan_text

_LEVELS = {Severity.REFUSAL: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# How many details one annotation has; the text below it has all.
_DETAILS = 10
_TOKEN = re.compile(r"[0-9a-zA-Z-]{16,128}", re.ASCII)


def plan_github(plan: Plan, *, token: str, verbose: bool = False, saved: str | None = None) -> str:
    """Annotations for refusals and for findings with a place, then the plan as text.

    `token` is a fresh random word (16 to 128 letters and digits): until it comes again, the runner obeys
    no command in what it reads. Raises ValueError when the token is no such word or occurs in the plan.
    """
    text = plan_text(plan, color=False, verbose=verbose, saved=saved)
    return "".join((*_annotations(plan), protected(text, token)))


def problems_github(problems: Sequence[Problem], *, token: str) -> str:
    """An error annotation for each problem, then all of them as text; `token` as in `plan_github`."""
    annotations = [
        command("error", "identities", _message(each.message, each.fix), each.place) for each in problems
    ]
    return "".join((*annotations, protected(problems_text(problems), token)))


def protected(text: str, token: str) -> str:
    """`text` (whole lines) between the commands that stop and resume command processing."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token must be 16 to 128 random letters and digits")
    if token in text:
        raise ValueError("the token occurs in what it should protect")
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def _annotations(plan: Plan) -> Iterable[str]:
    """The loudest first; without a place only what refuses the plan or restores access."""
    for severity in Severity:
        for part in plan.targets:
            for finding in part.findings:
                place = findings.where(finding, plan.places)
                heads = finding in part.incomplete or finding in part.blocked
                needed = heads or severity is Severity.REFUSAL or findings.is_restores(finding)
                if finding.severity is severity and (place or needed):
                    title = f"{part.target}: {finding.code}"
                    # What refuses a plan also says whom it is for: nobody should have to search the log.
                    described = finding.details if severity is Severity.REFUSAL else ()
                    text = _message(finding.message, finding.fix, described)
                    if finding in part.incomplete:
                        title = f"{findings.INCOMPLETE_PLAN}: {title}"
                    # Each of them ends with an exit code that is not 0.
                    yield command("error" if heads else _LEVELS[severity], title, text, place)


def _message(message: str, fix: str | None, details: Sequence[str] = ()) -> str:
    more = [f"… and {len(details) - _DETAILS:,} more"] if len(details) > _DETAILS else []
    return "\n".join((message, *([fix] if fix else ()), *details[:_DETAILS], *more))


def command(level: str, title: str, message: str, place: Place | None) -> str:
    """One workflow command that annotates a line, or the whole run where there is no place."""
    properties = {"title": title}
    if place:
        properties |= {"file": place.path, "line": str(place.line), "col": str(place.column)}
    described = ",".join(f"{name}={escape.command_property(each)}" for name, each in properties.items())
    return f"::{level} {described}::{escape.command_data(message)}\n"

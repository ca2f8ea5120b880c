"""Issues and plans in the forms that GitLab's merge requests show: Code Quality, and the plan widget.

(docs.gitlab.com, "Code Quality", "Code Quality report format"; "artifacts:reports:terraform".)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.model.change import Action
from reconciler.model.plan import Plan
from reconciler.render import escape
from reconciler.render.issues import Issue, Level, fingerprints
from reconciler.render.json import canonical

_SEVERITIES = {Level.ERROR: "blocker", Level.WARNING: "major", Level.NOTICE: "info"}


def code_quality(issues: Sequence[Issue], *, folder: str) -> str:
    """The issues as a Code Quality report; what has no line of its own is at line 1 of `folder`."""
    return canonical(
        [
            {
                "description": escape.sentence(_described(issue)),
                "check_name": escape.text(issue.code),
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[issue.level],
                "location": {
                    "path": escape.text(issue.place.path if issue.place else folder),
                    "lines": {"begin": max(issue.place.line, 1) if issue.place else 1},
                },
            }
            for issue, fingerprint in zip(issues, fingerprints(issues), strict=True)
        ]
    )


def _described(issue: Issue) -> str:
    head = ": ".join(filter(None, (issue.head, issue.target, issue.message)))
    return f"{head} ({issue.fix})" if issue.fix else head


def plan_widget(plan: Plan) -> str:
    """How many objects are created, updated and deleted; what git lets go of is none of it."""
    counts = Counter(change.action for change in plan.changes)
    return canonical(
        {str(action): counts[action] for action in (Action.CREATE, Action.UPDATE, Action.DELETE)}
    )

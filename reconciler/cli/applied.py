"""Prints how an apply ended, and tells its exit code."""

from __future__ import annotations

from reconciler.cli.common import Options, answer, remark, wants_color
from reconciler.cli.showing import show_plan, show_report
from reconciler.errors import Problem, Refused
from reconciler.render.messages import stale_text
from reconciler.session.applying import Applied


def show_applied(applied: Applied, options: Options) -> int:
    """Print the report, or why nothing was begun; the exit code. Raises Refused for a refused plan."""
    if applied.report is None and applied.stale:
        digests = {name: applied.prepared[name].plan.digest for name in applied.stale}
        remark(stale_text(applied.stale, digests, color=wants_color()))
        return applied.exit_code
    if applied.report is None:
        answer(show_plan(applied.plan, options))
        raise Refused("Refused; nothing was written. The plan says what would lift it.")
    answer(show_report(applied.report, applied.plan, options, recorded=not applied.problems))
    for problem in applied.problems:
        remark(str(problem))
    for finding in applied.plan.blocked:
        remark(str(Problem(f"blocked: {finding.message}", finding.fix)))
    return applied.exit_code

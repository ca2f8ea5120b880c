"""A plan as people read it on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Kind
from reconciler.model.plan import FIRST_APPLY, Counts, Plan, TargetPlan
from reconciler.planning.ordering.estimate import Estimate
from reconciler.render import access, authors, escape, findings, words
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.naming import Names, takes_away
from reconciler.render.problems import problems_text
from reconciler.render.report import report_text
from reconciler.render.rows import Fold
from reconciler.render.sections import sections
from reconciler.render.style import Style, Tone

__all__ = ["MAX_LINES", "plan_text", "problems_text", "report_text"]

# Without -v a plan prints at most so many lines beside refusals and what it takes away.
MAX_LINES = 200


def plan_text(
    plan: Plan,
    *,
    color: bool,
    verbose: bool,
    width: int | None = None,
    saved: str | None = None,
    estimates: Mapping[str, Estimate] | None = None,
    flags: str = "",
) -> str:
    """The whole plan, ending in a line break.

    `color` asks for ANSI colours, `verbose` for every change, field, place and detail; `width` is the
    terminal's number of columns (None: never wrap). `saved` is the file that the plan was written to,
    `estimates` tells by target what applying takes, `flags` are options that a plan and its apply must
    share (" --sandbox"). Grants are folded into counts so that at most MAX_LINES lines remain without
    `verbose`; refusals and removals are always listed.
    """
    layout = Layout(Style(color), width, spread=verbose)
    lines: list[Line] = []
    giving = sum(not takes_away(change) for change in plan.changes)
    folds = list(Fold) if giving <= MAX_LINES else list(Fold)[1:]  # each would have its line
    for fold in [Fold.NOTHING] if verbose else folds:
        lines = _plan(plan, layout, fold, estimates or {}) + _next(plan, layout, saved, flags)
        if sum(not line.kept for line in lines) <= MAX_LINES:
            break
    return joined(lines)


def _plan(plan: Plan, layout: Layout, fold: Fold, estimates: Mapping[str, Estimate]) -> list[Line]:
    lines: list[Line] = []
    folded = 0
    for part in plan.targets:
        made, hidden = _target(plan, part, layout, fold)
        lines += made
        folded += hidden
    lines += _footer(plan, layout, folded)
    for part in plan.targets:
        if part.changes and (takes := words.taken(part, estimates)):
            where = "" if len(plan.targets) == 1 else f" to {escape.text(part.target)}"
            lines.append(layout.line(f"Applying{where} takes about {takes}."))
    return lines


def _target(plan: Plan, part: TargetPlan, layout: Layout, fold: Fold) -> tuple[list[Line], int]:
    """The lines of one target, and how many changes they fold away."""
    names = Names.of(part, plan.places, verbose=layout.spread)
    lines: list[Line] = []
    if len(plan.targets) > 1 or names.verbose:
        lines += [*_header(part, layout, verbose=names.verbose), layout.line()]
    lines += _self_grants(part, names, layout)
    lines += access.first_lines(part, names, layout)
    lines += findings.loud(part, names, layout)
    folded = 0
    for section in sections(part, names, fold):
        kept = any(row.takes_away or row.kept for row in section.rows)
        lines.append(layout.title(section, kept=kept))
        lines += layout.rows(section.rows)
        lines.append(layout.line(kept=kept))
        folded += sum(row.folded for row in section.rows)
    if reached := access.section(part, names, fold):
        lines += [layout.title(reached), *layout.rows(reached.rows), layout.line()]
    lines += findings.quiet(part, names, layout)
    if part.changes:
        lines += [layout.line(each, Tone.FAINT) for each in _stays(part)]
        lines.append(layout.line())
    else:
        lines.append(layout.line(no_changes(part), Tone.ALARM if part.incomplete else Tone.GOOD))
        lines += [layout.line(each, Tone.FAINT) for each in _stays(part)[1:]]
        if len(plan.targets) > 1:
            lines.append(layout.line())
    return lines, folded


def _self_grants(part: TargetPlan, names: Names, layout: Layout) -> list[Line]:
    """A mark for each author who gains by the plan."""
    found = authors.self_grants(part)
    lines = [
        line
        for person, rows in found.items()
        for line in layout.paragraph(
            f"{authors.MARK.upper()}: {names.user(person)}, an author of this change, "
            f"{authors.told(rows, str)}.",
            hang=2,
            tone=Tone.CAUTION,
            kept=True,
        )
    ]
    return [*lines, layout.line()] if lines else []


def _header(part: TargetPlan, layout: Layout, *, verbose: bool) -> list[Line]:
    identity = ", ".join(
        f"{escape.sentence(name)} {escape.sentence(value)}" for name, value in sorted(part.identity.items())
    )
    lines = [
        Line(
            layout.style(escape.line(escape.text(part.target)), Tone.HEADING)
            + (layout.style(f"  {identity}", Tone.FAINT) if identity else "")
        )
    ]
    if verbose and part.read_calls:
        lines.append(layout.line(f"  read with {words.calls(part.read_calls)}", Tone.FAINT))
    return lines


def no_changes(part: TargetPlan) -> str:
    """Say that nothing is to be done: `No changes. aws matches 15 users, 6 groups, 41 memberships`."""
    target = escape.text(part.target)
    matching = _tally(part.counts, "unchanged")
    if part.incomplete:
        return f"What would be removed from {target} is not known; nothing else differs."
    if part.partial:
        return f"No changes in what was planned of {target}."
    return (
        f"No changes. {target} matches {matching}."
        if matching
        else f"No changes. Nothing at {target} is declared in git."
    )


def _stays(part: TargetPlan) -> list[str]:
    """What the plan leaves as it is: one line for what matches, one for what is not ours."""
    lines = [f"Unchanged: {_tally(part.counts, 'unchanged') or 'nothing'}."]
    others = [
        f"{title}: {tally}."
        for title, tally in (
            ("Unmanaged, left alone", _tally(part.counts, "unmanaged")),
            ("Ignored or external", _tally(part.counts, "ignored")),
        )
        if tally
    ]
    return [*lines, " ".join(others)] if others else lines


def _tally(counts: Mapping[Kind, Counts], which: str) -> str:
    numbers = {kind: int(getattr(counts[kind], which)) for kind in Kind if kind in counts}
    return ", ".join(words.of_kind(kind, number) for kind, number in numbers.items() if number)


def _footer(plan: Plan, layout: Layout, folded: int) -> list[Line]:
    if not plan.changes:
        return []
    lines: list[Line] = []
    if folded:
        note = (
            f"{words.counted(folded, ('change is', 'changes are'))} folded into counts; -v names every one."
        )
        lines += [layout.line(note, Tone.CAUTION), layout.line()]
    lines.append(layout.line(words.summary(plan), Tone.HEADING))
    lines += [
        layout.line(f"{escape.text(part.target)} {escape.text(part.digest)}", Tone.FAINT)
        for part in plan.targets
        if part.changes
    ]
    return lines


def _next(plan: Plan, layout: Layout, saved: str | None, flags: str) -> list[Line]:
    refused = findings.refusals(plan)
    if plan.incomplete:
        text = f"{findings.INCOMPLETE_PLAN}, see the top: it is not saved, and nothing of it can be applied."
        return [*layout.paragraph(text, tone=Tone.ALARM, kept=True)]
    if refused:
        codes = words.listed(sorted({escape.name(finding.code) for _, finding in refused}))
        text = f"REFUSED by {codes}, see the top: nothing can be applied until that is lifted."
        return [*layout.paragraph(text, tone=Tone.ALARM, kept=True)]
    if not plan.changes:
        return []
    options = f"{flags} --first-apply" if _is_first(plan) else flags
    if saved:
        return layout.paragraph(f"To apply this plan: reconciler apply{options} {escape.name(saved)}")
    return layout.paragraph(
        f"To apply this plan: save it with `reconciler plan{flags} --out plan.json`, "
        f"let it be reviewed, then `reconciler apply{options} plan.json`."
    )


def _is_first(plan: Plan) -> bool:
    """Whether an apply of it has to be told that nothing was applied to a target before."""
    return any(
        finding.code == FIRST_APPLY and finding.fix and part.changes
        for part in plan.targets
        for finding in part.findings
    )

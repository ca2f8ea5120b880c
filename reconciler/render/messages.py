"""What is said beside plans and reports: errors, findings of loading, and why a plan is stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.errors import Place
from reconciler.model.change import FieldChange
from reconciler.model.plan import Finding
from reconciler.model.resources import Origin
from reconciler.render import escape, words
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.naming import value
from reconciler.render.style import Style, Tone

if TYPE_CHECKING:  # what `validate` prints takes no planner
    from reconciler.planning.review import Difference


Places = Mapping[Origin, Place]


def error_text(message: str, *, color: bool = False) -> str:
    """One error; a message of several lines keeps them, the first stands out."""
    layout = Layout(Style(color))
    first, *rest = message.splitlines() or ["unknown error"]
    lines = [layout.line(escape.sentence(first), Tone.ALARM)]
    lines += [layout.line(escape.sentence(line)) for line in rest]
    return joined(lines)


def findings_text(findings: Sequence[Finding], places: Places, *, color: bool = False) -> str:
    """Findings of loading: `file:line:column: message`, and what to do below."""
    layout = Layout(Style(color))
    lines: list[Line] = []
    for finding in findings:
        place = places.get(finding.origin) if finding.origin else None
        where = f"{escape.text(str(place))}: " if place else ""
        lines.append(layout.line(f"{where}{escape.sentence(finding.message)}", Tone.CAUTION))
        if finding.code in ("policy-lint", "managed-policy-unknown"):
            lines += [layout.line(f"    {escape.sentence(one)}") for one in finding.details]
        if finding.fix:
            lines.append(layout.line(f"    {escape.sentence(finding.fix)}"))
    return joined(lines)


def stale_text(
    differences: Mapping[str, Sequence[Difference]], digests: Mapping[str, str], *, color: bool = False
) -> str:
    """Why nothing was written, change by change and by target, and the digests that could be approved."""
    layout = Layout(Style(color))
    count = sum(map(len, differences.values()))
    lines = [
        layout.line(
            f"STALE: {words.counted(count, ('change', 'changes'))} not as reviewed; nothing was written.",
            Tone.ALARM,
        )
    ]
    for target, found in sorted(differences.items()):
        for one in sorted(found, key=lambda each: each.address):
            lines.extend(_difference(one, layout))
        lines.append(
            layout.line(f"{escape.text(target)} would be {escape.text(digests[target])}", Tone.FAINT)
        )
    lines += layout.paragraph(
        "Plan again and have that reviewed; or approve exactly this plan with --expect-digest."
    )
    return joined(lines)


def _difference(one: Difference, layout: Layout) -> Iterable[Line]:
    action = f"{one.fresh.action} " if one.fresh else (f"{one.reviewed.action} " if one.reviewed else "")
    yield layout.line(f"  {action}{escape.text(str(one.address))} {escape.sentence(one.why)}", Tone.CAUTION)
    if one.reviewed is None or one.fresh is None:
        return
    reviewed = {each.name: each for each in one.reviewed.fields}
    fresh = {each.name: each for each in one.fresh.fields}
    for name in sorted(reviewed.keys() | fresh.keys()):
        then, now = reviewed.get(name), fresh.get(name)
        if then != now:
            yield layout.line(f"      {name}: reviewed {_side(then)}, now {_side(now)}")


def _side(field: FieldChange | None) -> str:
    return f"{value(field.before)} -> {value(field.after)}" if field else "unchanged"

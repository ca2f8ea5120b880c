"""What a doctor found, for people and for programs; everything that a server or a file says is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.doctor.check import Check, Examination, Outcome
from reconciler.render import escape
from reconciler.render.json import canonical
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.style import Style, Tone

# Raised when a reader of an earlier one would misread it.
VERSION = 1
_TONES = {
    Outcome.PROBLEM: Tone.ALARM,
    Outcome.WARNING: Tone.CAUTION,
    Outcome.NOT_CHECKED: Tone.FAINT,
    Outcome.OK: Tone.GOOD,
}
_ORDER = tuple(_TONES)
_NOUNS = {
    Outcome.PROBLEM: ("problem", "problems"),
    Outcome.WARNING: ("warning", "warnings"),
    Outcome.NOT_CHECKED: ("not checked", "not checked"),
    Outcome.OK: ("ok", "ok"),
}
# Details of a check that are shown without --verbose.
_SHOWN = 60


def doctor_text(
    found: Sequence[Examination], *, color: bool = False, width: int | None = None, verbose: bool = False
) -> str:
    """Every check, problems first; each with what was found, what to do, and which."""
    layout = Layout(Style(color), width)
    lines: list[Line] = []
    for one in found:
        lines.append(layout.line(f"{escape.name(one.subject)}: {_counted(one)}.", Tone.HEADING))
        for check in sorted(one.checks, key=lambda each: _ORDER.index(each.outcome)):
            lines += _check(check, layout, verbose=verbose)
        lines.append(layout.line())
    return joined(lines)


def doctor_json(about: str, found: Sequence[Examination]) -> str:
    """The same as canonical JSON, one line; `about` is what was examined (aws, github)."""
    return canonical(
        {
            "format": "reconciler doctor",
            "version": VERSION,
            "about": about,
            "healthy": all(one.healthy for one in found),
            "examinations": [
                {
                    "subject": one.subject,
                    "healthy": one.healthy,
                    "checks": [
                        {
                            "name": check.name,
                            "outcome": str(check.outcome),
                            "found": check.found,
                            "fix": check.fix or None,
                            "details": list(check.details),
                        }
                        for check in one.checks
                    ],
                }
                for one in found
            ],
        }
    )


def _counted(one: Examination) -> str:
    counts = Counter(check.outcome for check in one.checks)
    return ", ".join(
        f"{count} {_NOUNS[outcome][count != 1]}" for outcome in _ORDER if (count := counts[outcome])
    )


def _check(check: Check, layout: Layout, *, verbose: bool) -> list[Line]:
    head = f"{check.outcome}: {escape.name(check.name)}: {escape.sentence(check.found)}"
    lines = layout.paragraph(head, indent=2, hang=4, tone=_TONES[check.outcome])
    shown = check.details if verbose else check.details[:_SHOWN]
    for detail in shown:
        lines += layout.paragraph(f"- {escape.sentence(detail)}", indent=6, hang=2)
    if len(shown) < len(check.details):
        lines.append(layout.line(f"      - and {len(check.details) - len(shown):,} more (--verbose)"))
    if check.fix:
        lines += layout.paragraph(f"do: {escape.sentence(check.fix)}", indent=6, hang=2)
    return lines

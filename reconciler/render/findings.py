"""What a reviewer must know beside the changes: refusals and RESTORES loudly, warnings, then notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from reconciler.errors import Place
from reconciler.model.address import Kind
from reconciler.model.catalogue import CATALOGUE
from reconciler.model.change import Change
from reconciler.model.plan import Finding, Plan, Severity, TargetPlan
from reconciler.model.resources import Origin
from reconciler.render import escape, words
from reconciler.render.layout import Layout, Line
from reconciler.render.naming import RESTORES, Names
from reconciler.render.style import Tone

# What heads a plan in every format, where the memory of what git declared before is incomplete.
INCOMPLETE_PLAN = "Incomplete plan"
# These carry the kind they speak of as their first detail, for approvals.
_RESTORES_CODE = "restores"
# What a gap covers, where it is not an id.
_SCOPES: Mapping[str, str] = {"*": "all", "users": "people themselves, and of principals that are gone"}
# How many findings of one code, and how many details of one finding, are shown without -v.
_ALIKE = 3
_DETAILS = 10


def is_restores(finding: Finding) -> bool:
    """Whether it speaks of access that is given again; it stands at the top, above every warning."""
    return finding.code == _RESTORES_CODE


def refusals(plan: Plan) -> list[tuple[TargetPlan, Finding]]:
    """Every refusal, with the target's part that it is in."""
    return [
        (part, finding)
        for part in plan.targets
        for finding in part.findings
        if finding.severity is Severity.REFUSAL
    ]


def loud(part: TargetPlan, names: Names, layout: Layout) -> list[Line]:
    """Refusals, RESTORES, what was not read, warnings: what stands above the changes."""
    of = {severity: _of(part, severity) for severity in Severity}
    lines: list[Line] = [*_incomplete(part, names, layout)]
    if refused := of[Severity.REFUSAL]:
        reasons = words.counted(len(refused), ("reason", "reasons"))
        lines.append(
            layout.line(f"REFUSED for {reasons}; nothing of this plan can be applied.", Tone.ALARM, kept=True)
        )
        lines += several(refused, names.places, layout, Tone.ALARM)
        lines += _approvals(part.approvals, layout)
        lines.append(layout.line(kept=True))
    lines += _blocked(part, names, layout)
    lines += _restores(part, names, layout)
    lines += _partial(part, names, layout)
    above = {*part.incomplete, *part.blocked}
    warnings = [
        finding
        for finding in of[Severity.WARNING]
        if finding not in above and not (is_restores(finding) and _given(part))
    ]
    if warnings:
        lines.append(layout.line("Warnings", Tone.CAUTION))
        lines += several(warnings, names.places, layout, Tone.CAUTION, verbose=names.verbose)
        lines.append(layout.line())
    return lines


def left_out_for(
    refused: Sequence[Finding], approvals: Sequence[str], places: Mapping[Origin, Place], layout: Layout
) -> Iterable[Line]:
    """The refusals for which some changes were left out, with why and what to do, as a plan shows them."""
    reasons = words.counted(len(refused), ("reason", "reasons"))
    yield layout.line(f"REFUSED for {reasons}; what that covers was left out.", Tone.ALARM, kept=True)
    yield from several(refused, places, layout, Tone.ALARM)
    yield from _approvals(approvals, layout)
    yield layout.line(kept=True)


def _approvals(approvals: Sequence[str], layout: Layout) -> Iterable[Line]:
    """What lifts all that can be lifted, to paste; never wrapped."""
    if approvals:
        advice = "To approve all of it, write this into a file of identities/approvals/, with the reason:"
        yield from layout.paragraph(advice, indent=2, hang=2, kept=True)
        for line in approvals:
            yield layout.line(escape.text(line), kept=True)


def quiet(part: TargetPlan, names: Names, layout: Layout) -> list[Line]:
    """Notes: what stands below the changes."""
    notes = _of(part, Severity.NOTE)
    if not notes:
        return []
    shown = several(notes, names.places, layout, Tone.PLAIN, verbose=names.verbose)
    return [layout.line("Notes", Tone.HEADING), *shown, layout.line()]


def _of(part: TargetPlan, severity: Severity) -> list[Finding]:
    return [finding for finding in part.findings if finding.severity is severity]


def several(
    findings: Sequence[Finding],
    places: Mapping[Origin, Place],
    layout: Layout,
    tone: Tone,
    *,
    verbose: bool = False,
) -> Iterable[Line]:
    """Findings by code; of many with one code the first few, and how many more there are.

    Every refusal is shown. What several in a row have in common, reason and advice, is said after the last.
    """
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, alike in by_code.items():
        every = verbose or len(alike) <= _ALIKE + 1 or alike[0].severity is Severity.REFUSAL
        shown = alike if every else alike[:_ALIKE]
        for finding, following in zip_longest(shown, shown[1:]):
            last = following is None or following.fix != finding.fix
            yield from _finding(finding, places, layout, tone, advise=last, verbose=verbose)
        if more := len(alike) - len(shown):
            yield layout.line(f"  {escape.name(code)}: {more:,} more like these; -v shows all", Tone.FAINT)


def _finding(
    finding: Finding,
    places: Mapping[Origin, Place],
    layout: Layout,
    tone: Tone,
    *,
    advise: bool = True,
    verbose: bool = False,
) -> Iterable[Line]:
    kept = finding.severity is Severity.REFUSAL
    code = escape.name(finding.code)
    place = where(finding, places)
    at = f" ({escape.text(str(place))})" if place else ""
    text = f"{code}: {escape.sentence(finding.message)}{at}"
    head, *rest = layout.paragraph(text, indent=2, hang=4, kept=kept)
    yield Line(head.text.replace(f"{code}:", layout.style(f"{code}:", tone), 1), kept)
    yield from rest
    known = CATALOGUE.get(finding.code)
    if kept and advise and known is not None and known.why:
        yield from layout.paragraph(f"why: {known.why}", indent=6, hang=4, tone=Tone.FAINT, kept=kept)
    if finding.fix and advise:
        yield from layout.paragraph(f"do:  {escape.sentence(finding.fix)}", indent=6, hang=5, kept=kept)
    if finding.details:
        yield from _details(finding, layout, None if verbose or kept else _DETAILS)


def _details(finding: Finding, layout: Layout, limit: int | None) -> Iterable[Line]:
    """Whom it is for: names in one line, and everything longer than a name in a line of its own."""
    kept = finding.severity is Severity.REFUSAL
    shown = [escape.text(each) for each in finding.details]
    if not any(", " in each or ": " in each for each in shown):
        text = f"for: {capped(shown, limit)}"
        yield from layout.paragraph(text, indent=6, hang=5, tone=Tone.FAINT, kept=kept)
        return
    for number, each in enumerate(shown[:limit]):
        head = "     " if number else "for: "
        yield from layout.paragraph(head + each, indent=6, hang=7, tone=Tone.FAINT, kept=kept)
    if limit is not None and len(shown) > limit:
        yield layout.line(f"           … {len(shown) - limit:,} more", Tone.FAINT, kept=kept)


def where(finding: Finding, places: Mapping[Origin, Place]) -> Place | None:
    """The line of a file that a finding speaks of, where it is known."""
    return places.get(finding.origin) if finding.origin else None


def capped(shown: Sequence[str], limit: int | None) -> str:
    """`a, b, … 3 more`: at most `limit` of them, and how many there are beyond."""
    if limit is None or len(shown) <= limit:
        return ", ".join(shown)
    return f"{', '.join(shown[:limit])}, … {len(shown) - limit:,} more"


def _given(part: TargetPlan) -> list[Change]:
    return [change for change in part.changes if change.restores]


def _restores(part: TargetPlan, names: Names, layout: Layout) -> Iterable[Line]:
    """What somebody took away and git gives again, by group."""
    given = _given(part)
    if not given:
        return
    found = next(filter(is_restores, part.findings), None)
    what = words.counted(len(given), ("grant", "grants"))
    yield layout.line(f"{RESTORES} {what} that somebody took away outside git", Tone.CAUTION)
    by_group: dict[str, list[str]] = {}
    for change in given:
        title, label = _restored(change, names)
        by_group.setdefault(title, []).append(label)
    limit = None if names.verbose else _DETAILS
    shown = list(by_group.items())[:limit]
    for title, people in shown:
        yield from layout.paragraph(title + capped(people, limit), indent=2, hang=4)
    if more := len(by_group) - len(shown):
        yield layout.line(f"  … and {more:,} more like these; -v shows all")
    fix = found.fix if found and found.fix else "if that was right, change git instead of applying this"
    yield from layout.paragraph(f"do:  {escape.sentence(fix)}", indent=6, hang=5)
    yield layout.line()


def _restored(change: Change, names: Names) -> tuple[str, str]:
    """Under what something that is given again stands, and what it is called there."""
    if change.address.kind is Kind.MEMBERSHIP:
        return f"{names.group(change.address.group.own_key)}: ", names.label(change)
    if change.address.kind is Kind.ASSIGNMENT:
        return f"{names.couple(change)}: ", names.account(change.address.account)
    return "", names.label(change)


def _incomplete(part: TargetPlan, names: Names, layout: Layout) -> Iterable[Line]:
    if not part.incomplete:
        return
    yield layout.line(
        f"{INCOMPLETE_PLAN}: removals may be missing, so nothing of it can be applied.", Tone.ALARM, kept=True
    )
    yield from several(part.incomplete, names.places, layout, Tone.ALARM, verbose=names.verbose)
    yield layout.line(kept=True)


def _blocked(part: TargetPlan, names: Names, layout: Layout) -> Iterable[Line]:
    if not part.blocked:
        return
    what = words.counted(len(part.blocked), ("object is", "objects are"))
    yield layout.line(f"BLOCKED: {what} left alone until a person says what is meant.", Tone.ALARM, kept=True)
    yield from several(part.blocked, names.places, layout, Tone.ALARM, verbose=names.verbose)
    yield layout.line(kept=True)


def scope_of(kind: str, scope: str, names: Names) -> str:
    """What a gap of the reading covers, escaped: `all`, an account, an object."""
    return _SCOPES.get(scope) or (names.account(scope) if kind == Kind.ASSIGNMENT else escape.name(scope))


def _partial(part: TargetPlan, names: Names, layout: Layout) -> Iterable[Line]:
    if not part.partial:
        return
    yield layout.line("PARTIAL: this is not everything that git says.", Tone.CAUTION)
    for kind, scope, reason in part.gaps:
        what = scope_of(kind, scope, names)
        nouns = Kind(kind).facts.plural if kind in frozenset(Kind) else escape.text(kind)
        yield from layout.paragraph(
            f"{nouns} of {what}: not read ({escape.sentence(reason)}); nothing there is removed",
            indent=2,
            hang=4,
        )
    if not part.gaps:
        yield layout.line("  It was narrowed down to some addresses; the rest waits for another plan.")
    yield layout.line()

"""Findings in a comment: a list, the loudest first; what stands in every pull request is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from reconciler.errors import Place
from reconciler.model.address import Kind
from reconciler.model.catalogue import CATALOGUE
from reconciler.model.plan import NOT_MERGED, Finding, Severity, TargetPlan
from reconciler.model.resources import Origin
from reconciler.render import escape, findings, words
from reconciler.render.comment.blocks import Block
from reconciler.render.comment.levels import Level
from reconciler.render.naming import Names

_SAID = {Severity.REFUSAL: "Refused", Severity.WARNING: "Warning", Severity.NOTE: "Note"}
_ALIKE, _DETAILS = 3, 10
_PASTE = "To approve all of it, write this into a file of `identities/approvals/`, with the reason:"


def blocks(part: TargetPlan, names: Names, level: Level) -> Iterable[Block]:
    """The findings on one target: refusals and what heads a plan, warnings, then notes, folded."""
    above = {*part.incomplete, *part.blocked}
    refused = [one for one in part.findings if one.severity is Severity.REFUSAL]
    heads = [one for one in part.findings if one in above]
    warnings = [one for one in part.findings if one.severity is Severity.WARNING and one not in above]
    notes = [one for one in part.findings if one.severity is Severity.NOTE and not is_noise(one)]
    loud = [
        *listed(refused, names.places, level),
        *listed(heads, names.places, level, said="Incomplete" if part.incomplete else "Blocked"),
        *_partial(part, names),
        *listed(warnings, names.places, level),
    ]
    if loud:
        yield Block("**Findings**\n\n" + "\n".join(loud))
    if part.approvals:
        yield Block(_PASTE, tuple(_folded(escape.text(line) for line in part.approvals)), "yaml")
    if notes and level < Level.COUNTS:
        text = "\n".join(listed(notes, names.places, level))
        yield Block(text, summary=words.counted(len(notes), ("note", "notes")))


def is_noise(finding: Finding) -> bool:
    """Whether it stands in every pull request, so that nobody would read it there any more."""
    return finding.code == NOT_MERGED


def listed(
    found: Sequence[Finding], places: Mapping[Origin, Place], level: Level, said: str = ""
) -> Iterable[str]:
    """Findings as lines of a list; of many with one code the first few, unless they refuse."""
    by_code: dict[str, list[Finding]] = {}
    for finding in found:
        by_code.setdefault(finding.code, []).append(finding)
    for code, alike in by_code.items():
        every = len(alike) <= _ALIKE + 1 or alike[0].severity is Severity.REFUSAL
        shown = alike if every else alike[:_ALIKE]
        for finding, following in zip_longest(shown, shown[1:]):
            last = following is None or following.fix != finding.fix
            yield from _finding(finding, places, level, said or _SAID[finding.severity], advise=last)
        if more := len(alike) - len(shown):
            yield f"- {escape.code(code)}: {more:,} more like these"


def _finding(
    finding: Finding, places: Mapping[Origin, Place], level: Level, said: str, *, advise: bool
) -> Iterable[str]:
    place = findings.where(finding, places)
    at = f" ({escape.code(str(place))})" if place else ""
    yield f"- **{said}** {escape.code(finding.code)}: {escape.prose(finding.message)}{at}"
    known = CATALOGUE.get(finding.code)
    refuses = finding.severity is Severity.REFUSAL
    if refuses and advise and known is not None and known.why:
        yield f"  - why: {escape.prose(known.why)}"
    if finding.fix and advise:
        yield f"  - do: {escape.prose(finding.fix)}"
    limit = None if refuses and level < Level.COUNTS else _DETAILS
    shown = finding.details[:limit]
    more = len(finding.details) - len(shown)
    if any(", " in each or ": " in each for each in shown):
        yield from (f"  - for: {escape.prose(each)}" for each in shown)
        if more:
            yield f"  - … and {more:,} more"
    elif shown:
        rest = f", … {more:,} more" if more else ""
        yield f"  - for: {', '.join(map(escape.code, shown))}{rest}"


def _partial(part: TargetPlan, names: Names) -> Iterable[str]:
    if not part.partial:
        return
    for kind, scope, reason in part.gaps:
        nouns = Kind(kind).facts.plural if kind in frozenset(Kind) else escape.text(kind)
        what = findings.scope_of(kind, scope, names)
        yield (
            f"- **Partial** {escape.told(f'{nouns} of {what}')}: not read "
            f"({escape.prose(reason)}); nothing there is removed"
        )
    if not part.gaps:
        yield "- **Partial** It was narrowed down to some addresses; the rest waits for another plan."


def _folded(lines: Iterable[str]) -> Iterable[str]:
    """Lines of YAML to paste, broken after the commas of maps in braces, which YAML lets one do."""
    for line in lines:
        if len(line) <= 76 or "{" not in line:
            yield line
            continue
        deep = " " * (len(line) - len(line.lstrip(" ")) + 4)
        head, *rest = line.replace(": {", ": {\n", 1).replace(", ", ",\n").split("\n")
        yield head
        yield from (deep + each for each in rest)

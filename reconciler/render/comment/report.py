"""What an apply did, and what is wrong with files, as comments that fit a limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.errors import Place, Problem
from reconciler.model.plan import Finding, Plan, Severity
from reconciler.model.report import Report
from reconciler.model.resources import Origin
from reconciler.render import escape, words
from reconciler.render.comment.blocks import COLUMNS, wrapped
from reconciler.render.comment.cut import LEAST
from reconciler.render.comment.document import MAX_BYTES
from reconciler.render.comment.levels import Level
from reconciler.render.comment.remarks import is_noise, listed
from reconciler.render.report import report_text

_ORDER = {Severity.REFUSAL: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def report_markdown(
    report: Report,
    plan: Plan,
    *,
    max_bytes: int | None = MAX_BYTES,
    verbose: bool = False,
    recorded: bool = True,
) -> str:
    """How an apply of `plan` ended: the verdict as the title, then what the text says.

    Where that is longer than `max_bytes` of UTF-8, the last of it is shown, which is what went wrong, and the
    first line says so. Raises ValueError where `max_bytes` is too little for that. `recorded` as in
    `report_text`.
    """
    _check(max_bytes)
    document = ""
    for everything in (True, False) if verbose else (False,):
        text = report_text(report, plan, verbose=everything, width=COLUMNS, recorded=recorded)
        lines = text.splitlines()
        # The verdict is the last paragraph.
        verdict = report_text(report, plan, verbose=False).splitlines()[-1]
        title = f"### {escape.told(verdict)}"
        document = f"{title}\n\n{escape.fenced(wrapped(lines))}\n"
        if max_bytes is None or len(document.encode()) <= max_bytes:
            return document
    assert max_bytes is not None
    opening = (
        "**Not everything is shown here.** What went wrong comes last, so the end is shown; `--format text` "
        f"shows all.\n\n{title}"
    )
    kept = _fitting(reversed(wrapped(lines)), max_bytes - len(opening.encode()))
    return f"{opening}\n\n{escape.fenced(kept[::-1])}\n"


def problems_markdown(problems: Sequence[Problem], *, max_bytes: int | None = MAX_BYTES) -> str:
    """Files that are not valid: each problem with its place and what to do, as far as they fit."""
    _check(max_bytes)
    items = []
    for each in problems:
        place = f"{escape.code(str(each.place))}: " if each.place else ""
        fix = f"\n  - do: {escape.prose(each.fix)}" if each.fix else ""
        items.append(f"- {place}{escape.prose(each.message) or '?'}{fix}")
    total = words.counted(len(problems), ("problem", "problems"))
    return _listed(f"### The files are not valid: {total}", items, max_bytes)


def valid_markdown(
    summary: str,
    findings: Sequence[Finding],
    places: Mapping[Origin, Place],
    *,
    max_bytes: int | None = MAX_BYTES,
) -> str:
    """Files that are valid, with the findings on them, the loudest first, as far as they fit."""
    _check(max_bytes)
    ordered = sorted((one for one in findings if not is_noise(one)), key=lambda one: _ORDER[one.severity])
    items: list[str] = []
    for line in listed(ordered, places, Level.WHOLE):
        if line.startswith("- ") or not items:
            items.append(line)
        else:
            items[-1] += f"\n{line}"
    return _listed(f"### The files are valid\n\n{escape.told(escape.sentence(summary))}", items, max_bytes)


def _listed(head: str, items: Sequence[str], max_bytes: int | None) -> str:
    body = "\n".join(items)
    document = "\n\n".join(filter(None, (head, body))) + "\n"
    if max_bytes is None or len(document.encode()) <= max_bytes:
        return document
    opening = (
        f"**Not everything is shown here:** there are {len(items):,} entries; `--format text` shows all.\n\n"
        f"{head}"
    )
    kept = _fitting(items, max_bytes - len(opening.encode()))
    return "\n\n".join(filter(None, (opening, "\n".join(kept)))) + "\n"


def _fitting(lines: Iterable[str], room: int) -> list[str]:
    """As many lines as fit beside a fence as long as their backticks ask for."""
    room -= 64
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1 + 2 * line.count("`")
        if room < 0:
            break
        kept.append(line)
    return kept


def _check(max_bytes: int | None) -> None:
    if max_bytes is not None and max_bytes < LEAST:
        raise ValueError(f"max_bytes must be at least {LEAST}")

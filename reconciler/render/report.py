"""What an apply did, as people read it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.errors import Place
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.plan import FIRST_APPLY, Plan
from reconciler.model.report import Report, Result, Status, TargetReport
from reconciler.model.resources import Origin
from reconciler.render import escape, findings, naming, words
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.style import Style, Tone

# Without -v so many of a status are listed; what went wrong, and removals that did not happen, always all.
_SHOWN = 20
_ALWAYS = frozenset({Status.FAILED, Status.PARTLY, Status.UNKNOWN, Status.HELD})

# In the order in which they are shown: what it is called, its colour, and what to do about it.
_STATUSES: Mapping[Status, tuple[str, Tone, str]] = {
    Status.UNNECESSARY: ("Unnecessary", Tone.FAINT, "already in the desired state"),
    Status.LEFT_OUT: ("Left out", Tone.CAUTION, "nobody reviewed it; plan again and have that reviewed"),
    Status.REFUSED: ("Refused", Tone.ALARM, "a guard or rule refuses it; the top says what would lift that"),
    Status.HELD: (
        "Held",
        Tone.CAUTION,
        "access stays because what replaces it was not done; the next plan has it again",
    ),
    Status.SKIPPED: ("Skipped", Tone.CAUTION, "something it needs was not done; the next plan has it again"),
    Status.STOPPED: ("Stopped", Tone.CAUTION, "not begun; the next plan has it again"),
    Status.UNKNOWN: (
        "Unknown",
        Tone.ALARM,
        "nobody saw how it ended; the next plan shows it",
    ),
    Status.PARTLY: (
        "Partly done",
        Tone.ALARM,
        "what was done stays; remove the cause, then plan and apply again for the rest",
    ),
    Status.FAILED: ("Failed", Tone.ALARM, "remove the cause, then plan and apply again"),
}
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.RELEASE: "released",
}


def report_text(
    report: Report,
    plan: Plan,
    *,
    color: bool = False,
    verbose: bool = False,
    width: int | None = None,
    recorded: bool = True,
) -> str:
    """How each change of `plan` ended, with counts, calls and seconds; the verdict is the last line.

    Every failure stands there with its message. Of what was skipped, stopped, left out or unnecessary
    the first twenty are listed, and the number of the rest, unless `verbose`. `recorded` says that it is
    remembered; after the first apply to a target the report says what that means.
    """
    layout = Layout(Style(color), width)
    changes = {change.address: change for change in plan.changes}
    accounts = {each.target: each.accounts for each in plan.targets}
    first = {each.target for each in plan.targets if any(one.code == FIRST_APPLY for one in each.findings)}
    lines: list[Line] = []
    for part in report.targets:
        if len(report.targets) > 1:
            lines.append(layout.line(escape.text(part.target), Tone.HEADING))
        named = accounts.get(part.target, {})
        lines += _target(part, changes, named, plan.places, layout, verbose=verbose)
        if recorded and part.whole and part.target in first:
            lines += layout.paragraph(
                f"From now on git remembers what it declares at {escape.text(part.target)}: a change outside "
                "git is drift, and an object that leaves the files is taken back."
            )
    lines += _verdict(report, layout)
    return joined(lines)


def _target(
    part: TargetReport,
    changes: Mapping[Address, Change],
    accounts: Mapping[str, str],
    places: Mapping[Origin, Place],
    layout: Layout,
    *,
    verbose: bool,
) -> Iterable[Line]:
    if part.refusals:
        yield from findings.left_out_for(part.refusals, part.approvals, places, layout)
    by_status: dict[Status, list[Result]] = {}
    for result in part.results:
        by_status.setdefault(result.status, []).append(result)
    if verbose and (done := by_status.get(Status.DONE)):
        yield layout.line(f"Done: {len(done):,}", Tone.GOOD)
        for result in done:
            yield layout.line(f"  {_called(result.address, changes, accounts)}")
        yield layout.line()
    for status, (title, tone, advice) in _STATUSES.items():
        if results := by_status.get(status):
            yield from layout.paragraph(f"{title}: {len(results):,} ({advice})", hang=4, tone=tone)
            everything = verbose or status in _ALWAYS
            if not verbose:
                results, alike = _gathered(results)
                for message, those in alike.items():
                    first = _called(those[0].address, changes, accounts)
                    described = (
                        f"{first} and {len(those) - 1:,} more: {escape.sentence(message)}; -v shows all"
                    )
                    yield from layout.paragraph(described, indent=2, hang=4)
            yield from _results(results, changes, accounts, layout, everything=everything)
            yield layout.line()
    for note in part.notes:
        yield from layout.paragraph(escape.sentence(note), hang=2)
    yield from _sum(part, by_status, changes, layout)
    if verbose and part.calls:
        described = ", ".join(
            f"{escape.sentence(name)} {count:,}" for name, count in sorted(part.calls.items())
        )
        yield from layout.paragraph(f"Calls: {described}", hang=2, tone=Tone.FAINT)


def _sum(
    part: TargetReport,
    by_status: Mapping[Status, Sequence[Result]],
    changes: Mapping[Address, Change],
    layout: Layout,
) -> Iterable[Line]:
    """What was written at one target, in one sentence."""
    if done := by_status.get(Status.DONE):
        yield layout.line(_done(part, done, changes))
    elif partly := by_status.get(Status.PARTLY):
        sent = words.counted(part.writes, ("write", "writes"))
        yield layout.line(f"{escape.text(part.target)}: {len(partly):,} partly done, with {sent}.")
    elif part.writes:
        sent = words.counted(part.writes, ("write was", "writes were"))
        described = f"{sent} answered with success at {escape.text(part.target)}, and no effect was seen."
        yield from layout.paragraph(described, hang=2)
    elif by_status:
        yield layout.line(f"Nothing was done at {escape.text(part.target)}.")
    else:
        yield layout.line(f"Nothing had to be done at {escape.text(part.target)}.")


def _gathered(results: Sequence[Result]) -> tuple[list[Result], Mapping[str, list[Result]]]:
    """The results that are told one by one, and those of which so many end in one sentence, by it."""
    by_message: dict[str, list[Result]] = {}
    for result in results:
        by_message.setdefault(result.message, []).append(result)
    alike = {message: those for message, those in by_message.items() if message and len(those) > _SHOWN}
    return [result for result in results if result.message not in alike], alike


def _results(
    results: Sequence[Result],
    changes: Mapping[Address, Change],
    accounts: Mapping[str, str],
    layout: Layout,
    *,
    everything: bool,
) -> Iterable[Line]:
    shown = results if everything or len(results) <= _SHOWN else results[:_SHOWN]
    for result in shown:
        message = f": {escape.sentence(result.message)}" if result.message else ""
        request = f" [request {escape.text(result.request_id)}]" if result.request_id else ""
        called = _called(result.address, changes, accounts)
        yield from layout.paragraph(called + message + request, indent=2, hang=4)
    if more := len(results) - len(shown):
        yield layout.line(f"  … {more:,} more; -v shows all", Tone.FAINT)


def _called(address: Address, changes: Mapping[Address, Change], accounts: Mapping[str, str]) -> str:
    """`+ aws/membership/platform/ada`, with the names of what has no key, and of an account."""
    change = changes.get(address)
    glyph = naming.GLYPHS[change.action] if change else "·"
    names = []
    *others, last = address.parts
    if others:
        # The user of a membership has their name from the change.
        ids = others if address.kind is Kind.MEMBERSHIP else (*others, last)
        names += [accounts[part] for part in ids if part in accounts]
    if change is not None and change.name and last.rpartition(":")[2].startswith("~"):
        names.append(change.name)
    called = f" [{', '.join(map(escape.name, names))}]" if names else ""
    return f"{glyph} {escape.text(str(address))}{called}"


def _done(part: TargetReport, done: Sequence[Result], changes: Mapping[Address, Change]) -> str:
    verbs = Counter(_DONE[changes[each.address].action] for each in done if each.address in changes)
    described = ", ".join(f"{verbs[verb]:,} {verb}" for verb in _DONE.values() if verbs[verb])
    sent = words.counted(part.writes, ("write", "writes"))
    if part.calls:
        sent += f" and {words.calls(part.calls)} in all"
    what = described or f"{len(done):,} done"
    return f"{escape.text(part.target)}: {what}, with {sent} in {words.duration(part.seconds)}."


def _verdict(report: Report, layout: Layout) -> Iterable[Line]:
    statuses = Counter(result.status for part in report.targets for result in part.results)
    total = sum(statuses.values())
    undone = ", ".join(
        f"{statuses[status]:,} {title.lower()}"
        for status, (title, _, _) in reversed(tuple(_STATUSES.items()))
        if statuses[status]
    )
    if not total and not report.writes and not report.interrupted:
        text = "No change was to be applied, and nothing was written to any service."
        yield from layout.paragraph(text, tone=Tone.GOOD)
        return
    begun = "Interrupted: applied" if report.interrupted else "Applied"
    text = f"{begun} {statuses[Status.DONE]:,} of {words.counted(total, ('change', 'changes'))}"
    text += f"; {undone}." if undone else "."
    if report.failed or report.interrupted:
        text += " Run `reconciler plan` to see what is left."
    tone = Tone.ALARM if report.failed or report.interrupted else Tone.GOOD
    yield from layout.paragraph(text, tone=tone)

"""Drift for people: what differs from git, since when, and what git does not know; text and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from reconciler.model.address import Address, Kind
from reconciler.model.authorship import Author
from reconciler.model.change import Action
from reconciler.model.drift import Difference, Drift, DriftState, TargetDrift, UnmanagedGrant
from reconciler.render import escape, findings, naming, nested, words
from reconciler.render.layout import Layout, Line, joined
from reconciler.render.naming import Names
from reconciler.render.style import Style, Tone

_DIFFERENCE = ("difference made outside git", "differences made outside git")
_CHANGE = ("change not applied", "changes not applied")
_GRANT = ("grant that git does not know", "grants that git does not know")
# What somebody did who made it: the opposite of what the plan would do.
_STATES = {Action.CREATE: "missing", Action.DELETE: "not in git", Action.UPDATE: "changed"}
_TITLES = {True: "Made outside git", False: "Not applied"}
# What stands below a heading of Markdown that is cut short.
_CUT = "… {count:,} more; the whole list is in the output of the job that found it."
_FIRST_CUT = "Not everything is shown: the list is longer than fits here."


def drift_text(drift: Drift, *, color: bool = False, width: int | None = None, verbose: bool = False) -> str:
    """What differs at each target, privileged access first; then what a reader must know beside it."""
    layout = Layout(Style(color), width)
    lines: list[Line] = []
    for one in drift.targets:
        lines += layout.paragraph(f"{escape.name(one.target)}: {verdict(one)}", tone=_tone(one))
        for title, items in _lists(one):
            lines.append(layout.line())
            lines.append(layout.line(title, Tone.HEADING))
            for privileged, text in items:
                tone = Tone.ALARM if privileged else Tone.PLAIN
                lines += layout.paragraph(text, indent=2, hang=4, tone=tone)
        if text := _nobody(one):
            lines += layout.paragraph(text, tone=Tone.FAINT)
        if one.findings:
            lines += [layout.line(), layout.line("Findings", Tone.HEADING)]
            lines += findings.several(one.findings, {}, layout, Tone.CAUTION, verbose=verbose)
        lines += [
            line
            for _, scope, reason in one.gaps
            for line in layout.paragraph(f"Not read: {escape.text(scope)}: {escape.sentence(reason)}")
        ]
        lines.append(layout.line())
    return joined(lines)


def drift_markdown(one: TargetDrift, limit: int) -> str:
    """The drift of one target as an issue, at most `limit` bytes of UTF-8: the first entries stay.

    Every value stands in a code span, so that it is neither markup nor a mention nor a link.
    """
    head = f"**{escape.sentence(verdict(one))}**"
    blocks: list[tuple[str, list[str]]] = []
    for title, items in _lists(one):
        blocks.append((title, [_item(privileged, text) for privileged, text in items]))
    if text := _nobody(one):
        head += f"\n\n{escape.code(text)}"
    beside = [f"- {escape.code(f'{each.code}: {each.message}')}" for each in one.findings]
    if beside:
        blocks.append(("Findings", beside))
    whole = _markdown(head, blocks, cut=False)
    if len(whole.encode()) <= limit:
        return whole
    room = limit - len(_markdown(head, [(title, []) for title, _ in blocks], cut=True).encode())
    room -= len(blocks) * (len(_CUT.encode()) + 20)
    kept = []
    for title, entries in blocks:
        shown: list[str] = []
        for item in entries:
            room -= len(item.encode()) + 1
            if room < 0:
                break
            shown.append(item)
        more = len(entries) - len(shown)
        kept.append((title, [*shown, *([_CUT.format(count=more)] if more else [])]))
    return _markdown(head, kept, cut=True)


def verdict(one: TargetDrift) -> str:
    """All of one target in a sentence."""
    if one.state is DriftState.UNKNOWN:
        return f"could not be compared: {escape.sentence(one.error)}"
    drifted = sum(each.drifted for each in one.differences)
    parts = [
        words.counted(count, nouns)
        for count, nouns in (
            (drifted, _DIFFERENCE),
            (len(one.differences) - drifted, _CHANGE),
            (len(one.unmanaged), _GRANT),
        )
        if count
    ]
    privileged = sum(each.privileged for each in one.differences)
    privileged += sum(each.privileged for each in one.unmanaged)
    text = words.listed(parts) or "as git says"
    if privileged:
        text += f"; {privileged:,} privileged"
    refused = "; the plan that would set it right is refused" if one.refused else ""
    return f"{text}{refused}."


def _tone(one: TargetDrift) -> Tone:
    if one.state is DriftState.NONE and not one.refused:
        return Tone.GOOD
    return Tone.ALARM if one.error or one.refused else Tone.CAUTION


def entries(one: TargetDrift) -> Iterator[tuple[str, bool, str, Address]]:
    """Each entry: the title that it stands under, whether it is privileged, its escaped text, and of what."""
    names = _names(one)
    for drifted, title in _TITLES.items():
        for each in one.differences:
            if each.drifted is drifted:
                yield title, each.privileged, _difference(each, names), each.change.address
    for grant in one.unmanaged:
        yield "Not in git", grant.privileged, _grant(grant, names), grant.address


def _lists(one: TargetDrift) -> Iterator[tuple[str, Sequence[tuple[bool, str]]]]:
    """Each list with its title; its entries are text, escaped, with whether it is privileged access."""
    for title, found in groupby(entries(one), key=lambda each: each[0]):
        yield title, [(privileged, text) for _, privileged, text, _ in found]


def _nobody(one: TargetDrift) -> str:
    """Why some differences stand there without an author."""
    drifted = [each.author for each in one.differences if each.drifted]
    missing = sum(each is None for each in (*drifted, *(each.author for each in one.unmanaged)))
    if not missing or not one.unattributed:
        return ""
    return f"Who made {missing:,} of them: {escape.sentence(one.unattributed)}."


def _names(one: TargetDrift) -> Names:
    groups = {key: name for key, name in one.names.items() if key.startswith("~")}
    return Names(groups, groups, one.names)


def _difference(one: Difference, names: Names) -> str:
    change = one.change
    state = _STATES.get(change.action, str(change.action))
    text = f"{state}: {_object(change.address, names)}"
    if change.action is Action.UPDATE:
        text += f": {'; '.join(_fields(one)) or 'not as git says'}"
    notes = [naming.PRIVILEGED] if one.privileged else []
    if not one.drifted:
        notes.append(escape.text(change.cause))
    elif one.right_at is not None:
        notes.append(f"last seen as declared at {moment(one.right_at)}")
    notes += _hand(one.author)
    if one.withheld:
        notes.append(f"stays: {escape.sentence(one.withheld)}")
    return f"{text} ({'; '.join(notes)})" if notes else text


def _fields(one: Difference) -> Iterator[str]:
    """Each part that differs, as a sentence: `title is "Y", git says "X"`."""
    for each in one.change.fields:
        for part in nested.parts(each):
            name = escape.name(part.name)
            if part.item and part.before is None:
                yield f"{name} lacks {naming.value(part.after)}"
            elif part.item:
                yield f"{name} has {naming.value(part.before)} beside git's"
            else:
                yield f"{name} is {naming.value(part.before)}, git says {naming.value(part.after)}"


def _grant(one: UnmanagedGrant, names: Names) -> str:
    notes = [naming.PRIVILEGED] if one.privileged else []
    notes += _hand(one.author)
    text = _object(one.address, names)
    return f"{text} ({'; '.join(notes)})" if notes else text


def _hand(author: Author | None) -> Iterator[str]:
    """By whom, when and how: `by ada@example.com at 2026-11-23T22:10:00Z, console: RemoveMemberFromGroup`."""
    if author is None:
        return
    who = escape.sentence(author.who)
    if author.own:
        who = f"a run of the reconciler, {who}"
    when = f" at {moment(author.at)}" if author.at else ""
    how = ": ".join(filter(None, (str(author.channel or ""), escape.text(author.event))))
    yield f"by {who}{when}{f', {how}' if how else ''}"


def _object(address: Address, names: Names) -> str:
    """The object by its kind and key: `membership of ada in group sre`."""
    kind = address.kind
    if kind is Kind.MEMBERSHIP:
        return (
            f"membership of {names.user(address.user.own_key)} in group {names.group(address.group.own_key)}"
        )
    if kind is Kind.ASSIGNMENT:
        permission_set = escape.name(address.permission_set.own_key)
        whom = names.principal(address.principal)
        return f"assignment of {permission_set} to {whom} on {names.account(address.account)}"
    if address.has("account"):
        permission_set = escape.name(address.permission_set.own_key)
        return f"{kind.facts.noun} of {permission_set} on {names.account(address.account)}"
    called = names.group if kind is Kind.GROUP else names.user
    return f"{kind.facts.noun} {called(address.own_key)}"


def moment(at: datetime) -> str:
    """An instant in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _item(privileged: bool, text: str) -> str:  # noqa: FBT001  # a pair from `_lists`
    return f"- {'**privileged** ' if privileged else ''}{escape.code(text)}"


def _markdown(head: str, blocks: Iterable[tuple[str, Sequence[str]]], *, cut: bool) -> str:
    lines = [head, *(["", _FIRST_CUT] if cut else [])]
    for title, items in blocks:
        lines += ["", f"### {title}", "", *items]
    return "\n".join(lines) + "\n"

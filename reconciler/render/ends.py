"""Changed ends of memberships and assignments, once for each declaration behind them, with both dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from reconciler.model.address import Kind
from reconciler.model.change import Change, Effect
from reconciler.render import naming, words
from reconciler.render.naming import Names
from reconciler.render.rows import Row, Section, bunches, sample

_LONGER, _SHORTER = "lasts longer", "ends earlier"


def section(changes: Sequence[Change], names: Names) -> Section:
    """The section on them; what gives more time is named first."""
    longer = sum(change.effect is Effect.GRANT for change in changes)
    counts = [f"{longer:,} longer"] if longer else []
    counts += [f"{len(changes) - longer:,} shorter"] if longer < len(changes) else []
    ordered = sorted(changes, key=lambda change: (change.effect is not Effect.GRANT, change.address))
    return Section("Time limits", ", ".join(counts), tuple(_rows(ordered, names)))


def _rows(changes: Sequence[Change], names: Names) -> Iterable[Row]:
    alike = Counter(map(_of_person, changes))

    def declaration(change: Change) -> Hashable:
        """What was written; where nothing is any more, the same of one person everywhere."""
        if change.until is None and alike[_of_person(change)] > 1 and words.person(change) is not None:
            return _of_person(change)
        return change.origin, change.effect, change.fields

    for bunch in bunches(changes, declaration):
        first = bunch[0]
        labels = [_label(change, names) for change in bunch]
        longer = first.effect is Effect.GRANT
        counts = Counter(change.address.kind for change in bunch)
        what = words.listed([words.of_kind(kind, count) for kind, count in sorted(counts.items())])
        place = names.place(first.origin) if names.verbose else ""
        dates = naming.window(first)
        if len(bunch) == 1:
            label, pieces = labels[0], dates
        else:
            label, pieces = f"{what}:", (*dates, *(labels if names.verbose else sample(labels)))
        remark = "; ".join(filter(None, (_LONGER if longer else _SHORTER, place)))
        yield Row(
            glyph=naming.GLYPHS[first.action],
            label=label,
            pieces=pieces,
            remarks=f"({remark})",
            takes_away=not longer,
            kept=True,
        )


def _of_person(change: Change) -> Hashable:
    return words.person(change), change.effect, change.fields


def _label(change: Change, names: Names) -> str:
    """`ada in ops`, `Admin to group ops on pay (111122223333)`."""
    if change.address.kind is Kind.MEMBERSHIP:
        return f"{names.label(change)} in {names.group(change.address.group.own_key)}"
    return names.label(change)

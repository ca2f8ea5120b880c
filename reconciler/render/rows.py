"""The changes of one target as sections and rows, folded as far as asked; text and Markdown lay them out.

What gives may be folded into counts; what takes away has a row of its own, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change
from reconciler.model.plan import TargetPlan
from reconciler.render import naming, words
from reconciler.render.naming import Names
from reconciler.render.style import Tone

# Fewer than this are listed even where folding is on: a count would not be shorter to read.
_FOLDABLE = 6
_SAMPLE = 3
# How many groups that only gain keep a line each when groups are folded.
_GROUPS_SHOWN = 40

_FATES = {Action.CREATE: "(new group)", Action.DELETE: "(the group goes)"}

_TITLES = {
    Kind.USER: "Users",
    Kind.GROUP: "Groups",
    Kind.MEMBERSHIP: "Memberships",
    Kind.PERMISSION_SET: "Permission sets",
    Kind.ASSIGNMENT: "Assignments",
}


class Fold(IntEnum):
    """How much is folded: nothing; members of a group; users and groups, too; small groups among groups."""

    NOTHING = 0
    MEMBERS = 1
    OBJECTS = 2
    GROUPS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line to be: `glyph` and `label`, `pieces` that are joined by commas, `remarks` in parentheses.

    `folded` is how many changes it stands for without naming them; `takes_away` keeps it from being
    left out. A heading has no glyph. All text is escaped.
    """

    glyph: str
    label: str
    pieces: tuple[str, ...] = ()
    remarks: str = ""
    depth: int = 1
    folded: int = 0
    takes_away: bool = False

    @property
    def tone(self) -> Tone:
        """The colour of the glyph and label: red wherever something is taken away."""
        if self.glyph == "":
            return Tone.HEADING
        if self.glyph == "-" or self.takes_away:
            return Tone.REMOVED
        return Tone.ADDED if self.glyph == "+" else Tone.CHANGED


@dataclass(frozen=True, slots=True)
class Section:
    """The changes of one kind: a title, what is to be done in numbers, and the rows."""

    title: str
    counts: str
    rows: tuple[Row, ...]


def sections(part: TargetPlan, names: Names, fold: Fold) -> tuple[Section, ...]:
    """One section for each kind that changes, in the order of kinds."""
    by_kind: dict[Kind, list[Change]] = {}
    for change in part.changes:
        by_kind.setdefault(change.address.kind, []).append(change)
    made = []
    for kind in Kind:
        if changes := by_kind.get(kind):
            if kind is Kind.MEMBERSHIP:
                rows = _memberships(changes, part.changes, names, fold)
            else:
                rows = _objects(kind, changes, names, fold)
            made.append(Section(_TITLES[kind], words.todo(changes), tuple(rows)))
    return tuple(made)


def _objects(kind: Kind, changes: Sequence[Change], names: Names, fold: Fold) -> Iterable[Row]:
    """Creates, then updates, then deletes; alike ones as one row where folding says so."""
    ordered = sorted(changes, key=lambda change: (list(Action).index(change.action), change.address))
    if fold < Fold.OBJECTS:
        return [_row(change, names) for change in ordered]

    def alike(change: Change) -> Hashable:
        touched = () if fold is Fold.GROUPS else tuple(sorted({each.name for each in change.fields}))
        return change.action, change.effect, change.cause, touched if change.action is Action.UPDATE else ()

    rows: list[Row] = []
    for bunch in _bunches(ordered, alike):
        if len(bunch) < _FOLDABLE or naming.takes_away(bunch[0]):
            rows += (_row(change, names) for change in bunch)
            continue
        touched = sorted({each.name for change in bunch for each in change.fields})
        what = f" ({', '.join(touched)})" if bunch[0].action is Action.UPDATE and touched else ""
        rows.append(
            Row(
                glyph=naming.GLYPHS[bunch[0].action],
                label=f"{words.of_kind(kind, len(bunch))}{what}:",
                pieces=_sample([names.label(change) for change in bunch]),
                remarks=_remarks(bunch),
                folded=len(bunch) - _SAMPLE,
            )
        )
    return rows


def _row(change: Change, names: Names, depth: int = 1) -> Row:
    return Row(
        glyph=naming.GLYPHS[change.action],
        label=names.label(change),
        pieces=naming.fields(change, everything=names.verbose),
        remarks=names.remarks(change),
        depth=depth,
        takes_away=naming.takes_away(change),
    )


def _memberships(
    changes: Sequence[Change], everything: Sequence[Change], names: Names, fold: Fold
) -> Iterable[Row]:
    """Under each group, who joins and who leaves."""
    fates = {
        change.address.parts[0]: change.action for change in everything if change.address.kind is Kind.GROUP
    }
    rows: list[Row] = []
    shown = 0
    rest: list[list[Change]] = []
    ordered = sorted(changes, key=lambda change: change.address.parts)
    for bunch in _bunches(ordered, lambda change: change.address.parts[0]):
        only_gains = not any(map(naming.takes_away, bunch))
        if only_gains and fold is Fold.GROUPS:
            shown += 1
            if shown > _GROUPS_SHOWN:
                rest.append(bunch)
                continue
        rows += _one_group(bunch, names, fold, fates.get(bunch[0].address.parts[0]))
    if len(rest) == 1:
        rows += _one_group(rest[0], names, fold, fates.get(rest[0][0].address.parts[0]))
    elif rest:
        total = sum(map(len, rest))
        rows.append(
            Row(
                glyph="+",
                label=f"{total:,} more join {words.of_kind(Kind.GROUP, len(rest))}:",
                pieces=_sample([names.group(bunch[0].address.parts[0]) for bunch in rest]),
                remarks=_remarks([change for bunch in rest for change in bunch]),
                folded=total,
            )
        )
    return rows


def _one_group(bunch: Sequence[Change], names: Names, fold: Fold, fate: Action | None) -> Iterable[Row]:
    group = names.group(bunch[0].address.parts[0])
    gains = [change for change in bunch if not naming.takes_away(change)]
    losses = [change for change in bunch if naming.takes_away(change)]
    least = {Fold.NOTHING: len(gains) + 1, Fold.GROUPS: 1}.get(fold, _FOLDABLE)
    folded = max(len(gains) - _SAMPLE, 0) if len(gains) >= least else 0
    counts = [f"{len(gains):,} {'joins' if len(gains) == 1 else 'join'}"] if gains else []
    counts += [f"{len(losses):,} {'leaves' if len(losses) == 1 else 'leave'}"] if losses else []
    joined = Row(
        glyph="+",
        label=f"{counts[0]}:",
        pieces=_sample([names.label(change) for change in gains]),
        remarks=_remarks(gains),
        depth=2,
        folded=folded,
    )
    given = [_row(change, names, depth=2) for change in gains]
    if gains and len(gains) >= least:
        if not losses:
            return [replace(joined, label=f"{group}: {joined.label}", depth=1)]
        if fold is Fold.GROUPS:
            # One line for the group, whatever it gains, so that its removals cost no more than themselves.
            counts[0] += f" ({', '.join(joined.pieces)})"
            given = []
        else:
            given = [joined]
    rows = [*given, *(_row(change, names, depth=2) for change in losses)]
    common = {row.remarks for row in rows}
    said = {_FATES[fate]} if fate in _FATES else set()
    if len(rows) > 1 and len(common) == 1 and (given or not gains):
        said |= common
        rows = [replace(row, remarks="") for row in rows]
    heading = Row(
        glyph="",
        label=f"{group}:",
        pieces=tuple(counts),
        remarks=" ".join(sorted(filter(None, said))),
        folded=0 if given else folded,
        takes_away=bool(losses),
    )
    return [heading, *rows]


def _bunches(changes: Iterable[Change], key: Callable[[Change], Hashable]) -> Iterable[list[Change]]:
    """Changes that are alike, in the order in which the first of each comes."""
    bunches: dict[Hashable, list[Change]] = {}
    for change in changes:
        bunches.setdefault(key(change), []).append(change)
    return bunches.values()


def _sample(labels: Sequence[str]) -> tuple[str, ...]:
    """The first few, and how many more there are."""
    more = len(labels) - _SAMPLE
    return (*labels[:_SAMPLE], f"… {more:,} more") if more > 0 else tuple(labels)


def _remarks(changes: Sequence[Change]) -> str:
    """What is remarkable about some of the changes that one row stands for, with how many."""
    causes = Counter(str(change.cause) for change in changes if change.cause is not Cause.GIT)
    said = [
        cause if count == len(changes) else f"{count:,} {cause}" for cause, count in sorted(causes.items())
    ]
    if restored := sum(change.restores for change in changes):
        said.append(naming.RESTORES if restored == len(changes) else f"{restored:,} {naming.RESTORES}")
    return f"({', '.join(said)})" if said else ""

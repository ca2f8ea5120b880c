"""What sections of a plan are made of: rows, folded as far as asked, that text and Markdown lay out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from reconciler.model.address import Kind
from reconciler.model.change import Cause, Change
from reconciler.render import naming
from reconciler.render.naming import Names
from reconciler.render.style import Tone

# Fewer than this are listed even where folding is on: a count would not be shorter to read.
FOLDABLE = 6
SAMPLE = 3
# How many groups that only gain keep a line each when groups are folded.
GROUPS_SHOWN = 40
# A permission set with more pieces than this has one of them to a line.
WIDE = 2


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
    # Whether every piece stands on a line of its own, for what is too long to be read in one.
    tall: bool = False
    # Whether it is never left out, although nothing is taken away.
    kept: bool = False

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


def row(change: Change, names: Names, *, label: str | None = None, depth: int = 1) -> Row:
    """One change as one row; `label` says what to call it where its place says a part of that already."""
    pieces = naming.fields(change, everything=names.verbose)
    return Row(
        glyph=naming.GLYPHS[change.action],
        label=names.label(change) if label is None else label,
        pieces=pieces,
        remarks=names.remarks(change),
        depth=depth,
        takes_away=naming.takes_away(change),
        tall=change.address.kind is Kind.PERMISSION_SET and len(pieces) > WIDE,
    )


def bunches(changes: Iterable[Change], key: Callable[[Change], Hashable]) -> Iterable[list[Change]]:
    """Changes that are alike, in the order in which the first of each comes."""
    found: dict[Hashable, list[Change]] = {}
    for change in changes:
        found.setdefault(key(change), []).append(change)
    return found.values()


def sample(labels: Sequence[str], size: int = SAMPLE) -> tuple[str, ...]:
    """The first few, and how many more there are."""
    more = len(labels) - size
    return (*labels[:size], f"… {more:,} more") if more > 0 else tuple(labels)


def remarks(changes: Sequence[Change]) -> str:
    """What is remarkable about some of the changes that one row stands for, with how many."""
    causes = Counter(str(change.cause) for change in changes if change.cause is not Cause.GIT)
    notes = [
        cause if count == len(changes) else f"{count:,} {cause}" for cause, count in sorted(causes.items())
    ]
    notes += naming.ends(changes)
    if restored := sum(change.restores for change in changes):
        notes.append(naming.RESTORES if restored == len(changes) else f"{restored:,} {naming.RESTORES}")
    return f"({', '.join(notes)})" if notes else ""

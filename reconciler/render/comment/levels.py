"""How much a comment shows, from everything to what must never be left out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from reconciler.render.rows import Fold


class Level(IntEnum):
    """A document of a higher level is shorter."""

    WHOLE = 0
    MEMBERS_FOLDED = 1
    OBJECTS_FOLDED = 2
    GROUPS_FOLDED = 3
    COUNTS = 4  # what gives only as numbers; every removal and every privileged grant is still named
    DENSE = 5  # removals with many names to a line
    LISTED = 6  # privileged grants as lines of names, and all other access in numbers


FOLDS: Mapping[Level, Fold] = {
    Level.WHOLE: Fold.NOTHING,
    Level.MEMBERS_FOLDED: Fold.MEMBERS,
    Level.OBJECTS_FOLDED: Fold.OBJECTS,
    Level.GROUPS_FOLDED: Fold.GROUPS,
    Level.COUNTS: Fold.GROUPS,
    Level.DENSE: Fold.GROUPS,
    Level.LISTED: Fold.GROUPS,
}

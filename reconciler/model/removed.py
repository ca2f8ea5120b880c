"""What runs without a review took away lately: what limits that hold for a day count beside a new plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

# So long a removal counts.
WINDOW = timedelta(hours=24)
# The name under which people count who were blocked.
BLOCKED = "blocked"
TOTAL = "total"


class Removed(NamedTuple):
    """What one run took away: `at` an aware instant, `counts` how many by name of what is counted, sorted.

    Names are those of kinds (`user`, `membership`), `total`, `blocked`, `group:` and the encoded key of a
    group, `account:` and an id.
    """

    at: datetime
    counts: tuple[tuple[str, int], ...]


def lately(removed: Iterable[Removed], now: datetime) -> tuple[Removed, ...]:
    """Those of the last 24 hours before `now`, oldest first, each once."""
    return tuple(sorted({one for one in removed if now - WINDOW < one.at}))


def counted(tallies: Collection[Iterable[str]]) -> tuple[tuple[str, int], ...]:
    """What limits count of some removals, each by its names; who is blocked counts once."""
    people = {name for names in tallies for name in names if name.startswith(f"{BLOCKED}:")}
    total = Counter(name for names in tallies for name in names if name not in people)
    if people:
        total[BLOCKED] = len(people)
    return tuple(sorted(total.items()))


def summed(removed: Iterable[Removed]) -> Mapping[str, int]:
    """How many of each name, over several runs."""
    total: Counter[str] = Counter()
    for one in removed:
        total.update(dict(one.counts))
    return total

"""How many calls are under way at once, for everybody who reads this service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from reconciler.wire.pool import Pool

Item = TypeVar("Item")
Result = TypeVar("Result")

# The rates, of 16 a second at most, are what bounds us, at answers of well under a second.
_WORKERS = 12


def each(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[Item, Result]]:
    """Every item with `work(item)`, as they finish, by as many threads as that is worth."""
    if len(items) < 2:
        yield from ((item, work(item)) for item in items)
        return
    with Pool(min(_WORKERS, len(items))) as pool:
        yield from pool.map(work, items)


def together(*jobs: Callable[[], object]) -> None:
    """All jobs at the same time; the first that fails ends the others, and is raised."""
    for _ in each(lambda job: job(), jobs):
        pass

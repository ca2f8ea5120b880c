"""What files say in so many words, and no limit on removals counts: blocks, and ends that are over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reconciler.model.change import Cause
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import World
from tests.properties import oracle
from tests.properties.book import stem
from tests.properties.leave import Words
from tests.properties.witness import locate


def in_words(
    planned: PreparedPlan, before: World, after: World, states: Sequence[Identities], now: datetime
) -> set[tuple[object, ...]]:
    """What a plan takes for a block or an end, by stem. `states` are what git said, the present one last.

    Each must be one by the words of git: of a block the present ones, of an end those of any time. So must be
    what is taken from a leaver, and limits count that.
    """
    found: set[tuple[object, ...]] = set()
    blocked = {stem(each) for each in states[-1].blocked}
    left = {stem(key) for key, user in states[-1].users.items() if user.active is False}
    over: set[Words] | None = None
    for change in planned.plan.changes:
        what = locate(before, after, change.address)
        if change.cause is Cause.BLOCK:
            assert what[-1] in blocked, f"{what} is not blocked"
            found.add(what)
        elif change.cause is Cause.LEAVER:
            assert what[-1] in left, f"{what} is of nobody who left"
        elif change.cause is Cause.EXPIRY:
            over = set(_over(states, before, now)) if over is None else over
            assert what[-1:] in over or what[1:] in over, f"{what} has no end that is over"
            found.add(what)
    return found


def _over(states: Iterable[Identities], world: World, now: datetime) -> Iterator[Words]:
    """Whatever was said to end, or to begin, at another time than now: people alone, and pairs."""
    for declared in states:
        for key, user in declared.users.items():
            if not oracle.holds(user.window, now):
                yield (stem(key),)
        for key in declared.groups:
            for member in oracle.flat(declared, key, None) - oracle.flat(declared, key, now):
                yield stem(key), stem(member)
        for entry in declared.assignments.values():
            if oracle.holds(entry.window, now):
                continue
            for account in oracle.accounts(entry, world):
                for name in entry.permission_sets:
                    for each in (*entry.users, *entry.groups):
                        yield account, stem(name), stem(each)

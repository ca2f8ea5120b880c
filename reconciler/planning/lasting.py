"""Who keeps access for longer by a plan, or for less long: what neither gains nor loses tells.

It is the net, as gains are: of several ways to one permission set on one account the one that lasts longest
counts, and a way through a group ends with the membership or with the assignment, whichever is first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from reconciler.access.compare import DIRECT, Row, Way
from reconciler.access.state import NOBODY, AccessState, Holders
from reconciler.model.access import Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change
from reconciler.model.pairs import Pair, Principal
from reconciler.planning.context import PlanContext
from reconciler.planning.standings import Sides, Tokens
from reconciler.planning.windows import Windows, instant, later, text

_End = datetime | None
# Of each principal that an assignment ends for: when, before the plan and after it.
_Ends = tuple[tuple[Principal, _End, _End], ...]
_Class = tuple[str, Holders, Holders, _Ends, frozenset[Principal]]


class Lasting:
    """How long access lasts, before a plan made of `changes` and after it."""

    def __init__(self, context: PlanContext, changes: Iterable[Change], tokens: Tokens) -> None:
        self._windows = Windows(context)
        self._any = _anything_ends(context)
        self._joined: dict[tuple[str, str], _End] = {}
        self._assigned: dict[tuple[Pair, Principal], _End] = {}
        self._members: dict[str, set[str]] = {}
        self._holders: dict[Pair, set[Principal]] = {}
        for change in changes if self._any else ():
            if change.action is Action.RELEASE:
                continue
            stays = change.action is not Action.DELETE
            if change.address.kind is Kind.MEMBERSHIP:
                membership = tokens.membership(change.address)
                self._members.setdefault(membership[0], set()).add(membership[1])
                if stays:
                    self._joined[membership] = instant(change.until)
            elif change.address.kind is Kind.ASSIGNMENT:
                assignment = tokens.assignment(change.address)
                self._holders.setdefault(assignment[0], set()).add(assignment[1])
                if stays:
                    self._assigned[assignment] = instant(change.until)

    def rows(self, both: Sides) -> Iterator[Row]:
        """Each who has the same on both sides of the plan, until another time: LONGER and SHORTER."""
        if not self._members and not self._holders:
            return
        found: dict[tuple[Direction, str, Way, str | None, str | None], dict[str, list[str]]] = {}
        for (name, held, holding, ends, changed), accounts in self._classes(both).items():
            before = {one: end for one, end, _ in ends}
            after = {one: end for one, _, end in ends}
            for person in sorted(self._touched(both, held & holding, held | holding, changed) - both.renamed):
                then = [*self._ends(both.before, held, before, person, {})]
                now = [*self._ends(both.after, holding, after, person, self._joined)]
                if not then or not now:
                    continue
                was, will = _latest(then), _latest(now)
                if was == will:
                    continue
                direction = Direction.LONGER if later(will, was) else Direction.SHORTER
                way = tuple(sorted({DIRECT if one.kind is Kind.USER else one.id for one, _ in now}))
                key = (direction, name, way, text(was), text(will))
                found.setdefault(key, {}).setdefault(person, []).extend(accounts)
        for (direction, name, way, was_until, until), people in found.items():
            alike: dict[tuple[str, ...], set[str]] = {}
            for person, accounts in people.items():
                alike.setdefault(tuple(sorted(accounts)), set()).add(person)
            for where, persons in alike.items():
                yield Row(direction, name, frozenset(persons), where, way, was_until, until)

    def until(self, side: AccessState, pair: Pair, person: str, *, after: bool) -> _End:
        """When the access of a person to a pair ends on one side of the plan; None is never."""
        holders = side.of(pair)
        if not self._any:
            return None
        ends: dict[Principal, _End] = {}
        for one in holders:
            planned = after and (pair, one) in self._assigned
            ends[one] = self._assigned[pair, one] if planned else self._windows.assignment(pair, one)
        ways = [*self._ends(side, holders, ends, person, self._joined if after else {})]
        return _latest(ways) if ways else None

    def extended(self, both: Sides) -> AbstractSet[str]:
        """Everybody who keeps something for longer."""
        rows = self.rows(both)
        return {person for row in rows if row.direction is Direction.LONGER for person in row.people}

    def _classes(self, both: Sides) -> Mapping[_Class, list[str]]:
        """Accounts that a change touches, alike ones together."""
        moved = {Principal(Kind.GROUP, group) for group in self._members}
        classes: dict[_Class, list[str]] = {}
        for pair in both.before.holders.keys() & both.after.holders.keys():
            held, holding = both.before.of(pair), both.after.of(pair)
            changed: AbstractSet[Principal] = self._holders.get(pair, frozenset())
            if not changed and moved.isdisjoint(held) and moved.isdisjoint(holding):
                continue
            ends = tuple(
                (one, before, after)
                for one in sorted(held | holding)
                if (before := self._windows.assignment(pair, one))
                != (after := self._assigned.get((pair, one), before))
                or after is not None
            )
            key = (pair[1], held, holding, ends, frozenset(changed))
            classes.setdefault(key, []).append(pair[0])
        return classes

    def _touched(
        self, both: Sides, kept: Holders, holders: Holders, changed: AbstractSet[Principal]
    ) -> set[str]:
        """The people whom some change touches, and who may have access on both sides."""
        people: set[str] = set()
        for one in holders:
            if one in changed or one not in kept:
                people |= both.before.behind(one) | both.after.behind(one)
            elif one.kind is Kind.GROUP:
                people |= self._members.get(one.id, NOBODY)
        return people

    def _ends(
        self,
        side: AccessState,
        holders: Holders,
        assigned: Mapping[Principal, _End],
        person: str,
        joined: Mapping[tuple[str, str], _End],
    ) -> Iterator[tuple[Principal, _End]]:
        """The ways by which somebody has access on one side, each with its end."""
        if person not in side.people:
            return
        for one in holders:
            end = assigned.get(one)
            if one.kind is Kind.USER:
                if one.id == person:
                    yield one, end
            elif person in side.members.get(one.id, NOBODY):
                key = (one.id, person)
                member = joined[key] if key in joined else self._windows.member(one.id, person)
                ends = [each for each in (end, member) if each is not None]
                yield one, min(ends) if ends else None


def _latest(ways: Sequence[tuple[Principal, _End]]) -> _End:
    ends = [end for _, end in ways if end is not None]
    return max(ends) if len(ends) == len(ways) else None


def _anything_ends(context: PlanContext) -> bool:
    """Whether time plays a part at all: mostly not, and then nobody is looked at."""
    ledger, desired = context.memory.ledger, context.desired
    if desired.ends or (ledger is not None and ledger.ends):
        return True
    if any(user.window.end for user in desired.users.values()):
        return True
    # Pairs to which the same entries lead share one map.
    maps = {id(holders): holders for holders in desired.assignments.values()}
    if any(why.end for holders in maps.values() for why in holders.values()):
        return True
    given = ledger.assignments.values() if ledger is not None else ()
    return any(how.end for held in given for how in held.values())

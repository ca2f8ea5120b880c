"""How access differs between two sides: who gains and who loses what where, and through what.

It is the net: a person who keeps a permission set on an account through another group neither gains nor
loses it.
Accounts where a permission set is held by the same principals on both sides are one class, and only classes
that something touches are looked at, for the people whom it touches; so the work goes with the difference,
and not with people times accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import NamedTuple

from reconciler.access.state import NOBODY, AccessState, Holders
from reconciler.model.access import Direction
from reconciler.model.address import Kind
from reconciler.model.pairs import Principal

# The way of access that is assigned to the people themselves, beside the groups.
DIRECT = ""
Way = tuple[str, ...]


class Row(NamedTuple):
    """Each of `people` gains, loses or has altered `permission_set` on each of `accounts` (sorted).

    `way` has the groups through which, sorted; DIRECT among them is an assignment to the people themselves.
    `was_until` and `until` are when it ended before and ends now (None: never), where that is what differs.
    """

    direction: Direction
    permission_set: str
    people: frozenset[str]
    accounts: tuple[str, ...]
    way: Way
    was_until: str | None = None
    until: str | None = None


def compare(before: AccessState, after: AccessState, others: AbstractSet[str] = NOBODY) -> Iterator[Row]:
    """Every gain and every loss; a person, a permission set and an account meet in at most one row.

    The ways of a gain are those of `after`, the ways of a loss those of `before`. `others` are people who are
    somebody else after than before: they lose all that they had, and gain all that they have then.
    """
    if others:
        yield from _all_of(before, others, Direction.LOSE)
        yield from _all_of(after, others, Direction.GAIN)
        kept, stay = before.people - others, after.people - others
        same = before.people is after.people
        before, after = replace(before, people=kept), replace(after, people=kept if same else stay)
    then, now = _Side(before), _Side(after)
    come, gone = _moved(then, now)
    merged = _Merged()
    for (permission_set, held, holding), accounts in _touched(before, after, come.keys() | gone.keys()):
        gained = _newly(held, holding, then, now, come)
        merged.add(Direction.GAIN, permission_set, accounts, now.ways(gained, holding))
        lost = _newly(holding, held, now, then, gone)
        merged.add(Direction.LOSE, permission_set, accounts, then.ways(lost, held))
    yield from merged.rows()


def _all_of(side: AccessState, people: AbstractSet[str], direction: Direction) -> Iterator[Row]:
    """All that such of `people` have on one side as can sign in there."""
    alone = replace(side, people=side.people & people)
    wanted: dict[str, None] = dict.fromkeys(arn for _, arn in side.holders)
    yield from (row._replace(direction=direction) for row in reach(alone, wanted))


def reach(
    standing: AccessState, wanted: Mapping[str, AbstractSet[str] | None], among: AccessState | None = None
) -> Iterator[Row]:
    """Who has the wanted permission sets where, as rows that alter: by set the accounts (None: all).

    With `among`, only people who have the set there on that side, too.
    """
    side = _Side(standing)
    other = side if among is None else _Side(among)
    classes: dict[tuple[str, Holders, Holders], list[str]] = {}
    for pair, holders in standing.holders.items():
        account, permission_set = pair
        if permission_set in wanted:
            accounts = wanted[permission_set]
            if accounts is None or account in accounts:
                key = permission_set, holders, other.standing.of(pair)
                classes.setdefault(key, []).append(account)
    merged = _Merged()
    for (name, holders, others), found in classes.items():
        people = side.behind_any(holders)
        if other is not side:
            people &= other.behind_any(others)
        merged.add(Direction.ALTER, name, found, side.ways(people, holders))
    yield from merged.rows()


class _Side:
    """One side, with the people behind each principal at hand."""

    def __init__(self, standing: AccessState) -> None:
        self.standing = standing
        self._behind: dict[Principal, AbstractSet[str]] = {}

    def behind(self, principal: Principal) -> AbstractSet[str]:
        found = self._behind.get(principal)
        if found is None:
            found = self.standing.behind(principal)
            members = self.standing.members.get(principal.id, NOBODY)
            if principal.kind is Kind.GROUP and len(found) == len(members):
                found = members  # nobody to leave out: the same set, not a copy
            self._behind[principal] = found
        return found

    def behind_any(self, holders: Iterable[Principal]) -> set[str]:
        people: set[str] = set()
        for one in holders:
            people.update(self.behind(one))
        return people

    def ways(self, people: set[str], holders: Holders) -> Iterator[tuple[Way, frozenset[str]]]:
        """`people` in blocks that have their access through the same of `holders`."""
        if not people:
            return
        if len(holders) == 1:
            yield (_way(next(iter(holders))),), frozenset(people)
            return
        ways: dict[str, list[str]] = {person: [] for person in people}
        for one in sorted(holders, key=_way):
            way = _way(one)
            for person in self.behind(one) & people:
                ways[person].append(way)
        blocks: dict[Way, list[str]] = {}
        for person, found in ways.items():
            blocks.setdefault(tuple(found), []).append(person)
        for each, block in blocks.items():
            yield each, frozenset(block)


class _Merged:
    """Rows that say the same of the same people, made one."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[Direction, str, Way, frozenset[str]], list[str]] = {}

    def add(
        self,
        direction: Direction,
        permission_set: str,
        accounts: Iterable[str],
        ways: Iterable[tuple[Way, frozenset[str]]],
    ) -> None:
        for way, people in ways:
            self._accounts.setdefault((direction, permission_set, way, people), []).extend(accounts)

    def rows(self) -> Iterator[Row]:
        for (direction, permission_set, way, people), accounts in self._accounts.items():
            yield Row(direction, permission_set, people, tuple(sorted(accounts)), way)


_Moves = Mapping[Principal, AbstractSet[str]]


def _moved(then: _Side, now: _Side) -> tuple[_Moves, _Moves]:
    """By principal: who can act as it now and could not then, and the other way round."""
    before, after = then.standing, now.standing
    same = before.people is after.people
    woken = set[str]() if same else set(after.people - before.people)
    slept = set[str]() if same else set(before.people - after.people)
    come: dict[Principal, AbstractSet[str]] = {Principal(Kind.USER, person): {person} for person in woken}
    gone: dict[Principal, AbstractSet[str]] = {Principal(Kind.USER, person): {person} for person in slept}
    for group in before.members.keys() | after.members.keys():
        had, has = before.members.get(group, NOBODY), after.members.get(group, NOBODY)
        principal = Principal(Kind.GROUP, group)
        if had is has:
            more, less = (had & woken if woken else NOBODY), (had & slept if slept else NOBODY)
        else:
            could, can = then.behind(principal), now.behind(principal)
            more, less = can - could, could - can
        if more:
            come[principal] = more
        if less:
            gone[principal] = less
    return come, gone


def _touched(
    before: AccessState, after: AccessState, moved: AbstractSet[Principal]
) -> Iterator[tuple[tuple[str, Holders, Holders], list[str]]]:
    """Classes of accounts where something changed: permission set, holders before, holders after."""
    classes: dict[tuple[str, Holders, Holders], list[str]] = {}
    for pair in before.holders.keys() | after.holders.keys():
        held, holding = before.of(pair), after.of(pair)
        same = held is holding or held == holding
        if same and (not moved or moved.isdisjoint(held)):
            continue
        account, permission_set = pair
        classes.setdefault((permission_set, held, holding), []).append(account)
    yield from classes.items()


def _newly(held: Holders, holding: Holders, then: _Side, now: _Side, come: _Moves) -> set[str]:
    """Who has access through `holding` now, and had none through `held` then."""
    people: set[str] = set()
    for one in holding:
        people.update(come.get(one, NOBODY) if one in held else now.behind(one))
    for one in held:
        if not people:
            break
        people.difference_update(then.behind(one))
    return people


def _way(principal: Principal) -> str:
    return principal.id if principal.kind is Kind.GROUP else DIRECT

"""Accounts as a person would write them: a unit or a tag where that is exactly equal, else one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.adopting.fitting import can_select
from reconciler.model.organization import LiveUnit, Organization
from reconciler.model.resources import Selector
from reconciler.model.selecting import Places

# A selector for fewer accounts saves nothing, and would take in others later.
_LEAST = 2
# A tag says less than a place does: it is written only where it stands for as many accounts.
_LEAST_TAGGED = 3
# Exceptions are named where they are few: at most so many, of a unit of at least so many accounts for each.
_MOST_EXCEPTIONS = 3
_ACCOUNTS_EACH = 5


@dataclass(frozen=True, slots=True)
class Described:
    """Accounts as they are written in an entry; `widens` where accounts that join later are found as well.

    `notes` say what ids of units stand for, in characters that no comment can end with.
    """

    accounts: tuple[Any, ...]
    excluded: tuple[Any, ...] = ()
    widens: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A selector, what is written for it, and what it finds. `rank`: the lower is written first."""

    rank: int
    name: str
    written: Any
    accounts: frozenset[str]


class Describer:
    """Describes sets of accounts of one organization. `names` are the keys of accounts with their ids.

    Every selector is expanded by what loading expands it with. With `by_name`, accounts are always named.
    """

    def __init__(
        self, organization: Organization, names: Mapping[str, str], *, by_name: bool = False
    ) -> None:
        self._places = Places(organization, names)
        self._keys = {identifier: key for key, identifier in names.items()}
        self._known: dict[frozenset[str], Described] = {}
        # What units are called that are written by id: escaped, as it is text of the service.
        self._ids = {one.id: json.dumps(one.path) for one in organization.units.values()}
        made = [] if by_name else [one for one in self._candidates(organization) if can_select(one.written)]
        self._units = [one for one in _distinct(made) if one.rank < _TAG]
        self._tags = {one.accounts: one for one in reversed(_distinct(made)) if one.rank == _TAG}

    def describe(self, accounts: frozenset[str]) -> Described:
        """What is written for exactly these accounts, of which all are active."""
        if accounts not in self._known:
            found = self._described(accounts)
            written = [one.get("ou") for one in (*found.accounts, *found.excluded) if isinstance(one, dict)]
            notes = tuple(f"{unit} is {self._ids[unit]}" for unit in written if unit in self._ids)
            self._known[accounts] = replace(found, notes=notes)
        return self._known[accounts]

    def _described(self, wanted: frozenset[str]) -> Described:
        chosen, named = self._cover(wanted)
        best = Described(self._list(chosen, named), widens=bool(chosen))
        cost = len(chosen) + len(named)
        tag = self._tags.get(wanted)
        if cost > 1 and tag is not None and len(wanted) >= _LEAST_TAGGED:
            return Described((tag.written,), widens=True)
        for base in self._units:
            off = base.accounts - wanted
            few = len(off) <= _MOST_EXCEPTIONS and len(off) * _ACCOUNTS_EACH <= len(base.accounts)
            if not off or not few or not base.accounts & wanted:
                continue
            more, rest = self._cover(wanted - base.accounts)
            outside, apart = self._cover(off)
            price = 1 + len(more) + len(rest) + len(outside) + len(apart)
            if price < cost:
                cost = price
                best = Described(self._list([base, *more], rest), self._list(outside, apart), widens=True)
        return best

    def _cover(self, wanted: frozenset[str]) -> tuple[list[_Candidate], list[str]]:
        """Selectors that lie within `wanted`, the largest first, and the accounts that none of them finds."""
        rest = set(wanted)
        chosen = []
        for one in self._units:
            if one.accounts <= wanted and len(one.accounts & rest) >= _LEAST:
                chosen.append(one)
                rest -= one.accounts
        return chosen, sorted(rest)

    def _list(self, chosen: list[_Candidate], named: list[str]) -> tuple[Any, ...]:
        selectors = sorted(chosen, key=lambda one: (one.rank, one.name))
        names = sorted(self._keys.get(one, one) for one in named)
        return (*(one.written for one in selectors), *names)

    def _candidates(self, organization: Organization) -> Iterator[_Candidate]:
        everything = _Candidate(_ALL, "", {"all": True}, self._find(Selector(0, all=True)))
        yield everything
        paths: dict[str, int] = {}
        for unit in organization.units.values():
            paths[unit.path] = paths.get(unit.path, 0) + 1
        for unit in sorted(organization.units.values(), key=lambda one: (one.path, one.id)):
            name = _name(unit, paths)
            within = self._find(Selector(0, ou=(name,)))
            yield _Candidate(_UNIT, name, {"ou": name}, within)
            direct = self._find(Selector(0, ou=(name,), direct=True))
            if direct != within:
                yield _Candidate(_DIRECT, name, {"ou": name, "direct": True}, direct)
        tags = {pair for account in organization.accounts.values() for pair in (account.tags or {}).items()}
        for key, value in sorted(tags):
            found = self._find(Selector(0, tag={key: (value,)}))
            yield _Candidate(_TAG, f"{key}={value}", {"tag": {key: value}}, found)

    def _find(self, selector: Selector) -> frozenset[str]:
        return frozenset(self._places.select([selector]).accounts)


_UNIT, _DIRECT, _ALL, _TAG = range(4)


def _name(unit: LiveUnit, paths: Mapping[str, int]) -> str:
    """The path of a unit; its id where the path could mean another one, or cannot be written."""
    plain = paths[unit.path] == 1 and all(name and "/" not in name for name in unit.names)
    return unit.path if plain and unit.path.isprintable() else unit.id


def _distinct(candidates: list[_Candidate]) -> list[_Candidate]:
    """Those that find enough, the largest first; of several that find the same, the one that means least.

    A unit means less than all accounts, and a unit within another less than that one.
    """
    found: dict[frozenset[str], _Candidate] = {}
    for one in sorted(candidates, key=lambda each: (each.rank, -each.name.count("/"), each.name)):
        if len(one.accounts) >= _LEAST:
            found.setdefault(one.accounts, one)
    return sorted(found.values(), key=lambda one: (-len(one.accounts), one.rank, one.name))

"""A ledger while it is put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.pairs import Pair, Principal

_NOBODY: frozenset[str] = frozenset()


class LedgerBuilder:
    """Takes entries and drops them; groups that nobody touches keep their sets, which may be large."""

    def __init__(self) -> None:
        self.users: dict[str, GivenObject] = {}
        self.groups: dict[str, GivenObject] = {}
        self.sets: dict[str, GivenObject] = {}
        self.members: dict[str, frozenset[str]] = {}
        self.unsure: dict[str, frozenset[str]] = {}
        self.assignments: dict[Pair, dict[Principal, GivenAssignment]] = {}
        self.ends: dict[str, dict[str, datetime]] = {}
        # Groups whose members change, with their sets while they do.
        self._open: dict[str, set[str]] = {}
        self._doubted: dict[str, set[str]] = {}

    def of(self, kind: Kind) -> dict[str, GivenObject]:
        """The objects of one kind, by token."""
        found = {Kind.USER: self.users, Kind.GROUP: self.groups, Kind.PERMISSION_SET: self.sets}
        return found[kind]

    def join(self, group: str, user: str, *, sure: bool, end: datetime | None = None) -> None:
        """A membership that git gave until `end` (None: for ever); one that was sure before stays so."""
        self.end(group, user, end)
        members, doubted = self._opened(group)
        if sure:
            doubted.discard(user)
        elif user not in members:
            doubted.add(user)
        members.add(user)

    def end(self, group: str, user: str, end: datetime | None) -> None:
        """When a membership ends (None: never)."""
        if end is not None:
            self.ends.setdefault(group, {})[user] = end
        elif group in self.ends:
            self.ends[group].pop(user, None)

    def leave(self, group: str, user: str) -> None:
        """A membership that is gone, or that git let go of."""
        members, doubted = self._opened(group)
        members.discard(user)
        doubted.discard(user)

    def assign(self, pair: Pair, principal: Principal, how: GivenAssignment) -> None:
        """An assignment that git gave; one that was sure before stays so."""
        held = self.assignments.setdefault(pair, {})
        known = held.get(principal)
        held[principal] = replace(how, sure=how.sure or (known is not None and known.sure))

    def unassign(self, pair: Pair, principal: Principal) -> None:
        """An assignment that is gone, or that git let go of."""
        self.assignments.get(pair, {}).pop(principal, None)

    def ledger(self) -> Ledger:
        """What there is by now, without empty groups and pairs."""
        members = {**self.members, **{group: frozenset(found) for group, found in self._open.items()}}
        unsure = {**self.unsure, **{group: frozenset(found) for group, found in self._doubted.items()}}
        known = {group: found for group, found in members.items() if found}
        doubted = {group: found & known.get(group, _NOBODY) for group, found in unsure.items()}
        ends = {
            group: kept
            for group, until in self.ends.items()
            if (kept := {user: end for user, end in until.items() if user in known.get(group, _NOBODY)})
        }
        return Ledger(
            users=self.users,
            groups=self.groups,
            sets=self.sets,
            members=known,
            unsure={group: found for group, found in doubted.items() if found},
            assignments={pair: held for pair, held in self.assignments.items() if held},
            ends=ends,
        )

    def _opened(self, group: str) -> tuple[set[str], set[str]]:
        if group not in self._open:
            self._open[group] = set(self.members.get(group, _NOBODY))
            self._doubted[group] = set(self.unsure.get(group, _NOBODY))
        return self._open[group], self._doubted[group]

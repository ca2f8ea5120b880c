"""Which grants of a plan take the place of its revocations: same person, same account.

Such a revocation waits for those grants, so that nobody stands without access in between. What must go in
any case (somebody's time is over, they are blocked or have left) waits for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.model.address import Address, Kind
from reconciler.model.change import AT_ONCE, Action, Change, Effect
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Holder
from reconciler.planning.context import PlanContext
from reconciler.planning.standings import Sides, Tokens

Links = Mapping[Address, tuple[Address, ...]]

# Beyond so many grants a revocation waits for one of each person's (or each account's) only.
_MANY = 20


class _Assignment(NamedTuple):
    address: Address
    account: str
    holder: Principal


class _Membership(NamedTuple):
    address: Address
    group: Principal
    user: str


@dataclass(slots=True)
class _Edits:
    """The assignments and memberships that come, or that go."""

    assignments: list[_Assignment] = field(default_factory=list)
    memberships: list[_Membership] = field(default_factory=list)

    def note(self, change: Change, tokens: Tokens) -> None:
        if change.address.kind is Kind.ASSIGNMENT:
            (account, _), holder = tokens.assignment(change.address)
            self.assignments.append(_Assignment(change.address, account, holder))
        elif change.address.kind is Kind.MEMBERSHIP:
            group, user = tokens.membership(change.address)
            self.memberships.append(_Membership(change.address, Principal(Kind.GROUP, group), user))


def replaced(context: PlanContext, changes: Sequence[Change], tokens: Tokens, both: Sides) -> Links:
    """By revocation (of a membership or an assignment) the grants that replace it, sorted.

    A grant may itself wait for the revocation, through a name that is freed: the order must respect that.
    """
    going, coming = _Edits(), _Edits()
    for change in changes:
        if change.action is Action.DELETE and change.effect is Effect.REVOKE and change.cause not in AT_ONCE:
            going.note(change, tokens)
    if not (going.assignments or going.memberships):
        return {}
    for change in changes:
        if change.action is Action.CREATE and change.effect is Effect.GRANT:
            coming.note(change, tokens)
    if not (coming.assignments or coming.memberships):
        return {}
    people = _same_people(context, changes, tokens, both)
    found = _Search(both, going, coming, people)
    return {address: tuple(sorted(grants)) for address, grants in found.links() if grants}


def renamed(context: PlanContext, changes: Iterable[Change]) -> frozenset[Address]:
    """Assignments that go because their like is made, or there, under the new name of their set."""
    heirs = {context.set_name(arn): name for arn, name in context.sets.replaced.items()}
    if not heirs:
        return frozenset()
    changed = {change.address: change.action for change in changes}

    def is_kept(address: Address) -> bool:
        (account, name), holder = address.declared_pair, Holder.at(address)
        heir = heirs.get(name)
        if heir is None:
            return False
        like = context.assignment_address(account, heir, holder)
        wanted = holder in context.desired.assignments.get((account, heir), ())
        return wanted and (changed.get(like) is Action.CREATE or heir in context.sets.ids)

    return frozenset(
        address
        for address, action in changed.items()
        if address.kind is Kind.ASSIGNMENT and action is Action.DELETE and is_kept(address)
    )


def _same_people(context: PlanContext, changes: Sequence[Change], tokens: Tokens, both: Sides) -> set[str]:
    """Who can sign in before and after, is meant to have access, and keeps the name that they sign in by."""
    renamed = {
        tokens.user(change.address.own_key)
        for change in changes
        if change.address.kind is Kind.USER and change.effect is Effect.MIXED
    }
    return set(both.before.people & both.after.people) - context.inactive.keys() - renamed


class _Search:
    """The grants of one plan, indexed by what revocations ask: by account, by holder and by person."""

    def __init__(self, both: Sides, going: _Edits, coming: _Edits, people: set[str]) -> None:
        self._both, self._going, self._people = both, going, people
        self._granted: dict[str, dict[Principal, list[Address]]] = {}
        self._granted_to: dict[Principal, dict[str, list[Address]]] = {}
        for one in coming.assignments:
            self._granted.setdefault(one.account, {}).setdefault(one.holder, []).append(one.address)
            self._granted_to.setdefault(one.holder, {}).setdefault(one.account, []).append(one.address)
        self._joined: dict[str, list[_Membership]] = {}
        for each in coming.memberships:
            if each.user in people:
                self._joined.setdefault(each.user, []).append(each)
        self._reached = _accounts(both.after.holders, {one.group for one in coming.memberships})
        self._assigns = any(both.before.holders.values()) or any(both.after.holders.values())

    def links(self) -> Iterator[tuple[Address, set[Address]]]:
        """Every revocation with its grants; some have none."""
        yield from self._of_assignments()
        yield from self._of_memberships()

    def _of_assignments(self) -> Iterator[tuple[Address, set[Address]]]:
        """The same holder on the same account is nearest; only what finds none is sought person by person."""
        alone: dict[frozenset[Principal], list[_Assignment]] = {}
        for one in self._going.assignments:
            granted = self._granted.get(one.account, {})
            if one.holder in granted:
                yield one.address, set(granted[one.holder])
            else:
                alone.setdefault(frozenset(granted), []).append(one)
        sought = {one.holder for going in alone.values() for one in going}
        losers = {holder: self._both.before.behind(holder) & self._people for holder in sought}
        everybody = set().union(*losers.values())
        for holders, going in alone.items():
            index = self._index(holders, everybody)
            covering: dict[Principal, set[Principal]] = {}
            for one in going:
                people = losers[one.holder]
                if one.holder not in covering:
                    covering[one.holder] = {each for who in people for each in index.get(who, ())}
                granted = self._granted.get(one.account, {})
                found = {grant for each in covering[one.holder] for grant in granted[each]}
                if len(found) > _MANY:
                    found = {min(granted[index[who][0]]) for who in people if who in index}
                yield one.address, found | self._joining(people, one.account)

    def _index(self, holders: Iterable[Principal], losers: set[str]) -> dict[str, list[Principal]]:
        """By person those of `holders` that they will be behind."""
        index: dict[str, list[Principal]] = {}
        for holder in sorted(holders):
            for who in self._both.after.behind(holder) & losers:
                index.setdefault(who, []).append(holder)
        return index

    def _joining(self, people: AbstractSet[str], account: str) -> set[Address]:
        """New memberships of any of `people` in groups that reach `account`."""
        return {
            one.address
            for who in self._joined.keys() & people
            for one in self._joined[who]
            if account in self._reached.get(one.group, ())
        }

    def _of_memberships(self) -> Iterator[tuple[Address, set[Address]]]:
        going = [one for one in self._going.memberships if one.user in self._people]
        left = _accounts(self._both.before.holders, {one.group for one in going})
        index = self._index(self._granted_to, {one.user for one in going if one.group in left})
        between: dict[tuple[Principal, Principal], tuple[Address, ...]] = {}
        shared: dict[tuple[Principal, Principal], bool] = {}
        for one in going:
            accounts = left.get(one.group, set())
            found: set[Address] = set()
            for join in self._joined.get(one.user, ()):
                couple = one.group, join.group
                if couple not in shared:
                    shared[couple] = not accounts.isdisjoint(self._reached.get(join.group, ()))
                if shared[couple]:
                    found.add(join.address)
            for holder in index.get(one.user, ()):
                couple = one.group, holder
                if couple not in between:
                    between[couple] = _common(accounts, self._granted_to[holder])
                found.update(between[couple])
            yield one.address, found or self._moving(one.user, accounts)

    def _moving(self, user: str, left: AbstractSet[str]) -> set[Address]:
        """What somebody joins who moves to a group that leads elsewhere: they lack both at no moment.

        At a service without assignments, a group is access by itself.
        """
        joined = self._joined.get(user, ())
        if not left and not self._assigns:
            return {one.address for one in joined}
        return {one.address for one in joined if left and self._reached.get(one.group)}


def _common(accounts: AbstractSet[str], granted: Mapping[str, Sequence[Address]]) -> tuple[Address, ...]:
    """The grants on any of `accounts`; where there are very many, one an account."""
    found = [grant for account in granted.keys() & accounts for grant in granted[account]]
    if len(found) > _MANY:
        found = [min(granted[account]) for account in granted.keys() & accounts]
    return tuple(found)


def _accounts(
    holders: Mapping[Pair, frozenset[Principal]], wanted: set[Principal]
) -> Mapping[Principal, set[str]]:
    """By principal the accounts in which it holds anything."""
    found: dict[Principal, set[str]] = {}
    if wanted:
        for (account, _), principals in holders.items():
            for one in principals & wanted:
                found.setdefault(one, set()).add(account)
    return found

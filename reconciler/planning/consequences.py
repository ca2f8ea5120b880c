"""What a plan does to people: who gains and loses what where, and what follows from that for its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from reconciler.access.compare import Row, compare, reach
from reconciler.access.privilege import Privilege
from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.durations import LONGEST_SESSION
from reconciler.model.resources import Attributes
from reconciler.model.selecting import select
from reconciler.planning.context import PlanContext
from reconciler.planning.lasting import Lasting
from reconciler.planning.ordering.order import Dependencies
from reconciler.planning.replacements import Links, replaced
from reconciler.planning.standings import Sides, Tokens, sides


class Consequences:
    """What `changes` do to access when all are carried out; each part is computed once, when asked for.

    Guards, rules, minimum members and the order of steps use the same one. `names` are keys of `accounts`
    with their ids, for the selectors of what is privileged. People in groups that somebody else owns count as
    what is read says, and people who cannot sign in have no access.
    """

    def __init__(self, context: PlanContext, changes: Sequence[Change], names: Mapping[str, str]) -> None:
        self.context, self.changes, self._names = context, changes, names
        self.tokens = Tokens(context)

    @cached_property
    def sides(self) -> Sides:
        """Who has access to what, before the plan and after all of it."""
        return sides(self.context, self.changes, self.tokens)

    @cached_property
    def lasting(self) -> Lasting:
        """How long access lasts on either side of the plan."""
        return Lasting(self.context, self.changes, self.tokens)

    @cached_property
    def access(self) -> tuple[AccessChange, ...]:
        """Who gains and loses what where, in the order in which plans show it."""
        if not self.changes:
            return ()
        both, altered = self.sides, _altered(self.changes, self.tokens)
        rows = [*compare(both.before, both.after, both.renamed), *self.lasting.rows(both)]
        if altered:
            rows += reach(both.after, altered, among=both.before)
        return tuple(sorted(self.spelled(rows), key=_position)) if rows else ()

    def spelled(self, rows: Iterable[Row]) -> Iterator[AccessChange]:
        """Rows in keys and names, each marked where it is privileged, and apart by that."""
        return _Spelling(self.context, self.changes, self._names, self.tokens).spelled(rows)

    @cached_property
    def replaced(self) -> Links:
        """By revocation, the grants of the same plan that take its place."""
        return replaced(self.context, self.changes, self.tokens, self.sides) if self.changes else {}

    @cached_property
    def holding(self) -> Links:
        """By group, those permission sets with an update in the plan that are assigned to it after it."""
        return _holding(self.context, self.changes, self.tokens, self.sides) if self.changes else {}

    def dependencies(self, waits: Links | None = None, *, keeps_a_member: bool = False) -> Dependencies:
        """What an order of the changes rests on; `waits`, where given, in place of `replaced`."""
        context = self.context
        provisioned = {
            context.set_address(one.name): one.provisioned
            for one in context.live.permission_sets.values()
            if one.provisioned
        }
        closed = {one: found for one, where in provisioned.items() if (found := context.closed(where))}
        return Dependencies(
            self.replaced if waits is None else waits,
            self.holding,
            provisioned,
            closed,
            keeps_a_member,
            denied_until=(context.now + LONGEST_SESSION).isoformat(),
        )


_TURN = {direction: number for number, direction in enumerate(Direction)}


def _position(one: AccessChange) -> tuple[object, ...]:
    ends = one.was_until or "", one.until or ""
    return _TURN[one.direction], one.permission_set, one.groups, one.accounts, one.people, ends


def _altered(changes: Iterable[Change], tokens: Tokens) -> dict[str, AbstractSet[str] | None]:
    """Permission sets whose content changes, each with where: None is wherever it is assigned."""
    altered: dict[str, AbstractSet[str] | None] = {}
    roles: dict[str, set[str]] = {}
    for change in changes:
        if change.effect is not Effect.MIXED or change.action is not Action.UPDATE:
            continue
        address, facts = change.address, change.address.kind.facts
        if address.kind is Kind.PERMISSION_SET:
            altered[tokens.permission_set(address.own_key)] = None
        elif facts.of is Kind.PERMISSION_SET:
            name = address.permission_set.own_key
            roles.setdefault(tokens.permission_set(name), set()).add(address.account)
    return {**roles, **altered}


class _Spelling:
    """Rows in keys and names, each marked where it is privileged."""

    def __init__(
        self, context: PlanContext, changes: Sequence[Change], names: Mapping[str, str], tokens: Tokens
    ) -> None:
        self._context, self._tokens = context, tokens
        patterns = context.policy.guards.privileged
        chosen = select(patterns.accounts, (), context.live.organization, names)
        self._privilege = Privilege(patterns, chosen.accounts.keys())
        self._edits = {
            change.address.own_key: {each.name: each.after for each in change.fields}
            for change in changes
            if change.address.kind is Kind.PERMISSION_SET and change.action is not Action.DELETE
        }
        self._marked: dict[tuple[str, Direction], bool] = {}
        self._people: dict[frozenset[str], tuple[str, ...]] = {}
        self._groups: dict[str, str] = {"": ""}

    def spelled(self, rows: Iterable[Row]) -> Iterator[AccessChange]:
        """One or two of each row: apart by account where only some accounts are privileged."""
        for row in rows:
            name = self._tokens.set_name(row.permission_set)
            people, groups = self._keys(row.people), tuple(sorted(map(self._group, row.way)))
            marked = self._is_privileged(row.permission_set, name, row.direction)
            for privileged, accounts in self._privilege.split(row.accounts, privileged=marked):
                unknown = privileged and marked and self._is_unknown(row.permission_set, name, row.direction)
                yield AccessChange(
                    row.direction,
                    name,
                    people,
                    accounts,
                    groups,
                    privileged,
                    was_until=row.was_until,
                    until=row.until,
                    unknown=unknown,
                )

    def _keys(self, people: frozenset[str]) -> tuple[str, ...]:
        keys = self._people.get(people)
        if keys is None:
            keys = self._people[people] = tuple(sorted(map(self._tokens.user_key, people)))
        return keys

    def _group(self, token: str) -> str:
        key = self._groups.get(token)
        if key is None:
            key = self._groups[token] = self._tokens.group_key(token)
        return key

    def _is_privileged(self, token: str, name: str, direction: Direction) -> bool:
        """Who gains a set gains what it will carry, and who loses it loses what it carried."""
        marked = self._marked.get((token, direction))
        if marked is None:
            carried = self._carried(token, name, direction)
            marked = self._marked[token, direction] = self._privilege.marks(name, carried)
        return marked

    def _is_unknown(self, token: str, name: str, direction: Direction) -> bool:
        return self._privilege.unknown(name, self._carried(token, name, direction))

    def _carried(self, token: str, name: str, direction: Direction) -> tuple[Attributes, ...]:
        live = self._context.live.permission_sets.get(token)
        was: Attributes = live.attributes if live else {}
        will: Attributes = {**was, **self._edits.get(name, {})}
        # Who keeps access, altered or for another time, has what it was and what it will be.
        return {Direction.GAIN: (will,), Direction.LOSE: (was,)}.get(direction, (was, will))


def _holding(context: PlanContext, changes: Iterable[Change], tokens: Tokens, both: Sides) -> Links:
    edited = {
        tokens.permission_set(change.address.own_key): change.address
        for change in changes
        if change.address.kind is Kind.PERMISSION_SET and change.action is Action.UPDATE
    }
    holding: dict[str, set[Address]] = {}
    if edited:
        for (_, permission_set), holders in both.after.holders.items():
            if permission_set in edited:
                for one in holders:
                    if one.kind is Kind.GROUP:
                        holding.setdefault(one.id, set()).add(edited[permission_set])
    return {
        context.group_address(tokens.group_key(group)): tuple(sorted(found))
        for group, found in sorted(holding.items())
    }

"""The two sides of a plan: who stands where now, and who will when every change is done.

Tokens are remote ids, or the key behind a plus for what the plan creates. Both sides share what no change
touches, so that the second costs only its difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeVar

from reconciler.access.state import AccessState
from reconciler.model.address import Address, Arn, Kind, SetName
from reconciler.model.change import Action, Change
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Holder
from reconciler.planning.context import PlanContext

_NEW = "+"
_REMOTE = "~"
Container = TypeVar("Container")
Item = TypeVar("Item")


class Tokens:
    """From keys to tokens and back. A live permission set's token is its ARN."""

    def __init__(self, context: PlanContext) -> None:
        self._context = context
        self._sets: Mapping[str, Arn] = {one.name: one.id for one in context.live.permission_sets.values()}

    def user(self, key: str) -> str:
        """The token of a user by key, or by remote id behind a tilde."""
        return _token(key, self._context.users.pairing.ids)

    def group(self, key: str) -> str:
        """The token of a group by key, or by remote id behind a tilde."""
        return _token(key, self._context.groups.pairing.ids)

    def permission_set(self, name: str) -> Arn:
        """The token of a permission set by name."""
        return self._sets.get(name) or Arn(_NEW + name)

    def user_key(self, token: str) -> str:
        """The key of a user, or its remote id behind a tilde."""
        return token[1:] if token.startswith(_NEW) else self._context.user_key(token)

    def group_key(self, token: str) -> str:
        """The key of a group, or its remote id behind a tilde."""
        return token[1:] if token.startswith(_NEW) else self._context.group_key(token)

    def set_name(self, token: str) -> SetName:
        """The name of a permission set."""
        live = self._context.live.permission_sets.get(token)
        return live.name if live else SetName(token.removeprefix(_NEW))

    def membership(self, address: Address) -> tuple[str, str]:
        """Group and user of a membership."""
        group, user = address.parts
        return self.group(group), self.user(user)

    def assignment(self, address: Address) -> tuple[Pair, Principal]:
        """The pair and the holder of an assignment."""
        holder = Holder.at(address)
        token = self.group if holder.kind is Kind.GROUP else self.user
        pair = (address.account, self.permission_set(address.permission_set.own_key))
        return pair, Principal(holder.kind, token(holder.key))


@dataclass(frozen=True, slots=True)
class Sides:
    """Before the plan, and after all of it."""

    before: AccessState
    after: AccessState
    # The people who are somebody else after the plan: their user names change.
    renamed: AbstractSet[str] = frozenset()


def sides(context: PlanContext, changes: Sequence[Change], tokens: Tokens) -> Sides:
    """Both sides of the plan made of `changes`; a person who is disabled or absent is not counted."""
    live = context.live
    before = AccessState(
        members={group: members.keys() for group, members in live.members.items()},
        holders=live.assignments,
        people={user.id for user in live.users.values() if user.active is not False},
    )
    memberships, assignments = _Edits[str, str](), _Edits[Pair, Principal]()
    people = set(before.people)
    groups, sets = set[str](), set[str]()
    renamed = {tokens.user(change.address.own_key) for change in changes if change.renames}
    for change in changes:
        address, deleting = change.address, change.action is Action.DELETE
        if not change.writes:
            continue
        if address.kind is Kind.MEMBERSHIP:
            memberships.note(*tokens.membership(address), added=not deleting)
        elif address.kind is Kind.ASSIGNMENT:
            assignments.note(*tokens.assignment(address), added=not deleting)
        elif address.kind is Kind.USER:
            _person(change, tokens.user(address.own_key), people)
        elif deleting and address.kind is Kind.GROUP:
            groups.add(tokens.group(address.own_key))
        elif deleting and address.kind is Kind.PERMISSION_SET:
            sets.add(tokens.permission_set(address.own_key))
    members = dict(before.members)
    for group in memberships.touched:
        members[group] = frozenset(memberships.laid(group, members.get(group, ())))
    for group in groups:
        members.pop(group, None)
    holders = dict(before.holders)
    for pair in assignments.touched:
        holders[pair] = frozenset(assignments.laid(pair, holders.get(pair, ())))
    if sets:
        holders = {pair: found for pair, found in holders.items() if pair[1] not in sets}
    after = AccessState(members, holders, before.people if people == before.people else people)
    return Sides(before, after, renamed)


class _Edits(Generic[Container, Item]):
    """What comes into and goes from each container."""

    def __init__(self) -> None:
        self._added: dict[Container, set[Item]] = {}
        self._removed: dict[Container, set[Item]] = {}

    @property
    def touched(self) -> Iterable[Container]:
        return self._added.keys() | self._removed.keys()

    def note(self, container: Container, item: Item, *, added: bool) -> None:
        edits = self._added if added else self._removed
        items = edits.get(container)
        if items is None:
            items = edits[container] = set()
        items.add(item)

    def laid(self, container: Container, items: Iterable[Item]) -> set[Item]:
        """`items` with the edits of their container."""
        found = set(items)
        found |= self._added.get(container, set())
        return found - self._removed.get(container, set())


def _person(change: Change, token: str, people: set[str]) -> None:
    """Let somebody in or out: created, removed, enabled or disabled."""
    if change.action is Action.CREATE:
        people.add(token)
    elif change.action is Action.DELETE:
        people.discard(token)
    for each in change.fields:
        if each.name == "active" and each.after is False:
            people.discard(token)
        elif each.name == "active":
            people.add(token)


def _token(key: str, ids: Mapping[str, str]) -> str:
    return key[1:] if key.startswith(_REMOTE) else ids.get(key) or _NEW + key

"""Who must be where after each step: `min_members`, counted in the world and without the code under test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.model.pairs import Pair, Principal
from reconciler.model.resources import Assignment
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import World
from tests.properties import oracle
from tests.properties.book import stem
from tests.properties.company import team_of, title_of
from tests.support.pairs import pair_of

# A team whose key changed without a word is critical by its new key.
LEAST: Mapping[str, int] = {"ops": 1, "ops.new": 1, "dev": 2, "dev.new": 2, "e0": 1, "e1": 2}
_AT_ONCE = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
# A group by id, or an account with the ARN of a permission set.
_Place = str | Pair


class Floors:
    """What is critical before a plan, and how many people must be there after each of its steps.

    `entries` are the critical entries in the words of the state that knows them. Whoever loses access at
    once (time, a block) and whoever is disabled does not count. A group that `said` has merged into another
    is critical by that one's key, and its own object goes.
    """

    def __init__(
        self, world: World, planned: PreparedPlan, entries: Mapping[str, Assignment], declared: Identities
    ) -> None:
        gone = _taken_at_once(world, planned)
        # By stems, as `team_of` has them: what is merged may go by a key that it got without a word.
        merged = {stem(old) for one in declared.groups.values() for old in one.previously}
        merged -= {stem(key) for key in declared.groups}
        self._floors = {
            place: min(least, len(_people(world, place, gone) - _disabled(planned)))
            for place, least in _places(world, entries)
            if not (isinstance(place, str) and team_of(world, place) in merged)
        }

    def hold(self, world: World) -> None:
        """Nothing critical has fewer than it must."""
        for place, floor in self._floors.items():
            assert len(_people(world, place)) >= floor


def enough(world: World, declared: Identities) -> None:
    """After a whole plan that nobody refused, every critical group has as many as it must."""
    titles = {str(one.attributes.get("display_name") or key): key for key, one in declared.groups.items()}
    for identifier in world.groups:
        key = titles.get(title_of(world, identifier))
        if key is not None and stem(key) in LEAST:
            assert len(_people(world, identifier)) >= LEAST[stem(key)]
    for key, entry in declared.assignments.items():
        for place in _pairs(world, entry) if key in LEAST and not entry.window.start else ():
            assert len(_people(world, place)) >= LEAST[key]


def _places(world: World, entries: Mapping[str, Assignment]) -> Iterator[tuple[_Place, int]]:
    for identifier in world.groups:
        if (least := LEAST.get(team_of(world, identifier))) is not None:
            yield identifier, least
    for key, entry in entries.items():
        for place in _pairs(world, entry) if key in LEAST else ():
            yield place, LEAST[key]


def _pairs(world: World, entry: Assignment) -> Iterator[Pair]:
    arns = {str(one.name): arn for arn, one in world.sets.items()}
    for account in oracle.accounts(entry, world):
        for name in entry.permission_sets:
            if name in arns:
                yield pair_of(account, arns[name])


def _people(world: World, place: _Place, gone: frozenset[tuple[str, ...]] = frozenset()) -> set[str]:
    """Whoever is there and can sign in, without the memberships and assignments in `gone`."""
    holders = [Principal(Kind.GROUP, place)] if isinstance(place, str) else world.assignments.get(place, ())
    found: set[str] = set()
    for one in holders:
        if not isinstance(place, str) and (*place, one.id) in gone:
            continue
        behind = [one.id] if one.kind is Kind.USER else world.members.get(one.id, ())
        found |= {each for each in behind if (one.id, each) not in gone}
    return {each for each in found if each in world.users and world.users[each].active is not False}


def _taken_at_once(world: World, planned: PreparedPlan) -> frozenset[tuple[str, ...]]:
    """Pairs, as ids, that go because of the time or a block."""
    found: set[tuple[str, ...]] = set()
    for change in planned.plan.changes:
        if change.action is Action.DELETE and change.cause in _AT_ONCE:
            if change.address.kind is Kind.MEMBERSHIP:
                found.add(tuple(planned.ids[end] for end in change.address.ends))
            elif change.address.kind is Kind.ASSIGNMENT:
                who, what = (planned.ids[end] for end in change.address.ends)
                found.add((change.address.parts[0], what, who))
    return frozenset(found)


def _disabled(planned: PreparedPlan) -> set[str]:
    """Ids of people who are disabled: that waits for nothing."""
    return {
        planned.ids[change.address]
        for change in planned.plan.changes
        if change.address.kind is Kind.USER
        and any(each.name == "active" and each.after is False for each in change.fields)
    }

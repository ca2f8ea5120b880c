"""Looks at a world before and after an apply, and says what may not have happened in between."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache

from reconciler.model.address import Address, Kind
from reconciler.model.pairs import Principal
from reconciler.model.policy import Approval, Mode, Scope
from tests.planning.entitled import HOME
from tests.planning.world import NOW, ORIGIN, World
from tests.properties.book import CORP, stem
from tests.properties.company import (
    CONSOLE,
    ELEVATED,
    FOREIGN_GROUPS,
    FOREIGN_SETS,
    IGNORED,
    name_of,
    others,
    pairs,
    person_of,
    stems,
    team_of,
    title_of,
)

Access = set[tuple[str, str, str]]
APPROVABLE = (
    "max-removals",
    "set-emptied",
    "protected",
    "min-members",
    "live-shrank",
    "source-shrank",
    "recreate",
    "self-lockout",
    "max-grants",
    "max-privileged-grants",
)


@cache
def approvals() -> Mapping[str, Approval]:
    """Leave to go past every guard that can be gone past, of whatever kind."""
    return {
        f"{code}-{kind}": Approval(
            f"{code}-{kind}", ORIGIN, code, 1000, NOW + timedelta(days=10000), "a property", kind
        )
        for code in APPROVABLE
        for kind in (None, *Kind)
    }


def access(world: World) -> Access:
    """Who reaches what: by stem, so that a new name of somebody is still them; active accounts only."""
    return {(who, account, name) for who, account, name, _ in _ways(world)}


def defined(world: World) -> set[tuple[str, str, str, str]]:
    """Who reaches what, and for how long: a set as it was before an edit is not what it is after."""
    (lasts,) = durations(world)
    return {(who, account, name, lasts[name]) for who, account, name in access(world)}


def _ways(world: World) -> set[tuple[str, str, str, tuple[tuple[str, ...], ...]]]:
    found: set[tuple[str, str, str, tuple[tuple[str, ...], ...]]] = set()
    for (account, arn), principals in world.assignments.items():
        if not world.organization.accounts[account].active:
            continue
        for one in principals:
            people = [one.id] if one.kind is Kind.USER else list(world.members.get(one.id, ()))
            for user in people:
                if user in world.users and world.users[user].active is not False:
                    way: tuple[tuple[str, ...], ...] = ((account, arn, one.id),)
                    if one.kind is Kind.GROUP:
                        way = (*way, (one.id, user))
                    found.add((person_of(world, user), account, world.sets[arn].name, way))
    return found


def durations(*worlds: World) -> list[dict[str, str]]:
    """How long a session of each permission set lasts, for each of the worlds."""
    return [
        {one.name: str(one.attributes.get("session_duration")) for one in world.sets.values()}
        for world in worlds
    ]


def inside(world: World) -> set[tuple[str, str]]:
    """Who reaches which account at all."""
    return {(who, account) for who, account, _, _ in _ways(world)}


class Names:
    """Which ids went by which stem when it was made."""

    def __init__(self, world: World) -> None:
        self._ids: dict[str, set[str]] = {}
        for each in world.users:
            self._ids.setdefault(person_of(world, each), set()).add(each)
        for each in world.groups:
            self._ids.setdefault(team_of(world, each), set()).add(each)
        for arn, one in world.sets.items():
            self._ids.setdefault(stem(one.name), set()).add(arn)

    def fit(self, pair: tuple[str, ...], words: tuple[str, ...]) -> bool:
        """Whether the ends of a pair are what went by their stems then, or were yet to be made."""
        return all(
            identifier == word or identifier in self._ids.get(word, {identifier})
            for identifier, word in zip(pair, words, strict=True)
        )


def locate(before: World, after: World, address: Address) -> tuple[object, ...]:
    """An address by its stems; what goes by a remote id is looked up in both worlds."""

    def part(text: str) -> str:
        for world in (before, after):
            identifier = text.removeprefix("~")
            if identifier in world.users:
                return person_of(world, identifier)
            if identifier in world.groups:
                return team_of(world, identifier)
        return text if text.startswith("~") else stem(text)

    parts = address.parts
    if address.kind is Kind.ASSIGNMENT:
        account, name, holder = parts
        return address.kind, account, stem(name), part(holder.partition(":")[2])
    if address.kind is Kind.PROVISIONING:
        return Kind.PERMISSION_SET, stem(parts[0])
    return (address.kind, *map(part, parts))


class Witness:
    """What was there when it was made."""

    def __init__(self, world: World) -> None:
        self._users, self._groups = dict(world.users), dict(world.groups)
        self._sets = {arn: (one.name, one.attributes) for arn, one in world.sets.items()}
        self._whole_sets = dict(world.sets)
        self._pairs = {each: stems(world, each) for each in pairs(world)}
        self._names = {**{each: name_of(world, each) for each in world.users}}
        self._titles = {each: title_of(world, each) for each in world.groups}
        self._members = {each: set(found) for each, found in world.members.items()}
        self._assigned = {pair: set(found) for pair, found in world.assignments.items()}
        self._ways = _ways(world)
        self._principals = {**self._names, **self._titles}
        self._people = {each: person_of(world, each) for each in world.users}
        self._teams = {each: team_of(world, each) for each in world.groups}

    def ours(self, but: Collection[str] = ()) -> Access:
        """What is reached in ways that somebody else has nothing to do with, without the users in `but`."""
        return {
            (who, account, name)
            for who, account, name, way in self._ways
            if name != ELEVATED
            and self._titles.get(way[0][2]) not in ("console", CORP)
            and way[-1][-1] not in but
        }

    def excused(self, given: set[tuple[str, ...]]) -> Access:
        """What is reached in ways of which a part at least is not git's doing."""
        return {
            (who, account, name)
            for who, account, name, way in self._ways
            if name in FOREIGN_SETS or self._titles.get(way[0][2]) in FOREIGN_GROUPS or given & set(way)
        }

    def left_others_alone(self, world: World, present: set[str], scope: Scope) -> None:
        """What is somebody else's is as it was, but for what is taken from whoever must have nothing."""
        theirs = others(scope)
        for identifier, name in self._names.items():
            if name in theirs.people:
                assert world.users[identifier] == self._users[identifier]
        for identifier, title in self._titles.items():
            if title not in theirs.groups:
                continue
            assert world.groups[identifier] == self._groups[identifier]
            left = self._members[identifier] - set(world.members[identifier])
            assert set(world.members[identifier]) <= self._members[identifier]
            lost = {each for each in left if title != "unmanaged" and each in world.users}
            assert not lost
            assert not {self._people[each] for each in left} & present
            assert not {self._names[each] for each in left} & theirs.people
        for arn, (name, attributes) in self._sets.items():
            if name in theirs.sets:
                assert world.sets[arn].attributes == attributes
            if name in FOREIGN_SETS:
                self._left_assignments_alone(world, arn, name, present, scope)

    def _left_assignments_alone(
        self, world: World, arn: str, name: str, present: set[str], scope: Scope
    ) -> None:
        theirs = others(scope)
        strict = scope.assignments is Mode.AUTHORITATIVE
        for pair, before in self._assigned.items():
            if pair[1] == arn:
                after = world.assignments.get(pair, set())
                assert after <= before
                for one in before - after:
                    assert name == CONSOLE or not self._is_there(world, one), "the ignored set is ignored"
                    known = self._principals.get(one.id)
                    assert known not in ("console", IGNORED)
                    if strict and name == CONSOLE:
                        continue
                    if known is None:
                        assert arn not in world.sets, "whose user is no more keeps what somebody else gave"
                        continue
                    assert known not in theirs.groups | theirs.people
                    assert one.kind is Kind.GROUP or self._people[one.id] not in present
        for pair, after in world.assignments.items():
            if pair[1] == arn:
                assert after <= self._assigned.get(pair, set())

    def left_the_management_account_alone(self, world: World) -> None:
        """Nothing that a delegated administrator may not write was written."""
        for pair in self._assigned.keys() | world.assignments.keys():
            if pair[0] == HOME:
                assert world.assignments.get(pair, set()) == self._assigned.get(pair, set())
        for arn, one in self._whole_sets.items():
            if HOME in one.provisioned:
                found = world.sets[arn]
                assert found.attributes == one.attributes
                assert HOME in found.provisioned
                assert (HOME in found.outdated) == (HOME in one.outdated)

    @staticmethod
    def _is_there(world: World, one: Principal) -> bool:
        return one.id in world.users or one.id in world.groups

    def kept_ids(self, world: World, but: Collection[str] = ()) -> None:
        """Whoever is there before and after is the same object, whatever they are called; without `but`."""
        for identifier, who in self._people.items():
            assert identifier in but or identifier not in world.users or person_of(world, identifier) == who
        for identifier, team in self._teams.items():
            assert identifier in but or identifier not in world.groups or team_of(world, identifier) == team

    def removed_at_most(
        self, world: World, spoken: Collection[tuple[object, ...]], *, each: int, total: int
    ) -> None:
        """Limits on what one apply may take away, counted in the world, without what is `spoken` of."""
        kept = {stems(world, one) for one in pairs(world)}
        kinds = {2: Kind.MEMBERSHIP, 3: Kind.ASSIGNMENT}
        lost = [
            one for one in self._pairs.values() if one not in kept and (kinds[len(one)], *one) not in spoken
        ]
        members = [one for one in lost if len(one) == 2]
        assigned = [one for one in lost if len(one) == 3]
        users = [
            one
            for one, was in self._users.items()
            if was.active is not False
            and (one not in world.users or world.users[one].active is False)
            and (Kind.USER, self._people[one]) not in spoken
        ]
        groups = self._groups.keys() - world.groups.keys()
        assert max(len(members), len(assigned), len(users), len(groups)) <= each
        assert len(members) + len(assigned) + len(users) + len(groups) <= total

    def left_protected_alone(self, world: World) -> None:
        """`ada`, `ops` and `Admin` lose nothing and keep their names."""
        for identifier, name in self._names.items():
            if self._people[identifier] == "ada":
                assert name_of(world, identifier) == name
                assert world.users[identifier].active == self._users[identifier].active or (
                    self._users[identifier].active is False
                )
        for identifier, title in self._titles.items():
            if self._teams[identifier] == "ops":
                assert title_of(world, identifier) == title
        for arn, (name, attributes) in self._sets.items():
            if name == "Admin":
                assert world.sets[arn].attributes == attributes
        kept = {stems(world, one) for one in pairs(world)}
        for one in self._pairs.values():
            if one not in kept:
                assert one[1:] != ("ada",)
                assert len(one) == 2 or ("Admin" not in one and "ops" not in one and "ada" not in one)

    def wrote_to(self, known: Sequence[Names], free: set[tuple[object, ...]], world: World) -> None:
        """What was shown of somebody was done to them, and not to whoever took their place."""
        now = {each: stems(world, each) for each in pairs(world)}
        for one in now.keys() ^ self._pairs.keys():
            words = now.get(one) or self._pairs[one]
            kind = Kind.MEMBERSHIP if len(one) == 2 else Kind.ASSIGNMENT
            went_along = one[-1] not in world.users and one[-1] not in world.groups
            if (kind, *words) not in free and not went_along:
                assert any(names.fit(one, words) for names in known)

    def wrote_only(self, shown: set[tuple[object, ...]], world: World) -> None:
        """Whatever is different from before was shown to somebody."""
        now = {stems(world, one) for one in pairs(world)}
        gone = {who for one, who in self._people.items() if one not in world.users}
        for one in now ^ set(self._pairs.values()):
            kind = Kind.MEMBERSHIP if len(one) == 2 else Kind.ASSIGNMENT
            assert (kind, *one) in shown or (kind is Kind.MEMBERSHIP and one[1] in gone)
        for users, before, kind in (
            (world.users, self._users, Kind.USER),
            (world.groups, self._groups, Kind.GROUP),
        ):
            for each in users.keys() | before.keys():
                if users.get(each) != before.get(each):
                    known = self._people if kind is Kind.USER else self._teams
                    asked = person_of if kind is Kind.USER else team_of
                    assert (kind, known.get(each) or asked(world, each)) in shown
        sets = {arn: (one.name, one.attributes) for arn, one in world.sets.items()}
        for arn in sets.keys() | self._sets.keys():
            if sets.get(arn) != self._sets.get(arn):
                assert (Kind.PERMISSION_SET, stem((sets.get(arn) or self._sets[arn])[0])) in shown

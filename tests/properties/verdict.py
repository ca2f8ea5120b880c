"""What a whole apply leaves behind, object by object: what git says, and nothing of what it said before."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.policy import Mode, OnRemoval, TargetPolicy
from reconciler.model.resources import PermissionSet, Sharing
from reconciler.model.state import Identities
from tests.planning.world import World
from tests.properties import oracle
from tests.properties.book import CORP, PARTNER, stem
from tests.properties.company import ELEVATED, IGNORED, name_of, person_of, team_of, title_of

_SPARED = frozenset({IGNORED, f"{PARTNER}@elsewhere.example"})
Pair = tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What git says now, and the pairs and objects (ids) that git gave."""

    world: World
    written: Identities
    policy: TargetPolicy
    now: datetime
    given: frozenset[Pair]
    objects: Collection[str]

    def pronounce(self) -> None:
        """Everything is as git says; nothing else is there that git ever made, or (authoritative) at all."""
        self._users()
        self._groups()
        self._sets()
        self._members()
        self._assigned()

    def _users(self) -> None:
        world, written = self.world, self.written
        absent = oracle.absent(written, self.now)
        live = {name_of(world, each): one for each, one in world.users.items()}
        for key, user in written.users.items():
            found = live.get(str(user.attributes["user_name"]))
            if user.external or (found is None and key in absent):
                continue
            assert found is not None
            assert found.active is not False or key in absent or user.active is not True
            assert key not in absent or found.active is False
            if "title" in user.attributes and key not in absent:
                assert found.attributes.get("title") == user.attributes["title"]
        known = {stem(each) for each in written.users}
        for name, one in live.items():
            ours, who = one.id in self.objects, person_of(world, one.id)
            if who not in known and name not in _SPARED and (ours or self._takes(Kind.USER)):
                assert one.active is False or self._is_held(one.id)
                if self.policy.on_removal is OnRemoval.DELETE and ours and who not in written.blocked:
                    assert self._is_held(one.id)

    def _groups(self) -> None:
        world, written = self.world, self.written
        titles = {title_of(world, each) for each in world.groups}
        declared = {oracle.title(written, key) for key in written.groups}
        assert declared <= titles
        known = {stem(each) for each in written.groups}
        for identifier, title in ((each, title_of(world, each)) for each in world.groups):
            ours = identifier in self.objects
            if title in declared or title in ("console", CORP):
                continue
            known_as = ours and team_of(world, identifier) in known
            assert not known_as or self._is_held(identifier), "a renamed group is the same group"
            assert not (ours or self._takes(Kind.GROUP)) or self._is_held(identifier)

    def _sets(self) -> None:
        world, written = self.world, self.written
        live = {str(one.name): one for one in world.sets.values()}
        for name, declared in written.permission_sets.items():
            assert live[name].attributes["session_duration"] == declared.session_duration
            active = {each for each, one in world.organization.accounts.items() if one.active}
            assert not live[name].outdated & active
        for name, one in live.items():
            ours = one.id in self.objects
            if (
                name not in written.permission_sets
                and name != ELEVATED
                and (ours or self._takes(Kind.PERMISSION_SET))
            ):
                assert any(arn == one.id for _, arn in world.assignments)

    def _members(self) -> None:
        world, written = self.world, self.written
        groups = {title_of(world, each): each for each in world.groups}
        for key, group in written.groups.items():
            if group.external or (group.members is None and group.include is None):
                continue
            identifier = groups[oracle.title(written, key)]
            must = oracle.members(written, key, world, self.now)
            found = {name_of(world, each): each for each in world.members[identifier]}
            assert must <= found.keys()
            strict = group.shared is False or (
                group.shared is None and self.policy.scope.memberships is Mode.AUTHORITATIVE
            )
            for name in found.keys() - must:
                assert name in _SPARED or (not strict and (identifier, found[name]) not in self.given)

    def _assigned(self) -> None:
        world = self.world
        must = oracle.assigned(self.written, world, self.now)
        found = dict(self._live())
        there = {key for key in must if self._is_there(key[2])}
        assert there <= found.keys()
        for key in found.keys() - must:
            account, name, who = key
            if name == ELEVATED or who in ("console", IGNORED):
                continue
            if world.organization.accounts[account].active:
                # Whose user is no more, nobody knows any longer; it gives nobody anything, and is said.
                assert found[key] not in self.given, key
                assert not self._tolerates_none(name)

    def _live(self) -> Iterator[tuple[tuple[str, str, str], Pair]]:
        for (account, arn), principals in self.world.assignments.items():
            for one in principals:
                yield (
                    (account, self.world.sets[arn].name, self.world.name_of(one)),
                    (account, arn, one.id),
                )

    def _is_there(self, name: str) -> bool:
        world = self.world
        return any(name_of(world, each) == name for each in world.users) or any(
            title_of(world, each) == name for each in world.groups
        )

    def _tolerates_none(self, name: str) -> bool:
        # A set whose place another one takes stays as long as somebody else's assignments do, by its word.
        sets = self.written.permission_sets
        heirs = [one for one in sets.values() if name in one.previously]
        declared: PermissionSet | None = sets.get(name) or next(iter(heirs), None)
        if declared is None or declared.assignments is None:
            return self.policy.scope.assignments is Mode.AUTHORITATIVE
        return declared.assignments is Sharing.EXCLUSIVE

    def _takes(self, kind: Kind) -> bool:
        return self.policy.scope.mode(kind) is Mode.AUTHORITATIVE

    def _is_held(self, identifier: str) -> bool:
        """Whether an assignment that stays keeps its principal."""
        return any(one.id == identifier for found in self.world.assignments.values() for one in found)

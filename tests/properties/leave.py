"""What an apply may take away, whoever gave it: the list of the invariant, by live id."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from reconciler.model.policy import Mode, TargetPolicy
from reconciler.model.resources import Sharing
from reconciler.model.state import Identities
from tests.planning.world import World
from tests.properties import oracle
from tests.properties.book import stem
from tests.properties.company import person_of, stems, team_of

Pair = tuple[str, ...]
Words = tuple[str, ...]


class Leave:
    """What may go from `before` to `after`, whoever gave it.

    `ours` are the objects that git gave, or may have given, `gone` those that a plan deletes,
    `left` those whose keys are gone from git.
    """

    def __init__(
        self,
        before: World,
        after: World,
        declared: Identities,
        policy: TargetPolicy,
        now: datetime,
        ours: Collection[str],
        gone: Collection[str],
        left: Collection[str],
    ) -> None:
        self._before, self._said, self._policy, self._ours = before, declared, policy, ours
        self._left = left
        self._absent = {stem(each) for each in oracle.absent(declared, now)}
        self._people = {stem(each) for each in declared.users}
        self._teams = {stem(key): one for key, one in declared.groups.items()}
        living = {*after.users, *after.groups, *after.sets}
        self._gone = {*before.users, *before.groups, *before.sets, *gone} - living | set(gone)
        # Git says itself when these end, whoever began them.
        self._ending = set(_written(declared, before))

    def is_absent(self, user: str) -> bool:
        """Whether somebody is inactive, blocked or removed."""
        if user in self._gone or user not in self._before.users:
            return user in self._gone
        who = person_of(self._before, user)
        strict = self._policy.scope.users is Mode.AUTHORITATIVE
        return (
            user in self._left
            or who in self._absent
            or (who not in self._people and (strict or user in self._ours))
        )

    def covers(self, pair: Pair) -> bool:
        """Whether a membership or an assignment may go."""
        if set(pair) & self._gone or self.is_absent(pair[-1]) or stems(self._before, pair) in self._ending:
            return True
        return self._member(pair[0]) if len(pair) == 2 else self._assignment(*pair)

    def _member(self, group: str) -> bool:
        one = self._teams.get(team_of(self._before, group))
        if one is None:
            return group in self._ours
        if one.external or (one.members is None and one.include is None):
            return False
        strict = self._policy.scope.memberships is Mode.AUTHORITATIVE
        return strict if one.shared is None else not one.shared

    def _assignment(self, _: str, arn: str, principal: str) -> bool:
        is_group = principal in self._before.groups and principal in self._ours
        if is_group and team_of(self._before, principal) not in self._teams:
            return True
        name = self._before.sets[arn].name
        sets = self._said.permission_sets
        heirs = [one for one in sets.values() if name in one.previously]
        if name not in sets and (arn in self._ours or heirs):
            return True
        word = sets[name].assignments if name in sets else None
        if word is None:
            return self._policy.scope.assignments is Mode.AUTHORITATIVE
        return word is Sharing.EXCLUSIVE


def _written(declared: Identities, world: World) -> Iterator[Words]:
    for key in declared.groups:
        for user in oracle.flat(declared, key, None):
            yield stem(key), stem(user)
    for entry in declared.assignments.values():
        for account in oracle.accounts(entry, world):
            for name in entry.permission_sets:
                for each in (*entry.users, *entry.groups):
                    yield account, stem(name), stem(each)

"""What git gave and who else gave what, by live id, without the memory of the code under test.

Whatever git gave and is still live is at every moment desired, or planned for removal, or named as owed.
Whatever git never gave is never taken, but for what the invariant lists. An apply gives what git says at its
moment and what is live afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.policy import Mode, TargetPolicy
from reconciler.model.report import Outcome
from reconciler.model.state import Identities
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import World
from tests.properties import oracle
from tests.properties.book import stem
from tests.properties.company import covers, name_of, pairs, person_of, stems, team_of, title_of
from tests.properties.leave import Leave, Pair, Words
from tests.properties.recall import GOOD
from tests.properties.witness import locate

_Thing = tuple[Kind, str]


@dataclass
class Given:
    """`objects` and `pairs` are what git gave, as ids; `current` is the object that a person or team has.

    Nobody can tell whose `doubted` pairs are: git gave them, they were taken away outside git, and are there
    again. So it is with `words`, pairs in the words of the book, which a run may have made or somebody else,
    by the run that is open, or under "" where it has ended. `strangers` took somebody's place by hand: a
    review takes them over.

    `unlearned` are objects that a run made which never told their ids, with the name by which alone they can
    be found. When somebody renames such a one before any run ends, nobody can know whose it is. `keys` are
    those of objects when an apply
    ended last and published it.
    """

    objects: dict[str, _Thing] = field(default_factory=dict)
    current: dict[_Thing, str] = field(default_factory=dict)
    pairs: set[Pair] = field(default_factory=set)
    doubted: set[Pair] = field(default_factory=set)
    doubted_objects: set[str] = field(default_factory=set)
    words: dict[str, set[Words]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    unlearned: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    # What happens.

    def notice(self, world: World) -> None:
        """What is not live any more is not given any more; if it comes back, nobody knows whose it is."""
        lost = self.pairs - pairs(world)
        self.pairs -= lost
        self.doubted |= lost
        names = _names(world)
        for identifier in [each for each, name in self.unlearned.items() if names.get(each) != name]:
            del self.unlearned[identifier]
            self._doubt(identifier)
        living = {*world.users, *world.groups, *world.sets}
        self.objects = {each: one for each, one in self.objects.items() if each in living}

    def _doubt(self, identifier: str) -> None:
        """Nobody can know whose an object is, and what hangs on it."""
        self.objects.pop(identifier, None)
        self.current = {thing: each for thing, each in self.current.items() if each != identifier}
        hidden = {pair for pair in self.pairs if identifier in pair}
        self.pairs -= hidden
        self.doubted |= hidden
        self.doubted_objects.add(identifier)

    def _doubt_merged(self, written: Identities) -> None:
        """Where a team has no object that anybody knows, it may become what a team was that went into it."""
        for key, group in written.groups.items():
            if (Kind.GROUP, stem(key)) not in self.current:
                for old in group.previously:
                    if stem(old) != stem(key) and (known := self.current.get((Kind.GROUP, stem(old)))):
                        self._doubt(known)

    def ended(self, written: Identities, world: World, now: datetime, *, published: bool = True) -> None:
        """An apply ended, or was killed, with `world`; one that has not published is known by its mark."""
        self.notice(world)
        known = set(self.objects)
        met = self._settle(written, world)
        if published:
            self.keys |= met
            self.unlearned = {}
        else:
            self.unlearned |= {
                each: name for each, name in _names(world).items() if each in self.objects.keys() - known
            }
        live = pairs(world)
        wanted = dict(self._wanted(written, world, now))
        there = {pair for pair in wanted.values() if pair in live}
        # What nobody looked at, nobody can have taken for git's own; the oracle can tell no better.
        blind = {pair for pair in there for gap in world.gaps if covers(gap, pair, world)}
        sure = {pair for pair in there - blind if not self.strangers & set(pair)}
        self.pairs |= sure
        self.doubted = (self.doubted | there) - sure
        if published:
            alive = {stems(world, each) for each in live}
            self.doubted &= live | set(wanted.values())
            tried = {words for words, pair in wanted.items() if pair not in live}
            left = {each for each in self.words.get("", ()) if each in wanted or each in alive}
            self.words[""] = left | tried

    def begun(self, run: str, written: Identities, world: World, now: datetime) -> None:
        """A run published what it may give."""
        self.words[run] = {words for words, _ in self._wanted(written, world, now)}

    def closed(self, run: str) -> None:
        """Its mark is gone, and what it may have given is in the receipt."""
        self.words.setdefault("", set()).update(self.words.pop(run))

    def late(self, before: World, written: Identities, world: World, now: datetime, *, dead: bool) -> None:
        """An old run wrote what was not there `before`."""
        self.notice(world)
        made = {each: (Kind.USER, person_of(world, each)) for each in world.users.keys() - before.users}
        made |= {each: (Kind.GROUP, team_of(world, each)) for each in world.groups.keys() - before.groups}
        for identifier, thing in made.items():
            if self.current.get(thing) not in self.objects:
                self.current[thing] = identifier
        sets = {each: stem(world.sets[each].name) for each in world.sets.keys() - before.sets}
        self.objects |= made | {each: (Kind.PERMISSION_SET, name) for each, name in sets.items()}
        if dead:
            self.unlearned |= {each: name for each, name in _names(world).items() if each in made}
        wanted = {pair for _, pair in self._wanted(written, world, now)}
        self.pairs |= wanted & (pairs(world) - pairs(before))

    def doubt_everything(self, world: World) -> None:
        """The first ledger is made of what the states tell, who never applied some of what they say."""
        self.doubted |= pairs(world) - self.pairs
        self.doubted_objects |= {*world.users, *world.groups, *world.sets} - self.objects.keys()

    def wrote(self, planned: PreparedPlan, outcomes: Mapping[str, Outcome]) -> None:
        """What git let go of is not git's any more, and whose place was reviewed is."""
        good = {
            address
            for step in planned.steps
            if (one := outcomes.get(step.id)) is not None and one.status in GOOD
            for address in step.changes
        }
        for change in planned.plan.changes:
            if change.address not in good:
                continue
            if change.action is Action.RELEASE:
                pair = _pair(change, planned)
                self.pairs.discard(pair)
                self.doubted.discard(pair)
                self.objects.pop(pair[0], None)
            elif change.address.kind is Kind.USER:
                self.strangers.discard(planned.ids.get(change.address, ""))

    # What is judged.

    def judge(self, planned: PreparedPlan, written: Identities, world: World, now: datetime) -> None:
        """Each given and live thing is desired, or goes by the plan, or is named as owed."""
        self.notice(world)
        self._doubt_merged(written)
        # What a guard leaves out of a run by rule is planned, refused, and named with why in its report.
        held = (change for change, _ in planned.refused)
        changes = (*planned.plan.changes, *planned.left_out, *held)
        going = {_pair(each, planned) for each in changes if _takes(each)}
        named = set(_named(planned, world))
        with self._keeping_others(going):
            wanted = {pair for _, pair in self._wanted(written, world, now)}
            declared = {identifier for _, identifier in self._declared(written, world)}
        deleted = {_pair(each, planned) for each in changes if _deletes(each)}
        for thing, identifier in self.current.items():
            alone = sum(one == thing for one in self.objects.values()) == 1
            if (
                identifier in declared & self.objects.keys()
                and alone
                and self._is_said_to_be(identifier, written)
            ):
                assert (identifier,) not in deleted, f"{thing} {identifier} is declared, and goes"
        for pair in self.pairs - wanted - going:
            kind = Kind.MEMBERSHIP if len(pair) == 2 else Kind.ASSIGNMENT
            entry = (kind, *stems(world, pair))
            assert entry in named, f"git gave {entry} {pair}, which is neither desired, nor goes, nor is owed"
        for identifier, (kind, who) in self.objects.items():
            if identifier in declared or (identifier,) in going:
                continue
            if kind is Kind.USER and world.users[identifier].active is False:
                continue
            entry = (kind, who)
            assert entry in named, (
                f"git gave {entry} {identifier}, which neither stays, nor goes, nor is owed"
            )

    def _is_said_to_be(self, identifier: str, written: Identities) -> bool:
        """Whether the key by which git knew the object is its key now, or is said to have been."""
        kind, who = self.objects[identifier]
        declared = written.users if kind is Kind.USER else written.groups
        known = self.keys.get(identifier)
        return any(known in (key, *one.previously) for key, one in declared.items() if stem(key) == who)

    @contextmanager
    def _keeping_others(self, going: Collection[Pair]) -> Iterator[None]:
        """Of several objects that runs made for one key the plan may keep any, if all the others go."""
        kept = self.current
        self.current = dict(kept)
        for thing, identifier in kept.items():
            others = [each for each, one in self.objects.items() if one == thing and (each,) not in going]
            if (identifier,) in going and len(others) == 1:
                self.current[thing] = others[0]
        yield
        self.current = kept

    def took(
        self,
        before: World,
        after: World,
        planned: PreparedPlan,
        written: Identities,
        policy: TargetPolicy,
        now: datetime,
    ) -> None:
        """Nothing that git never gave went from `before` to `after`, but what may go whoever gave it."""
        ours = self.objects.keys() | self.doubted_objects
        gone = {_pair(each, planned)[0] for each in planned.plan.changes if _deletes(each)}
        left = {each for each in self.keys.keys() & self.objects if not self._is_said_to_be(each, written)}
        leave = Leave(before, after, written, policy, now, ours, gone, left)
        doubtful = set().union(*self.words.values())
        for pair in pairs(before) - pairs(after) - self.pairs - self.doubted:
            thing = stems(before, pair)
            assert thing in doubtful or leave.covers(pair), f"git never gave {thing} {pair}, and took it"
        for user, found in before.users.items():
            now_active = user in after.users and after.users[user].active is not False
            if user not in ours and found.active is not False and not now_active:
                assert leave.is_absent(user), f"git never gave {name_of(before, user)}, and took them"
        if policy.scope.groups is not Mode.AUTHORITATIVE:
            assert not before.groups.keys() - after.groups.keys() - ours
        if policy.scope.permission_sets is not Mode.AUTHORITATIVE:
            assert not before.sets.keys() - after.sets.keys() - ours

    # Git's word, by live id.

    def _settle(self, written: Identities, world: World) -> dict[str, str]:
        """Which object each declared person and team has by now; the keys of those that bear their names."""
        met: dict[str, str] = {}
        for key, user in written.users.items():
            name = str(user.attributes["user_name"]).lower()
            found = [each for each in world.users if name_of(world, each).lower() == name]
            if not user.external and found and person_of(world, found[0]) == stem(key):
                self.current[Kind.USER, stem(key)] = found[0]
                met[found[0]] = key
        for key, group in written.groups.items():
            found = [each for each in world.groups if title_of(world, each) == oracle.title(written, key)]
            if not group.external and found and team_of(world, found[0]) == stem(key):
                self.current[Kind.GROUP, stem(key)] = found[0]
                met[found[0]] = key
        for kind, declared in ((Kind.USER, written.users), (Kind.GROUP, written.groups)):
            for key, one in declared.items():
                identifier = self.current.get((kind, stem(key)), "")
                if self.keys.get(identifier) in (key, *one.previously):
                    met[identifier] = key
        for thing, identifier in self._declared(written, world):
            if identifier not in self.strangers:
                self.objects[identifier] = thing
        return met

    def _declared(self, written: Identities, world: World) -> Iterator[tuple[_Thing, str]]:
        for kind, declared, live in (
            (Kind.USER, written.users, world.users.keys()),
            (Kind.GROUP, written.groups, world.groups.keys()),
        ):
            for key, one in declared.items():
                identifier = self.current.get((kind, stem(key)))
                if not one.external and identifier in live:
                    yield (kind, stem(key)), str(identifier)
        for arn, found in world.sets.items():
            if found.name in written.permission_sets:
                yield (Kind.PERMISSION_SET, stem(found.name)), arn

    def _wanted(self, written: Identities, world: World, now: datetime) -> Iterator[tuple[Words, Pair]]:
        """Every pair that git says, in words and as ids; what is not there has no id."""
        absent = oracle.absent(written, now)
        for key, group in written.groups.items():
            if not group.external and not (group.members is None and group.include is None):
                for user in oracle.flat(written, key, now) - absent:
                    pair = (
                        self._id(Kind.GROUP, key, written, world),
                        self._id(Kind.USER, user, written, world),
                    )
                    yield (stem(key), stem(user)), pair
        arns = {str(one.name): arn for arn, one in world.sets.items()}
        for entry in written.assignments.values():
            if not oracle.holds(entry.window, now):
                continue
            holders = [(Kind.USER, each) for each in entry.users if each not in absent]
            holders += [(Kind.GROUP, each) for each in entry.groups]
            for account in oracle.accounts(entry, world):
                for name in entry.permission_sets:
                    for kind, key in holders:
                        words = account, stem(name), stem(key)
                        yield words, (account, arns.get(name, ""), self._id(kind, key, written, world))

    def _id(self, kind: Kind, key: str, written: Identities, world: World) -> str:
        if kind is Kind.USER and written.users[key].external:
            name = written.users[key].attributes["user_name"]
            return next((each for each in world.users if name_of(world, each) == name), "")
        if kind is Kind.GROUP and written.groups[key].external:
            title = oracle.title(written, key)
            return next((each for each in world.groups if title_of(world, each) == title), "")
        return self.current.get((kind, stem(key)), "")


def _names(world: World) -> dict[str, str]:
    found = {each: name_of(world, each) for each in world.users}
    return found | {each: title_of(world, each) for each in world.groups}


def _takes(change: Change) -> bool:
    if change.action in (Action.DELETE, Action.RELEASE):
        return True
    return any(each.name == "active" and each.after is False for each in change.fields)


def _deletes(change: Change) -> bool:
    objects = (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET)
    return change.action is Action.DELETE and change.address.kind in objects


def _pair(change: Change, planned: PreparedPlan) -> Pair:
    """The ids of what a change is about."""
    address = change.address
    if address.kind is Kind.MEMBERSHIP:
        return tuple(planned.ids.get(end, "") for end in address.ends)
    if address.kind is Kind.ASSIGNMENT:
        who, what = (planned.ids.get(end, "") for end in address.ends)
        return address.parts[0], what, who
    return (planned.ids.get(address, ""),)


def _named(planned: PreparedPlan, world: World) -> Iterator[tuple[object, ...]]:
    """What the finding on what is owed names, in words."""
    for finding in planned.plan.findings:
        if finding.code == "owed":
            for line in finding.details:
                if ": waits" in line:
                    # A remote id has what people call it behind it.
                    address = re.sub(r" \[[^]]*\]", "", line).partition(" ")[0].rstrip(":")
                    yield locate(world, world, Address.parse(address))

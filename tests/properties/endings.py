"""How every story ends: git is the master of all of it, and then it changes everything at once."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import PAIRS, Kind
from reconciler.model.change import Cause
from reconciler.model.plan import TargetPlan
from reconciler.model.policy import Mode, OnRemoval, Scope, TargetPolicy
from reconciler.model.resources import ALWAYS, Group, User, Value
from reconciler.model.state import Gap
from reconciler.planning.review import review
from tests.planning.entitled import DEV, PAY, entry, pset
from tests.planning.world import ORIGIN, UNLIMITED, World, person
from tests.properties.book import CORP, PEOPLE, Book, stem
from tests.properties.breaches import DUTIES, ENDING, FEW, NOT_DIRECTLY
from tests.properties.company import (
    FOREIGN_PEOPLE,
    OTHERS,
    drop,
    name_of,
    pairs,
    person_of,
    team_of,
    title_of,
)
from tests.properties.failing import grants, odd_removals, removals
from tests.properties.settling import OF_NAMES, UNAPPROVABLE, Settling
from tests.properties.stage import BY_RULE, CRITICAL, TIGHT
from tests.properties.witness import Names, Witness, locate

# What goes without having been shown, or goes back whoever it is by now.
UNSEEN = BY_RULE | {Cause.LEFTOVER}
GAPS = [
    Gap(Kind.MEMBERSHIP, "*", "not asked"),
    *(Gap(Kind.ASSIGNMENT, scope, "not asked") for scope in ("*", "users", PAY)),
]


def whose(world: World, reviewed: Iterable[TargetPlan]) -> list[str]:
    """Ids of people of ours whose memberships or assignments were shown."""
    shown = [each.address for part in reviewed for each in part.changes]
    meant = {stem(end.key) for each in shown if each.kind in PAIRS for end in each.ends}
    ours = [each for each in sorted(world.users) if name_of(world, each) not in FOREIGN_PEOPLE]
    return [each for each in ours if person_of(world, each) in meant]


def other(name: str) -> str:
    """The other name of a permission set."""
    return name.removesuffix("2") if name.endswith("2") else f"{name}2"


class Ending(Settling):
    """What follows the last rule of a story."""

    def teardown(self) -> None:
        """The end of the story, which is told in words where it failed, here or before."""
        error = sys.exc_info()[1]
        if error is not None:
            self.tell_all(error)
            return
        if not hasattr(self, "book"):
            return
        try:
            self._end()
        except Exception as failed:
            self.tell_all(failed)
            raise

    def _end(self) -> None:
        """At last everything is managed and nothing refused: one apply, and there is nothing to do."""
        self.tell("the ending")
        self.settle_runs()
        self.commit()
        self.policy = TargetPolicy("aws", scope=OTHERS, guards=UNLIMITED)
        self.approved = True
        self.world.delegated = False
        refused = {each.code for each in self.plan().plan.findings if each.severity == "refusal"}
        assert refused <= UNAPPROVABLE | OF_NAMES
        self.apply_all()
        self.settle_names()
        self._try_drifting()
        self._rename_sets()
        self._exchange()
        self._relieve()
        self._take_away()
        self._take_everything_else()

    def _take_everything_else(self) -> None:
        """At the very end git is the authority: whatever else is there goes."""
        self.commit()
        strict = Mode.AUTHORITATIVE
        scope = Scope(strict, strict, strict, strict, strict, OTHERS.ignore)
        self.policy = replace(self.policy, scope=scope, on_removal=OnRemoval.DELETE)
        self.apply_all()

    def _exchange(self) -> None:
        """All members are exchanged, groups lose sets and gain others, and the sets change, in one plan.

        No moment has more than before and after, whatever fails, and what is critical always has its people.
        """
        self.commit()
        book = self.book
        people = sorted(book.people)
        teams = {
            key: replace(one, members={each: 1 for each in people if each not in one.members})
            for key, one in book.teams.items()
            if one.members is not None
        }
        entries = {
            key: replace(
                one,
                groups=tuple(each for each in sorted(book.teams) if each not in one.groups),
                users=tuple(each for each in people if each not in one.users)[:1],
            )
            for key, one in book.entries.items()
        }
        sets = {
            key: replace(one, session_duration="PT2H" if one.session_duration == "PT1H" else "PT1H")
            for key, one in book.sets.items()
        }
        self.book = replace(book, teams={**book.teams, **teams}, entries=entries, sets=sets)
        self._try_critically()
        for failing in (removals, odd_removals, grants):
            self.try_alone(failing)
        self._try_observing()
        self._try_with_others()
        self.apply_badly()
        self.apply_all()

    def _rename_sets(self) -> None:
        """All sets get new names: nobody is without access meanwhile, even if nothing can be given."""
        self.commit()
        sets = {
            key: replace(one, key=other(one.key), previously=(one.key,))
            for key, one in self.book.sets.items()
        }
        self.book = replace(self.book, sets=sets)
        self.try_alone(keeping=True)
        self.try_alone(grants, keeping=True)
        self.apply_all()

    def _relieve(self) -> None:
        """Everybody is there, and hands over to somebody else: what is critical always has its people."""
        self.commit()
        people = {each: self._somebody(each) for each in PEOPLE}
        settled = {"ops": ("ada", "bob"), "dev": ("cyd", "dan")}
        book = self.book
        self.book = self._staffed(settled, {"e0": "ops", "e1": "dev"}, people)
        self.kill_and_revert(book)
        self.apply_all()
        self.commit()
        for teams, holders in (
            ({"ops": ("cyd", "dan"), "dev": ("ada", "bob")}, {"e0": "ops", "e1": "dev"}),
            (settled, {"e0": "dev", "e1": "ops"}),
            ({"ops": ("cyd", "dan"), "dev": ("ada", "bob")}, {"e0": "dev", "e1": "ops"}),
            ({"ops": ("bob", "cyd"), "dev": ("dan", "ada")}, {"e0": "dev", "e1": "ops"}),
            ({"ops": (), "dev": ("ada", "cyd")}, {"e0": "dev", "e1": "dev"}),
        ):
            self.book = self._staffed(teams, holders, people)
            if holders == {"e0": "ops", "e1": "dev"}:
                # Who comes is there before whoever goes: that needs nobody's leave.
                self.policy, self.approved = replace(self.policy, guards=CRITICAL), False
                assert self.plan().plan.applyable
            self._try_critically()
        self._try_ruled(people, settled)
        self.apply_all()

    def _staffed(
        self, teams: Mapping[str, Sequence[str]], holders: Mapping[str, str], people: Mapping[str, User]
    ) -> Book:
        """The book with these people in these teams, and with entries that give each a set on one account."""
        book = self.book
        new = {each: pset(each, session_duration="PT1H") for each in ("Admin", "Read")}
        return replace(
            book,
            people=people,
            teams={
                **book.teams,
                **{
                    key: replace(
                        book.teams.get(key) or self._team(key),
                        members=dict.fromkeys(members, 1),
                        include=None,
                        unmanaged=False,
                    )
                    for key, members in teams.items()
                },
            },
            sets={**new, **book.sets},
            entries={
                "e0": entry("e0", f"group:{holders['e0']}", "Admin", PAY),
                "e1": entry("e1", f"group:{holders['e1']}", "Read", DEV),
            },
            blocked=frozenset(),
        )

    def _somebody(self, which: str) -> User:
        """A person as git has them or as they are live, and who is there."""
        world = self.world
        known = [name_of(world, each) for each in sorted(world.users) if person_of(world, each) == which]
        made = replace(person(which, user_name=known[0] if known else which), previously=(f"{which}.new",))
        found = self.book.people.get(which) or made
        return replace(found, active=True, window=ALWAYS)

    def _team(self, which: str) -> Group:
        world = self.world
        known = [title_of(world, each) for each in sorted(world.groups) if team_of(world, each) == which]
        name = known[0] if known else which
        attributes: dict[str, Value] = {"display_name": name, "description": which}
        return Group(which, attributes, ORIGIN, previously=(f"{which}.new",))

    def _try_ruled(self, people: Mapping[str, User], settled: Mapping[str, Sequence[str]]) -> None:
        """In worlds that are forgotten again, one rule after the other is broken in git."""
        kept = self.book, self.policy
        crowd = " ".join(f"user:{each}" for each in PEOPLE)
        bill = pset("Bill", session_duration="PT1H")
        for one, teams, more in (
            (NOT_DIRECTLY, settled, {"e2": entry("e2", "user:ada", "Admin", PAY)}),
            (DUTIES, {"ops": ("ada", "bob"), "dev": ("ada", "cyd")}, {}),
            (FEW, settled, {"e2": entry("e2", crowd, "Bill", DEV)}),
            (ENDING, settled, {"e2": entry("e2", "group:ops", "Read", PAY)}),
        ):
            book = self._staffed(teams, {"e0": "ops", "e1": "dev"}, people)
            self.book = replace(book, entries={**book.entries, **more}, sets={"Bill": bill, **book.sets})
            self.policy = replace(kept[1], rules=(one,))
            self.try_alone()
        self.book, self.policy = kept

    def _try_observing(self) -> None:
        """In worlds that are forgotten again, with one kind after the other only observed."""
        kept = self.policy
        for kind in ("users", "groups", "memberships", "permission_sets", "assignments"):
            scope = replace(kept.scope, **{kind: Mode.OBSERVE})  # type: ignore[arg-type]  # a field by name
            self.policy = replace(kept, scope=scope)
            self.try_alone()
        self.policy = kept

    def _try_drifting(self) -> None:
        """In worlds that are forgotten again, somebody takes away what git gave: that waits for review."""
        part = self.plan().plan
        for pair in sorted(pairs(self.world) & self.given.pairs)[::3]:
            with self.forgotten():
                drop(self.world, pair)
                before, witness, fresh = copy.deepcopy(self.world), Witness(self.world), self.plan()
                verdict = review(fresh, [part], auto_apply=BY_RULE)
                if fresh.plan.applyable and not verdict.stale:
                    self.carry_out(fresh, verdict.go)
                    free = {each.address for each in fresh.plan.changes if each.cause in BY_RULE}
                    witness.wrote_only({locate(before, self.world, each) for each in free}, self.world)

    def _try_with_others(self) -> None:
        """In worlds that are forgotten again, with somebody in the place of each person who was reviewed."""
        part = self.plan().plan
        known = Names(self.world)
        for number, old in enumerate(whose(self.world, [part])):
            with self.forgotten():
                self.take_the_place(old, joining=bool(number % 2))
                before, witness, fresh = copy.deepcopy(self.world), Witness(self.world), self.plan()
                verdict = review(fresh, [part], auto_apply=BY_RULE)
                if fresh.plan.applyable and not verdict.stale:
                    self.carry_out(fresh, verdict.go)
                    free = {each.address for each in fresh.plan.changes if each.cause in UNSEEN}
                    witness.wrote_to([known], {locate(before, self.world, each) for each in free}, self.world)

    def _try_critically(self) -> None:
        """In a world that is forgotten again, with every leave but that of having too few people."""
        self.policy, self.approved = replace(self.policy, guards=CRITICAL), False
        self.try_alone()
        self.policy, self.approved = replace(self.policy, guards=UNLIMITED), True

    def _take_away(self) -> None:
        """Git takes half of everything away and blocks somebody: unread it stays, and read it goes."""
        self.commit()
        book = self.book
        teams = {
            key: replace(one, members=dict(sorted(one.members.items())[1::2])) if one.members else one
            for key, one in book.teams.items()
        }
        entries = dict(sorted(book.entries.items())[1::2])
        blocked = book.blocked | set(sorted(book.people)[:1])
        less = replace(
            book,
            people=dict(sorted(book.people.items())[1::2]),
            teams=dict(sorted(teams.items())[1::2]),
            sets=dict(sorted(book.sets.items())[1::2]),
            entries=entries,
        )
        for on_removal in OnRemoval:
            self.book, self.policy = less, replace(self.policy, on_removal=on_removal)
            for gap in GAPS:
                self.world.gaps = (gap,)
                self.try_alone()
            self.world.gaps = ()
        self.book, self.policy = less, replace(self.policy, on_removal=OnRemoval.DELETE)
        self._try_observing()
        self.book = replace(book, teams=teams, entries=entries, blocked=blocked)
        for gap in GAPS:
            self.world.gaps = (gap,)
            self.try_alone()
        self.world.gaps = ()
        for group in self.world.groups:
            # Whoever is blocked is in a group of others as well, and goes from there.
            if title_of(self.world, group) == "unmanaged":
                for user in self.world.users:
                    if person_of(self.world, user) in blocked:
                        self.world.members[group].setdefault(user, "by hand")
        self.policy, self.approved = replace(self.policy, guards=TIGHT), False
        self.try_alone()
        self.policy, self.approved = replace(self.policy, guards=UNLIMITED), True
        fresh = self.plan()
        assert {each.code for each in fresh.plan.findings if each.severity == "refusal"} <= UNAPPROVABLE
        self.apply_all()
        self._absent_are_in_nothing()

    def _absent_are_in_nothing(self) -> None:
        """Nor in a group that gives no access: whoever must have none is a member of nothing of ours."""
        for group, found in self.world.members.items():
            if title_of(self.world, group) not in ("console", CORP):
                known = found.keys() - self.given.doubted_objects - self.others()
                people = {person_of(self.world, each) for each in known}
                assert not people & self.absent() & set(PEOPLE)

"""Small organisations with accounts, permission sets and assignments at random, as they change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.policy import Ignore, IgnoredAssignment, Scope
from reconciler.model.resources import ALWAYS, Assignment, Block, Group, PermissionSet, Sharing, User, Window
from reconciler.model.state import Identities
from tests.planning.entitled import DEV, HOME, NEW, PAY, entry, organization, pset
from tests.planning.world import NOW, ORIGIN, POLICY, World, group, identities, person
from tests.support.pairs import pair_of

KEYS = ["ada", "bob", "cyd", "dan"]
TEAMS = ["ops", "dev", "sec"]
SETS = ["Admin", "Read", "Bill"]
PLACES = ["Prod", "Lab", "", "gone", "SUSPENDED"]
WINDOWS = [*[ALWAYS] * 5, Window(end=NOW - timedelta(days=1)), Window(start=NOW + timedelta(days=1))]
# What belongs to somebody else, whatever git says: a set, and everything of one group.
THEIRS = "Elevated"
SCOPED = replace(
    POLICY,
    scope=Scope(
        ignore=Ignore(
            permission_sets=(THEIRS,), groups=("console",), assignments=(IgnoredAssignment(group="console"),)
        )
    ),
)


@st.composite
def entries(draw: st.DrawFn, people: list[str], teams: list[str], sets: list[str]) -> list[Assignment]:
    """Some entries; accounts by name, by unit, and all of them, less some."""
    found = []
    for number in range(draw(st.integers(0, 3)) if sets else 0):
        who = [f"group:{team}" for team in draw(st.lists(st.sampled_from(teams), unique=True, max_size=2))]
        who += [f"user:{one}" for one in draw(st.lists(st.sampled_from(people), unique=True, max_size=1))]
        where = draw(
            st.lists(
                st.sampled_from(["all", "Prod", "Lab", PAY, DEV, HOME]), unique=True, min_size=1, max_size=2
            )
        )
        one = entry(f"e{number}", " ".join(who), draw(st.sampled_from(sets)), *where)
        if draw(st.integers(0, 2)) == 0:
            one = replace(one, excluded=entry("", "", "", draw(st.sampled_from(["Prod", DEV]))).accounts)
        found.append(replace(one, window=draw(st.sampled_from(WINDOWS))))
    return found


@st.composite
def organisations(draw: st.DrawFn) -> Identities:
    """People, teams, sets (some under a new name) and who is assigned what."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    users: list[User] = [
        replace(
            person(key),
            window=draw(st.sampled_from(WINDOWS[3:6])),
            active=draw(st.sampled_from([None, None, None, False])),
        )
        for key in keys
    ]
    teams: list[Group] = [
        group(
            team,
            draw(st.lists(st.sampled_from(keys), unique=True)),
            shared=draw(st.sampled_from([None, True])),
        )
        for team in draw(st.lists(st.sampled_from(TEAMS), unique=True, min_size=1))
    ]
    sets: list[PermissionSet] = []
    for name in draw(st.lists(st.sampled_from(SETS), unique=True)):
        new = draw(st.integers(0, 3)) == 0
        one = pset(
            f"{name}2" if new else name,
            session_duration=draw(st.sampled_from(["PT1H", "PT4H"])),
            assignments=draw(st.sampled_from([None, Sharing.EXCLUSIVE, Sharing.SHARED])),
            previously=(name,) if new else (),
        )
        sets.append(one)
    found = draw(entries(keys, [team.key for team in teams], [one.key for one in sets]))
    blocked = draw(st.lists(st.sampled_from(keys), max_size=1))
    return identities(
        users,
        teams,
        permission_sets={one.key: one for one in sets},
        assignments={one.key: one for one in found},
        blocked={key: Block(key, ORIGIN) for key in blocked},
    )


def realm() -> World:
    """A world of four accounts in which somebody else has sets, a group, a person and assignments."""
    world = World()
    world.organization = organization(**{f"a{NEW}": "Lab"})
    for name in (THEIRS, "Console"):
        world.add_set(name)
    stranger = world.add_user("stranger@elsewhere.example")
    console = Principal(Kind.GROUP, world.add_group("console", stranger))
    world.assign(PAY, THEIRS, console)
    world.assign(DEV, "Console", Principal(Kind.USER, stranger))
    return world


@dataclass
class ManualEdits:
    """Somebody at the console: assigns and takes away, edits sets, moves accounts."""

    world: World

    def work(self, data: st.DataObject) -> None:
        """A few strokes; each leaves something that the service could be left in."""
        for _ in range(data.draw(st.integers(0, 3))):
            stroke = data.draw(st.sampled_from([self._assignment, self._set, self._account]))
            stroke(data)

    def _assignment(self, data: st.DataObject) -> None:
        world = self.world
        active = sorted(one.id for one in world.organization.accounts.values() if one.active)
        name = data.draw(st.sampled_from(sorted(one.name for one in world.sets.values())))
        everybody = [Principal(Kind.USER, each) for each in sorted(world.users)]
        everybody += [Principal(Kind.GROUP, each) for each in sorted(world.groups)]
        # Somebody who is no more.
        principal = data.draw(st.sampled_from([*everybody, Principal(Kind.USER, "lost")]))
        account = data.draw(st.sampled_from(active))
        if principal in world.assignments.get(pair_of(account, world.set_arn(name)), ()):
            world.unassign(account, name, principal)
        else:
            world.assign(account, name, principal)

    def _set(self, data: st.DataObject) -> None:
        arn = data.draw(st.sampled_from(sorted(self.world.sets)))
        found = self.world.sets[arn]
        self.world.sets[arn] = replace(
            found,
            attributes={**found.attributes, "session_duration": "PT8H"},
            outdated=data.draw(st.sampled_from([frozenset[str](), found.provisioned])),
        )

    def _account(self, data: st.DataObject) -> None:
        account = data.draw(st.sampled_from([PAY, DEV, NEW]))
        places = {f"a{each}": self._place(each) for each in (PAY, DEV, NEW)}
        places[f"a{account}"] = data.draw(st.sampled_from(["Prod", "Lab", "", "SUSPENDED"]))
        self.world.organization = organization(**places)

    def _place(self, account: str) -> str:
        found = self.world.organization.accounts[account]
        if not found.active:
            return found.state
        units = self.world.organization.units
        return units[found.units[-1]].path if found.units else ""

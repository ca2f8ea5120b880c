"""The world beside git: what is somebody else's, and people at work at the console."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.policy import Ignore, IgnoredAssignment, Mode, Scope
from reconciler.model.state import Gap
from tests.planning.entitled import DEV, HOME, NEW, PAY, organization
from tests.planning.world import World
from tests.properties.book import CORP, PARTNER, PEOPLE, TEAMS, stem
from tests.support.pairs import pair_of

# Nobody's business here, whatever git says: a set, a person, and all that one group has.
ELEVATED, CONSOLE, IGNORED = "Elevated", "Console", "auditor@elsewhere.example"
STRANGER = "stranger@elsewhere.example"
OTHERS = Scope(
    ignore=Ignore(
        users=("auditor@*",),
        permission_sets=(ELEVATED,),
        groups=("console",),
        assignments=(IgnoredAssignment(group="console"),),
    )
)
# What git never speaks of.
FOREIGN_SETS = frozenset({ELEVATED, CONSOLE})
FOREIGN_GROUPS = frozenset({"console", "unmanaged", CORP})
FOREIGN_PEOPLE = frozenset({STRANGER, IGNORED, f"{PARTNER}@elsewhere.example"})


@dataclass(frozen=True)
class Others:
    """What stays as it is, by name: all that git never speaks of, less what an authoritative scope takes."""

    people: frozenset[str]
    groups: frozenset[str]
    sets: frozenset[str]


def others(scope: Scope) -> Others:
    """What is somebody else's under a scope. What is ignored or external is, whatever the scope."""

    def but(name: str, mode: Mode) -> frozenset[str]:
        return frozenset({name} if mode is Mode.AUTHORITATIVE else ())

    return Others(
        FOREIGN_PEOPLE - but(STRANGER, scope.users),
        FOREIGN_GROUPS - but("unmanaged", scope.groups),
        FOREIGN_SETS - but(CONSOLE, scope.permission_sets),
    )


def company() -> World:
    """Four accounts in which somebody else has sets, groups, people and assignments."""
    world = World()
    world.organization = organization(**{f"a{NEW}": "Lab"})
    for name in (ELEVATED, CONSOLE):
        world.add_set(name)
    stranger = world.add_user(STRANGER)
    auditor = world.add_user(IGNORED)
    partner = world.add_user(f"{PARTNER}@elsewhere.example")
    console = Principal(Kind.GROUP, world.add_group("console", stranger, auditor))
    unmanaged = Principal(Kind.GROUP, world.add_group("unmanaged", stranger))
    world.add_group(CORP, partner, stranger)
    world.assign(PAY, ELEVATED, console)
    world.assign(DEV, CONSOLE, unmanaged)
    world.assign(DEV, CONSOLE, Principal(Kind.USER, stranger))
    return world


def name_of(world: World, user: str) -> str:
    """The user name behind an id."""
    return str(world.users[user].attributes["user_name"])


def title_of(world: World, group: str) -> str:
    """The display name behind an id."""
    return str(world.groups[group].attributes["display_name"])


def person_of(world: World, user: str) -> str:
    """The stem of the person whose user that is, whatever its name: git writes it as the given name."""
    given = world.users[user].attributes.get("given_name")
    return stem(str(given).lower() if given else name_of(world, user))


def team_of(world: World, group: str) -> str:
    """The stem of the team whose group that is, whatever its name: git writes it as the description."""
    return stem(str(world.groups[group].attributes.get("description") or title_of(world, group)))


@dataclass
class Console:
    """Somebody at the console."""

    world: World

    def work(self, draw: st.DrawFn, *, renaming: bool = False) -> str:
        """One stroke, and what it was; it leaves something that the service could be left in."""
        strokes = [
            self._member,
            self._member,
            self._assign,
            self._assign,
            self._edit,
            self._move,
            self._leave,
        ]
        if renaming:
            strokes += [self._rename_somebody, self._rename_a_group]
        return draw(st.sampled_from(strokes))(draw)

    def _member(self, draw: st.DrawFn) -> str:
        world = self.world
        group = draw(st.sampled_from(sorted(world.groups)))
        user = draw(st.sampled_from(sorted(world.users)))
        if user in world.members[group]:
            del world.members[group][user]
            return f"takes {name_of(world, user)} out of {title_of(world, group)}"
        world.members[group][user] = "by hand"
        return f"adds {name_of(world, user)} to {title_of(world, group)}"

    def _assign(self, draw: st.DrawFn) -> str:
        world = self.world
        account = draw(st.sampled_from([one for one in (HOME, PAY, DEV, NEW) if self._is_active(one)]))
        name = draw(st.sampled_from(sorted(one.name for one in world.sets.values())))
        everybody = [Principal(Kind.USER, each) for each in sorted(world.users)]
        everybody += [Principal(Kind.GROUP, each) for each in sorted(world.groups)]
        principal = draw(st.sampled_from(everybody))
        if principal in world.assignments.get(pair_of(account, world.set_arn(name)), ()):
            world.unassign(account, name, principal)
            return f"unassigns {name} on {account} from {world.name_of(principal)}"
        world.assign(account, name, principal)
        return f"assigns {name} on {account} to {world.name_of(principal)}"

    def _edit(self, draw: st.DrawFn) -> str:
        world = self.world
        user = draw(st.sampled_from(sorted(world.users)))
        found = world.users[user]
        world.users[user] = replace(
            found,
            attributes={**found.attributes, "title": "Console"},
            active=draw(st.sampled_from([True, True, False])),
        )
        arn = draw(st.sampled_from(sorted(world.sets)))
        world.sets[arn] = replace(
            world.sets[arn],
            attributes={**world.sets[arn].attributes, "session_duration": "PT8H"},
            outdated=draw(st.sampled_from([frozenset[str](), world.sets[arn].provisioned])),
        )
        active = world.users[user].active
        return f"edits {name_of(world, user)} (active: {active}) and {world.sets[arn].name}"

    def _move(self, draw: st.DrawFn) -> str:
        """An account goes elsewhere, or is closed for a while."""
        places = {f"a{each}": self._place(each) for each in (PAY, DEV, NEW)}
        moved = draw(st.sampled_from(sorted(places)))
        places[moved] = draw(st.sampled_from(["Prod", "Lab", "", "SUSPENDED"]))
        self.world.organization = organization(**places)
        return f"moves {moved} to {places[moved]!r}"

    def _leave(self, draw: st.DrawFn) -> str:
        """Somebody's user is deleted; their assignments stay behind, as the service leaves them."""
        world = self.world
        ours = sorted(each for each in world.users if name_of(world, each) not in FOREIGN_PEOPLE)
        if ours:
            user = draw(st.sampled_from(ours))
            name = name_of(world, user)
            del world.users[user]
            for members in world.members.values():
                members.pop(user, None)
            return f"deletes {name}"
        return "does nothing"

    def _rename_somebody(self, draw: st.DrawFn) -> str:
        """To a name of nobody's, or to one that was git's name for somebody else and is free."""
        world = self.world
        ours = sorted(each for each in world.users if person_of(world, each) in PEOPLE)
        if not ours:
            return "does nothing"
        user = draw(st.sampled_from(ours))
        found, taken = world.users[user], {name_of(world, each) for each in world.users}
        names = [f"{each}@example.com" for each in (f"{person_of(world, user)}.byhand", *PEOPLE)]
        name = draw(st.sampled_from([each for each in names if each not in taken] or [name_of(world, user)]))
        world.users[user] = replace(found, attributes={**found.attributes, "user_name": name})
        return f"renames {found.attributes['user_name']} to {name}"

    def _rename_a_group(self, draw: st.DrawFn) -> str:
        world = self.world
        ours = sorted(each for each in world.groups if team_of(world, each) in TEAMS)
        if not ours:
            return "does nothing"
        group = draw(st.sampled_from(ours))
        found, taken = world.groups[group], {title_of(world, each) for each in world.groups}
        names = [f"{team_of(world, group)}.byhand", *TEAMS]
        title = draw(
            st.sampled_from([each for each in names if each not in taken] or [title_of(world, group)])
        )
        world.groups[group] = replace(found, attributes={**found.attributes, "display_name": title})
        return f"renames group {found.attributes['display_name']} to {title}"

    def take_the_place(self, old: str, *, joining: bool) -> str:
        """Somebody is deleted and made anew under the same name, perhaps in the same groups; the new id."""
        world = self.world
        found = world.users.pop(old)
        new = world.add_user(str(found.attributes["user_name"]))
        world.users[new] = replace(found, id=new, active=True)
        for members in world.members.values():
            if members.pop(old, None) and joining:
                members[new] = "by hand"
        return new

    def _is_active(self, account: str) -> bool:
        return self.world.organization.accounts[account].active

    def _place(self, account: str) -> str:
        found = self.world.organization.accounts[account]
        if not found.active:
            return found.state
        units = self.world.organization.units
        return units[found.units[-1]].path if found.units else ""


def pairs(world: World) -> set[tuple[str, ...]]:
    """Every membership and every assignment, as ids."""
    found: set[tuple[str, ...]] = {
        (group, user) for group, members in world.members.items() for user in members
    }
    found |= {
        (account, arn, one.id)
        for (account, arn), principals in world.assignments.items()
        for one in principals
    }
    return found


def drop(world: World, pair: tuple[str, ...]) -> None:
    """A membership or an assignment (ids) is taken away in the console."""
    if len(pair) == 2:
        del world.members[pair[0]][pair[1]]
        return
    account, arn, holder = pair
    found = next(one for one in world.assignments[pair_of(account, arn)] if one.id == holder)
    world.unassign(account, world.sets[arn].name, found)


def spelled(world: World) -> set[tuple[object, ...]]:
    """All of the world in names instead of ids, so that two worlds can be compared."""

    def values(attributes: object) -> str:
        return repr(sorted((key, str(value)) for key, value in dict(attributes).items() if key != "manager"))  # type: ignore[call-overload]  # any map

    found: set[tuple[object, ...]] = set()
    for user in world.users.values():
        manager = user.attributes.get("manager")
        boss = name_of(world, str(manager)) if manager in world.users else None
        found.add(("user", values(user.attributes), user.active, boss))
    for group in world.groups.values():
        found.add(("group", values(group.attributes)))
        for user_id in world.members[group.id]:
            found.add(("member", title_of(world, group.id), name_of(world, user_id)))
    for one in world.sets.values():
        found.add(("set", values(one.attributes), one.provisioned, one.outdated))
    found |= {("assigned", each) for each in world.assigned()}
    return found


def stems(world: World, pair: tuple[str, ...]) -> tuple[str, ...]:
    """A pair of ids in the words of the book, for comparison with the addresses of changes."""

    def who(identifier: str) -> str:
        if identifier in world.users:
            return person_of(world, identifier)
        return team_of(world, identifier) if identifier in world.groups else "~" + identifier

    if len(pair) == 2:
        return who(pair[0]), who(pair[1])
    account, arn, principal = pair
    return account, stem(world.sets[arn].name) if arn in world.sets else arn, who(principal)


def covers(gap: Gap, pair: tuple[str, ...], world: World) -> bool:
    """Whether a membership or an assignment (ids) lies in what was not read."""
    if gap.kind is Kind.MEMBERSHIP:
        return len(pair) == 2
    return len(pair) == 3 and (
        gap.scope in ("*", pair[0]) or (gap.scope == "users" and pair[2] not in world.groups)
    )

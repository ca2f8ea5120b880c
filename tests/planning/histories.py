"""Small organisations at random, as they change, and a world in which others are at work, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from reconciler.model.policy import Ignore, Scope
from reconciler.model.resources import Block, Grant, Group, Include, User, Value, Window
from reconciler.model.state import Identities
from tests.planning.world import NOW, ORIGIN, POLICY, World, group, identities, person

KEYS = ["ada", "bob", "cyd", "dan", "eve"]
TEAMS = ["ops", "dev", "sec"]
STRANGERS = ["x@elsewhere.example", "y@elsewhere.example"]
TIMES = [None, NOW - timedelta(days=1), NOW + timedelta(days=1)]
# One of the strangers is nobody's business, whatever else is said.
SCOPED = replace(POLICY, scope=Scope(ignore=Ignore(users=("y@*",))))


@st.composite
def people(draw: st.DrawFn) -> list[User]:
    """Some people; names move between them, keys change, some are inactive, late or somebody else's."""
    chosen = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    names = [f"{key}@example.com" for key in chosen]
    if draw(st.integers(0, 3)) == 0:
        names = draw(st.permutations([*names, "spare@example.com"]))[: len(chosen)]
    keys = [f"{key}.new" if draw(st.integers(0, 4)) == 0 else key for key in chosen]
    users: list[User] = []
    for key, was, name in zip(keys, chosen, names, strict=True):
        more: dict[str, Value] = {"user_name": name}
        if draw(st.booleans()):
            more["manager"] = draw(st.sampled_from(keys))
        if draw(st.booleans()):
            more["title"] = draw(st.sampled_from(["Engineer", "Lead"]))
        users.append(
            replace(
                person(key, **more),
                active=draw(st.sampled_from([None, None, None, True, False])),
                window=Window(end=draw(st.sampled_from(TIMES)) if draw(st.integers(0, 5)) == 0 else None),
                previously=(was,) if was != key else (),
            )
        )
    if draw(st.booleans()):
        users.append(replace(person("partner", user_name=STRANGERS[0]), external=True))
    return users


@st.composite
def organisations(draw: st.DrawFn) -> Identities:
    """A small organisation with includes, shared, unmanaged and renamed groups, windows and blocks."""
    users = draw(people())
    keys = [user.key for user in users]
    groups: list[Group] = []
    teams = draw(st.lists(st.sampled_from(TEAMS), unique=True))
    for number, team in enumerate(teams):
        chosen = draw(st.none() | st.lists(st.sampled_from(keys), unique=True))
        members: dict[str, int | Grant] | None = None if chosen is None else dict.fromkeys(chosen, 1)
        if members and draw(st.integers(0, 3)) == 0:
            members[next(iter(members))] = Grant(2, Window(end=draw(st.sampled_from(TIMES))))
        renamed = draw(st.integers(0, 4)) == 0
        one = replace(
            group(f"{team}.new" if renamed else team, members=members),
            shared=draw(st.sampled_from([None, True, False])),
            previously=(team,) if renamed else (),
        )
        if number and draw(st.booleans()):
            include = Include(groups[-1].key, 3, Window(end=draw(st.sampled_from(TIMES))))
            one = replace(one, include=(include,))
        groups.append(one)
    blocked = draw(st.lists(st.sampled_from([*keys, *STRANGERS]), unique=True, max_size=1))
    return identities(users, groups, blocked={key: Block(key, ORIGIN) for key in blocked})


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Identities], World]:
    """A few states of git, and a world in which strangers and console edits are."""
    states = draw(st.lists(organisations(), min_size=1, max_size=3))
    world = World()
    for name in draw(st.lists(st.sampled_from(STRANGERS), unique=True)):
        world.add_group(f"console-{name[0]}", world.add_user(name))
    return states, world

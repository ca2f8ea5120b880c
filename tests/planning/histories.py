"""Small organisations at random, as they change, and a world in which others are at work, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from reconciler.model.policy import Ignore, Scope
from reconciler.model.resources import ALWAYS, Block, Grant, Group, Include, User, Value, Window
from reconciler.model.state import Identities
from tests.planning.world import NOW, ORIGIN, POLICY, World, group, identities, person

KEYS = ["ada", "bob", "cyd", "dan", "eve"]
TEAMS = ["ops", "dev", "sec"]
STRANGERS = ["x@elsewhere.example", "y@elsewhere.example"]
TIMES = [None, NOW - timedelta(days=1), NOW + timedelta(days=1)]
WINDOWS = [*[ALWAYS] * 6, *(Window(end=time) for time in TIMES)]
# One of the strangers is nobody's business, whatever else is said.
SCOPED = replace(POLICY, scope=Scope(ignore=Ignore(users=("y@*",))))


@st.composite
def people(draw: st.DrawFn, *, moving: bool) -> list[User]:
    """Some people; keys change, and either names move between them or some are inactive."""
    chosen = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    names = [f"{key}@example.com" for key in chosen]
    if moving and draw(st.booleans()):
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
                active=None if moving else draw(st.sampled_from([None, None, None, True, False])),
                window=ALWAYS if moving else draw(st.sampled_from(WINDOWS)),
                previously=(was,) if was != key else (),
            )
        )
    if draw(st.booleans()):
        users.append(replace(person("partner", user_name=STRANGERS[0]), external=True))
    return users


@st.composite
def organisations(draw: st.DrawFn, *, moving: bool | None = None) -> Identities:
    """A small organisation with includes, shared, unmanaged and renamed groups, windows and blocks.

    `moving` says whether names move between people; None leaves it to chance. They move only between people
    who are there: whether a name was taken over from somebody who never came, or is still theirs, no name
    tells, and while nobody tells either (by an apply that was whole) the plan may take the wrong one.
    """
    moving = draw(st.booleans()) if moving is None else moving
    users = draw(people(moving=moving))
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
    suspects = STRANGERS if moving else [*keys, *STRANGERS]
    blocked = draw(st.lists(st.sampled_from(suspects), unique=True, max_size=1))
    return identities(users, groups, blocked={key: Block(key, ORIGIN) for key in blocked})


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Identities], World]:
    """A few states of git, and a world in which strangers and console edits are."""
    moving = draw(st.booleans())
    states = draw(st.lists(organisations(moving=moving), min_size=1, max_size=3))
    world = World()
    for name in draw(st.lists(st.sampled_from(STRANGERS), unique=True)):
        world.add_group(f"console-{name[0]}", world.add_user(name))
    return states, world

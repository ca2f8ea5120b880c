"""Plans beside others: what is ours to remove, what is somebody else's, and what scope makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.policy import Ignore, Mode, OnRemoval, Scope
from reconciler.model.resources import Group
from reconciler.planning.ownership.match import Pairing
from reconciler.planning.ownership.objects import Ownership, aliases, former_keys, group_name
from tests.planning.world import (
    POLICY,
    World,
    change,
    codes,
    group,
    identities,
    person,
    plan,
    remembered,
    summary,
)


def test_what_was_never_declared_is_left_alone_and_counted() -> None:
    world = World()
    eve = world.add_user("eve@elsewhere.example")
    world.add_group("console", eve)
    git = identities([person("ada")], [group("ops", ["ada"])])
    world.carry_out(plan(git, world))
    before = world.live()

    planned = plan(git, world, remembered(git))

    assert summary(planned) == []
    assert planned.plan.counts["user"].unmanaged == 1  # type: ignore[index]  # a StrEnum is its string
    assert planned.plan.counts["group"].unmanaged == 1  # type: ignore[index]  # a StrEnum is its string
    assert world.live() == before


def test_a_member_added_behind_the_tools_back_is_drift_and_goes() -> None:
    git = identities([person("ada"), person("bob")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    stranger = world.add_user("eve@elsewhere.example")
    for user in (world.user_id("bob@example.com"), stranger):
        world.members[world.group_id("ops")][user] = "m"

    planned = plan(git, world, remembered(git))

    assert summary(planned) == [
        "delete aws/membership/ops/bob drift",
        f"delete aws/membership/ops/~{stranger} drift",
    ]
    assert change(planned, f"aws/membership/ops/~{stranger}").name == "eve@elsewhere.example"


def test_a_shared_group_tolerates_others_and_loses_only_what_git_declared() -> None:
    before = identities([person("ada"), person("bob")], [group("ops", ["ada", "bob"], shared=True)])
    world = World()
    world.carry_out(plan(before, world))
    world.members[world.group_id("ops")][world.add_user("eve@elsewhere.example")] = "m"
    after = identities([person("ada"), person("bob")], [group("ops", ["ada"], shared=True)])

    assert summary(plan(after, world, remembered(before))) == ["delete aws/membership/ops/bob git"]


def test_a_membership_that_somebody_took_away_is_restored_and_said_so() -> None:
    git = identities([person("ada")], [group("ops", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    world.members[world.group_id("ops")].clear()

    planned = plan(git, world, remembered(git))

    assert summary(planned) == ["create aws/membership/ops/ada drift"]
    assert change(planned, "aws/membership/ops/ada").restores
    assert codes(planned) == ["restores"]


def test_what_was_declared_only_between_two_applies_is_a_leftover() -> None:
    base = identities([person("ada")], [group("ops", ["ada"])])
    between = identities(
        [person("ada"), person("bob")], [group("ops", ["ada", "bob"]), group("dev", ["bob"])]
    )
    world = World()
    world.carry_out(plan(between, world))

    planned = plan(base, world, remembered(base, between))

    assert summary(planned) == [
        "delete aws/group/dev leftover",
        "delete aws/membership/dev/bob leftover",
        "delete aws/membership/ops/bob leftover",
    ]
    world.carry_out(planned)
    assert summary(plan(base, world, remembered(base, between))) == []


def test_ignored_and_external_objects_and_what_hangs_on_them_stay() -> None:
    world = World()
    robot = world.add_user("robot@example.com")
    theirs = world.add_group("AWSControlTowerAdmins", robot)
    entra = world.add_group("Entra-Admins", robot)
    scope = Scope(
        users=Mode.AUTHORITATIVE,
        groups=Mode.AUTHORITATIVE,
        ignore=Ignore(users=("robot@*",), groups=("AWS*",)),
    )
    policy = replace(POLICY, scope=scope, on_removal=OnRemoval.DELETE)
    git = identities(
        [person("ada")], [group("entra", None, external=True, attributes={"display_name": "Entra-Admins"})]
    )

    planned = plan(git, world, policy=policy)
    world.carry_out(planned)

    assert summary(planned) == ["create aws/user/ada git"]
    assert {robot} == world.members[theirs].keys() == world.members[entra].keys()


def test_authoritative_scope_removes_strays() -> None:
    world = World()
    eve = world.add_user("eve@elsewhere.example")
    console = world.add_group("console", eve)
    policy = replace(
        POLICY, scope=Scope(users=Mode.AUTHORITATIVE, groups=Mode.AUTHORITATIVE), on_removal=OnRemoval.DELETE
    )
    git = identities([person("ada")])
    world.carry_out(plan(git, world))

    planned = plan(git, world, remembered(git, policy=policy), policy=policy)

    assert summary(planned) == [
        f"delete aws/group/~{console} drift",
        f"delete aws/membership/~{console}/~{eve} drift",
        f"delete aws/user/~{eve} drift",
    ]
    world.carry_out(planned)
    assert summary(plan(git, world, remembered(git, policy=policy), policy=policy)) == []


def test_an_observed_kind_is_reported_and_never_written() -> None:
    policy = replace(POLICY, scope=Scope(users=Mode.OBSERVE))
    git = identities([person("ada")], [group("ops", ["ada"])])

    planned = plan(git, World(), policy=policy)

    assert summary(planned) == ["create aws/group/ops git"]
    assert codes(planned) == ["observed"]


def test_outside_git_nothing_is_removed_for_having_been_forgotten() -> None:
    world = World()
    git = identities([person("ada"), person("bob")], [group("ops", ["ada"]), group("old", ["bob"])])
    world.carry_out(plan(git, world))
    memory = replace(remembered(None), unknown="outside git")

    planned = plan(identities([person("ada")], [group("ops", ["ada"])]), world, memory)

    assert summary(planned) == []
    assert codes(planned) == ["memory-unknown"]


# A state in a few words: each key with what it says that it was before.
State = Mapping[str, Sequence[str]]


def state(written: State) -> dict[str, Group]:
    return {key: group(key, previously=tuple(before)) for key, before in written.items()}


def owned(
    ids: Mapping[str, str],
    former: Mapping[str, tuple[str, ...]] | None = None,
    *,
    gone: int = 0,
    undeclared: int = 0,
) -> Ownership:
    """Keys that are paired with ids, and so many things beside them."""
    pairing = Pairing()
    for key, identifier in ids.items():
        pairing.claim(key, identifier)
    return Ownership(
        pairing=pairing,
        declared={identifier: key for key, identifier in ids.items()},
        external={"x-1": "x"},
        gone={f"gone-{number}": f"was-{number}" for number in range(gone)},
        undeclared=frozenset(f"stray-{number}" for number in range(undeclared)),
        ignored=frozenset({"i-1"}),
        unmanaged=frozenset({"u-1"}),
        former_keys=former or {},
    )


@pytest.mark.parametrize(("gone", "undeclared", "expected"), [(0, 0, 2), (3, 0, 5), (0, 4, 6), (3, 4, 9)])
def test_what_percentages_are_of_is_all_that_is_ours(gone: int, undeclared: int, expected: int) -> None:
    assert owned({"a": "1", "b": "2"}, gone=gone, undeclared=undeclared).owned() == expected


@pytest.mark.parametrize(
    ("declared", "then", "expected"),
    [
        pytest.param({"a": (), "b": ()}, [], {}, id="nobody was anything"),
        pytest.param({"new": ("old",)}, [], {"new": ("new", "old")}, id="as it says"),
        pytest.param({"new": ()}, [{"new": ("old",)}], {"new": ("new", "old")}, id="as it said"),
        pytest.param(
            {"new": ("mid",)}, [{"mid": ("old",)}], {"new": ("new", "mid", "old")}, id="of those in turn"
        ),
        pytest.param({"a": ()}, [{"b": ("c",)}], {}, id="whoever is gone has no former keys"),
        pytest.param({"new": ("old",), "old": ()}, [], {"new": ("new",)}, id="a declared key is nobody's"),
        pytest.param({"new": ()}, [{"new": ("old",), "old": ()}], {}, id="a key that was used anew"),
        pytest.param(
            {"new": ("old", "mid")},
            [{"old": ("first",)}, {"mid": ("first",)}],
            {"new": ("new", "old", "mid", "first")},
            id="two of the same one",
        ),
        pytest.param(
            {key: (f"{key}{key}",) for key in "zyxcba"},
            [],
            {key: (key, f"{key}{key}") for key in "abcxyz"},
            id="sorted by key",
        ),
    ],
)
def test_former_keys(declared: State, then: Sequence[State], expected: Mapping[str, tuple[str, ...]]) -> None:
    found = former_keys(state(declared), [state(each) for each in then])

    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize(
    ("keys", "ids", "former", "expected"),
    [
        pytest.param(["a"], {"b": "2"}, {}, {"a"}, id="not there: itself"),
        pytest.param(["a"], {"b": "2"}, {"b": ("b", "a")}, {"a", "b"}, id="said to have been it"),
        pytest.param(["a"], {"b": "2"}, {"b": ("b", "c")}, {"a"}, id="said to have been another"),
        pytest.param(["a"], {"b": "1"}, {}, {"a", "b"}, id="found by its name"),
        pytest.param(["a"], {"a": "3", "b": "1"}, {}, {"a"}, id="there, and its name is another's now"),
        pytest.param(["b"], {"b": "2", "c": "1"}, {}, {"b"}, id="the name of another key"),
        pytest.param(["a"], {}, {}, {"a"}, id="found by its name, and of no key"),
    ],
)
def test_the_keys_under_which_an_object_goes_now(
    keys: Sequence[str],
    ids: Mapping[str, str],
    former: Mapping[str, tuple[str, ...]],
    expected: set[str],
) -> None:
    """In a world in which the name of the key `a` belongs to the id 1."""
    then = {key: group(key) for key in ("a", "b")}

    assert aliases(keys, owned(ids, former), {"a": "1", "b": "9"}, [{}, then], group_name) == expected

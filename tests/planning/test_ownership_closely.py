"""The parts of ownership on values made by hand: former keys, other names of one thing, and what counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from reconciler.model.resources import Group
from reconciler.planning.ownership.match import Pairing
from reconciler.planning.ownership.objects import Ownership, aliases, former_keys, group_name
from tests.planning.world import group

# A state in a few words: each key with what it says that it was before.
State = Mapping[str, Sequence[str]]


def state(said: State) -> dict[str, Group]:
    return {key: group(key, previously=tuple(before)) for key, before in said.items()}


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

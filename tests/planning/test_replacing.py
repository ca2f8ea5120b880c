"""What holds a revocation: which grants, and where it would wait for itself, none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Cause
from reconciler.model.plan import Step
from reconciler.planning.ordering.replacing import hold, walk
from tests.planning.access_stage import change

ONE = "100000000001"
# Revocations and grants in few letters; the grants come first by name.
NAMES = {
    **{f"g{number}": f"create assignment/{ONE}/A{number}/user:ada" for number in range(6)},
    **{f"r{number}": f"delete assignment/{ONE}/R{number}/user:ada" for number in range(6)},
    "m": "delete membership/ops/ada",
    "made": "create membership/red/ada",
    "set": "delete permission-set/R0",
    "user": "delete user/ada",
    "edit": "update user/ada",
}


def at(name: str) -> Address:
    return Address.parse(f"aws/{NAMES[name].split()[1]}")


def steps_of(waits: Mapping[str, str]) -> dict[str, Step]:
    """A step for each name, after others between blanks."""
    return {
        str(at(name)): Step(
            str(at(name)),
            at(name),
            Action(NAMES[name].split()[0]),
            (at(name),),
            after=tuple(str(at(each)) for each in after.split()),
        )
        for name, after in waits.items()
    }


def held(
    waits: Mapping[str, str], replaced: Mapping[str, str], causes: Mapping[str, Cause] | None = None
) -> dict[str, str]:
    """What holds each revocation: by name, in the order in which it is said."""
    steps = steps_of(waits)
    causes = causes or {}
    changes = [change(text, causes.get(name, Cause.GIT)) for name, text in NAMES.items()]
    hold(
        steps,
        changes,
        {at(name): tuple(at(each) for each in grants.split()) for name, grants in replaced.items()},
    )
    names = {str(at(name)): name for name in NAMES}
    return {
        names[identifier]: " ".join(names[each] for each in step.held_by)
        for identifier, step in steps.items()
        if step.held_by
    }


def plain(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "")


@pytest.mark.parametrize(
    ("waits", "replaced", "expected"),
    [
        pytest.param(plain("g0 r0"), {}, {}, id="nothing takes its place"),
        pytest.param(plain("g0 r0"), {"r0": "g0"}, {"r0": "g0"}, id="a grant"),
        pytest.param(plain("made m"), {"m": "made"}, {"m": "made"}, id="a membership"),
        pytest.param(
            plain("r0 g5 g3 g1 g4 g2 g0"),
            {"r0": "g5 g3 g1 g4 g2 g0"},
            {"r0": "g0 g1 g2 g3 g4 g5"},
            id="several, in order",
        ),
        pytest.param(plain("r0 g0"), {"r0": "g0 g1"}, {"r0": "g0"}, id="a grant of another plan"),
        pytest.param(plain("g0"), {"r0": "g0"}, {}, id="a revocation of another plan"),
        pytest.param(plain("r0 g0"), {"r0": "r0 g0"}, {"r0": "g0"}, id="never itself"),
        pytest.param(plain("set g0"), {"set": "g0"}, {}, id="a set is no pair"),
        pytest.param(plain("user g0"), {"user": "g0"}, {}, id="a user is no pair"),
        pytest.param(plain("made g0"), {"made": "g0"}, {}, id="a grant takes nothing away"),
        pytest.param(
            {"r0": "r5", "g0": ""}, {"r0": "g0"}, {"r0": "g0"}, id="what waits for a step of another plan"
        ),
        pytest.param({"r0": "", "g0": "r1", "r1": ""}, {"r0": "g0"}, {"r0": "g0"}, id="no circle"),
        pytest.param({"r0": "", "g0": "r0"}, {"r0": "g0"}, {}, id="a grant that waits for it"),
        pytest.param({"g0": "r0", "r0": ""}, {"r0": "g0"}, {}, id="the same, met from the other end"),
        pytest.param(
            {"r0": "", "g0": "r0", "g1": ""}, {"r0": "g0 g1"}, {"r0": "g1"}, id="one of two waits for it"
        ),
        pytest.param(
            {"r0": "", "g0": "edit", "edit": "r0"},
            {"r0": "g0"},
            {},
            id="a grant that waits for it by another",
        ),
        pytest.param(
            {"r0": "", "g0": "r1", "r1": "", "g1": "r0"},
            {"r0": "g0", "r1": "g1"},
            {"r1": "g1"},
            id="two in one circle: the first is let go",
        ),
        pytest.param(
            {"g1": "r0", "r1": "", "g0": "r1", "r0": ""},
            {"r0": "g0", "r1": "g1"},
            {"r1": "g1"},
            id="the same in any order",
        ),
        pytest.param(
            {"r0": "g0", "g0": "r1", "r1": "", "g1": "r0"},
            {"r0": "g0", "r1": "g1"},
            {"r0": "g0"},
            id="what it waits for anyway is no way out",
        ),
        pytest.param(
            {"r0": "", "g0": "r0", "r1": "", "g1": "r1", "r2": "", "g2": ""},
            {"r0": "g0", "r1": "g1", "r2": "g2"},
            {"r2": "g2"},
            id="two circles",
        ),
    ],
)
def test_which_grants_hold_a_revocation(
    waits: Mapping[str, str], replaced: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    assert held(waits, replaced) == expected


@pytest.mark.parametrize("cause", list(Cause))
def test_whoever_must_have_no_access_does_not_keep_it_until_something_else_is_there(cause: Cause) -> None:
    at_once = cause in (Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER)
    assert held(plain("g0 r0"), {"r0": "g0"}, {"r0": cause}) == ({} if at_once else {"r0": "g0"})


@pytest.mark.parametrize(
    ("start", "waits", "circle"),
    [
        ("a", {"a": {"a"}}, ["a"]),
        ("a", {"a": {"c", "b"}, "b": {"a"}, "c": {"a"}}, ["a", "b"]),
        ("a", {"a": {"b"}, "b": {"d", "c"}, "c": {"b"}, "d": {"a"}}, ["b", "c"]),
    ],
)
def test_a_circle_is_walked_by_name_and_without_the_way_to_it(
    start: str, waits: Mapping[str, set[str]], circle: Sequence[str]
) -> None:
    assert walk(start, waits) == circle

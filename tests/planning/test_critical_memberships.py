"""What is critical: who counts, what a removal waits for, and what is said of too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Cause, Change, Effect, FieldChange
from reconciler.model.plan import Finding
from reconciler.model.state import Gap
from reconciler.planning.consequences import Consequences
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.members import Critical
from reconciler.planning.ordering.order import Dependencies, order
from reconciler.planning.ownership.owning import own_groups
from tests.planning.access_stage import Stage, change
from tests.planning.world import NOTHING, UNLIMITED, group, identities


def declared(text: str) -> Change:
    """`block delete membership/ops/ada`, or without a cause; `disable ada` and `enable ada`."""
    first, rest = text.split(maxsplit=1)
    if first in ("disable", "enable", "retitle"):
        field = (
            FieldChange("title", "x", "y")
            if first == "retitle"
            else FieldChange("active", None, first == "enable")
        )
        return replace(
            change(f"update user/{rest}"), fields=(FieldChange("title", "x", "y"), field), effect=Effect.MIXED
        )
    if first in set(Cause):
        return change(rest, Cause(first))
    return change(text)


def critical(
    members: Mapping[str, str], least: Mapping[str, int], changes: Sequence[Change], gaps: Sequence[str] = ()
) -> Critical:
    plain = Stage(members=members, people="ada bob cyd dan eve").context()
    guards = replace(UNLIMITED, min_members=least)
    judged = replace(
        plain,
        policy=replace(plain.policy, guards=guards),
        live=replace(
            plain.live, gaps=tuple(Gap(Kind(each.split()[0]), each.split()[1], "why") for each in gaps)
        ),
    )
    return Critical(Consequences(judged, changes, {}), identities(), NOTHING)


def waits(members: str, least: int, *texts: str, gaps: Sequence[str] = ()) -> dict[str, str]:
    """By removal from the group ops, what it waits for."""
    found = critical(
        {"ops": members, "red": "eve"}, {"ops": least}, [declared(text) for text in texts], gaps
    ).needed()
    return {
        address.key.removeprefix("ops/"): " ".join(f"{one.kind}/{one.key}" for one in needed)
        for address, needed in found.items()
    }


OUT = "delete membership/ops/{}".format
IN = "create membership/ops/{}".format
BY_DAN, BY_EVE = "membership/ops/dan", "membership/ops/eve"


@pytest.mark.parametrize(
    ("members", "least", "texts", "expected"),
    [
        pytest.param("ada bob", 2, [OUT("ada"), IN("dan")], {"ada": BY_DAN}, id="one for another"),
        pytest.param("ada bob cyd", 2, [OUT("ada"), IN("dan")], {}, id="enough stay"),
        pytest.param(
            "ada bob cyd dan",
            2,
            [OUT("ada"), IN("eve"), "create user/new", IN("new")],
            {},
            id="more than enough stay",
        ),
        pytest.param(
            "ada bob cyd",
            2,
            [OUT("bob"), OUT("ada"), IN("dan")],
            {"ada": BY_DAN, "bob": BY_DAN},
            id="two for one",
        ),
        pytest.param(
            "ada bob", 2, [OUT("ada"), IN("eve"), IN("dan")], {"ada": BY_DAN}, id="one of two is enough"
        ),
        pytest.param(
            "ada bob",
            2,
            [OUT("ada"), OUT("bob"), IN("eve"), IN("dan")],
            {"ada": f"{BY_DAN} {BY_EVE}", "bob": f"{BY_DAN} {BY_EVE}"},
            id="two for two",
        ),
        pytest.param(
            "ada", 3, [OUT("ada"), IN("dan"), IN("eve")], {"ada": BY_DAN}, id="no more than were there"
        ),
        pytest.param("ada bob", 2, [OUT("ada")], {}, id="for nobody"),
        pytest.param(
            "ada bob", 2, [f"block {OUT('ada')}", IN("dan")], {}, id="who is blocked waits for nobody"
        ),
        pytest.param("ada bob", 2, [f"expiry {OUT('ada')}", IN("dan")], {}, id="whose time is over"),
        pytest.param("ada bob", 2, [f"leaver {OUT('ada')}", IN("dan")], {}, id="who has left"),
        pytest.param("ada bob", 2, [f"selector {OUT('ada')}", IN("dan")], {"ada": BY_DAN}, id="who may stay"),
        pytest.param(
            "ada bob cyd",
            2,
            [f"block {OUT('ada')}", f"block {OUT('bob')}", OUT("cyd"), IN("dan"), IN("eve")],
            {"cyd": BY_DAN},
            id="who is blocked counts no more",
        ),
        pytest.param(
            "ada bob cyd",
            2,
            ["disable ada", OUT("ada"), OUT("bob"), IN("dan")],
            {"ada": BY_DAN, "bob": BY_DAN},
            id="disabled",
        ),
        pytest.param(
            "ada bob",
            2,
            ["disable ada", OUT("bob"), IN("dan"), IN("eve")],
            {"bob": BY_DAN},
            id="who is disabled counts no more",
        ),
        pytest.param(
            "ada bob",
            2,
            ["retitle ada", OUT("bob"), OUT("ada"), IN("dan"), IN("eve")],
            {"ada": f"{BY_DAN} {BY_EVE}", "bob": f"{BY_DAN} {BY_EVE}"},
            id="another edit is nothing to it",
        ),
        pytest.param(
            "ada bob",
            2,
            ["enable ada", OUT("bob"), OUT("ada"), IN("dan"), IN("eve")],
            {"ada": f"{BY_DAN} {BY_EVE}", "bob": f"{BY_DAN} {BY_EVE}"},
            id="nor is being enabled",
        ),
        pytest.param(
            "ada bob",
            2,
            [OUT("ada"), "create user/new", IN("new")],
            {"ada": "membership/ops/new user/new"},
            id="for somebody who is made",
        ),
        pytest.param("ada bob", 2, ["delete membership/red/eve", IN("dan")], {}, id="another group"),
    ],
)
def test_what_a_removal_from_a_critical_group_waits_for(
    members: str, least: int, texts: Sequence[str], expected: Mapping[str, str]
) -> None:
    assert waits(members, least, *texts) == expected


@pytest.mark.parametrize(
    ("gap", "judged"),
    [
        ("membership *", False),
        ("membership g-ops", False),
        ("membership g-red", True),
        ("assignment *", True),
        ("assignment g-ops", True),
    ],
)
def test_a_group_of_which_members_were_not_read_is_not_judged(gap: str, *, judged: bool) -> None:
    assert bool(waits("ada bob", 2, OUT("ada"), IN("dan"), gaps=[gap])) is judged


def output(
    members: Mapping[str, str], least: Mapping[str, int], *texts: str, held: bool = True
) -> list[Finding]:
    """What is said when the removals are ordered after what they wait for, or (not held) in any order."""
    changes = [declared(text) for text in texts]
    found = critical(members, least, changes)
    steps, _ = order(changes, Dependencies(replaced=found.needed() if held else {}))
    return list(found.findings(steps))


def test_too_few_in_the_end_are_told_by_name_with_how_many_are_missing() -> None:
    (finding,) = output({"ops": "eve dan cyd bob ada"}, {"ops": 7}, OUT("cyd"))

    assert finding.message == "group ops would have 4 of at least 7 members who can sign in"
    assert finding.fix == f"add 3 more who are active; {approval('min-members', 1, Kind.MEMBERSHIP)}"
    assert (finding.details, finding.kind) == (("ada", "bob", "dan", "eve"), Kind.MEMBERSHIP)


def test_each_critical_group_is_told_in_order() -> None:
    found = output({"ops": "ada", "lab": "ada", "zoo": "ada"}, {"zoo": 3, "ops": 2, "lab": 1, "none": 9})
    assert [one.message.split(" would")[0] for one in found] == ["group ops", "group zoo"]


@pytest.mark.parametrize("held", [True, False])
def test_too_few_for_a_moment_are_told_where_nothing_holds_the_removals(*, held: bool) -> None:
    found = output({"ops": "ada bob"}, {"ops": 2}, OUT("bob"), OUT("ada"), IN("dan"), IN("eve"), held=held)

    moment = "group ops would have fewer than 2 members for a moment, in any order of these changes"
    assert [one.message for one in found] == ([] if held else [moment])
    for one in found:
        assert one.fix == f"add first, apply, and then remove; {approval('min-members', 1, Kind.MEMBERSHIP)}"
        assert one.details == ("aws/membership/ops/ada", "aws/membership/ops/bob")
        assert one.kind is Kind.MEMBERSHIP


def test_who_must_go_at_once_makes_up_for_nobody_for_a_moment() -> None:
    found = output({"ops": "ada bob"}, {"ops": 1}, f"block {OUT('ada')}", OUT("bob"), IN("dan"), held=False)

    assert [one.details for one in found] == [("aws/membership/ops/bob",)]


def test_a_critical_group_stays_so_under_a_new_key() -> None:
    """`min_members` still says ops; another group has a new key as well."""
    plain = Stage(members={"ops": "ada bob", "old": "eve"}, people="ada bob cyd dan eve").context()
    groups = {"aft": group("aft", previously=("old",)), "crew": group("crew", previously=("ops",))}
    desired = replace(plain.desired, groups=groups)
    policy = replace(plain.policy, guards=replace(UNLIMITED, min_members={"ops": 2}))
    renamed = replace(
        plain,
        desired=desired,
        policy=policy,
        groups=own_groups(desired, plain.live, plain.memory, policy.scope),
    )
    changes = [change("delete membership/crew/ada"), change("create membership/crew/dan")]

    found = Critical(Consequences(renamed, changes, {}), identities(), NOTHING)

    assert {str(key): [*map(str, needed)] for key, needed in found.needed().items()} == {
        "aws/membership/crew/ada": ["aws/membership/crew/dan"]
    }
    (told_of,) = Critical(Consequences(renamed, changes[:1], {}), identities(), NOTHING).findings([])
    assert told_of.message == "group crew would have 1 of at least 2 members who can sign in"


def test_where_nothing_is_critical_nothing_waits_and_nothing_is_told() -> None:
    assert waits("ada", 0, OUT("ada"), IN("dan")) == {}
    assert critical({"ops": "ada"}, {}, [declared(OUT("ada"))]).needed() == {}
    assert output({"ops": "ada"}, {}, OUT("ada")) == []

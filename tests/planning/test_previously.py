"""`previously`, where two keys were declared side by side: which is whose, or that nobody can tell."""

from __future__ import annotations

from tests.planning.world import World, group, identities, person, plan, remembered, summary


def test_a_key_that_takes_over_another_beside_its_own_object_is_in_doubt() -> None:
    git = identities([person("ada"), person("bob")], [group("one", ["ada"]), group("two", ["bob"])])
    world = World()
    world.carry_out(plan(git, world))
    moved = identities(
        [person("ada"), person("bob")],
        [group("two", ["ada"], previously=("one",)), group("three", ["bob"], previously=("two",))],
    )

    planned = plan(moved, world, remembered(git))

    assert summary(planned) == []
    assert [str(one.address) for one in planned.part.findings if one.code == "match-blocked"] == [
        "aws/group/three",
        "aws/group/two",
    ]


def test_a_key_used_anew_goes_like_any_other_although_another_once_had_it() -> None:
    both = identities([person("ada")], [group("one", ["ada"]), group("two", previously=("one",))])
    world = World()
    world.carry_out(plan(both, world))
    gone = identities([person("ada")], [group("two", previously=("one",))])

    planned = plan(gone, world, remembered(both))

    assert summary(planned) == ["delete aws/group/one git", "delete aws/membership/one/ada git"]
    assert planned.part.findings == ()

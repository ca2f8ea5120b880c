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
    assert [str(one.address) for one in planned.plan.findings if one.code == "match-blocked"] == [
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
    assert planned.plan.findings == ()


def test_a_new_group_with_the_members_of_one_that_goes_is_perhaps_that_one() -> None:
    people = [person("ada"), person("bob")]
    git = identities(people, [group("ops", ["ada", "bob"]), group("dev", ["ada"])])
    world = World()
    world.carry_out(plan(git, world))
    renamed = identities(people, [group("platform", ["ada", "bob"]), group("dev", ["ada"])])

    (finding,) = (
        one for one in plan(renamed, world, remembered(git)).plan.findings if one.code == "perhaps-renamed"
    )

    assert finding.message == (
        "group platform is new and has exactly the members of ops, which would be deleted"
    )
    assert finding.fix == "if it is the same group, keep it: write `previously: [ops]` at platform"
    assert finding.origin is not None


def test_nothing_is_guessed_of_other_members_of_none_or_where_it_is_written() -> None:
    people = [person("ada"), person("bob")]
    git = identities(people, [group("ops", ["ada", "bob"]), group("none", [])])
    world = World()
    world.carry_out(plan(git, world))
    for groups in (
        [group("platform", ["ada"]), group("none", [])],
        [group("ops", ["ada", "bob"]), group("empty", [])],
        [group("ops", ["ada", "bob"]), group("none", []), group("platform", ["ada", "bob"])],
        [group("platform", ["ada", "bob"], previously=("ops",)), group("none", [])],
    ):
        planned = plan(identities(people, groups), world, remembered(git))
        assert "perhaps-renamed" not in {one.code for one in planned.plan.findings}

"""Who has what on either side of a plan: as the world has it, and as it has it when the plan is applied."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from reconciler.model.access import Holding
from reconciler.model.resources import Window
from reconciler.model.state import Identities
from reconciler.planning.holdings import Side, holdings
from reconciler.planning.prepared import PreparedPlan
from tests.planning.entitled import DEV, PAY, entry, git, plan, pset, settled
from tests.planning.realms import organisations, realm
from tests.planning.world import NOW, World


def held(planned: PreparedPlan, side: Side) -> tuple[Holding, ...]:
    assert planned.looking is not None
    return holdings(planned.looking.consequences(planned.plan.changes), side)


def exploded(rows: tuple[Holding, ...], planned: PreparedPlan, world: World) -> Counter[tuple[str, str, str]]:
    """One of each person, permission set and account, by the name that the person has at the service."""
    names = {key: str(world.live().users[one].attributes["user_name"]) for one, key in planned.keys.items()}
    names |= {f"~{one}": str(user.attributes["user_name"]) for one, user in world.live().users.items()}
    return Counter(
        (names.get(person, person), account, row.permission_set)
        for row in rows
        for person in row.people
        for account in row.accounts
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(organisations(), organisations())
def test_both_sides_are_what_the_world_has_before_and_after(first: Identities, second: Identities) -> None:
    world = realm()
    world.carry_out(plan(first, world))

    planned = plan(second, world)
    before = exploded(held(planned, Side.LIVE), planned, world)
    wanted = held(planned, Side.DESIRED)
    assert set(before) == world.reach()
    world.carry_out(planned)
    after = plan(second, world)

    assert set(exploded(held(after, Side.LIVE), after, world)) == world.reach()
    assert set(exploded(wanted, after, world)) == world.reach()
    assert max([*before.values(), 1]) == 1


def rows(planned: PreparedPlan, side: Side = Side.LIVE) -> list[tuple[str, ...]]:
    return [
        (", ".join(one.people), one.permission_set, ", ".join(one.accounts), *one.groups, *one.entries)
        for one in held(planned, side)
    ]


def test_each_is_there_with_its_way_its_entry_and_whether_git_gave_it() -> None:
    declared = git(
        [entry("both", "group:ops", "Read", PAY, DEV), entry("one", "user:bob", "Read", PAY)], [pset("Read")]
    )
    world = settled(declared)
    world.assign(DEV, "Read", world.user_principal("bob@example.com"))

    assert sorted(rows(plan(declared, world))) == sorted(
        [
            ("bob", "Read", DEV, "", ""),
            ("bob", "Read", PAY, "", "one"),
            ("ada", "Read", ", ".join(sorted((PAY, DEV))), "ops", "both"),
        ]
    )


def test_what_ends_says_when_on_the_side_on_which_it_does() -> None:
    open_ended = git([entry("e", "group:ops", "Read", PAY)], [pset("Read")])
    ending = git(
        [entry("e", "group:ops", "Read", PAY, window=Window(None, NOW + timedelta(days=3)))], [pset("Read")]
    )
    world = settled(open_ended)

    planned = plan(ending, world)

    end = (NOW + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    assert [one.until for one in held(planned, Side.DESIRED)] == [end]


def test_what_is_privileged_comes_first() -> None:
    sets = [pset("Admin", managed_policies=("AdministratorAccess",)), pset("A")]
    declared = git([entry("a", "group:ops", "A", PAY), entry("b", "group:ops", "Admin", PAY)], sets)

    found = held(plan(declared, settled(declared)), Side.LIVE)

    assert [(one.permission_set, one.privileged) for one in found] == [("Admin", True), ("A", False)]

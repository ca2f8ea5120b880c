"""How much there is of each kind: each number of what is counted differs from every other."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Address, Arn, Kind
from reconciler.model.pairs import Principal
from reconciler.model.plan import Counts
from reconciler.model.policy import Ignore, Mode, Scope
from reconciler.model.resources import Group, Origin
from reconciler.model.state import Assigned, Desired, Holder, Live, LiveGroup, LivePermissionSet, LiveUser
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.guards.population import Population, counts, population
from reconciler.planning.ownership.owning import own_groups, own_users
from reconciler.planning.ownership.sets import own_sets
from tests.planning.scenes import permission_set
from tests.planning.world import CAN, CAN_ALL, NOW, ORIGIN, POLICY, group, person
from tests.support.pairs import declared_pair, pair_of

ONE, TWO = "100000000001", "100000000002"
USER = Principal(Kind.USER, "u-here0")
IGNORE = Ignore(users=("ignored*",), groups=("ignored*",), permission_sets=("ignored*",))


def names(**many: int) -> list[str]:
    return [f"{key}{number}" for key, count in many.items() for number in range(count)]


def context(scope: Scope) -> PlanContext:
    """All that may be: declared and there, declared and not there, gone, ignored, external, unknown."""
    users = names(here=3, gone=1, ignored=4, external=2, unknown=5)
    groups = names(here=2, gone=2, ignored=1, external=3, unknown=4)
    sets = names(Here=4, Gone=3, ignored=2, Unknown=1)
    live = Live(
        "aws",
        users={f"u-{key}": LiveUser(f"u-{key}", {"user_name": f"{key}@example.com"}) for key in users},
        groups={f"g-{key}": LiveGroup(f"g-{key}", {"display_name": key}) for key in groups},
        members={
            "g-here0": {"u-here0": "m-1", "u-here1": "m-2"},
            "g-unknown0": {"u-here0": "m-3"},
            "g-here1": {},
        },
        permission_sets={f"arn:{key}": LivePermissionSet(Arn(f"arn:{key}"), {"name": key}) for key in sets},
        assignments={
            pair_of(ONE, "arn:Here0"): frozenset(
                {Principal(Kind.USER, "u-here0"), Principal(Kind.GROUP, "g-here0")}
            ),
            pair_of(ONE, "arn:Here1"): frozenset({Principal(Kind.USER, "u-here0")}),
            pair_of(TWO, "arn:Here0"): frozenset({Principal(Kind.USER, "u-here0")}),
        },
    )
    outside = {key: replace(person(key), external=True) for key in names(external=2)}
    theirs = {key: Group(key, {}, ORIGIN, external=True) for key in names(external=3)}
    why = Assigned("e", Origin("people.yaml", 1))
    desired = Desired(
        "aws",
        users={**{key: person(key) for key in names(here=3, new=7)}, **outside},
        groups={**{key: group(key) for key in names(here=2, new=6)}, **theirs},
        members={"here0": {"here0": 1, "here1": 1}, "here1": dict.fromkeys(names(here=3), 1)},
        permission_sets={key: permission_set(key) for key in names(Here=4, New=5)},
        assignments={
            declared_pair(ONE, "Here0"): {Holder(Kind.USER, key): why for key in names(here=3)},
            declared_pair(TWO, "Here0"): {Holder(Kind.USER, "here0"): why},
        },
    )
    base = Desired(
        "aws",
        users={key: person(key) for key in names(gone=1)},
        groups={key: group(key) for key in names(gone=2)},
        permission_sets={key: permission_set(key) for key in names(Gone=3)},
    )
    memory = PriorState(base, (), known=True)
    policy = replace(POLICY, scope=scope)
    return PlanContext(
        desired=desired,
        live=live,
        memory=memory,
        policy=policy,
        capabilities=CAN_ALL,
        now=NOW,
        users=own_users(desired, live, memory, scope),
        groups=own_groups(desired, live, memory, scope),
        inactive={},
        sets=own_sets(desired, live, memory, scope),
    )


DRAFT = Diff(
    unchanged={
        Kind.USER: 21,
        Kind.GROUP: 22,
        Kind.MEMBERSHIP: 23,
        Kind.PERMISSION_SET: 24,
        Kind.ASSIGNMENT: 25,
    },
    managed_memberships=31,
    unmanaged_memberships=32,
    managed_assignments=33,
    ignored_assignments=34,
    unmanaged_assignments=[(ONE, "arn:Here0", USER)] * 2,
    orphans=[Address.of("aws", Kind.ASSIGNMENT, ONE, "Here0", "user:~x")] * 3,
    out_of_reach={ONE: 4, TWO: 5},
)


def test_what_percentages_are_of() -> None:
    assert population(context(Scope(ignore=IGNORE)), DRAFT) == Population(
        owned={
            Kind.USER: 4,
            Kind.GROUP: 4,
            Kind.MEMBERSHIP: 31,
            Kind.PERMISSION_SET: 7,
            Kind.ASSIGNMENT: 33,
        },
        members={"here0": 2, "~g-unknown0": 1, "here1": 0},
        assigned={ONE: 3, TWO: 1},
        foreign=frozenset({"Unknown0"}),
    )


def test_strays_are_ours_where_everything_is() -> None:
    everything = Mode.AUTHORITATIVE
    scope = Scope(users=everything, groups=everything, permission_sets=everything, ignore=IGNORE)

    found = population(context(scope), DRAFT)

    assert (found.owned[Kind.USER], found.owned[Kind.GROUP], found.owned[Kind.PERMISSION_SET]) == (9, 8, 8)
    assert found.foreign == frozenset()


EVERYTHING = {
    Kind.USER: Counts(live=15, desired=12, unchanged=21, unmanaged=5, ignored=6),
    Kind.GROUP: Counts(live=12, desired=11, unchanged=22, unmanaged=4, ignored=4),
    Kind.MEMBERSHIP: Counts(live=63, desired=5, unchanged=23, unmanaged=32),
    Kind.PERMISSION_SET: Counts(live=10, desired=9, unchanged=24, unmanaged=1, ignored=2),
    Kind.ASSIGNMENT: Counts(live=4, desired=4, unchanged=25, unmanaged=14, ignored=34),
}


def test_what_there_is_on_both_sides() -> None:
    assert counts(context(Scope(ignore=IGNORE)), DRAFT) == EVERYTHING


def test_what_nothing_was_found_unchanged_of_is_none() -> None:
    plain = counts(context(Scope(ignore=IGNORE)), replace(DRAFT, unchanged={}))
    assert plain == {kind: replace(one, unchanged=0) for kind, one in EVERYTHING.items()}


def test_of_kinds_that_a_target_cannot_have_nothing_is_said_but_people_are_always_counted() -> None:
    judged = context(Scope(ignore=IGNORE))
    people = {kind: EVERYTHING[kind] for kind in (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)}

    assert counts(replace(judged, capabilities=CAN), DRAFT) == people
    assert counts(replace(judged, capabilities=replace(CAN, kinds=frozenset())), DRAFT) == people
    sets = replace(CAN, kinds=frozenset({Kind.PERMISSION_SET}))
    assert set(counts(replace(judged, capabilities=sets), DRAFT)) == {*people, Kind.PERMISSION_SET}

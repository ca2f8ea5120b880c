"""A side that came back too small: how much may be lost of each kind, and what is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from reconciler.model.address import Kind
from reconciler.model.change import Cause, Change
from reconciler.model.plan import Severity
from reconciler.model.policy import Mode, Scope
from reconciler.model.resources import Origin
from reconciler.model.state import Assigned, Desired, Holder, Inactive
from reconciler.planning.context import PlanContext
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.population import Population
from reconciler.planning.guards.shrink import live_shrank, source_shrank
from tests.planning.access_stage import Stage, change
from tests.planning.scenes import permission_set
from tests.planning.world import POLICY, group, person
from tests.support.pairs import declared_pair

ONE = "100000000001"
WHY = Assigned("entry", Origin("people.yaml", 1))
OBJECTS, PAIRS = (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET), (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
EVERY = (*OBJECTS, *PAIRS)
KEYS: Mapping[Kind, str] = {
    Kind.USER: "user/k{}",
    Kind.GROUP: "group/k{}",
    Kind.PERMISSION_SET: "permission-set/K{}",
    Kind.MEMBERSHIP: "membership/ops/k{}",
    Kind.ASSIGNMENT: f"assignment/{ONE}/Admin/user:k{{}}",
}


def state(count: int, kinds: Iterable[Kind] = EVERY) -> Desired:
    """What git says: so many of each of the kinds."""
    kinds, keys = set(kinds), [f"k{number}" for number in range(count)]
    holders = {Holder(Kind.USER, key): WHY for key in keys}
    return Desired(
        "aws",
        users={key: person(key) for key in keys if Kind.USER in kinds},
        groups={key: group(key) for key in keys if Kind.GROUP in kinds},
        members={"ops": dict.fromkeys(keys, 1)} if Kind.MEMBERSHIP in kinds else {},
        permission_sets={key: permission_set(key) for key in keys if Kind.PERMISSION_SET in kinds},
        assignments={declared_pair(ONE, "Admin"): holders} if Kind.ASSIGNMENT in kinds else {},
    )


def context(base: Desired | None, desired: Desired | None = None, scope: Scope | None = None) -> PlanContext:
    plain = Stage().context()
    return replace(
        plain,
        desired=desired or Desired("aws"),
        memory=PriorState(base, (), known=True),
        policy=replace(POLICY, scope=scope or POLICY.scope),
    )


def drift(kind: Kind, count: int) -> list[Change]:
    return [change(f"create {KEYS[kind].format(number)}", Cause.DRIFT) for number in range(count)]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    ("applied", "lost", "refused"),
    [
        (15, 3, False),
        (15, 4, True),
        (20, 4, False),
        (20, 5, True),
        (25, 5, False),
        (25, 6, True),
        (4, 4, True),
    ],
)
def test_three_or_a_fifth_of_a_kind_may_be_lost(
    kind: Kind, applied: int, lost: int, *, refused: bool
) -> None:
    other = next(each for each in EVERY if each is not kind)
    noise = [
        change(f"create {KEYS[kind].format('new')}", Cause.GIT),
        change(f"delete {KEYS[kind].format('old')}", Cause.DRIFT),
        *drift(other, 1),
    ]
    changes = [*noise, *drift(kind, lost)]

    found = list(live_shrank(context(state(applied)), changes, Population(dict.fromkeys(EVERY, 1), {})))

    what = f"{kind.replace('-', ' ')}s"
    assert [(one.code, one.severity, one.kind, one.count) for one in found] == (
        [("live-shrank", Severity.REFUSAL, kind, lost)] if refused else []
    )
    for one in found:
        assert one.message.startswith(
            f"{lost} of {applied} {what} that were applied are not there any more: "
        )
        assert one.fix == f"look whether they are really gone; {approval('live-shrank', lost, kind)}"
        assert one.details == tuple(str(each.address) for each in drift(kind, lost))


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_where_nothing_is_left_one_object_or_two_pairs_are_too_many(kind: Kind, lost: int) -> None:
    found = live_shrank(context(state(99)), drift(kind, lost), Population({kind: 0}, {}))

    assert [(one.kind, one.count) for one in found] == (
        [(kind, lost)] if lost > (1 if kind in PAIRS else 0) else []
    )


def test_kinds_are_judged_one_by_one() -> None:
    changes = [each for kind in EVERY[::-1] for each in drift(kind, 4)]

    found = live_shrank(context(state(4)), changes, Population(dict.fromkeys(EVERY, 1), {}))

    assert [one.kind for one in found] == list(EVERY)


def test_without_a_memory_nothing_was_lost() -> None:
    assert not list(live_shrank(context(None), drift(Kind.USER, 99), Population({}, {})))
    assert not list(source_shrank(context(None), [change("delete user/ada")]))


@pytest.mark.parametrize("kind", [Kind.USER, Kind.GROUP, Kind.ASSIGNMENT])
@pytest.mark.parametrize(
    ("then", "now", "refused"),
    [
        (15, 15, False),
        (15, 16, False),
        (15, 12, False),
        (15, 11, True),
        (20, 16, False),
        (20, 15, True),
        (25, 20, False),
        (25, 19, True),
        (100, 80, False),
        (100, 79, True),
        (1, 0, True),
        (0, 0, False),
    ],
)
def test_git_may_declare_three_or_a_fifth_fewer_of_a_kind_and_never_none(
    kind: Kind, then: int, now: int, *, refused: bool
) -> None:
    judged = context(state(then, [kind]), state(now, [kind]))

    found = list(source_shrank(judged, [change("delete membership/ops/ada")]))

    what = f"{kind}s"
    assert [(one.code, one.severity, one.kind, one.count, one.message, one.fix) for one in found] == (
        [
            (
                "source-shrank",
                Severity.REFUSAL,
                kind,
                then - now,
                f"git declares {now} {what}; {then} were applied last",
                f"look whether an import came back incomplete; {approval('source-shrank', then - now, kind)}",
            )
        ]
        if refused
        else []
    )
    assert not list(source_shrank(judged, []))


def test_sets_and_members_may_be_fewer_and_so_may_what_is_only_observed() -> None:
    removals = [change("delete membership/ops/ada")]
    assert not list(source_shrank(context(state(9, [Kind.PERMISSION_SET, Kind.MEMBERSHIP])), removals))

    observed = context(state(9), scope=Scope(groups=Mode.OBSERVE))
    assert [one.kind for one in source_shrank(observed, removals)] == [Kind.USER, Kind.ASSIGNMENT]


def test_what_counts_as_declared() -> None:
    """Inactive people are declared, and are not lost; what somebody else owns is neither."""
    plain = state(6)
    outsiders = {key: replace(plain.users[key], external=True) for key in ("k4", "k5")}
    theirs = {key: replace(plain.groups[key], external=True) for key in ("k3", "k4", "k5")}
    declared = replace(
        plain,
        users={**plain.users, **outsiders},
        groups={**plain.groups, **theirs},
        inactive={"k0": Inactive(Cause.BLOCK, "")},
        not_yet=frozenset({"k1"}),
        lapsed_assignments={
            declared_pair(ONE, "Read"): frozenset({Holder(Kind.USER, "k0"), Holder(Kind.USER, "k1")})
        },
    )

    lost = live_shrank(
        context(declared), [each for kind in EVERY for each in drift(kind, 4)], Population({}, {})
    )
    fewer = source_shrank(context(declared), [change("delete user/ada")])

    assert [one.message.split(" that")[0] for one in lost] == [
        "4 of 2 users",
        "4 of 3 groups",
        "4 of 6 permission sets",
        "4 of 6 memberships",
        "4 of 6 assignments",
    ]
    assert [(one.kind, one.count) for one in fewer] == [
        (Kind.USER, 4),
        (Kind.GROUP, 3),
        (Kind.ASSIGNMENT, 8),
    ]
    assert not list(source_shrank(context(declared, declared), [change("delete user/ada")]))


def test_people_who_became_inactive_and_assignments_that_ended_are_declared_as_before() -> None:
    before = state(9)
    holders = frozenset(Holder(Kind.USER, key) for key in before.users)
    after = replace(
        before,
        inactive=dict.fromkeys(before.users, Inactive(Cause.BLOCK, "")),
        assignments={},
        lapsed_assignments={declared_pair(ONE, "Admin"): holders},
    )

    assert not list(source_shrank(context(before, after), [change("delete user/ada")]))

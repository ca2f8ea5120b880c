"""Whose a live permission set or assignment is: each reason why it goes, and each why it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.address import Arn, Kind, SetName
from reconciler.model.change import Cause
from reconciler.model.organization import LiveAccount, Organization
from reconciler.model.pairs import Principal
from reconciler.model.policy import Ignore, Mode, Scope
from reconciler.model.resources import Origin, Sharing
from reconciler.model.state import (
    Assigned,
    Desired,
    Holder,
    Inactive,
    Live,
    LiveGroup,
    LivePermissionSet,
    LiveUser,
)
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.ownership.assignments import AssignmentOwnership
from reconciler.planning.ownership.owning import own_groups, own_users
from reconciler.planning.ownership.sets import SetOwnership, own_sets
from tests.planning.access_stage import change
from tests.planning.scenes import permission_set
from tests.planning.world import CAN_ALL, NOW, POLICY, group, person
from tests.support.pairs import declared_pair

ONE, TWO = "100000000001", "100000000002"
MANAGED, STRICT = Scope(), Scope(permission_sets=Mode.AUTHORITATIVE)


def sets(text: str) -> Desired:
    """`Admin Boss<Chief,Old`: permission sets, and what they were."""
    found = [each.partition("<")[::2] for each in text.split()]
    return Desired(
        "aws",
        permission_sets={
            name: permission_set(name, previously=tuple(filter(None, before.split(","))))
            for name, before in found
        },
    )


@pytest.mark.parametrize(
    ("scope", "now", "then", "known", "expected"),
    [
        pytest.param(MANAGED, "Admin", [], True, "declared", id="declared"),
        pytest.param(MANAGED, "Read", [], True, "unmanaged", id="unknown"),
        pytest.param(STRICT, "Read", [], True, "undeclared", id="unknown, where everything is git's"),
        pytest.param(MANAGED, "", ["Admin"], True, "gone", id="gone"),
        pytest.param(MANAGED, "", ["Read", "Admin"], True, "gone", id="gone for longer"),
        pytest.param(STRICT, "", ["Admin"], True, "gone", id="gone, where everything is git's"),
        pytest.param(MANAGED, "", ["Admin"], False, "unmanaged", id="gone, and not known so"),
        pytest.param(STRICT, "", ["Admin"], False, "undeclared", id="not known, where everything is git's"),
        pytest.param(MANAGED, "Boss<Admin", [], True, "replaced Boss", id="replaced"),
        pytest.param(MANAGED, "Boss", ["Boss<Admin"], True, "replaced Boss", id="replaced before"),
        pytest.param(
            MANAGED, "Boss<Chief Chief<Admin", [], True, "replaced Chief", id="replaced by one of two"
        ),
        pytest.param(MANAGED, "Boss<Chief", ["Chief<Admin"], True, "replaced Boss", id="replaced twice"),
        pytest.param(
            MANAGED, "Admin Boss<Admin", [], True, "declared", id="declared, and said to be replaced"
        ),
        pytest.param(
            replace(MANAGED, ignore=Ignore(permission_sets=("Ad*",))),
            "Admin",
            [],
            True,
            "ignored",
            id="ignored",
        ),
        pytest.param(
            replace(STRICT, ignore=Ignore(permission_sets=("Ad*",))),
            "",
            ["Admin"],
            True,
            "ignored",
            id="ignored first",
        ),
        pytest.param(
            replace(MANAGED, ignore=Ignore(permission_sets=("Re*",))),
            "Admin",
            [],
            True,
            "declared",
            id="another ignored",
        ),
    ],
)
def test_whose_a_permission_set_is(
    scope: Scope, now: str, then: Sequence[str], expected: str, *, known: bool
) -> None:
    live = Live("aws", permission_sets={"arn:Admin": LivePermissionSet(Arn("arn:Admin"), {"name": "Admin"})})
    states = [sets(each) for each in then]
    memory = PriorState(states[-1] if states else None, tuple(states[:-1]), known=known)

    found = own_sets(sets(now), live, memory, scope)

    kinds = {
        "declared": found.declared,
        "gone": found.gone,
        "undeclared": found.undeclared,
        "ignored": found.ignored,
        "unmanaged": found.unmanaged,
        **{f"replaced {name}": frozenset({arn}) for arn, name in found.replaced.items()},
    }
    assert {name: arns for name, arns in kinds.items() if arns} == {expected: frozenset({"arn:Admin"})}
    assert (found.ids, found.names) == ({"Admin": "arn:Admin"}, {"arn:Admin": "Admin"})
    assert found.owned() == (expected not in {"ignored", "unmanaged"})


def test_the_names_that_a_set_had() -> None:
    found = own_sets(sets("Boss<Chief,Head Read"), Live("aws"), PriorState(None, (), known=True), MANAGED)
    assert found.previous_keys("Boss") == ("Boss", "Chief", "Head")
    assert (found.previous_keys("Read"), found.previous_keys("Chief")) == (("Read",), ("Chief",))


def test_all_that_is_ours_is_counted() -> None:
    one = SetOwnership(
        declared=frozenset("a"),
        replaced={"b": SetName("x"), "c": SetName("x")},
        gone=frozenset("defg"),
        undeclared=frozenset("hijklmno"),
        ignored=frozenset("p"),
        unmanaged=frozenset("q"),
    )
    assert one.owned() == 15


# Assignments that git does not say.

WHY = Assigned("e", Origin("people.yaml", 1))
ADA, OPS, GHOST = (
    Principal(Kind.USER, "u-ada"),
    Principal(Kind.GROUP, "g-ops"),
    Principal(Kind.USER, "u-ghost"),
)
HOLDERS = {
    ADA: Holder(Kind.USER, "ada"),
    OPS: Holder(Kind.GROUP, "ops"),
    GHOST: Holder(Kind.USER, "~u-ghost"),
}
READ = Organization(accounts={ONE: LiveAccount(ONE, "one"), TWO: LiveAccount(TWO, "two")})


def state(
    assigned: Mapping[tuple[str, str], Sequence[Principal]] | None = None,
    *,
    written: str = "Admin",
    sharing: Sharing | None = None,
    selecting: Sequence[tuple[str, Principal]] = (),
    lapsed: Sequence[Principal] = (),
    people: str = "ada",
    inactive: Mapping[str, Inactive] | None = None,
) -> Desired:
    """What git says: assignments by account and set, and sets that share with nobody or with others."""
    declared = sets(written).permission_sets
    return Desired(
        "aws",
        users={key: person(key) for key in people.split()},
        inactive=inactive or {},
        groups={"ops": group("ops")},
        permission_sets={key: replace(one, assignments=sharing) for key, one in declared.items()},
        assignments={
            declared_pair(*pair): {HOLDERS[one]: WHY for one in principals}
            for pair, principals in (assigned or {}).items()
        },
        selecting=frozenset((name, HOLDERS[one]) for name, one in selecting),
        lapsed_assignments={declared_pair(ONE, "Admin"): frozenset(HOLDERS[one] for one in lapsed)}
        if lapsed
        else {},
    )


NOTHING = state()
GIVEN: Mapping[tuple[str, str], Sequence[Principal]] = {(ONE, "Admin"): (ADA, OPS, GHOST)}


def context(
    now: Desired,
    *then: Desired,
    scope: Scope = MANAGED,
    there: Organization = READ,
    inactive: Mapping[str, Inactive] | None = None,
    known: bool = True,
    exclusive: bool = False,
) -> PlanContext:
    """A world in which Admin is assigned in account ONE; `then` are remembered states, the base last."""
    live = Live(
        "aws",
        users={"u-ada": LiveUser("u-ada", {"user_name": "ada@example.com"})},
        groups={"g-ops": LiveGroup("g-ops", {"display_name": "ops"})},
        permission_sets={"arn:Admin": LivePermissionSet(Arn("arn:Admin"), {"name": "Admin"})},
        organization=there,
    )
    memory = PriorState(then[-1] if then else None, tuple(then[:-1]), known=known, exclusive=exclusive)
    return PlanContext(
        desired=now,
        live=live,
        memory=memory,
        policy=replace(POLICY, scope=scope),
        capabilities=CAN_ALL,
        now=NOW,
        users=own_users(now, live, memory, scope),
        groups=own_groups(now, live, memory, scope),
        inactive=inactive or {},
        sets=own_sets(now, live, memory, scope),
    )


GIT, SELECTOR = Cause.GIT, Cause.SELECTOR
BLOCKED = Inactive(Cause.BLOCK, "blocked by hand")
UNREAD = Organization()


@pytest.mark.parametrize(
    ("judged", "who", "expected"),
    [
        pytest.param(context(NOTHING), ADA, None, id="never git's"),
        pytest.param(context(NOTHING, state(GIVEN)), ADA, (GIT, None), id="git's until now"),
        pytest.param(context(NOTHING, state(GIVEN)), OPS, (GIT, None), id="of a group"),
        pytest.param(
            context(NOTHING, state(GIVEN), NOTHING), ADA, (Cause.LEFTOVER, None), id="git's only since"
        ),
        pytest.param(context(NOTHING, state(GIVEN), known=False), ADA, None, id="not known"),
        pytest.param(context(NOTHING, state({(TWO, "Admin"): (ADA,)})), ADA, None, id="another account's"),
        pytest.param(context(NOTHING, state({(ONE, "Read"): (ADA,)})), ADA, None, id="another set's"),
        pytest.param(
            context(state(lapsed=[ADA]), state(GIVEN)),
            ADA,
            (Cause.EXPIRY, "the assignment's time is over"),
            id="its time is over",
        ),
        pytest.param(context(state(lapsed=[OPS])), ADA, None, id="another's time is over"),
        pytest.param(
            context(state(selecting=[("Admin", ADA)]), state(selecting=[("Admin", ADA)])),
            ADA,
            (SELECTOR, "no selector finds the account any more"),
            id="found no more",
        ),
        pytest.param(
            context(state(selecting=[("Admin", ADA)]), state(selecting=[("Admin", ADA)]), there=UNREAD),
            ADA,
            None,
            id="where accounts were not read, nobody knows",
        ),
        pytest.param(
            context(NOTHING, state(GIVEN, selecting=[("Admin", ADA)]), there=UNREAD),
            ADA,
            None,
            id="nor of what was found then",
        ),
        pytest.param(
            context(NOTHING, state(GIVEN, selecting=[("Admin", OPS)]), there=UNREAD),
            ADA,
            (GIT, None),
            id="but of what was named",
        ),
        pytest.param(
            context(NOTHING, state(GIVEN, selecting=[("Read", ADA)]), there=UNREAD),
            ADA,
            (GIT, None),
            id="of another set",
        ),
        pytest.param(
            context(state(sharing=Sharing.EXCLUSIVE)), ADA, (GIT, None), id="a set that shares with nobody"
        ),
        pytest.param(
            context(state(sharing=Sharing.EXCLUSIVE), state(sharing=Sharing.EXCLUSIVE)),
            ADA,
            (Cause.DRIFT, None),
            id="as before",
        ),
        pytest.param(
            context(state(sharing=Sharing.SHARED), scope=Scope(assignments=Mode.AUTHORITATIVE)),
            ADA,
            None,
            id="a set that shares",
        ),
        pytest.param(
            context(NOTHING, scope=Scope(assignments=Mode.AUTHORITATIVE)),
            ADA,
            (GIT, None),
            id="where every assignment is git's",
        ),
        pytest.param(
            context(NOTHING, NOTHING, scope=Scope(assignments=Mode.AUTHORITATIVE), exclusive=True),
            ADA,
            (Cause.DRIFT, None),
            id="as it was before",
        ),
        pytest.param(context(NOTHING), GHOST, None, id="of nobody, and of a set that stays"),
        pytest.param(
            context(state(written=""), state(written="Admin")),
            GHOST,
            (GIT, "the user no longer exists"),
            id="of nobody, of a set that goes",
        ),
        pytest.param(
            context(state(written=""), scope=STRICT),
            GHOST,
            (GIT, "the user no longer exists"),
            id="of nobody, of a stray set",
        ),
        pytest.param(
            context(state(written="Boss<Admin")),
            GHOST,
            (GIT, "the user no longer exists"),
            id="of nobody, of a set that is replaced",
        ),
        pytest.param(
            context(state(written="Boss<Admin")),
            ADA,
            None,
            id="of a set that is replaced, where git says nothing",
        ),
        pytest.param(
            context(state({(ONE, "Boss"): (ADA,)}, written="Boss<Admin")),
            ADA,
            (GIT, None),
            id="git says the successor",
        ),
        pytest.param(
            context(state({(TWO, "Boss"): (ADA,)}, written="Boss<Admin")),
            ADA,
            None,
            id="git says the successor elsewhere",
        ),
        pytest.param(
            context(state({(ONE, "Boss"): (OPS,)}, written="Boss<Admin")),
            ADA,
            None,
            id="git says the successor of others",
        ),
        pytest.param(
            context(state(written="Boss<Admin", sharing=Sharing.EXCLUSIVE)),
            ADA,
            (GIT, None),
            id="a successor that shares with nobody",
        ),
        pytest.param(
            context(state(written=""), state(written="Admin", sharing=Sharing.EXCLUSIVE)),
            ADA,
            (Cause.DRIFT, None),
            id="a set that goes and shared with nobody",
        ),
        pytest.param(
            context(state(written=""), state(written=""), state(written="Admin", sharing=Sharing.EXCLUSIVE)),
            ADA,
            (Cause.DRIFT, None),
            id="the same, gone for longer",
        ),
        pytest.param(
            context(state(written=""), state(written="Admin")), ADA, None, id="a set that goes, and shared"
        ),
        pytest.param(
            context(NOTHING, inactive={"u-ada": BLOCKED}),
            ADA,
            (Cause.BLOCK, "blocked by hand"),
            id="whoever must have none",
        ),
        pytest.param(context(NOTHING, inactive={"u-ada": BLOCKED}), OPS, None, id="and nobody else"),
        pytest.param(
            context(NOTHING, inactive={"u-ada": BLOCKED}, scope=Scope(users=Mode.OBSERVE)),
            ADA,
            None,
            id="people are only observed",
        ),
        pytest.param(
            context(NOTHING, state(GIVEN), inactive={"u-ada": BLOCKED}, scope=Scope(users=Mode.OBSERVE)),
            ADA,
            (Cause.BLOCK, "blocked by hand"),
            id="people are only observed, and the assignment is git's",
        ),
        pytest.param(
            context(state(inactive={"ada": BLOCKED}), state(GIVEN)),
            ADA,
            (Cause.BLOCK, "blocked by hand"),
            id="git says so",
        ),
        pytest.param(
            context(state(inactive={"ops": BLOCKED}), state(GIVEN)),
            OPS,
            (GIT, None),
            id="a group by the key of somebody who must have none",
        ),
    ],
)
def test_why_an_assignment_goes(
    judged: PlanContext, who: Principal, expected: tuple[Cause, str | None] | None
) -> None:
    assert (
        AssignmentOwnership(judged, Diff()).why(declared_pair(ONE, "Admin"), Arn("arn:Admin"), who)
        == expected
    )


@pytest.mark.parametrize(
    ("text", "scope", "who", "expected"),
    [
        ("delete user/ada", MANAGED, ADA, (Cause.LEAVER, "the user goes")),
        ("delete group/ops", MANAGED, OPS, (Cause.LEAVER, "the group goes")),
        ("delete user/ada", MANAGED, OPS, None),
        ("update user/ada", MANAGED, ADA, None),
        ("delete membership/ops/ada", MANAGED, ADA, None),
        ("delete user/ada", Scope(users=Mode.OBSERVE), ADA, None),
        ("delete group/ops", Scope(users=Mode.OBSERVE), OPS, (Cause.LEAVER, "the group goes")),
        ("delete group/ops", Scope(groups=Mode.OBSERVE), OPS, None),
    ],
)
def test_whoever_is_deleted_takes_their_assignments_along(
    text: str, scope: Scope, who: Principal, expected: tuple[Cause, str] | None
) -> None:
    one = change(text, Cause.LEAVER)
    diff = Diff(changes=[one], ids={one.address: "g-ops" if "group" in text else "u-ada"})

    found = AssignmentOwnership(context(NOTHING, scope=scope), diff)

    assert found.why(declared_pair(ONE, "Admin"), Arn("arn:Admin"), who) == expected
    assert found.leaving.get(who) == expected


@pytest.mark.parametrize(
    ("written", "texts", "waits"),
    [
        ("Admin", (), False),
        ("Boss<Admin", (), True),
        ("Boss<Admin", ("create permission-set/Boss",), False),
        ("Boss<Admin", ("update permission-set/Boss",), True),
        ("Boss<Admin", ("create permission-set/Other",), True),
    ],
)
def test_a_set_waits_for_a_successor_that_is_not_made(
    written: str, texts: Sequence[str], *, waits: bool
) -> None:
    found = AssignmentOwnership(
        context(state(written=written)), Diff(changes=[change(text) for text in texts])
    )
    assert found.awaits_successor("arn:Admin") is waits


def test_a_set_waits_for_no_successor_that_is_there() -> None:
    plain = context(state(written="Boss<Admin"))
    there = {**plain.live.permission_sets, "arn:Boss": LivePermissionSet(Arn("arn:Boss"), {"name": "Boss"})}
    live = replace(plain.live, permission_sets=there)
    judged = replace(plain, live=live, sets=own_sets(plain.desired, live, plain.memory, MANAGED))
    assert not AssignmentOwnership(judged, Diff()).awaits_successor("arn:Admin")


def test_everybody_who_is_there_and_whoever_must_have_none() -> None:
    found = AssignmentOwnership(context(NOTHING, inactive={"u-ada": BLOCKED}), Diff())
    assert found.living == {ADA, OPS}
    assert found.inactive == {ADA}
    assert found.previous_keys(Holder(Kind.USER, "ada")) == (Holder(Kind.USER, "ada"),)


def test_a_holder_is_known_under_the_keys_that_it_had() -> None:
    now = replace(NOTHING, groups={"ops": group("ops", previously=("team",))})
    found = AssignmentOwnership(context(now), Diff())
    assert found.previous_keys(HOLDERS[OPS]) == (Holder(Kind.GROUP, "ops"), Holder(Kind.GROUP, "team"))
    assert found.previous_keys(Holder(Kind.USER, "ops")) == (Holder(Kind.USER, "ops"),)

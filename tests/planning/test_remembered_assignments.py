"""What remembered states assign: over the organization of now, at the moment of the last whole apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.organization import LiveAccount
from reconciler.model.resources import Window
from reconciler.model.state import Declared, Desired, Identities, Receipt, Remembered
from reconciler.planning.desired.prior import remember
from reconciler.planning.desired.project import project
from tests.planning.entitled import DEV, git, plan, settled
from tests.planning.entitled import entry as by_place
from tests.planning.entitled import organization as units
from tests.planning.scenes import CAN_ASSIGN, ONE, ORGANIZATION, THREE, TWO, entry, on, organization
from tests.planning.test_entitlements import ADA, FUTURE, OPS, PAST, PROD, declared, tuples
from tests.planning.world import NOW, POLICY, group, identities, person, remembered, summary


def test_remembered_states_are_expanded_over_the_organization_of_now() -> None:
    now = declared(entry("a", "Admin", on("one"), groups=("ops",)))
    then = declared(entry("a", "Admin", [PROD], groups=("ops",)))
    remembered = Remembered(
        receipt=Receipt("aws", {}, "", "", PAST), base=Declared("base", then, POLICY), since=()
    )
    moved = organization(
        LiveAccount(ONE, "one"), LiveAccount(THREE, "three", units=("ou-prod",)), units={"ou-prod": "Prod"}
    )
    found = project(now, POLICY, NOW, CAN_ASSIGN, moved)
    memory = remember(remembered, now, POLICY, found, NOW, CAN_ASSIGN, moved)
    assert memory.base is not None
    assert tuples(memory.base) == {(THREE, "Admin", OPS)}


def _remembering(*states: Identities, now: Identities) -> tuple[Desired, list[Desired]]:
    """What git says, and what it said: the states are remembered as they were an hour before `PAST`."""
    remembered = Remembered(
        receipt=Receipt("aws", {}, "", "", PAST - timedelta(hours=1)),
        base=Declared("base", states[0], POLICY),
        since=tuple(Declared("since", one, POLICY) for one in states[1:]),
    )
    found = project(now, POLICY, NOW, CAN_ASSIGN, ORGANIZATION)
    memory = remember(remembered, now, POLICY, found, NOW, CAN_ASSIGN, ORGANIZATION)
    assert memory.base is not None
    return found, [memory.base, *memory.since]


def test_a_window_that_ended_since_the_last_apply_held_then() -> None:
    timed = declared(entry("a", "Admin", on("one"), groups=("ops",), window=Window(end=PAST)))
    found, (base,) = _remembering(timed, now=timed)
    assert tuples(base) == {(ONE, "Admin", OPS)}
    assert tuples(found) == set()


def test_states_that_assign_the_same_share_it() -> None:
    timed = entry("b", "Read", groups=("dev",), window=Window(end=FUTURE))
    now = declared(entry("a", "Admin", on("one"), groups=("ops",)), timed)
    newcomer = identities([person("ada"), person("bob"), person("new")], [group("ops"), group("dev")])
    then = declared(entry("a", "Admin", on("one"), groups=("ops",)), timed, people=newcomer)
    found, (base,) = _remembering(then, now=now)
    assert base.users.keys() != found.users.keys()
    assert base.assignments is found.assignments


@pytest.mark.parametrize(
    "then",
    [
        pytest.param(declared(entry("a", "Admin", on(TWO), users=("ada",))), id="another entry"),
        pytest.param(
            replace(declared(entry("a", "Admin", on("one"), users=("ada",))), accounts={}), id="names"
        ),
        pytest.param(
            declared(
                entry("a", "Admin", on("one"), users=("ada",)),
                people=identities([replace(person("ada"), active=False)], [group("ops"), group("dev")]),
            ),
            id="somebody absent",
        ),
        pytest.param(
            declared(entry("a", "Admin", on("one"), users=("ada",), window=Window(start=PAST))),
            id="another window",
        ),
    ],
)
def test_states_that_assign_otherwise_do_not(then: Identities) -> None:
    found, (base,) = _remembering(then, now=declared(entry("a", "Admin", on("one"), users=("ada",))))
    assert tuples(found) == {(ONE, "Admin", ADA)}
    assert tuples(base) == tuples(project(then, POLICY, PAST - timedelta(hours=1), CAN_ASSIGN, ORGANIZATION))
    assert tuples(base) != tuples(found)


@pytest.mark.parametrize(("still", "cause"), [(False, "git"), (True, "selector")])
def test_what_a_half_done_first_apply_assigned_by_place_goes_when_the_account_moves(
    cause: str, *, still: bool
) -> None:
    everywhere, nowhere = git([by_place("dev", "group:ops", "Read", "Lab")]), git([])
    world = settled(everywhere)
    world.organization = units(**{f"a{DEV}": "Prod"})
    # `reconciler/begun` remembers the first state; nothing was applied whole.
    memory = remembered(None, everywhere)

    planned = plan(git(list(everywhere.assignments.values())) if still else nowhere, world, memory)
    world.carry_out(planned)

    assert f"delete aws/assignment/{DEV}/Read/group:ops {cause}" in summary(planned)
    assert world.assigned() == set()


def test_what_others_assigned_before_the_first_apply_stays_whatever_places_git_names() -> None:
    world = settled(git([]))
    world.assign(DEV, "Read", world.group_principal("ops"))
    world.organization = units(**{f"a{DEV}": "Prod"})

    planned = plan(git([by_place("dev", "group:ops", "Read", "Lab")]), world, remembered(None))

    assert summary(planned) == []

"""A permission set is edited after it was taken from whom it must not reach, but where it changes hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.change import Action, Effect
from reconciler.model.report import Status
from reconciler.planning.ordering.order import Dependencies, needs
from reconciler.planning.ordering.schedule import Schedule
from tests.planning.test_order_of_access import PROD, after, at, create, delete, edit, held_by, ordered
from tests.planning.test_schedule import run

ADMIN, READ = "permission-set/Admin", "permission-set/Read"
DEVS = f"assignment/{PROD}/Admin/group:dev"
READS = f"assignment/{PROD}/Read/group:dev"


def holding(**groups: str) -> Mapping[Address, tuple[Address, ...]]:
    return {at(f"group/{group}"): (at(f"permission-set/{name}"),) for group, name in groups.items()}


def test_an_edit_waits_for_what_is_taken_from_the_set_and_that_for_what_takes_its_place() -> None:
    dependencies = Dependencies(replaced={at(DEVS): (at(READS),)})
    steps = ordered([edit(ADMIN), delete(DEVS), create(READS)], dependencies)

    assert held_by(steps[DEVS]) == {READS}
    assert after(steps[ADMIN]) == {DEVS}


def test_a_set_that_changes_hands_is_edited_before_it_is_given_and_so_before_it_is_taken() -> None:
    given = f"assignment/{PROD}/Admin/group:ops"
    dependencies = Dependencies(replaced={at(DEVS): (at(given),)})
    steps = ordered([edit(ADMIN), delete(DEVS), create(given)], dependencies)

    assert after(steps[given]) == {ADMIN}
    assert held_by(steps[DEVS]) == {given}
    assert after(steps[ADMIN]) == set()


def test_two_sets_that_change_hands_wait_in_no_circle() -> None:
    """Each loses its holder when the other one is given, and both are edited."""
    dependencies = Dependencies(replaced={at(DEVS): (at(READS),), at(f"{READS}x"): (at(f"{DEVS}x"),)})
    steps = ordered(
        [edit(ADMIN), edit(READ), delete(DEVS), create(READS), delete(f"{READS}x"), create(f"{DEVS}x")],
        dependencies,
    )

    assert after(steps[ADMIN]) == {DEVS}
    assert after(steps[READ]) == set(), "what is taken from it waits for the other edit"


def test_an_edit_waits_for_whoever_leaves_a_group_that_has_the_set() -> None:
    leaves, elsewhere = "membership/ops/ada", "membership/guests/ada"
    steps = ordered(
        [edit(ADMIN), delete(leaves), delete(elsewhere)],
        Dependencies(holding=holding(ops="Admin", guests="Read")),
    )
    assert after(steps[ADMIN]) == {leaves}

    # Also of a group that has it until now.
    steps = ordered([edit(ADMIN), delete("membership/dev/ada"), delete(DEVS)])
    assert after(steps[ADMIN]) == {"membership/dev/ada", DEVS}


def test_an_edit_that_only_takes_away_waits_for_nothing_and_tags_reach_nobody() -> None:
    narrower = replace(edit(ADMIN), effect=Effect.REVOKE)
    assert after(ordered([narrower, delete(DEVS)])[ADMIN]) == set()

    tagged = edit(ADMIN, **{"tags.owner": "platform"})
    assert after(ordered([tagged, delete(DEVS)])[ADMIN]) == set()


def test_where_something_could_not_be_taken_the_set_is_not_edited_and_what_failed_is_said() -> None:
    steps = ordered([edit(ADMIN), delete(DEVS)])
    schedule = Schedule(list(steps.values()), in_flight=4)
    run(schedule, failing=frozenset({f"aws/{DEVS}"}))

    assert schedule.outcomes[f"aws/{DEVS}"].status is Status.FAILED
    assert schedule.outcomes[f"aws/{ADMIN}"].status is Status.SKIPPED
    assert DEVS in schedule.outcomes[f"aws/{ADMIN}"].message


def test_an_edit_can_do_without_the_removals_that_it_waits_for() -> None:
    """A review that leaves them out leaves the edit right."""
    step = ordered([edit(ADMIN), delete(DEVS), delete("membership/dev/ada")])[ADMIN]

    assert step.action is Action.UPDATE
    assert len(step.after) == 2
    assert tuple(needs(step)) == ()

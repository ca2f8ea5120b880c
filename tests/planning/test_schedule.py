"""The schedule hands out steps in an order that respects every dependency, rank and lane."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, FieldChange
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.planning.ordering.estimate import estimate
from reconciler.planning.ordering.schedule import Schedule


def step(name: str, *after: str, rank: int = 0, lane: str = "") -> Step:
    address = Address.of("aws", Kind.USER, name)
    return Step(name, address, Action.CREATE, (address,), after=after, rank=rank, lane=lane)


def run(schedule: Schedule, failing: frozenset[str] = frozenset()) -> list[str]:
    """Drive it to its end, one outcome at a time; returns the order of submission."""
    order: list[str] = []
    running: list[Step] = []
    while not schedule.over:
        taken = schedule.take()
        order.extend(each.id for each in taken)
        running.extend(taken)
        if not running:
            break
        first = running.pop(0)
        status = Status.FAILED if first.id in failing else Status.DONE
        schedule.ended(Outcome(first.id, status))
    return order


def test_a_step_waits_for_what_it_is_after() -> None:
    schedule = Schedule([step("membership", "user", "group"), step("user"), step("group")], in_flight=8)

    assert {each.id for each in schedule.take()} == {"user", "group"}
    schedule.ended(Outcome("user", Status.DONE))
    assert schedule.take() == []
    schedule.ended(Outcome("group", Status.DONE))
    assert [each.id for each in schedule.take()] == ["membership"]


def test_a_failure_skips_what_depends_on_it_and_nothing_else() -> None:
    schedule = Schedule([step("a"), step("b", "a"), step("c", "b"), step("d")], in_flight=1)

    order = run(schedule, failing=frozenset({"a"}))

    assert order == ["a", "d"]
    statuses = {name: outcome.status for name, outcome in schedule.outcomes.items()}
    assert statuses == {
        "a": Status.FAILED,
        "b": Status.SKIPPED,
        "c": Status.SKIPPED,
        "d": Status.DONE,
    }


def test_every_revocation_is_attempted_before_any_grant_even_when_one_fails() -> None:
    schedule = Schedule([step("grant", rank=1), step("revoke1"), step("revoke2")], in_flight=8)

    order = run(schedule, failing=frozenset({"revoke1"}))

    assert order == ["revoke1", "revoke2", "grant"]


def test_two_steps_of_one_lane_never_run_at_once() -> None:
    schedule = Schedule([step("a", lane="111"), step("b", lane="111"), step("c", lane="222")], in_flight=8)

    assert [each.id for each in schedule.take()] == ["a", "c"]
    schedule.ended(Outcome("c", Status.DONE))
    assert schedule.take() == []
    schedule.ended(Outcome("a", Status.DONE))
    assert [each.id for each in schedule.take()] == ["b"]


def test_nothing_is_handed_out_once_the_target_refuses_everything() -> None:
    schedule = Schedule([step("a"), step("b")], in_flight=1)
    schedule.take()

    schedule.ended(Outcome("a", Status.FAILED, "AccessDenied", stop=True))

    assert schedule.take() == []
    assert schedule.over
    assert [each.id for each in schedule.left()] == ["b"]


@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 29), max_size=3), st.integers(0, 2), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 6),
)
def test_any_graph_ends_with_every_step_ended_once_and_in_order(
    rows: list[tuple[set[int], int, bool]], in_flight: int
) -> None:
    steps: list[Step] = []
    for number, (wished, rank, _) in enumerate(rows):
        after = [each for each in wished if each < number]
        rank_needed = max([rank, *(steps[each].rank for each in after)])
        steps.append(step(str(number), *map(str, after), rank=rank_needed))
    failing = frozenset(str(number) for number, row in enumerate(rows) if row[2])
    schedule = Schedule(steps, in_flight=in_flight)

    order = run(schedule, failing)

    assert set(schedule.outcomes) == {each.id for each in steps}
    assert len(order) == len(set(order))
    ranks = [next(each.rank for each in steps if each.id == name) for name in order]
    assert ranks == sorted(ranks)
    for position, name in enumerate(order):
        done_before = {each for each in order[:position] if each not in failing}
        assert set(steps[int(name)].after) <= done_before


def test_the_estimate_counts_every_call_and_is_bound_by_the_rate() -> None:
    steps = [step(str(number)) for number in range(161)]

    result = estimate(steps, in_flight=8, per_second=16, latency=0.05)

    assert result.calls == {"create user": 161}
    assert 10 <= result.seconds <= 11


def at_work(kind: Kind, number: int, lane: str = "") -> Step:
    address = Address.of("aws", kind, f"{number}")
    return Step(str(address), address, Action.CREATE, (address,), lane=lane)


def test_what_holds_a_revocation_ends_before_it() -> None:
    schedule = Schedule([step("grant"), replace(step("revoke"), held_by=("grant",))], in_flight=8)

    assert [each.id for each in schedule.take()] == ["grant"]
    schedule.ended(Outcome("grant", Status.UNNECESSARY))
    assert [each.id for each in schedule.take()] == ["revoke"]


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN, Status.STOPPED])
def test_a_revocation_whose_replacement_did_not_succeed_is_held_and_what_needs_it_skipped(
    status: Status,
) -> None:
    steps = [
        step("set"),
        step("grant", "set"),
        step("other"),
        replace(step("revoke"), held_by=("grant", "other")),
        step("delete", "revoke", rank=2),
        step("unrelated"),
    ]
    schedule = Schedule(steps, in_flight=8)
    schedule.take()

    ended = schedule.ended(Outcome("set", status))

    assert {each.step: (each.status, each.message) for each in ended[1:]} == {
        "grant": (Status.SKIPPED, "set did not succeed"),
        "revoke": (Status.HELD, "set did not succeed, so this access stays until the next plan"),
        "delete": (Status.SKIPPED, "revoke is held"),
    }
    schedule.ended(Outcome("other", Status.DONE))
    schedule.ended(Outcome("unrelated", Status.DONE))
    assert schedule.over


def test_each_kind_has_a_limit_of_its_own() -> None:
    """A service that is slow about one thing keeps nothing else waiting."""
    steps = [
        at_work(kind, number)
        for kind in (Kind.ASSIGNMENT, Kind.PROVISIONING, Kind.MEMBERSHIP)
        for number in range(40)
    ]
    schedule = Schedule(steps, in_flight=12)

    taken = schedule.take()

    assert Counter(each.address.kind for each in taken) == {
        Kind.ASSIGNMENT: 14,
        Kind.PROVISIONING: 2,
        Kind.MEMBERSHIP: 12,
    }
    assert schedule.take() == []
    renewed = next(each for each in taken if each.address.kind is Kind.PROVISIONING)
    schedule.ended(Outcome(renewed.id, Status.DONE))
    assert [each.address.kind for each in schedule.take()] == [Kind.PROVISIONING]


def test_a_full_lane_keeps_no_other_lane_waiting() -> None:
    busy = [at_work(Kind.ASSIGNMENT, number, "111") for number in range(1000)]
    others = [at_work(Kind.ASSIGNMENT, 1000 + number, str(number)) for number in range(5)]
    schedule = Schedule([*busy, *others], in_flight=12)

    assert [each.id for each in schedule.take()] == [busy[0].id, *(each.id for each in others)]
    schedule.ended(Outcome(busy[0].id, Status.DONE))
    assert [each.id for each in schedule.take()] == [busy[1].id]


def test_a_lane_of_a_full_kind_is_free_for_another_kind() -> None:
    renewals = [at_work(Kind.PROVISIONING, number, lane) for number, lane in enumerate(("1", "2", "3"))]
    schedule = Schedule([*renewals, at_work(Kind.ASSIGNMENT, 9, "3")], in_flight=12)

    assert [each.lane for each in schedule.take()] == ["1", "2", "3"]
    schedule.ended(Outcome("aws/assignment/9", Status.DONE))
    assert schedule.take() == []
    schedule.ended(Outcome(renewals[0].id, Status.DONE))
    assert [each.id for each in schedule.take()] == [renewals[2].id]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Kind.USER, Kind.ASSIGNMENT, Kind.PROVISIONING]),
            st.sampled_from(["", "1", "2"]),
            st.sets(st.integers(0, 19), max_size=2),
            st.sets(st.integers(0, 19), max_size=2),
            st.sampled_from([Status.DONE, Status.DONE, Status.FAILED]),
        ),
        max_size=20,
    ),
    st.randoms(use_true_random=False),
)
def test_any_mixture_of_kinds_lanes_and_holds_ends_whatever_comes_first(
    rows: list[tuple[Kind, str, set[int], set[int], Status]], chance: random.Random
) -> None:
    names = [f"s{number}" for number in range(len(rows))]
    steps = [
        Step(
            names[number],
            (address := Address.of("aws", kind, str(number))),
            Action.CREATE,
            (address,),
            after=tuple(names[each] for each in after if each < number),
            held_by=tuple(names[each] for each in held if each < number and each not in after),
            lane=lane,
        )
        for number, (kind, lane, after, held, _) in enumerate(rows)
    ]
    schedule, running = Schedule(steps, in_flight=2), list[Step]()
    while not schedule.over:
        running += schedule.take()
        assert running, "it would wait for ever"
        lanes = [each.lane for each in running if each.lane]
        assert len(lanes) == len(set(lanes))
        for each in running:
            good = {name for name, one in schedule.outcomes.items() if one.status is Status.DONE}
            assert {*each.after, *each.held_by} <= good
        ended = running.pop(chance.randrange(len(running)))
        schedule.ended(Outcome(ended.id, rows[names.index(ended.id)][4]))

    for each in steps:
        status = schedule.outcomes[each.id].status
        bad_after = [one for one in each.after if schedule.outcomes[one].status is not Status.DONE]
        bad_held = [one for one in each.held_by if schedule.outcomes[one].status is not Status.DONE]
        assert (status is Status.SKIPPED) <= bool(bad_after)
        assert (status is Status.HELD) <= bool(bad_held)
        assert (status in (Status.SKIPPED, Status.HELD)) is bool(bad_after or bad_held)


def test_assignments_are_bound_by_what_may_be_outstanding_and_lanes_by_one_at_a_time() -> None:
    spread = [at_work(Kind.ASSIGNMENT, number, str(number)) for number in range(140)]
    together = [at_work(Kind.ASSIGNMENT, number, "1") for number in range(14)]

    def seconds(steps: list[Step], speed: float = 1.0) -> float:
        return estimate(steps, in_flight=12, per_second=16, latency=0.1, speed=speed).seconds

    # Ten rounds of fourteen, three seconds each and a little for the calls.
    assert 30 <= seconds(spread) <= 40
    assert 42 <= seconds(together) <= 45
    assert seconds(spread, speed=100) < 2


def test_a_set_is_written_part_by_part() -> None:
    address = Address.of("aws", Kind.PERMISSION_SET, "Admin")
    fields = (
        FieldChange("description", None, "x"),
        FieldChange("managed_policies", ("a", "b"), ("b", "c", "d")),
        FieldChange("customer_managed_policies", ("/x",), None),
        FieldChange("inline_policy", None, "{}"),
    )
    update = Step(str(address), address, Action.UPDATE, (address,), fields)

    found = estimate([update], in_flight=12, per_second=16, latency=0.1)

    assert found.calls == {"update permission-set": 6}

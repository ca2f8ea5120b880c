"""The schedule hands out steps in an order that respects every dependency, rank and lane."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.planning.estimate import estimate
from reconciler.planning.schedule import Schedule


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

"""What goes together in one request, what waits for company, and that nothing waits for ever."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.planning.ordering.estimate import estimate
from reconciler.planning.ordering.schedule import Schedule


def user(name: str, *after: str, action: Action = Action.CREATE, rank: int = 1) -> Step:
    address = Address.of("aws", Kind.USER, name)
    return Step(f"u-{name}", address, action, (address,), after=after, rank=rank)


def group(name: str) -> Step:
    address = Address.of("aws", Kind.GROUP, name)
    return Step(f"g-{name}", address, Action.CREATE, (address,), rank=1)


def enter(group: str, name: str, *after: str) -> Step:
    address = Address.of("aws", Kind.MEMBERSHIP, group, name)
    return Step(f"+{group}/{name}", address, Action.CREATE, (address,), after=after, rank=1)


def leave(group: str, name: str, *held_by: str, rank: int = 0) -> Step:
    address = Address.of("aws", Kind.MEMBERSHIP, group, name)
    return Step(f"-{group}/{name}", address, Action.DELETE, (address,), held_by=held_by, rank=rank)


def units(schedule: Schedule) -> list[list[str]]:
    return [[step.id for step in unit] for unit in schedule.units()]


def ended(schedule: Schedule, *names: str, status: Status = Status.DONE) -> None:
    for name in names:
        schedule.ended(Outcome(name, status))


def test_members_of_one_group_go_together_up_to_what_one_request_takes() -> None:
    steps = [enter("ops", str(number)) for number in range(5)] + [enter("dev", "a")]
    schedule = Schedule(steps, in_flight=8, membership_batch=2)

    assert units(schedule) == [["+ops/0", "+ops/1"], ["+ops/2", "+ops/3"], ["+ops/4"], ["+dev/a"]]


def test_those_who_enter_and_those_who_leave_never_share_a_request() -> None:
    steps = [
        leave("ops", "a", rank=1),
        enter("ops", "b"),
        leave("ops", "c", rank=1),
        leave("dev", "a", rank=1),
    ]
    schedule = Schedule(steps, in_flight=8, membership_batch=100)

    assert units(schedule) == [["-ops/a", "-ops/c"], ["+ops/b"], ["-dev/a"]]


def test_creations_go_together_kind_by_kind_and_changes_go_alone() -> None:
    steps = [user("a"), group("x"), user("b"), user("c", action=Action.UPDATE), group("y"), user("d")]
    schedule = Schedule(steps, in_flight=8, bulk=2)

    assert units(schedule) == [["u-a", "u-b"], ["g-x", "g-y"], ["u-c"], ["u-d"]]


def test_a_unit_counts_once_and_until_its_last_step_has_ended() -> None:
    schedule = Schedule([enter("ops", each) for each in "abcdef"], in_flight=1, membership_batch=3)

    assert units(schedule) == [["+ops/a", "+ops/b", "+ops/c"]]
    assert schedule.running == 3
    ended(schedule, "+ops/c", "+ops/a")
    assert units(schedule) == []
    ended(schedule, "+ops/b")
    assert units(schedule) == [["+ops/d", "+ops/e", "+ops/f"]]


def test_a_few_grants_wait_for_others_of_their_group_who_are_still_being_made() -> None:
    steps = [user("new"), enter("ops", "a"), enter("ops", "new", "u-new"), enter("dev", "a")]
    schedule = Schedule(steps, in_flight=8, membership_batch=100)

    assert units(schedule) == [["u-new"], ["+dev/a"]]
    ended(schedule, "+dev/a")
    assert units(schedule) == []
    ended(schedule, "u-new")
    assert units(schedule) == [["+ops/a", "+ops/new"]]


def test_grants_wait_no_longer_when_those_whom_they_waited_for_will_not_come() -> None:
    steps = [user("new"), user("slow"), enter("ops", "a"), enter("ops", "new", "u-new")]
    schedule = Schedule(steps, in_flight=8, membership_batch=100)

    assert units(schedule) == [["u-new"], ["u-slow"]]
    ended(schedule, "u-new", status=Status.FAILED)
    assert units(schedule) == [["+ops/a"]]


def test_a_full_request_goes_at_once() -> None:
    steps = [user("new"), *(enter("ops", each) for each in "abc"), enter("ops", "new", "u-new")]
    schedule = Schedule(steps, in_flight=8, membership_batch=2)

    assert units(schedule) == [["u-new"], ["+ops/a", "+ops/b"]]


def test_revocations_never_wait_for_company() -> None:
    steps = [user("new"), leave("ops", "a", rank=1), leave("ops", "b", "u-new", rank=1)]
    schedule = Schedule(steps, in_flight=8, membership_batch=100)

    assert units(schedule) == [["u-new"], ["-ops/a"]]


def test_a_grant_that_a_revocation_waits_for_never_waits_for_company() -> None:
    steps = [
        user("new"),
        enter("ops", "a"),
        enter("ops", "new", "u-new"),
        leave("old", "a", "+ops/a", rank=1),
    ]
    schedule = Schedule(steps, in_flight=8, membership_batch=100)

    assert units(schedule) == [["u-new"], ["+ops/a"]]


def test_nobody_waits_for_those_of_a_later_rank() -> None:
    late = replace(enter("ops", "b", "u-b"), rank=2)
    schedule = Schedule([enter("ops", "a"), user("b", rank=1), late], in_flight=8, membership_batch=100)

    assert units(schedule) == [["+ops/a"], ["u-b"]]


def test_a_stop_hands_out_nothing_more_whatever_was_kept_back() -> None:
    steps = [user("new"), enter("ops", "a"), enter("ops", "new", "u-new")]
    schedule = Schedule(steps, in_flight=8, membership_batch=100)
    schedule.take()

    schedule.ended(Outcome("u-new", Status.FAILED, stop=True))

    assert units(schedule) == []
    assert [step.id for step in schedule.left()] == ["+ops/a"]


def test_the_estimate_counts_requests_and_not_steps() -> None:
    people = [user(str(number)) for number in range(250)]
    members = [enter("ops", str(number), f"u-{number}") for number in range(250)]

    found = estimate(
        [*people, *members], in_flight=12, per_second=16, latency=0.1, membership_batch=100, bulk=50
    )
    alone = estimate([*people, *members], in_flight=12, per_second=16, latency=0.1)

    assert found.calls == {"create membership": 3, "create user": 5}
    assert alone.calls == {"create membership": 250, "create user": 250}
    assert found.seconds < alone.seconds


_Row = tuple[Kind, Action, str, set[int], set[int], int, Status]
_ROWS = st.lists(
    st.tuples(
        st.sampled_from([Kind.USER, Kind.GROUP, Kind.MEMBERSHIP, Kind.MEMBERSHIP, Kind.MEMBERSHIP]),
        st.sampled_from([Action.CREATE, Action.CREATE, Action.UPDATE, Action.DELETE]),
        st.sampled_from(["ops", "dev"]),
        st.sets(st.integers(0, 29), max_size=2),
        st.sets(st.integers(0, 29), max_size=2),
        st.integers(0, 2),
        st.sampled_from([Status.DONE, Status.DONE, Status.DONE, Status.FAILED, Status.UNKNOWN]),
    ),
    max_size=30,
)


def _steps(rows: Sequence[_Row]) -> list[Step]:
    steps: list[Step] = []
    for number, (kind, action, of, after, held, rank, _) in enumerate(rows):
        parts = (of, str(number)) if kind is Kind.MEMBERSHIP else (str(number),)
        address = Address.of("aws", kind, *parts)
        before = [each for each in after if each < number]
        holding = [each for each in held if each < number and each not in after]
        needed = max([rank, *(steps[each].rank for each in (*before, *holding))])
        steps.append(
            Step(
                str(number),
                address,
                Action.CREATE if action is Action.UPDATE and kind is Kind.MEMBERSHIP else action,
                (address,),
                after=tuple(map(str, before)),
                held_by=tuple(map(str, holding)),
                rank=needed,
            )
        )
    return steps


def _limit(step: Step, batch: int, bulk: int) -> int:
    if step.address.kind is Kind.MEMBERSHIP:
        return batch
    return bulk if step.action is Action.CREATE else 1


def _alike(step: Step) -> tuple[object, ...]:
    container = step.address.parts[0] if step.address.kind is Kind.MEMBERSHIP else ""
    return step.address.kind, step.action, container


@given(
    _ROWS,
    st.sampled_from([1, 2, 3, 100]),
    st.sampled_from([1, 2, 100]),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_any_graph_ends_each_step_once_in_order_and_in_units_that_fit(
    rows: list[_Row], batch: int, bulk: int, in_flight: int, chance: random.Random
) -> None:
    """Whatever fails, and in whatever order answers come, also those within one unit."""
    steps = _steps(rows)
    schedule = Schedule(steps, in_flight=in_flight, membership_batch=batch, bulk=bulk)
    running: list[list[Step]] = []
    seen: list[str] = []
    while not schedule.over:
        for unit in schedule.units():
            running.append(list(unit))
            seen.extend(step.id for step in unit)
            assert 1 <= len(unit) <= max(_limit(step, batch, bulk) for step in unit)
            assert len({_alike(step) for step in unit}) == 1
            outcomes = schedule.outcomes
            good = {name for name, one in outcomes.items() if one.status is Status.DONE}
            unended = {step.id: step.rank for step in steps if step.id not in outcomes}
            for step in unit:
                assert {*step.after, *step.held_by} <= good
                assert step.rank == min(unended.values())
        assert running, "it would wait for ever"
        assert len(running) <= in_flight
        unit_now = chance.choice(running)
        step = unit_now.pop(chance.randrange(len(unit_now)))
        running = [each for each in running if each]
        schedule.ended(Outcome(step.id, rows[int(step.id)][6]))

    assert len(seen) == len(set(seen))
    assert schedule.outcomes.keys() == {step.id for step in steps}
    for step in steps:
        status = schedule.outcomes[step.id].status
        bad = [
            one for one in (*step.after, *step.held_by) if schedule.outcomes[one].status is not Status.DONE
        ]
        assert (status in (Status.SKIPPED, Status.HELD)) is bool(bad)
        assert (step.id in seen) is not bool(bad)


@given(_ROWS)
def test_revocations_and_creations_never_wait_for_company(rows: list[_Row]) -> None:
    """What is no grant is handed out by the first call that could do so, as it would be alone."""

    def first(limit: int) -> set[str]:
        schedule = Schedule(_steps(rows), in_flight=1000, membership_batch=limit, bulk=limit)
        return {step.id for step in schedule.take()}

    together, alone = first(100), first(1)
    assert together <= alone
    grants = {step.id for step in _steps(rows) if _alike(step)[:2] == (Kind.MEMBERSHIP, Action.CREATE)}
    assert alone - together <= grants


@given(_ROWS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_where_nothing_goes_together_each_step_is_a_unit_and_nothing_is_kept_back(
    rows: list[_Row], in_flight: int, chance: random.Random
) -> None:
    """A plain model of ranks, waits and places says what each call hands out."""
    steps = _steps(rows)
    schedule = Schedule(steps, in_flight=in_flight)
    running: list[Step] = []
    while not schedule.over:
        outcomes = dict(schedule.outcomes)
        ready = _model(steps, outcomes, {step.id for step in running})
        taken = schedule.units()
        assert all(len(unit) == 1 for unit in taken)
        assert [unit[0].id for unit in taken] == ready[: in_flight - len(running)]
        running += [unit[0] for unit in taken]
        step = running.pop(chance.randrange(len(running)))
        schedule.ended(Outcome(step.id, rows[int(step.id)][6]))


def _model(steps: Sequence[Step], outcomes: dict[str, Outcome], running: set[str]) -> list[str]:
    good = {name for name, outcome in outcomes.items() if outcome.status is Status.DONE}
    unended = [step for step in steps if step.id not in outcomes]
    lowest = min((step.rank for step in unended), default=0)
    return [
        step.id
        for step in unended
        if step.rank == lowest and step.id not in running and {*step.after, *step.held_by} <= good
    ]

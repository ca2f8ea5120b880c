from __future__ import annotations

import os
import signal
import threading  # noqa: TID251  # the tests of the threads' own file need barriers
from collections.abc import Iterator
from concurrent.futures import CancelledError  # noqa: TID251  # what a cancelled call comes back with

import pytest

from reconciler.wire.pool import Guarded, Pool
from tests.support.patience import PATIENCE


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_every_item_comes_back_once_with_its_own_result() -> None:
    with Pool(4) as pool:
        results = dict(pool.map(lambda item: item * item, range(200)))

    assert results == {item: item * item for item in range(200)}


def test_what_finishes_first_comes_first() -> None:
    first_may_end = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert first_may_end.wait(PATIENCE)
        return item

    order = []
    with Pool(2) as pool:
        for item, _ in pool.map(work, [0, 1]):
            order.append(item)
            first_may_end.set()

    assert order == [1, 0]


def test_items_are_drawn_only_as_threads_become_free() -> None:
    drawn = 0

    def items() -> Iterator[int]:
        nonlocal drawn
        for item in range(1000):
            drawn += 1
            yield item

    with Pool(3) as pool:
        next(iter(pool.map(lambda item: item, items())))

    assert drawn <= 4


def test_the_first_exception_is_raised_and_nothing_further_begins() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 3:
            raise ValueError("three")

    with Pool(1) as pool, pytest.raises(ValueError, match="three"):
        for _ in pool.map(work, range(1000)):
            pass

    assert begun == [0, 1, 2, 3]


def test_a_map_of_nothing_yields_nothing() -> None:
    with Pool(2) as pool:
        assert list(pool.map(str, ())) == []


def test_submitted_calls_come_back_by_tag_with_result_or_exception() -> None:
    def fails() -> None:
        raise KeyError("x")

    with Pool(2) as pool:
        pool.submit("good", lambda a, b: a + b, 2, 3)
        pool.submit("bad", fails)
        found = dict(filter(None, (pool.next_done(None), pool.next_done(None))))

        assert found["good"] == 5
        assert isinstance(found["bad"], KeyError)
        assert pool.next_done(None) is None


def test_next_done_gives_up_after_its_timeout_and_loses_nothing() -> None:
    may_end = threading.Event()
    with Pool(1) as pool:
        pool.submit("slow", may_end.wait, PATIENCE)

        assert pool.next_done(0.001) is None

        may_end.set()
        assert pool.next_done(None) == ("slow", True)


def test_ctrl_c_is_raised_where_the_caller_waits_and_what_runs_is_still_delivered() -> None:
    running, may_end = threading.Event(), threading.Event()

    def work() -> str:
        running.set()
        assert may_end.wait(PATIENCE)
        return "done"

    with Pool(1) as pool:
        pool.submit("runs", work)
        pool.submit("waits", work)
        assert running.wait(PATIENCE)
        interrupt()

        with pytest.raises(KeyboardInterrupt):
            pool.next_done(None)
        may_end.set()
        found = dict(filter(None, (pool.next_done(None), pool.next_done(None))))

    assert found["runs"] == "done"
    assert isinstance(found["waits"], CancelledError)


def test_ctrl_c_is_raised_also_where_the_caller_only_lets_time_pass() -> None:
    def work() -> None:
        interrupt()

    with Pool(1) as pool:
        assert pool.next_done(0.001) is None
        pool.submit("interrupts", work)
        pool._futures.clear()
        with pytest.raises(KeyboardInterrupt):
            pool.next_done(PATIENCE)


def test_ctrl_c_wakes_a_caller_who_already_waits() -> None:
    may_end = threading.Event()

    def work() -> None:
        interrupt()
        assert may_end.wait(PATIENCE)

    with Pool(1) as pool:
        pool.submit("runs", work)
        with pytest.raises(KeyboardInterrupt):
            pool.next_done(None)
        may_end.set()
        assert pool.next_done(None) == ("runs", None)


def test_ctrl_c_ends_a_map_and_begins_nothing_further() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 2:
            interrupt()

    with pytest.raises(KeyboardInterrupt), Pool(1) as pool:
        for _ in pool.map(work, range(1000)):
            pass

    # One more may have been under way when the signal was noticed.
    assert len(begun) < 10


def test_ctrl_c_while_the_last_call_ends_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt), Pool(1) as pool:
        pool.submit("last", interrupt)


def test_the_handler_of_ctrl_c_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)

    with Pool(1):
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before


def test_a_pool_inside_a_worker_leaves_signals_alone() -> None:
    def inner() -> list[tuple[int, int]]:
        with Pool(2) as pool:
            return sorted(pool.map(lambda item: -item, [1, 2]))

    with Pool(1) as pool:
        pool.submit("outer", inner)
        assert pool.next_done(None) == ("outer", [(1, -1), (2, -2)])


def test_a_guarded_value_is_had_by_one_thread_at_a_time() -> None:
    guarded: Guarded[list[int]] = Guarded([])

    def work(item: int) -> None:
        with guarded as values:
            before = len(values)
            values.append(item)
            assert len(values) == before + 1

    with Pool(8) as pool:
        list(pool.map(work, range(500)))

    with guarded as values:
        assert sorted(values) == list(range(500))


# Pools inside the work of pools.


def test_when_one_fails_the_pools_inside_of_the_others_end_soon() -> None:
    failed = threading.Event()
    done: list[int] = []

    def step(number: int) -> int:
        assert failed.wait(PATIENCE)
        return number

    def fail() -> None:
        failed.set()
        raise ValueError("one failed")

    def long() -> None:
        with Pool(2) as inner:
            # Endless, unless it is told.
            for number, _ in inner.map(step, iter(int, 1)):
                done.append(number)

    with pytest.raises(ValueError, match="one failed"), Pool(2) as outer:
        list(outer.map(lambda job: job(), [long, fail]))


def test_an_interrupt_ends_the_pools_inside_as_well() -> None:
    begun = threading.Event()

    def step(number: int) -> int:
        begun.set()
        return number

    def long() -> None:
        with Pool(2) as inner:
            for _ in inner.map(step, iter(int, 1)):
                pass

    def interrupting() -> None:
        assert begun.wait(PATIENCE)
        interrupt()

    with pytest.raises(KeyboardInterrupt), Pool(2) as outer:
        list(outer.map(lambda job: job(), [long, interrupting]))


def test_a_pool_goes_on_after_a_caller_has_stopped_asking() -> None:
    def nested(item: int) -> list[int]:
        with Pool(1) as inner:
            return [result for _, result in inner.map(lambda each: each, [item])]

    with Pool(2) as pool:
        first = pool.map(nested, [1, 2, 3])
        next(first)
        first.close()  # type: ignore[attr-defined]  # it is a generator

        assert sorted(result for _, result in pool.map(nested, [4, 5])) == [[4], [5]]


def test_a_second_ctrl_c_never_comes_between_a_result_and_its_reader() -> None:
    """Each one waits for the caller to wait, however many there are."""
    taken: list[str] = []
    met = 0
    with Pool(2) as pool:
        for number in range(20):
            pool.submit(f"call {number}", lambda: None)
        while True:
            try:
                finished = pool.next_done(None)
            except KeyboardInterrupt:
                met += 1
                continue
            if finished is None:
                break
            if len(taken) < 5:
                interrupt()
            taken.append(finished[0])

    assert sorted(taken) == sorted(f"call {number}" for number in range(20))
    assert met == 5


def test_a_second_ctrl_c_ends_the_wait_for_threads_whose_results_nobody_takes() -> None:
    may_end = threading.Event()
    ended: list[bool] = []

    def work() -> None:
        ended.append(may_end.wait(PATIENCE))

    def hammer() -> None:
        while not pool._leaving:
            may_end.wait(0.001)
        interrupt()
        while pool._interrupts < 1:  # the system makes one of two that nobody has taken yet
            may_end.wait(0.001)
        interrupt()

    with pytest.raises(KeyboardInterrupt), Pool(1) as pool:  # noqa: PT012  # leaving the pool is the point
        pool.submit("runs", work)
        threading.Thread(target=hammer).start()

    assert ended == []
    may_end.set()

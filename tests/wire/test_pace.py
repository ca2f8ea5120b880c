from __future__ import annotations

import pytest

from reconciler.model.observer import Silent
from reconciler.wire.pace import Bucket, Pace, aws_ceiling, aws_cost
from reconciler.wire.pool import Pool
from tests.wire.clocks import FakeClock


def admitted(bucket: Bucket, seconds: float) -> int:
    """How many calls go within so many seconds, when each caller waits as told."""
    count, now = 0, 0.0
    while True:
        now += bucket.take(now)
        if now >= seconds:
            return count
        count += 1


@pytest.mark.parametrize("ceiling", [4.0, 14.0, 16.0])
def test_over_a_long_time_no_more_calls_go_than_the_ceiling_allows(ceiling: float) -> None:
    assert ceiling * 60 - 1 <= admitted(Bucket(ceiling), 60) <= ceiling * 60 + 4


def test_a_rest_allows_a_small_burst_and_no_more() -> None:
    bucket = Bucket(16)
    waits = [bucket.take(100.0) for _ in range(6)]

    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:] == pytest.approx([1 / 16, 2 / 16])


def test_being_throttled_halves_the_rate_once_for_all_calls_that_were_under_way() -> None:
    bucket = Bucket(16)

    for _ in range(12):
        bucket.throttled(now=10.0)

    assert bucket.rate == 8


def test_the_rate_never_falls_to_nothing() -> None:
    bucket = Bucket(16)

    for second in range(100):
        bucket.throttled(now=float(second * 2))

    assert bucket.rate == 0.5


def test_quiet_brings_the_rate_back_to_the_ceiling_and_not_beyond() -> None:
    bucket = Bucket(16)
    bucket.throttled(now=0.0)
    rates = []

    for second in range(1, 20):
        bucket.answered(now=float(second))
        rates.append(bucket.rate)

    assert rates[0] == 9
    assert rates == sorted(rates)
    assert rates[-1] == 16


def test_nothing_goes_before_the_moment_that_the_service_named() -> None:
    bucket = Bucket(16)

    bucket.throttled(now=5.0, retry_after=30)

    assert bucket.take(5.0) == pytest.approx(30)
    assert bucket.paused(20.0) == pytest.approx(15)
    assert bucket.paused(36.0) == 0


def test_each_operation_of_identitystore_has_its_own_line_and_sso_admin_has_one() -> None:
    clock = FakeClock()
    pace = Pace(clock, Silent(), "aws", ceiling=aws_ceiling)
    pace.throttled(aws_cost("identitystore", "ListUsers"), 60)
    pace.throttled(aws_cost("sso-admin", "ListInstances"), 60)

    pace.wait(aws_cost("identitystore", "ListGroups"))
    assert clock.slept == []

    pace.wait(aws_cost("sso-admin", "DescribeInstance"))
    assert sum(clock.slept) == pytest.approx(60)


def test_at_a_speed_of_a_hundred_every_wait_is_a_hundredth() -> None:
    clock = FakeClock()
    pace = Pace(clock, Silent(), "aws", ceiling=aws_ceiling, speed=100)
    pace.throttled(aws_cost("identitystore", "ListUsers"), 60)

    pace.wait(aws_cost("identitystore", "ListUsers"))

    assert sum(clock.slept) == pytest.approx(0.6)


def test_a_pause_that_comes_while_callers_wait_in_line_holds_them_too() -> None:
    clock = FakeClock()
    pace = Pace(clock, Silent(), "aws", ceiling=aws_ceiling)
    for _ in range(4):
        pace.wait(aws_cost("identitystore", "ListUsers"))

    class Refused(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 1:
                pace.throttled(aws_cost("identitystore", "ListUsers"), 7)

    pace._clock = waiting = Refused()
    pace.wait(aws_cost("identitystore", "ListUsers"))

    assert waiting.monotonic() >= 7


def test_the_observer_hears_who_is_waited_for_and_how_long() -> None:
    heard: list[tuple[str, str, float]] = []

    class Ear(Silent):
        def waiting(self, target: str, what: str, seconds: float) -> None:
            heard.append((target, what, seconds))

    Pace(FakeClock(), Ear(), "aws", ceiling=aws_ceiling, speed=10).throttled(
        aws_cost("identitystore", "CreateUser"), 5
    )

    assert heard == [("aws", "identitystore.CreateUser", 0.5)]


def test_many_threads_share_one_line() -> None:
    clock = FakeClock()
    pace = Pace(clock, Silent(), "aws", ceiling=aws_ceiling)
    with Pool(8) as pool:
        list(pool.map(lambda _: pace.wait(aws_cost("organizations", "ListAccounts")), range(40)))

    # The last of forty at four a second goes nine seconds after the first; the fake clock only runs ahead.
    assert clock.monotonic() >= 9

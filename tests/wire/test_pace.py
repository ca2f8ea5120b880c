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


def test_a_call_of_a_hundred_units_at_twenty_a_second_is_followed_by_five_seconds_of_quiet() -> None:
    bucket = Bucket(20)

    assert bucket.take(100.0, 100) == 0
    assert bucket.take(100.0) == pytest.approx(5)
    assert bucket.take(104.0, 100) == pytest.approx(1.05)


@pytest.mark.parametrize("weight", [1, 2, 4, 7, 100])
def test_over_a_long_time_no_more_units_go_than_the_ceiling_allows(weight: float) -> None:
    bucket, units, now = Bucket(20), 0.0, 0.0
    while (now := now + bucket.take(now, weight)) < 600:
        units += weight

    assert 20 * 600 - weight <= units <= 20 * 600 + max(4, weight)


def test_a_heavy_call_uses_up_what_a_rest_has_saved() -> None:
    bucket = Bucket(20)

    assert [bucket.take(100.0, weight) for weight in (2, 1, 1)] == [0, 0, pytest.approx(1 / 20)]


def test_a_light_call_waits_for_the_debt_of_a_heavy_one_in_its_own_family_only() -> None:
    clock = FakeClock()
    pace = Pace(clock, Silent(), "aws", ceiling={"writes": 25.0, "memberships": 20.0}.__getitem__)

    pace.wait((("writes", 1), ("memberships", 100)))
    pace.wait((("writes", 1),))
    assert clock.slept == []

    pace.wait((("writes", 1), ("memberships", 1)))
    assert sum(clock.slept) == pytest.approx(5)


def test_a_refusal_slows_every_family_that_the_call_belongs_to() -> None:
    heard: list[str] = []

    class Ear(Silent):
        def waiting(self, target: str, what: str, seconds: float) -> None:
            heard.append(what)

    clock = FakeClock()
    pace = Pace(clock, Ear(), "aws", ceiling=lambda _: 20.0)
    pace.throttled((("writes", 1), ("memberships", 100)), None)

    assert heard == ["writes", "memberships"]
    pace.wait((("memberships", 100),))
    pace.wait((("memberships", 1),))
    assert sum(clock.slept) == pytest.approx(10)


def test_heavy_calls_that_are_answered_bring_the_rate_back_as_fast_as_light_ones() -> None:
    heavy, light = Bucket(20), Bucket(20)
    heavy.throttled(0.0)
    light.throttled(0.0)

    for second in range(1, 11):
        light.answered(float(second))
    heavy.answered(5.0, 100)
    heavy.answered(10.0, 100)

    assert heavy.rate == pytest.approx(light.rate)


def test_a_single_light_call_after_a_long_rest_brings_little_back() -> None:
    bucket = Bucket(20)
    bucket.throttled(0.0)

    bucket.answered(1000.0)

    assert bucket.rate == pytest.approx(11.25)


def test_a_service_that_names_a_year_holds_nobody_back_for_a_year() -> None:
    bucket = Bucket(20)

    bucket.throttled(0.0, 31_536_000)

    assert bucket.paused(0.0) == 120


def test_a_call_that_costs_nothing_of_any_family_goes() -> None:
    clock = FakeClock()

    Pace(clock, Silent(), "aws", ceiling=lambda _: 1.0).wait(())

    assert clock.slept == []

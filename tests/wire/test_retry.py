from __future__ import annotations

import pytest

from reconciler.wire.retry import LIMITS, RetryDecision, asked_to_wait, delay, retryable


@pytest.mark.parametrize(
    ("fate", "mutates", "again"),
    [
        pytest.param(RetryDecision.THROTTLED, True, True, id="a throttled write never reached the store"),
        pytest.param(RetryDecision.UNSENT, True, True, id="a write that never left did nothing"),
        pytest.param(RetryDecision.LOST, True, False, id="a write whose answer was lost may have been done"),
        pytest.param(RetryDecision.LOST, False, True, id="a read can be done any number of times"),
        pytest.param(RetryDecision.FINAL, False, False, id="a no stays a no"),
    ],
)
def test_only_what_cannot_be_done_twice_is_sent_again(
    fate: RetryDecision,
    mutates: bool,  # noqa: FBT001  # a table column
    again: bool,  # noqa: FBT001  # a table column
) -> None:
    assert retryable(fate, mutates=mutates) is again


@pytest.mark.parametrize("fate", LIMITS)
def test_tries_are_bounded(fate: RetryDecision) -> None:
    last = LIMITS[fate].attempts

    assert delay(fate, last - 1, 0, None, 0.5) is not None
    assert delay(fate, last, 0, None, 0.5) is None


@pytest.mark.parametrize("fate", LIMITS)
def test_the_whole_time_is_bounded(fate: RetryDecision) -> None:
    assert delay(fate, 1, LIMITS[fate].seconds, None, 1.0) is None


def test_a_service_that_asks_for_an_hour_is_given_up_at_once() -> None:
    assert delay(RetryDecision.THROTTLED, 1, 0, 3600, 0.0) is None


def test_what_the_service_asks_for_is_the_least_that_is_waited() -> None:
    assert delay(RetryDecision.THROTTLED, 1, 0, 7, 0.0) == 7
    assert delay(RetryDecision.THROTTLED, 1, 0, 7, 1.0) == pytest.approx(7.8)


def test_waits_grow_with_each_try_up_to_a_cap() -> None:
    waits = [delay(RetryDecision.THROTTLED, attempt, 0, None, 1.0) for attempt in range(1, 10)]

    assert waits == pytest.approx([0.8, 1.6, 3.2, 6.4, 12.8, 20, 20, 20, 20])


def test_a_no_is_never_waited_for() -> None:
    assert delay(RetryDecision.FINAL, 1, 0, None, 0.5) is None


SENT = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-7"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 GMT", "date": SENT}, 60),
        ({"retry-after": "Wed, 21 Oct 2015 09:29:00 +0200", "date": SENT}, 60),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": SENT}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 -0000", "date": SENT}, 60),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 GMT", "date": "today"}, None),
    ],
)
def test_what_a_service_asks_to_wait_is_understood_in_both_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_to_wait(headers) == seconds

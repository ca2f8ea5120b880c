from __future__ import annotations

from datetime import UTC

from reconciler.wire.clock import SystemClock


def test_now_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_monotonic_time_moves_on_with_a_sleep_and_never_back() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    clock.sleep(0.002)

    assert clock.monotonic() >= before + 0.002


def test_sleeping_for_nothing_or_less_is_no_error() -> None:
    SystemClock().sleep(0)
    SystemClock().sleep(-1)

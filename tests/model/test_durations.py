"""How long a session lasts, however AWS spells it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.model.durations import longest_session, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H", 3600),
        ("PT1H30M", 5400),
        ("PT90M", 5400),
        ("PT5400S", 5400),
        ("P1D", 86_400),
        ("P0DT12H", 43_200),
        ("P0Y0M0DT1H", 3600),
        ("P0WT1H", 3600),
        ("PT3600.0S", 3600),
        ("P1Y", None),
        ("PT3600.5S", None),
        ("P", None),
        ("PT", None),
        ("1H", None),
        ("PT1.5H", None),
        ("PT\u0661H", None),
        (f"PT{'9' * 5000}H", None),
        (None, None),
    ],
)
def test_a_duration_has_its_seconds(text: str | None, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "hours"), [(None, 1), ("", 1), ("PT4H", 4), ("P9999999999999D", 12), ("for ever", 12)]
)
def test_a_session_lives_for_one_hour_by_default_and_for_twelve_at_most(text: str | None, hours: int) -> None:
    assert longest_session(text) == timedelta(hours=hours)

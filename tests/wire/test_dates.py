"""The dates of HTTP, wherever the machine is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from reconciler.wire.dates import http_date

AT = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/New_York"])
def _somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_somewhere")
@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "UT", ""])
def test_a_date_is_one_of_utc_in_every_time_zone(zone: str) -> None:
    found = http_date(f"Sun, 28 Mar 2027 01:30:00 {zone}")
    assert (found, found and found.utcoffset()) == (AT, AT.utcoffset())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Sun, 28",
        "Sun, 30 Feb 2027 01:30:00 GMT",
        "Sun, 28 Mar 2027 01:30:00 +9999999",
        "Sun, 28 Mar 99999999999999999999 01:30:00 GMT",
        "Sun, 28 Mar 2027 99999999999999999999:30:00 GMT",
    ],
)
def test_what_is_not_a_date_is_none(text: str) -> None:
    assert http_date(text) is None

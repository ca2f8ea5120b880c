"""The dates of HTTP (RFC 9110, section 5.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(text: str) -> datetime | None:
    """An aware moment; None where the text is not a date that can be understood.

    A date without a zone is one in UTC (RFC 5322, section 3.3, on -0000), and never in that of the machine.
    """
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

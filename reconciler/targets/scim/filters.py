"""Filters, made so that no value can be read as anything but a value. RFC 7644 section 3.4.2.2."""

from __future__ import annotations

import json
from urllib.parse import quote


def equals(attribute: str, value: str) -> str:
    """The filter `attribute eq "value"`; the value is spelled as JSON, as the grammar wants it."""
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def encoded(text: str) -> str:
    """A value as it stands in a query: all but unreserved characters percent-encoded, a blank as %20."""
    return quote(text, safe="-._~", errors="replace")


def query(*parts: tuple[str, str | None]) -> str:
    """A query of names and values; a value of None is a bare name. Empty where nothing is asked."""
    return "&".join(name if value is None else f"{name}={encoded(value)}" for name, value in parts)

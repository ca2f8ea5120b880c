"""Dates and instants as people write them, and the windows that they make in a time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.files.shapes import refused
from reconciler.model.resources import ALWAYS, Window

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# RFC 3339 section 5.6, with the offset optional only to say what is missing.
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)
_EXAMPLES = "write a date (2027-01-31) or an instant (2027-01-31T18:00:00Z)"
# Far from the ends of what Python can reckon with, in any time zone.
_YEARS = range(1970, 9990)


def parse_moment(value: Any) -> date | datetime:
    """A date, or an aware instant, from text; the error says what RFC 3339 wants."""
    if not isinstance(value, str):
        raise refused("is not a valid date", _EXAMPLES)
    match = _INSTANT.fullmatch(value)
    try:
        if _DATE.fullmatch(value):
            moment = date.fromisoformat(value)
        elif match is None:
            raise refused("is neither a date nor an instant of RFC 3339", _EXAMPLES)
        elif match[3] is None:
            raise refused("has no time zone", "end it with Z, or with an offset such as +01:00")
        else:
            # Python reads at most six digits of a second's fraction.
            moment = datetime.fromisoformat(f"{match[1]}T{match[2][:15]}{match[3].upper()}")
    except PydanticCustomError:
        raise
    except ValueError as error:
        raise refused(f"does not exist: {error}", _EXAMPLES) from error
    if moment.year not in _YEARS:
        raise refused(
            f"lies outside of the years {_YEARS[0]} to {_YEARS[-1]}", "write the year that you mean"
        )
    return moment


Moment = Annotated[
    Any,
    BeforeValidator(parse_moment),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2}))?$",
        }
    ),
]


def start_of(moment: date | datetime, zone: tzinfo) -> datetime:
    """When something holds from: an instant itself, or the first moment of a day in `zone`."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), zone)


def end_of(moment: date | datetime, zone: tzinfo) -> datetime:
    """When something no longer holds: an instant itself, or the first moment after a day in `zone`."""
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment + timedelta(days=1), time(), zone)


def window(start: date | datetime | None, end: date | datetime | None, zone: tzinfo) -> Window:
    """The window from `start` to the end of `end`; it may hold nothing, which the caller must check."""
    if start is None and end is None:
        return ALWAYS
    return Window(
        None if start is None else start_of(start, zone), None if end is None else end_of(end, zone)
    )


def is_empty(span: Window) -> bool:
    """Whether a window ends before it starts, so that it never holds."""
    return span.start is not None and span.end is not None and span.start >= span.end

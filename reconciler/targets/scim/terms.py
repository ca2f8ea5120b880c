"""How a list is asked for, what comes of it, and how many items it can hold. RFC 7644 section 3.4.2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from reconciler.targets.scim.mapping import Raw, find
from reconciler.targets.scim.profile import Paging

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a list is asked for; see Profile. `count` None asks for no page size."""

    paging: Paging = Paging.AUTO
    count: int | None = 100
    first: str = ""
    total_counts: bool = True
    total_trusted: bool = False


@dataclass(slots=True)
class Listed(Generic[Item]):
    """A whole list by id; `twice` are the ids that the service lists more than once, time and again."""

    items: dict[str, Item] = field(default_factory=dict)
    twice: tuple[str, ...] = ()


def cursor_of(body: Raw) -> str:
    """The cursor that a page gives where it is text, else an empty one."""
    found = find(body, "nextCursor")
    return found if isinstance(found, str) else ""


def total_of(body: Mapping[str, Any]) -> int | None:
    """The total that a page names; text is taken for its digits."""
    found = find(body, "totalResults")
    if isinstance(found, str) and found.isdecimal():
        return int(found[:18])  # Python does not read numbers of thousands of digits
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def equals(attribute: str, value: str) -> str:
    """The filter `attribute eq "value"`; the value is spelled as JSON, as the grammar wants it."""
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def encoded(text: str) -> str:
    """A value as it stands in a query: all but unreserved characters percent-encoded, a blank as %20."""
    return quote(text, safe="-._~", errors="replace")


def query(*parts: tuple[str, str | None]) -> str:
    """A query of names and values; a value of None is a bare name. Empty where nothing is asked."""
    return "&".join(name if value is None else f"{name}={encoded(value)}" for name, value in parts)


# No service has so many people or groups; a list of ever new ones would fill all memory.
MAX_ITEMS = 1_000_000
# So many times what was announced, and so many more, are not a list that grew while it was read.
_BEYOND, _GROWN = 4, 1_000

# What to say where a list cannot be had whole by index.
SET_PAGING = (
    "; in `settings` of the target, set `paging: cursor` if it pages by cursor, or a `page_size` that holds "
    "everything"
)


def beyond(came: int, announced: Sequence[int | None]) -> str | None:
    """Why so many items cannot be a list; None where they can.

    `announced` are the totals of its pages, none where a total says nothing of the whole.
    """
    if came > MAX_ITEMS:
        return f"the list has not ended after {MAX_ITEMS:,} of its items"
    total = announced[0] if announced else None
    if total is None or len(announced) < 2 or len(set(announced)) > 1:
        return None
    return (
        f"{total:,} were announced, and {came:,} came without an end"
        if came > _BEYOND * total + _GROWN
        else None
    )

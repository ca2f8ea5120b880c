"""How a list is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

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
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None

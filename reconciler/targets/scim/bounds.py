"""How many items a list can hold, and what to set where it cannot be had whole."""

from __future__ import annotations

from collections.abc import Sequence

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

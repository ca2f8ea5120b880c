"""Numbers in sentences that people read."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """`1 group`, `2 groups`; the noun takes a plain s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

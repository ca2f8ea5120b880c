"""Colour, or the lack of it. What is styled was escaped before; nothing else in the house writes ANSI."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a piece of text is, for the eye; the value is its SGR code (ECMA-48, 8.3.117)."""

    PLAIN = ""
    HEADING = "1"
    FAINT = "2"
    ADDED = "32"
    CHANGED = "33"
    REMOVED = "31"
    ALARM = "1;31"
    CAUTION = "1;33"
    GOOD = "1;32"


@dataclass(frozen=True, slots=True)
class Style:
    """Puts tones on text where `color` is asked for, and leaves text alone where it is not."""

    color: bool = False

    def __call__(self, value: str, tone: Tone) -> str:
        """`value` in `tone`; an empty value stays empty."""
        if not (self.color and value and tone):
            return value
        return f"\x1b[{tone}m{value}\x1b[0m"

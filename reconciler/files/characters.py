"""Characters that no file may hold: those that are invisible, or that make text look like other text.

Control characters (tab, line feed and carriage return apart), everything of Unicode's category Cf (bidi
controls, zero-width characters, soft hyphens, tags), line and paragraph separators, and the letters that
are drawn as nothing (Hangul fillers and their like). Sources: Unicode TR 36 and TR 39, the "Trojan Source"
paper (CVE-2021-42574).
"""

from __future__ import annotations

import re
import unicodedata

# Ranges of Unicode 17; a test compares them with the categories that Python's own tables give.
_CLASS = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\uffff\\ud800-\\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
FORBIDDEN = re.compile(f"[{_CLASS}]")

# What nearly every file is made of: if nothing else is left, no regular expression needs to look.
_PLAIN = bytes([0x09, 0x0A, 0x0D, *range(0x20, 0x7F)])


def unusual(data: bytes) -> bytes:
    """The bytes without printable ASCII, tabs and line ends: mostly nothing, and still UTF-8 if they were."""
    return data.translate(None, _PLAIN)


def describe(character: str) -> str:
    """A character that cannot be shown, in words: "U+202E RIGHT-TO-LEFT OVERRIDE"."""
    name = unicodedata.name(character, "") or "control character"
    return f"U+{ord(character):04X} {name}"


def show(text: str, limit: int = 80) -> str:
    """Text of somebody else's, in double quotes, on one line, with nothing in it that cannot be seen.

    At most `limit` characters of it are shown.
    """
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    safe = "".join(
        character
        if character.isprintable() and not FORBIDDEN.match(character)
        else character.encode("unicode_escape").decode("ascii")
        for character in short
    )
    return f'"{safe}"'

"""When two names are one: user names and display names compare without regard to case, in NFC."""

from __future__ import annotations

import unicodedata


def fold(name: str) -> str:
    """What two spellings of one name have in common (RFC 7643 section 4.1.1: userName is not case exact)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())

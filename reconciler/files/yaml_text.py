"""Text as a scalar of YAML that every reader takes for that text, whoever wrote it."""

from __future__ import annotations

import re

# Text that every reader of YAML takes for text without quotes, also between brackets.
_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+(-][A-Za-z0-9_./@+()-]*)*"
    r"|[1-9][0-9]?h(?:[0-9]{1,2}m)?",  # a duration
    re.ASCII,
)
# What YAML 1.1 or 1.2 takes for something else than text.
_WORDS = frozenset(("y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf", "infinity"))
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = str.maketrans(_ESCAPES)


def scalar(text: str) -> str:
    """Text as a scalar of YAML on one line, in quotes unless nobody could take it for anything else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{text.translate(_ESCAPED)}"'

"""How a comment or an issue of ours is known again: a first line that nobody sees, and who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote


def marker(kind: str, name: str = "") -> str:
    """The first line of a text of ours; `name` is a target, and no name can end the comment that it is in."""
    # A hyphen stays as it is for quote, and two of them may end a comment.
    quoted = quote(name, safe="").replace("--", "-%2D")
    return f"<!-- identity-reconciler: {kind}{' ' if name else ''}{quoted} -->"


def is_ours(body: Mapping[str, Any], mark: str, author: str) -> bool:
    """Whether this is the one with that marker. Anybody can write a marker, so the author counts too."""
    text, user = body.get("body"), body.get("user")
    if not isinstance(text, str) or not isinstance(user, dict):
        return False
    return (
        text.replace("\r\n", "\n").partition("\n")[0] == mark
        and user.get("login") == author
        and user.get("type") == "Bot"
    )

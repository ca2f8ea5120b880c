"""How a comment or an issue of ours is known again: a first line that nobody sees, and who wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def marker(kind: str, name: str = "") -> str:
    """The first line of a text of ours. `name` is a target; raises ValueError for one that is not a name."""
    if name and not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be part of a marker")
    return f"<!-- identity-reconciler: {kind}{' ' if name else ''}{name} -->"


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

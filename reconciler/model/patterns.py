"""Shell patterns over paths and names, without the file system that usually comes with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from reconciler.model.names import fold


@lru_cache(maxsize=4096)
def _compiled(pattern: str, crossing: str) -> re.Pattern[str]:
    parts, index = [], 0
    while index < len(pattern):
        if pattern.startswith("**/", index):
            parts.append("(?:.*/)?")
            index += 3
        elif pattern.startswith("**", index):
            parts.append(".*")
            index += 2
        elif pattern[index] == "*":
            parts.append(f"{crossing}*")
            index += 1
        elif pattern[index] == "?":
            parts.append(crossing)
            index += 1
        else:
            parts.append(re.escape(pattern[index]))
            index += 1
    return re.compile("".join(parts), re.DOTALL)


def path_matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns covers `path`: `*` stays inside a folder, `**` does not."""
    return any(_compiled(pattern, "[^/]").fullmatch(path) for pattern in patterns)


def name_matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns covers `name`, whole and without regard to case."""
    folded = fold(name)
    return any(_compiled(fold(pattern), ".").fullmatch(folded) for pattern in patterns)

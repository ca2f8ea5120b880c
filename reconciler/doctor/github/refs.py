"""Whether a pattern of a ruleset fits a ref, as Ruby's File.fnmatch does with FNM_PATHNAME.

(docs.github.com, "Creating rulesets for a repository", using fnmatch syntax: `*` does not cross a slash, and
`**/` fits any number of folders; `**` that ends a pattern is no more than `*`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_EVERY = "~ALL"


def covers(include: Iterable[str], exclude: Iterable[str], ref: str) -> bool:
    """Whether the conditions of a ruleset mean a full ref, such as refs/tags/reconciler/applied/aws."""
    return any(fits(one, ref) for one in include) and not any(fits(one, ref) for one in exclude)


def fits(pattern: str, ref: str) -> bool:
    """Whether one pattern fits a full ref; patterns without `refs/` are those of names."""
    if pattern == _EVERY:
        return True
    if not pattern.startswith("refs/"):
        ref = ref.split("/", 2)[2]
    return re.fullmatch(_expression(pattern), ref) is not None


@cache
def _expression(pattern: str) -> str:
    made, position = "", 0
    while position < len(pattern):
        if pattern.startswith("**/", position) and (position == 0 or pattern[position - 1] == "/"):
            made, position = made + r"(?:[^/]+/)*", position + 3
        elif pattern[position] == "*":
            end = position
            while end < len(pattern) and pattern[end] == "*":
                end += 1
            made, position = made + "[^/]*", end
        elif pattern[position] == "?":
            made, position = made + "[^/]", position + 1
        elif (found := re.match(r"\[(!|\^)?([^\]/]+)\]", pattern[position:])) is not None:
            inner = re.sub(r"([\\\[\]&~|])", r"\\\1", found[2])
            made += f"[{'^/' if found[1] else ''}{inner}]"
            position += found.end()
        elif pattern[position] == "\\" and position + 1 < len(pattern):
            made, position = made + re.escape(pattern[position + 1]), position + 2
        else:
            made, position = made + re.escape(pattern[position]), position + 1
    return made

"""What a policy document allows that makes its holder privileged.

Privileged is who may do everything, everything of IAM or of Organizations, or assume any role: each of them
leads to everything else. Actions are compared without case, with `*` and `?` (IAM user guide, "IAM JSON
policy elements").
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

# An action that a pattern must cover to mean all of its service; no service has one of this name.
_SERVICES = ("iam:-", "organizations:-")
_ASSUME = "sts:assumerole"
_ROLE = "arn:aws:iam::000000000000:role/-"


def is_privileged(policy: object) -> bool:
    """Whether the text of a policy allows such things; conditions are taken to hold."""
    try:
        document: Any = json.loads(str(policy))
        listed = document.get("Statement", [])
        return any(map(_is_privileged, listed if isinstance(listed, list) else [listed]))
    except (ValueError, AttributeError, TypeError, RecursionError):
        # What is not understood is not unprivileged.
        return True


def _is_privileged(statement: Any) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    allows = any(_allows(statement, action) for action in _SERVICES)
    return allows or (_allows(statement, _ASSUME) and _reaches_any_role(statement))


def _allows(statement: Any, action: str) -> bool:
    if "NotAction" in statement:
        return not any(covers(one, action) for one in _several(statement["NotAction"]))
    return any(covers(one, action) for one in _several(statement.get("Action")))


def _reaches_any_role(statement: Any) -> bool:
    if "NotResource" in statement:
        return not any(covers(one, _ROLE) for one in _several(statement["NotResource"]))
    return any(covers(one, _ROLE) for one in _several(statement.get("Resource", "*")))


def _several(value: Any) -> Iterable[str]:
    return map(str, value) if isinstance(value, list) else () if value is None else (str(value),)


def covers(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` and `?` matches all of `text`, without case, and never for long."""
    pattern, text = pattern.lower(), text.lower()
    at = star = mark = 0
    seen = False
    for_text = 0
    while for_text < len(text):
        if at < len(pattern) and pattern[at] == "*":
            seen, star, mark = True, at, for_text
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[for_text]):
            at += 1
            for_text += 1
        elif seen:
            mark += 1
            at, for_text = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")

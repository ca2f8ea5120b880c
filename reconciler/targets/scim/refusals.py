"""What a service refuses by name, and the same write without it. Pure.

A refusal that names an attribute or a sub-attribute which was sent tells how to avoid it. What people are
found by, and the status, are never left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Rejected
from reconciler.model.resources import Value
from reconciler.targets.scim.mapping import SHARED, parse, path_of

# Sub-attributes of lists that we add to a value (RFC 7643 section 2.4).
SUBS = ("type", "primary")
_NEVER = frozenset(("user_name", "external_id", "active"))
_WORD = re.compile(r"[a-z][a-z0-9]*")
# By such words a service says that it is the attribute, and not its value.
_NOT_TAKEN = re.compile(
    r"unsupported|not\s+support|unknown|unrecogni[sz]ed|not\s+(?:allowed|permitted|defined|found|valid\s+attr)"
    r"|no\s+such|invalid\s+(?:attribute|path|field)|invalidpath|does\s+not\s+exist|cannot|can\s*not|may\s+not"
    r"|must\s+not|read.?only|immutable|mutability|required|unexpected|extra"
)


@dataclass(frozen=True, slots=True)
class Avoided:
    """What to leave out: sub-attributes of lists, or attributes by our names."""

    subs: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def named(refusal: Rejected, sent: Mapping[str, Value], required: Collection[str]) -> Avoided | None:
    """What of `sent` (attributes of a user by our names) a refusal names; None where it names nothing."""
    text = " ".join((*map(str, refusal.args), refusal.reason)).lower()
    words = set(_WORD.findall(text))
    if any(name in SHARED and value for name, value in sent.items()) and (subs := words & set(SUBS)):
        return Avoided(subs=frozenset(subs))
    if not _NOT_TAKEN.search(text):
        return None
    found = frozenset(
        name
        for name, value in sent.items()
        if name not in _NEVER and _last(name) in words and (value is None or name not in required)
    )
    return Avoided(names=found) if found else None


def _last(name: str) -> str:
    path = parse(path_of(name))
    return (path.sub or path.attribute).lower()


def without_subs(body: Any, subs: Iterable[str], known: Iterable[Any]) -> Any:
    """A body without `subs` in the entries of its lists; entries in `known`, which others put, stay."""
    left, there = set(subs), list(known)
    if not left:
        return body

    def entry(each: Any) -> Any:
        if not isinstance(each, Mapping) or each in there:
            return each
        return {key: value for key, value in each.items() if key.lower() not in left}

    paths = {path_of(name).lower() for name in SHARED}

    if isinstance(body, Mapping):
        lists = {key for key, value in body.items() if key.lower() in paths and isinstance(value, list)}
        return {
            key: [entry(each) for each in value] if key in lists else value for key, value in body.items()
        }
    return [
        {**each, "value": [entry(one) for one in each["value"]]}
        if str(each.get("path", "")).lower() in paths and isinstance(each.get("value"), list)
        else each
        for each in body
    ]

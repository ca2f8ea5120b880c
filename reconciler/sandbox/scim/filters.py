"""Filters: `attribute eq "value"`, one of them, or two joined by `and` where that is documented."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping

from reconciler.sandbox.scim.answers import refused

# A comparison; the value is a JSON string.
_TERM = re.compile(r'(?P<attribute>[A-Za-z][A-Za-z.]*) eq (?P<value>"(?:[^"\\]|\\.)*")')
_AND = " and "


def parsed(text: str, allowed: Collection[frozenset[str]]) -> Mapping[str, str]:
    """Value by attribute; the attributes together must be one of `allowed`. Raises ValidationException.

    "The only supported operator is eq, the only logical operator and" (developer guide, ListUsers and
    ListGroups). The order of two terms makes no difference.
    """
    terms: dict[str, str] = {}
    position = 0
    while True:
        found = _TERM.match(text, position)
        if found is None or found["attribute"] in terms:
            raise _unsupported()
        try:
            value = json.loads(found["value"])
            value.encode()  # a lone surrogate is valid JSON and no text
        except ValueError as error:
            raise _unsupported() from error
        terms[found["attribute"]] = value
        position = found.end()
        if position == len(text):
            break
        if not text.startswith(_AND, position):
            raise _unsupported()
        position += len(_AND)
    if frozenset(terms) not in allowed:
        raise _unsupported()
    return terms


def _unsupported() -> Exception:
    return refused("Filter is invalid or not supported.")

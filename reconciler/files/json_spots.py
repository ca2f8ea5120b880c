"""Where in the text of a JSON file its values and the names of its members stand. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from reconciler.files.yaml import Spot

Loc = tuple[str | int, ...]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def spots(text: str) -> tuple[Mapping[Loc, Spot], Mapping[Loc, Spot]]:
    """The places of all values, and those of the members' names, by the way to them; () is the whole.

    `text` must be valid JSON (RFC 8259), as `json.loads` takes it.
    """
    values: dict[Loc, Spot] = {}
    names: dict[Loc, Spot] = {}
    lines = [match.end() for match in re.finditer("\n", text)]
    line = 0
    # The containers that are open: the way to each, and the step to the next item of a list (None: a map).
    open_: list[tuple[Loc, int | None]] = []
    at: Loc = ()
    awaits_name = False
    for match in _TOKEN.finditer(text):
        while line < len(lines) and lines[line] <= match.start():
            line += 1
        spot = Spot(line + 1, match.start() - (lines[line - 1] if line else 0) + 1)
        word = match[0]
        if word in "}]":
            open_.pop()
        elif word == ",":
            way, number = open_[-1]
            awaits_name = number is None
            if number is not None:
                open_[-1] = (way, number + 1)
                at = (*way, number + 1)
        elif word == ":":
            awaits_name = False
        elif awaits_name:
            at = (*open_[-1][0], json.loads(word))
            names[at] = spot
        else:
            values[at] = spot
            if word in "{[":
                open_.append((at, None if word == "{" else 0))
                awaits_name = word == "{"
                at = at if word == "{" else (*at, 0)
    return values, names

"""Shell patterns over paths and names, without the file system that usually comes with them.

Anybody who proposes a change writes patterns, so matching never goes back: it takes at most as many steps as
the pattern has characters times those of the name, for every pattern. (A regular expression made of
`*a*a*a*b` takes far more.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from functools import lru_cache

from reconciler.model.names import fold


class _Wild(Enum):
    ONE = auto()  # any character but, in a path, a slash
    SOME = auto()  # any number of those
    ANY = auto()  # any number of any characters
    SKIP = auto()  # nothing at all, or what BELOW takes
    BELOW = auto()  # any number of any characters, and a slash


def path_matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns covers `path`: `*` stays inside a folder, `**` does not."""
    return any(_covers(path, pattern) for pattern in patterns)


def name_matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns covers `name`, whole and without regard to case."""
    folded = fold(name)
    return any(_name_covers(folded, fold(pattern)) for pattern in patterns)


@lru_cache(maxsize=65_536)
def _covers(path: str, pattern: str) -> bool:
    return _walk(path, _parsed(pattern), slash="/")


def _name_covers(name: str, pattern: str) -> bool:
    if "**/" in pattern:
        return _walk(name, _parsed(pattern), slash="")
    first, *rest = pattern.split("*")
    if not rest:
        return len(name) == len(first) and _stands(name, first, 0)
    *middle, last = rest
    start, end = len(first), len(name) - len(last)
    if start > end or not _stands(name, first, 0) or not _stands(name, last, end):
        return False
    # What stands between two stars may be taken where it comes first: that leaves the most for the others.
    for piece in middle:
        found = _find(name, piece, start, end)
        if found < 0:
            return False
        start = found + len(piece)
    return True


def _find(name: str, piece: str, start: int, end: int) -> int:
    """Where `piece`, in which `?` is any character, first stands between both; -1 for nowhere."""
    if "?" not in piece:
        return name.find(piece, start, end)
    places = range(start, end - len(piece) + 1)
    return next((place for place in places if _stands(name, piece, place)), -1)


def _stands(name: str, piece: str, place: int) -> bool:
    if "?" not in piece:
        return name.startswith(piece, place)
    return all(
        one in ("?", other) for one, other in zip(piece, name[place : place + len(piece)], strict=True)
    )


@lru_cache(maxsize=4096)
def _parsed(pattern: str) -> tuple[str | _Wild, ...]:
    parts: list[str | _Wild] = []
    index = 0
    while index < len(pattern):
        if pattern.startswith("**/", index):
            parts += [_Wild.SKIP, _Wild.BELOW]
            index += 3
        elif pattern.startswith("**", index):
            parts.append(_Wild.ANY)
            index += 2
        else:
            one = pattern[index]
            parts.append({"*": _Wild.SOME, "?": _Wild.ONE}.get(one, one))
            index += 1
    return tuple(parts)


def _walk(text: str, parts: Sequence[str | _Wild], *, slash: str) -> bool:
    """Whether the parts cover the text: all places in the pattern at once, one character after the other.

    `slash` is the character that ends a folder ("": none does).
    """
    reached = _entered({0}, parts)
    for character in text:
        reached = _entered(_after(character, reached, parts, slash), parts)
        if not reached:
            return False
    return len(parts) in reached


def _after(character: str, reached: set[int], parts: Sequence[str | _Wild], slash: str) -> set[int]:
    """The places after one more character."""
    following: set[int] = set()
    for place in reached:
        part = parts[place] if place < len(parts) else _Wild.SKIP
        if part is _Wild.ANY or part is _Wild.BELOW or (part is _Wild.SOME and character != slash):
            following.add(place)
        if (
            part == character
            or (part is _Wild.ONE and character != slash)
            or (part is _Wild.BELOW and character == "/")
        ):
            following.add(place + 1)
    return following


def _entered(places: set[int], parts: Sequence[str | _Wild]) -> set[int]:
    """The places, and those that are reached from them by taking nothing."""
    reached: set[int] = set()
    waiting = list(places)
    while waiting:
        place = waiting.pop()
        if place in reached:
            continue
        reached.add(place)
        part = parts[place] if place < len(parts) else None
        if part in (_Wild.SOME, _Wild.ANY):
            waiting.append(place + 1)
        elif part is _Wild.SKIP:
            waiting += [place + 1, place + 2]
    return reached

"""Which versions of the reconciler a configuration wants: `>=0.3,<1`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne

_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\d{1,6}(?:\.\d{1,6}){0,3})\s*", re.ASCII)
_RELEASE = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_COMPARE: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": ge,
    "<=": le,
    "==": eq,
    "!=": ne,
    ">": gt,
    "<": lt,
}


def missing_requirement(requires: str, version: str) -> tuple[str, str] | None:
    """Why `version` will not do, as a predicate and a fix; None where it will.

    Clauses are separated by commas and all must hold. Versions are release numbers, compared part by part
    with zeros added; what follows the release number of `version` (`.dev1`, `rc1`) is not looked at.
    """
    release = _RELEASE.match(version)
    ours = _parts(release[0] if release else "0")
    for clause in requires.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            return "is not a list of versions", 'write it as ">=0.3,<1", with numbers, in quotes'
        if not _COMPARE[match[1]](ours, _parts(match[2])):
            return f"wants {requires}, and this is version {version}", f"install a version {requires}"
    return None


def _parts(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in text.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))[:4]

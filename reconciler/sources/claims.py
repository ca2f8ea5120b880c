"""Names that only one may have: who keeps one that several claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.model.names import skeleton

Claims = Mapping[str, Mapping[str, Any]]


def losers(
    claims: Claims, before: Claims, held: Collection[str], field: str, taken: Collection[str]
) -> dict[str, list[str]]:
    """Who must not have the value that they claim, with the others that claim it.

    `claims` and `before` give the fields now and at the last import, `held` those that stay as they were.
    A value belongs to the one that had it at the last import; where nobody had it, to none of those who
    claim it. What hand-made files have (`taken`) belongs to them. Upper and lower case are the same, and so
    are letters that look alike, as for the loader.
    """
    found: dict[str, list[str]] = {}
    kept = set(held)
    while True:
        more = dict(_conflicts(claims, before, kept, field, taken))
        if not more.keys() - found.keys():
            return found
        for one, others in more.items():
            found.setdefault(one, others)
        kept |= more.keys()


def _conflicts(
    claims: Claims, before: Claims, held: Collection[str], field: str, taken: Collection[str]
) -> Iterator[tuple[str, list[str]]]:
    by_value: defaultdict[str, list[str]] = defaultdict(list)
    for one in sorted(claims.keys() | (before.keys() & set(held))):
        source = before if one in held else claims
        value = source.get(one, {}).get(field)
        if isinstance(value, str):
            by_value[skeleton(value)].append(one)
    for value, claimants in by_value.items():
        owners = [one for one in claimants if _had(before, one, field) == value]
        if value in taken:
            owners = []
        elif len(claimants) == 1:
            continue
        # Two of the same value at the last import would not have loaded.
        keeps = owners[:1]
        for one in claimants:
            if one not in held and one not in keeps:
                yield one, [other for other in claimants if other != one]


def _had(before: Claims, one: str, field: str) -> str | None:
    value = before.get(one, {}).get(field)
    return skeleton(value) if isinstance(value, str) else None

"""Who gives themselves access: what a plan gives to those who wrote what is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.model.access import AccessChange, Direction
from reconciler.model.change import Effect
from reconciler.model.plan import TargetPlan
from reconciler.render import escape, words

MARK = "Self-grant"
# So many permission sets are named.
_NAMED = 5
# What a mark of self-grants says of each direction; the braces are for the permission sets.
SAID: Mapping[Direction, str] = {
    Direction.GAIN: "gains {}",
    Direction.LONGER: "keeps {} longer",
    Direction.ALTER: "holds {}, which changes",
}


def self_grants(part: TargetPlan) -> Mapping[str, tuple[AccessChange, ...]]:
    """The authors who gain by the plan, by key, with the rows of access by which they do.

    What they gain may come through groups, groups in groups, selectors, or an edit of a permission set that
    they have. A membership that leads to no access is there without a row.
    """
    if not part.authors:
        return {}
    authors = set(part.authors)
    found: dict[str, list[AccessChange]] = {}
    for one in part.access:
        if one.direction in SAID:
            for person in authors.intersection(one.people):
                found.setdefault(person, []).append(one)
    for change in part.changes:
        joins = change.address.kind.facts.pair and change.effect in (Effect.GRANT, Effect.MIXED)
        if joins and (who := words.person(change)) in authors and who is not None:
            found.setdefault(who, [])
    return {person: tuple(rows) for person, rows in sorted(found.items())}


def told(rows: Sequence[AccessChange], call: Callable[[str], str]) -> str:
    """`gains PlatformAdmin (privileged) and ReadOnly`, what is privileged first; `call` marks each name."""
    found: dict[Direction, dict[str, bool]] = {}
    for one in sorted(rows, key=lambda each: (not each.privileged, each.permission_set)):
        sets = found.setdefault(one.direction, {})
        sets[one.permission_set] = sets.get(one.permission_set, False) or one.privileged
    said = []
    for direction, sets in found.items():
        named = [
            call(escape.name(name)) + (" (privileged)" if privileged else "")
            for name, privileged in list(sets.items())[:_NAMED]
        ]
        more = len(sets) - len(named)
        said.append(SAID[direction].format(words.listed([*named, *([f"{more:,} more"] if more else [])])))
    return "; ".join(said) or "joins a group by it"

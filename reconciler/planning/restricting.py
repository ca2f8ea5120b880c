"""A plan of only some addresses: they, the pairs that they are an end of, and what those need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.planning.ordering.order import Dependencies, order
from reconciler.planning.ordering.steps import needs


def restricted_to(
    changes: Iterable[Change], only: Sequence[Address], dependencies: Dependencies
) -> list[Change]:
    """The changes of the named addresses, of the pairs and roles that hang on them, and what those need."""
    everything = {change.address: change for change in changes}
    steps, _ = order(list(everything.values()), dependencies)
    carries = {step.id: step.changes for step in steps}
    wanted: dict[Address, list[Address]] = {}
    for step in steps:
        for address in step.changes:
            for each in (*needs(step), *step.held_by):
                wanted.setdefault(address, []).extend(carries.get(each, ()))
    named = set(only)
    queue = [
        address
        for address in everything
        if address in named or any(each in named for each in _hangs_on(address))
    ]
    chosen: dict[Address, Change] = {}
    while queue:
        address = queue.pop()
        if address not in chosen:
            chosen[address] = everything[address]
            queue.extend(wanted.get(address, ()))
    return list(chosen.values())


def _hangs_on(address: Address) -> tuple[Address, ...]:
    facts = address.kind.facts
    if facts.pair:
        return address.ends
    return (address.permission_set,) if facts.of else ()

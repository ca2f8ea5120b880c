"""Selection: which changes a plan is made of, by the addresses of `--only` or by the causes in `auto_apply`.

A plan of only some addresses has them, the pairs and roles that hang on them, and what those need. A plan by
rule alone has what one of the causes brings about, and nothing that somebody has to review first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change
from reconciler.planning.denying import loser
from reconciler.planning.ordering.order import Dependencies, needs, order

# Changes, and what their order rests on.
_DependenciesOf = Callable[[Sequence[Change]], Dependencies]


def select(
    changes: Sequence[Change],
    dependencies: _DependenciesOf,
    *,
    only: Sequence[Address] = (),
    causes: Collection[Cause] | None = None,
) -> tuple[list[Change], list[Change]]:
    """The changes of the plan, by address, and those that wait for a review because of no cause in `causes`.

    `causes` of None takes everything; `only` without an address restricts nothing.
    """
    chosen = sorted(changes, key=lambda change: change.address)
    if only:
        chosen = restricted_to(chosen, only, dependencies(chosen))
        chosen.sort(key=lambda change: change.address)
    return (chosen, []) if causes is None else by_rule_alone(chosen, causes, dependencies(chosen))


def by_rule_alone(
    changes: Sequence[Change], causes: Collection[Cause], dependencies: Dependencies
) -> tuple[list[Change], list[Change]]:
    """The changes that one of `causes` brings about, and those that wait for a review.

    A change that needs one which waits (a grant of a permission set that somebody else must edit first)
    waits with it. A removal waits for no grant: what was to replace it comes when it has been reviewed.
    """
    return without_waiting(
        changes,
        {change.address for change in changes if change.goes_by_rule(causes)},
        dependencies,
    )


def without_waiting(
    changes: Sequence[Change], go: AbstractSet[Address], dependencies: Dependencies
) -> tuple[list[Change], list[Change]]:
    """The changes in `go` that need none which is not in it, and the others."""
    steps, _ = order(changes, dependencies)
    carries = {step.id: step.changes for step in steps}
    may = set(go)
    while held := {
        address
        for step in steps
        if any(each not in may for needed in needs(step) for each in carries.get(needed, ()))
        for address in step.changes
        if address in may
    }:
        may -= held
    return (
        [change for change in changes if change.address in may],
        [change for change in changes if change.address not in may],
    )


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
    # Who is denied is denied before anything is taken away, also where only that was named.
    losers = {loser(address) for address, change in chosen.items() if change.takes_away}
    for address, change in everything.items():
        if address.kind is Kind.DENIAL and change.action is Action.CREATE and address.own_key in losers:
            chosen.setdefault(address, change)
    return list(chosen.values())


def _hangs_on(address: Address) -> tuple[Address, ...]:
    facts = address.kind.facts
    if facts.pair:
        return address.ends
    if address.kind is Kind.DENIAL:
        return (address.user,)
    return (address.permission_set,) if facts.of else ()

"""Where nobody looked, and whether anything that git declares, or remembers, lies there."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.address import Kind
from reconciler.model.state import Desired, Gap, Live


def gaps_in_use(live: Live) -> tuple[Gap, ...]:
    """The gaps of `live`, but for accounts that are not active: nobody has access there, and none is given.

    (An account stays in the organization for 90 days after it was closed; the memory may not wait that long.)
    """
    accounts = live.organization.accounts
    return tuple(
        gap
        for gap in live.gaps
        if gap.kind is not Kind.ASSIGNMENT or gap.scope not in accounts or accounts[gap.scope].active
    )


def uncovered(gaps: Iterable[Gap], states: Iterable[Desired]) -> bool:
    """Whether one of `gaps` covers an address of `states`: what git declares now, and what it declared.

    Such a plan never moves the memory: what was not read was not seen to be as git says. A gap of one
    account covers every assignment whose account was found by its place or tags, since that may be it.
    """
    known = tuple(states)
    return any(_covers(gap, state) for gap in gaps for state in known)


def _covers(gap: Gap, state: Desired) -> bool:
    if gap.kind is Kind.ASSIGNMENT:
        return _covers_assignments(gap.scope, state)
    declared = {
        Kind.USER: bool(state.users),
        Kind.GROUP: bool(state.groups),
        # Which key the group has is not asked here: any managed membership might be meant.
        Kind.MEMBERSHIP: bool(state.members),
        Kind.PERMISSION_SET: bool(state.permission_sets),
    }
    return declared[gap.kind.facts.of or gap.kind]


def _covers_assignments(scope: str, state: Desired) -> bool:
    if scope == "*":
        return bool(state.assignments or state.lapsed_assignments or state.selecting)
    if scope == "users":
        return (
            any(holder.kind is Kind.USER for _, holder in state.selecting)
            or any(holder.kind is Kind.USER for held in state.assignments.values() for holder in held)
            or any(holder.kind is Kind.USER for held in state.lapsed_assignments.values() for holder in held)
        )
    return bool(state.selecting) or any(
        account == scope for pairs in (state.assignments, state.lapsed_assignments) for account, _ in pairs
    )

"""Who was assigned what where, in git's earlier words: whether an assignment is ours, and why it differs.

Remembered states are expanded over the organization of now, so that an account which joins, moves or is
tagged is told from an entry that was edited: only the former is found in the state of the last whole apply.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.address import DeclaredPair
from reconciler.model.change import Cause
from reconciler.model.ledger import GivenAssignment
from reconciler.model.resources import Sharing
from reconciler.model.state import Desired, Holder
from reconciler.planning.desired.prior import PriorState


def assigned(state: Desired, pair: DeclaredPair, holders: Sequence[Holder]) -> bool:
    """Whether a state assigns the pair to one of `holders`: one principal under all its keys."""
    found = state.assignments.get(pair)
    return found is not None and any(holder in found for holder in holders)


def selected(state: Desired, name: str, holders: Sequence[Holder]) -> bool:
    """Whether a state assigns the set to one of `holders` by place, tag or `all`, wherever that leads."""
    return any((name, holder) in state.selecting for holder in holders)


def given_cause(
    memory: PriorState,
    desired: Desired,
    pair: DeclaredPair,
    holders: Sequence[Holder],
    given: GivenAssignment | None,
) -> Cause | None:
    """Why an assignment goes that git gave, where that is known by id; None where git never gave it."""
    if given is None:
        return None
    name = pair[1]
    if given.selected and selected(desired, name, holders):
        return Cause.SELECTOR
    base = memory.base
    if base is None or assigned(base, pair, holders) or selected(base, name, holders):
        return Cause.GIT
    return Cause.LEFTOVER


def removal_cause(
    memory: PriorState, desired: Desired, pair: DeclaredPair, holders: Sequence[Holder]
) -> Cause | None:
    """Why an assignment goes that git declared since the last whole apply; None where it never did.

    A couple of set and holder that was assigned by description, on an account which no selector finds now,
    was ours as well: the account moved, was tagged otherwise, or left.
    """
    if not memory.known:
        return None
    base = memory.base
    # Before the first whole apply, what was since the first write is all that is remembered.
    between = Cause.GIT if base is None else Cause.LEFTOVER
    if base is not None and assigned(base, pair, holders):
        return Cause.GIT
    if any(assigned(state, pair, holders) for state in memory.since):
        return between
    name = pair[1]
    if base is not None and selected(base, name, holders):
        return Cause.SELECTOR if selected(desired, name, holders) else Cause.GIT
    if any(selected(state, name, holders) for state in memory.since):
        return Cause.SELECTOR if selected(desired, name, holders) else between
    return None


def stranger_cause(memory: PriorState, name: str, *, authoritative: bool) -> Cause:
    """Why an assignment that git never made leaves a set that tolerates none.

    `authoritative` says whether sets that did not say so themselves tolerated none at the last whole apply.
    """
    if memory.base is None:
        return Cause.GIT
    then = memory.base.permission_sets.get(name)
    sharing = then.assignments if then is not None else None
    strict = authoritative if sharing is None else sharing is Sharing.EXCLUSIVE
    return Cause.DRIFT if strict else Cause.GIT

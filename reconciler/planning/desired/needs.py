"""What must be read of the organization so that every selector can be understood: names of units, tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Selector
from reconciler.model.rules import access_of
from reconciler.model.state import Identities, Remembered


@dataclass(frozen=True, slots=True)
class Needs:
    """Whether the organization's units are needed, and the tags of its accounts (a call each)."""

    units: bool
    tags: bool


def needs(identities: Identities, remembered: Remembered, policy: TargetPolicy) -> Needs:
    """What the selectors of git now, of the memory, and of guards and rules ask for.

    A unit that is written by its id counts, too: only who knows the units can tell a mistyped id from a
    unit without accounts.
    """
    units = tags = False
    for selector in _selectors(identities, remembered, policy):
        units = units or any(not unit.startswith("r-") or "/" in unit for unit in selector.ou)
        tags = tags or bool(selector.tag)
    return Needs(units, tags)


def _selectors(identities: Identities, remembered: Remembered, policy: TargetPolicy) -> Iterator[Selector]:
    states = [identities, *(state.identities for state in remembered.since)]
    if remembered.base is not None:
        states.append(remembered.base.identities)
    for state in states:
        for assignment in state.assignments.values():
            yield from assignment.accounts
            yield from assignment.excluded
    yield from policy.guards.privileged.accounts
    for rule in policy.rules:
        yield from access_of(rule).accounts

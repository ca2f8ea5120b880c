"""Assignments that change hands only in name, because their permission set has another one."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.state import Holder
from reconciler.planning.context import PlanContext


def renamed(context: PlanContext, changes: Iterable[Change]) -> frozenset[Address]:
    """Assignments that go because their like is made, or there, under the new name of their set."""
    heirs = {context.set_name(arn): name for arn, name in context.sets.replaced.items()}
    if not heirs:
        return frozenset()
    changed = {change.address: change.action for change in changes}

    def is_kept(address: Address) -> bool:
        (account, name), holder = address.declared_pair, Holder.at(address)
        heir = heirs.get(name)
        if heir is None:
            return False
        like = context.assignment_address(account, heir, holder)
        wanted = holder in context.desired.assignments.get((account, heir), ())
        return wanted and (changed.get(like) is Action.CREATE or heir in context.sets.ids)

    return frozenset(
        address
        for address, action in changed.items()
        if address.kind is Kind.ASSIGNMENT and action is Action.DELETE and is_kept(address)
    )

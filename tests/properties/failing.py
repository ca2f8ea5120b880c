"""Which steps of a plan fail."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.address import PAIRS
from reconciler.model.change import Action, Change, Effect
from reconciler.planning.prepared import PreparedPlan


def none(_: PreparedPlan) -> frozenset[str]:
    """No step fails."""
    return frozenset()


def removals(planned: PreparedPlan) -> frozenset[str]:
    """Everything fails that takes a membership or an assignment away."""
    return _steps_of(planned, lambda one: one.action is Action.DELETE and one.address.kind in PAIRS)


def odd_removals(planned: PreparedPlan) -> frozenset[str]:
    """Every other of them."""
    return frozenset(sorted(removals(planned))[::2])


def grants(planned: PreparedPlan) -> frozenset[str]:
    """Everything fails that gives anything."""
    return _steps_of(planned, lambda one: one.effect is Effect.GRANT)


def _steps_of(planned: PreparedPlan, is_meant: Callable[[Change], bool]) -> frozenset[str]:
    meant = {each.address for each in planned.plan.changes if is_meant(each)}
    return frozenset(each.id for each in planned.steps if meant & set(each.changes))

"""Guards against a side that came back too small: what looks deleted may only not have been read.

A list that ends early, an import that returns nothing, a wrong instance: all look like removals that nobody
made. What is lost is only counted where something would be done about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause, Change
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Mode
from reconciler.model.state import Desired
from reconciler.planning.context import PlanContext
from reconciler.planning.guards.approving import approval
from reconciler.planning.guards.population import Population

# So many, and so much of what there was, may be lost without a word; the larger of the two holds.
LOST_COUNT, LOST_PERCENT = 3, 20
_KINDS = (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET, Kind.MEMBERSHIP, Kind.ASSIGNMENT)


def live_shrank(context: PlanContext, changes: Sequence[Change], population: Population) -> Iterator[Finding]:
    """What git declared at the last whole apply and declares still is not there any more, in numbers.

    A cause of DRIFT says exactly that of a creation.
    """
    base = context.memory.base
    if base is None:
        return
    made = [change for change in changes if change.action is Action.CREATE and change.cause is Cause.DRIFT]
    lost = Counter(change.address.kind for change in made)
    then: Mapping[Kind, int] | None = None
    for kind in _KINDS:
        if not lost[kind]:
            continue
        # One pair that somebody took away is a RESTORES of its own, and no sign of an incomplete answer.
        emptied = not population.owned.get(kind, 0) and (lost[kind] > 1 or not kind.facts.pair)
        if not emptied and lost[kind] <= LOST_COUNT:
            continue
        then = _declared(base, active=True) if then is None else then
        if emptied or _too_many(lost[kind], then[kind]):
            what = kind.facts.plural
            yield Finding(
                code="live-shrank",
                severity=Severity.REFUSAL,
                message=(
                    f"{lost[kind]} of {then[kind]} {what} that were applied are not there any more: what is "
                    "made again gets new ids, and an incomplete answer looks the same"
                ),
                fix=f"look whether they are really gone; {approval('live-shrank', lost[kind], kind)}",
                details=tuple(str(change.address) for change in made if change.address.kind is kind),
                kind=kind,
                count=lost[kind],
                covers=tuple(change.address for change in made if change.address.kind is kind),
            )


def source_shrank(context: PlanContext, removals: Sequence[Change]) -> Iterator[Finding]:
    """Git declares far fewer than at the last whole apply, and something would be removed for it.

    Inactive people, and assignments whose time is over, are declared still.
    """
    base = context.memory.base
    if base is None or not removals:
        return
    then, now = _declared(base, active=False), _declared(context.desired, active=False)
    for kind in (Kind.USER, Kind.GROUP, Kind.ASSIGNMENT):
        fewer = then[kind] - now[kind]
        if context.policy.scope.mode(kind) is Mode.OBSERVE or fewer <= 0:
            continue
        if not now[kind] or _too_many(fewer, then[kind]):
            what = kind.facts.plural
            yield Finding(
                code="source-shrank",
                severity=Severity.REFUSAL,
                message=f"git declares {now[kind]} {what}; {then[kind]} were applied last",
                fix=f"look whether an import came back incomplete; {approval('source-shrank', fewer, kind)}",
                kind=kind,
                count=fewer,
                covers=tuple(change.address for change in removals),
            )


def _too_many(lost: int, before: int) -> bool:
    return lost > max(LOST_COUNT, before * LOST_PERCENT / 100)


def _declared(state: Desired, *, active: bool) -> Mapping[Kind, int]:
    """How many of each kind a state declares; of users and assignments all, or those that hold then."""
    users = (key for key, user in state.users.items() if not user.external)
    over = 0 if active else sum(map(len, state.lapsed_assignments.values()))
    return {
        Kind.USER: sum(1 for key in users if not active or state.wants(key)),
        Kind.GROUP: sum(not group.external for group in state.groups.values()),
        Kind.PERMISSION_SET: len(state.permission_sets),
        Kind.MEMBERSHIP: sum(map(len, state.members.values())),
        Kind.ASSIGNMENT: sum(map(len, state.assignments.values())) + over,
    }

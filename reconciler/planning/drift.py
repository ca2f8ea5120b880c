"""What differs between git and a target, out of its plan: with since when, and why it stays where it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.change import Change
from reconciler.model.checked import Checked
from reconciler.model.drift import Difference, TargetDrift
from reconciler.model.plan import INCOMPLETE, Finding, Severity
from reconciler.planning.prepared import PreparedPlan

# What findings say that the differences and the unmanaged grants say themselves.
_TOLD = frozenset(
    {"restores", "observed", "unmanaged-privileged", "unmanaged-assignments", "orphaned-assignments"}
)


def target_drift(planned: PreparedPlan, checked: Checked | None) -> TargetDrift:
    """All that differs at one target, by its whole plan; `checked` is the last comparison of an apply.

    Where the memory is incomplete, what differs is not known: the drift is an error then.
    """
    part = planned.plan
    if part.incomplete:
        return TargetDrift(part.target, error="; ".join(one.message for one in part.incomplete))
    assert planned.unmanaged is not None
    assert planned.looking is not None
    differences = tuple(sorted(_differences(planned, checked), key=_position))
    grants = planned.unmanaged.grants()
    names = planned.looking.called([one.change for one in differences], [one.address for one in grants])
    return TargetDrift(
        target=part.target,
        differences=differences,
        unmanaged=grants,
        findings=tuple(_beside(part.findings)),
        checked=checked.at if checked else None,
        names=names,
        gaps=part.gaps,
    )


def _differences(planned: PreparedPlan, checked: Checked | None) -> Iterator[Difference]:
    assert planned.unmanaged is not None
    withheld = planned.withheld.reasons()
    for change in _every(planned):
        if not change.writes:
            continue  # the service is as git says; only the memory changes
        yield Difference(
            change,
            right_at=checked.right_at(change.address) if checked else None,
            privileged=planned.unmanaged.privileged(change.address),
            withheld=withheld.get(change.address, ""),
            ids=planned.unmanaged.ids(change.address),
        )


def _every(planned: PreparedPlan) -> Iterable[Change]:
    """Each change once: what the plan makes, what it leaves out, and what cannot be made now."""
    every = (
        *planned.plan.changes,
        *planned.left_out,
        *(one for one, _ in planned.refused),
        *planned.withheld.all,
    )
    return {(one.address, one.action): one for one in reversed(every)}.values()


def _position(one: Difference) -> tuple[object, ...]:
    return not one.drifted, not one.privileged, one.change.address, one.change.action


def _beside(findings: Iterable[Finding]) -> Iterator[Finding]:
    """What a reader must know beside the differences: refusals and warnings."""
    for one in findings:
        if one.severity is not Severity.NOTE and one.code != INCOMPLETE and one.code not in _TOLD:
            yield one

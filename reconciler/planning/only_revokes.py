"""Whether a plan only takes access away from people who must have none, so that it needs no review. Pure.

It is strict: what it does not know disqualifies, and so does everything in the plan that somebody should look
at, no matter what caused it. A plan that does not qualify is reviewed as every other one.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.access import Direction
from reconciler.model.address import PAIRS, Kind
from reconciler.model.change import AT_ONCE, Action, Change, Effect
from reconciler.model.plan import Plan, TargetPlan

# Findings that do not depend on the changes, or say what disabling somebody means. All others disqualify.
_HARMLESS = frozenset(
    {
        "accounts-not-active",
        "assignments-not-provisioned",
        "attribute-not-persisted",
        "attribute-not-written",
        "deactivation-means",
        "direct-assignment",
        "live-from-snapshot",
        "longest-until",
        "not-merged",
        "not-provisioned",
        "selector-empty",
        "status-not-written",
        "unmanaged-assignments",
        "unmanaged-privileged",
        "until-past",
    }
)
_TAKES = frozenset({Direction.LOSE})


def more_than_revokes(plan: Plan) -> list[str]:
    """Why a plan does more than to revoke, or may do; nothing where it only revokes."""
    if plan.redacted:
        return ["the plan is redacted, so that it cannot be judged"]
    if not plan.targets:
        return ["the plan has no target"]
    return [
        f"{part.target}: {why}"
        for part in plan.targets
        for why in (*_of_findings(part), *_of_changes(part), *_of_access(part))
    ]


def _of_findings(part: TargetPlan) -> Iterator[str]:
    for finding in part.findings:
        if finding.code not in _HARMLESS:
            yield f"it has the finding {finding.code}"
    if part.gaps or part.partial:
        yield "not everything was read"


def _of_changes(part: TargetPlan) -> Iterator[str]:
    for change in part.changes:
        if not _revokes(change):
            yield f"{change.address} would be changed with the cause {change.cause} ({change.action})"


def _of_access(part: TargetPlan) -> Iterator[str]:
    for one in part.access:
        if one.direction not in _TAKES:
            yield f"{one.permission_set}: {one.direction} for {len(one.people)} people"


def _revokes(change: Change) -> bool:
    """Whether a change takes from a leaver (or who is blocked, or past an end) and does nothing else."""
    # An end that is brought forward is git's, and nobody would carry it out without a review.
    if change.effect is not Effect.REVOKE or change.restores or change.cause not in AT_ONCE:
        return False
    kind = change.address.kind
    if kind in PAIRS:
        return change.action is Action.DELETE
    if kind is Kind.DENIAL:
        return change.action is Action.CREATE  # what denies a person is given back by deleting it
    # Deleting a user would be more than a block does, and is never the doing of a leaver's entry.
    only_status = [(each.name, each.after) for each in change.fields] == [("active", False)]
    return kind is Kind.USER and change.action is Action.UPDATE and only_status

"""What nobody reviewed yet: ends that git puts off. Without a review, the earlier end holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.change import Cause, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Members
from reconciler.model.state import Assigned, Holder
from reconciler.planning.context import PlanContext
from reconciler.planning.windows import text
from reconciler.planning.wording import many

_SHOWN = 100
_Lines = list[str]


def held_to_reviewed(context: PlanContext) -> tuple[PlanContext, _Lines]:
    """The context without what was given until an end that is over, although git says a later one by now.

    Beside it, each of those in a line.
    """
    ledger, now = context.memory.ledger, context.now
    if ledger is None:
        return context, []
    lines: _Lines = []
    desired = context.desired
    members: dict[str, Members] = dict(desired.members)
    lapsed = dict(desired.lapsed)
    for group, ends in sorted(ledger.ends.items()):
        key = context.groups.declared.get(group)
        theirs = desired.members.get(key, {}) if key is not None else {}
        over = {context.user_key(user): end for user, end in ends.items() if end <= now}
        over = {user: end for user, end in over.items() if user in theirs}
        if key is None or not over:
            continue
        members[key] = {user: node for user, node in theirs.items() if user not in over}
        lapsed[key] = {**lapsed.get(key, {}), **dict.fromkeys(over, Cause.EXPIRY)}
        lines += (f"{key}: {user}, which ended {text(end)}" for user, end in sorted(over.items()))
    assignments = dict(desired.assignments)
    gone = dict(desired.lapsed_assignments)
    for (account, arn), held in sorted(ledger.assignments.items()):
        pair = (account, context.set_name(arn))
        wanted = assignments.get(pair)
        ended = {context.holder(one): how.end for one, how in held.items() if how.end and how.end <= now}
        late: dict[Holder, Assigned] = {one: why for one, why in (wanted or {}).items() if one in ended}
        if wanted is None or not late:
            continue
        assignments[pair] = {holder: why for holder, why in wanted.items() if holder not in late}
        gone[pair] = gone.get(pair, frozenset()) | late.keys()
        where = f"{pair[1]} on {context.account_name(account)}"
        lines += (f"{where}: {one}, which ended {text(ended[one])}" for one in sorted(late))
    if not lines:
        return context, []
    held_to = replace(
        desired, members=members, lapsed=lapsed, assignments=assignments, lapsed_assignments=gone
    )
    return replace(context, desired=held_to), lines


def unreviewed(over: _Lines, left_out: Iterable[Change]) -> Iterable[Finding]:
    """That earlier ends hold: `over` are those that are past by now, `left_out` what waits for a review."""
    waiting = [
        f"{change.address}: {change.fields[0].before or 'never'}, and not {change.until or 'never'}"
        for change in left_out
        if change.retimes and change.effect is Effect.GRANT
    ]
    lines = [*over, *waiting]
    if not lines:
        return
    more = len(lines) - _SHOWN
    yield Finding(
        code="end-not-reviewed",
        severity=Severity.WARNING,
        message=(
            f"git puts off the end of {many(len(lines), 'grant')}, and no review of that was applied: "
            "the earlier end holds"
        ),
        fix="plan, review and apply the later end",
        details=tuple(lines[:_SHOWN] + ([f"and {more:,} more"] if more > 0 else [])),
        count=len(lines),
    )

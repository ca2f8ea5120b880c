"""Guards of what is taken away: how much of each kind, and whether anything is left of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.model.address import Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Guards, Limit
from reconciler.planning.judging.approving import approval
from reconciler.planning.judging.population import Population
from reconciler.planning.ordering.steps import ends
from reconciler.planning.wording import many


def removes(change: Change) -> bool:
    """Whether it takes something away now; bringing a role up to date is the edit's doing."""
    if change.address.kind is Kind.PROVISIONING or change.retimes:
        return False
    return change.action is Action.DELETE or change.effect in (Effect.REVOKE, Effect.MIXED)


def allowed(limit: Limit, population: int) -> int | None:
    """How many removals a limit allows out of `population`; None is any number.

    A percentage always allows one, so that a company of nine can part with somebody.
    """
    bounds = [] if limit.count is None else [limit.count]
    if limit.percent is not None:
        bounds.append(max(1, int(population * limit.percent / 100)))
    return min(bounds) if bounds else None


def limits_passed(removals: Sequence[Change], population: Population, guards: Guards) -> Iterator[Finding]:
    """More removals than a limit allows."""
    limits = guards.max_removals
    by_kind = Counter(change.address.kind for change in removals)
    by_kind[Kind.USER] += population.leaving
    for kind, limit in (
        (Kind.USER, limits.users),
        (Kind.GROUP, limits.groups),
        (Kind.MEMBERSHIP, limits.memberships),
        (Kind.PERMISSION_SET, limits.permission_sets),
        (Kind.ASSIGNMENT, limits.assignments),
    ):
        owned = population.owned.get(kind, 0)
        bound = allowed(limit, owned)
        if bound is not None and by_kind[kind] > bound:
            undisabled = population.leaving if kind is Kind.USER else 0
            yield _too_many(f"{kind.replace('-', ' ')}s", by_kind[kind], bound, owned, kind, undisabled)
    leaving = {change.address.key for change in removals if change.address.kind is Kind.GROUP}
    per_group = Counter(_group(change) for change in removals if change.address.kind is Kind.MEMBERSHIP)
    for group, count in sorted(per_group.items()):
        members = population.members.get(group, 0)
        bound = allowed(limits.per_group, members)
        if bound is not None and count > bound and group not in leaving:
            yield _too_many(f"members of {group}", count, bound, members, Kind.MEMBERSHIP)
    per_account = Counter(
        change.address.parts[0] for change in removals if change.address.kind is Kind.ASSIGNMENT
    )
    for account, count in sorted(per_account.items()):
        assigned = population.assigned.get(account, 0)
        bound = allowed(limits.per_account, assigned)
        if bound is not None and count > bound:
            yield _too_many(f"assignments on {account}", count, bound, assigned, Kind.ASSIGNMENT)
    bound = allowed(limits.total, sum(population.owned.values()))
    if bound is not None and len(removals) > bound:
        yield _too_many("things in total", len(removals), bound, sum(population.owned.values()), None)


def _too_many(
    what: str, count: int, bound: int, population: int, kind: Kind | None, undisabled: int = 0
) -> Finding:
    # An edit may take rights away as a removal does.
    verb = "removed or edited" if kind is Kind.PERMISSION_SET else "removed"
    if undisabled:
        verb += f", counting {undisabled} gone from git whom this channel cannot disable"
    return Finding(
        code="max-removals",
        severity=Severity.REFUSAL,
        message=f"{count} of {population} {what} would be {verb}; at most {bound} may be",
        fix=approval("max-removals", count, kind),
        kind=kind,
        count=count,
    )


def _group(change: Change) -> str:
    """The (encoded) key of the group of a membership."""
    return change.address.key.partition("/")[0]


def groups_emptied(
    changes: Sequence[Change],
    removals: Sequence[Change],
    population: Population,
    fresh: Sequence[Change] | None = None,
) -> Iterator[Finding]:
    """Groups that stay, and lose every member, one at least by a removal that is `fresh` (None: all are)."""
    leaving = {change.address.key for change in removals if change.address.kind is Kind.GROUP}
    counted = None if fresh is None else {change.address for change in fresh}
    balance: Counter[str] = Counter()
    losing: set[str] = set()
    for change in changes:
        if change.address.kind is Kind.MEMBERSHIP and change.writes:
            removed = change.action is Action.DELETE
            balance[_group(change)] += -1 if removed else 1
            if removed and (counted is None or change.address in counted):
                losing.add(_group(change))
    emptied = [
        group
        for group in sorted(losing - leaving)
        # What git never knew may well have a leaver as its last member.
        if not group.startswith("~")
        and population.members.get(group, 0) > 0
        and population.members[group] + balance[group] <= 0
    ]
    if emptied:
        yield Finding(
            code="set-emptied",
            severity=Severity.REFUSAL,
            message=f"{many(len(emptied), 'group')} would lose every member",
            fix=approval("set-emptied", len(emptied), Kind.MEMBERSHIP),
            details=tuple(emptied),
            kind=Kind.MEMBERSHIP,
            count=len(emptied),
        )


def kinds_emptied(
    changes: Sequence[Change], removals: Sequence[Change], population: Population
) -> Iterator[Finding]:
    """Kinds of which all that is ours goes, and nothing new comes."""
    for kind in (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET, Kind.ASSIGNMENT):
        owned = population.owned.get(kind, 0)
        gone = sum(
            1
            for change in removals
            if change.address.kind is kind and takes_away(change) and not _is_foreign(change, population)
        )
        made = sum(1 for change in changes if change.address.kind is kind and change.action is Action.CREATE)
        if owned and gone >= owned and not made:
            yield Finding(
                code="set-emptied",
                severity=Severity.REFUSAL,
                message=f"every one of {many(owned, kind.replace('-', ' '))} would be removed",
                fix=approval("set-emptied", owned, kind),
                kind=kind,
                count=owned,
            )


def _is_foreign(change: Change, population: Population) -> bool:
    """Whether it is of a permission set that git never knew, which may well be a leaver's last."""
    return change.address.kind is Kind.ASSIGNMENT and ends(change.address)[1].key in population.foreign


def takes_away(change: Change) -> bool:
    """Whether it removes or disables something whole."""
    return change.action is Action.DELETE or change.effect is Effect.REVOKE

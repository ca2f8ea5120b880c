"""Guards: limits on what one plan may take away. They read the plan, and no set is too small for them.

| code | refuses |
|---|---|
| max-removals | more removals than a limit allows, per kind, per group, per account or in total |
| set-emptied | taking the last member of a group, or the last of all that is ours of one kind |
| protected | removing, disabling, renaming or editing what is protected, or taking access from it |
| recreate | removing a user or group and creating it again: everything granted to it would be lost |
| unsafe-deletion | deleting what may still hold assignments that nobody has read |

A refusal says which approval would lift it; an approval in git names the code, the kind and a count, and
expires.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Change, Effect
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval, Guards, Limit
from reconciler.planning.population import Population
from reconciler.planning.protection import touched
from reconciler.planning.steps import ends
from reconciler.planning.wording import many


def guard(
    changes: Sequence[Change],
    population: Population,
    guards: Guards,
    capabilities: Capabilities,
    approvals: Iterable[Approval],
    target: str,
    now: datetime,
    *,
    replaced: Container[Address] = (),
) -> list[Finding]:
    """Every refusal, and in its place a note where an approval in force covers it.

    `replaced` are removals that do not count, because each has its like under another name.
    """
    removals = [change for change in changes if _removes(change) and change.address not in replaced]
    refusals = [
        *_limits(removals, population, guards),
        *_groups_emptied(changes, removals, population),
        *_kinds_emptied(changes, removals, population),
        *_protected(changes, guards),
        *_recreated(changes),
        *_unsafe(removals, capabilities),
    ]
    usable = [approval for approval in approvals if approval.target in (None, target)]
    # Each protected object is a refusal of its own; what lifts them counts them together.
    together = Counter((one.code, one.kind) for one in refusals if one.code == "protected")
    return [
        _approved(refusal, usable, now, together.get((refusal.code, refusal.kind), refusal.count))
        for refusal in refusals
    ]


def _removes(change: Change) -> bool:
    """Whether it takes something away; bringing a role up to date is the edit's doing."""
    if change.address.kind is Kind.PROVISIONING:
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


def _limits(removals: Sequence[Change], population: Population, guards: Guards) -> Iterator[Finding]:
    limits = guards.max_removals
    by_kind = Counter(change.address.kind for change in removals)
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
            yield _too_many(f"{kind.replace('-', ' ')}s", by_kind[kind], bound, owned, kind)
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


def _too_many(what: str, count: int, bound: int, population: int, kind: Kind | None) -> Finding:
    # An edit may take rights away as a removal does.
    verb = "removed or edited" if kind is Kind.PERMISSION_SET else "removed"
    return Finding(
        code="max-removals",
        severity=Severity.REFUSAL,
        message=f"{count} of {population} {what} would be {verb}; at most {bound} may be",
        fix=_approval("max-removals", count, kind),
        kind=kind,
        count=count,
    )


def _approval(code: str, count: int, kind: Kind | None) -> str:
    scope = f" kind: {kind.replace('-', '_')}s," if kind else ""
    return (
        f"if it is meant, add under `approvals:` in identities/approvals/: <name>: {{guard: {code},{scope} "
        f"count: {count}, until: <date>, reason: <why>}}"
    )


def _group(change: Change) -> str:
    """The (encoded) key of the group of a membership."""
    return change.address.key.partition("/")[0]


def _groups_emptied(
    changes: Sequence[Change], removals: Sequence[Change], population: Population
) -> Iterator[Finding]:
    leaving = {change.address.key for change in removals if change.address.kind is Kind.GROUP}
    balance: Counter[str] = Counter()
    losing: set[str] = set()
    for change in changes:
        if change.address.kind is Kind.MEMBERSHIP:
            removed = change.action is Action.DELETE
            balance[_group(change)] += -1 if removed else 1
            if removed:
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
            fix=_approval("set-emptied", len(emptied), Kind.MEMBERSHIP),
            details=tuple(emptied),
            kind=Kind.MEMBERSHIP,
            count=len(emptied),
        )


def _kinds_emptied(
    changes: Sequence[Change], removals: Sequence[Change], population: Population
) -> Iterator[Finding]:
    for kind in (Kind.USER, Kind.GROUP, Kind.PERMISSION_SET, Kind.ASSIGNMENT):
        owned = population.owned.get(kind, 0)
        gone = sum(
            1
            for change in removals
            if change.address.kind is kind and _takes_away(change) and not _is_foreign(change, population)
        )
        made = sum(1 for change in changes if change.address.kind is kind and change.action is Action.CREATE)
        if owned and gone >= owned and not made:
            yield Finding(
                code="set-emptied",
                severity=Severity.REFUSAL,
                message=f"every one of {many(owned, kind.replace('-', ' '))} would be removed",
                fix=_approval("set-emptied", owned, kind),
                kind=kind,
                count=owned,
            )


def _is_foreign(change: Change, population: Population) -> bool:
    """Whether it is of a permission set that git never knew, which may well be a leaver's last."""
    return change.address.kind is Kind.ASSIGNMENT and ends(change.address)[1].key in population.foreign


def _takes_away(change: Change) -> bool:
    return change.action is Action.DELETE or change.effect is Effect.REVOKE


def _protected(changes: Sequence[Change], guards: Guards) -> Iterator[Finding]:
    for change, verb in touched(changes, guards.protected):
        yield Finding(
            code="protected",
            severity=Severity.REFUSAL,
            message=f"{change.address} is protected and would be {verb}",
            address=change.address,
            origin=change.origin,
            fix=_approval("protected", 1, change.address.kind),
            kind=change.address.kind,
        )


def _recreated(changes: Sequence[Change]) -> Iterator[Finding]:
    """A deletion and a creation under one name: nothing granted to the old id reaches the new one."""
    deletions = (change for change in changes if change.action is Action.DELETE)
    deleted = {(change.address.kind, fold(change.name)): change for change in deletions}
    for change in changes:
        if change.action is not Action.CREATE or change.address.kind not in (Kind.USER, Kind.GROUP):
            continue
        old = deleted.get((change.address.kind, fold(change.name)))
        if old is not None:
            yield Finding(
                code="recreate",
                severity=Severity.REFUSAL,
                message=f"{old.address} would be deleted and {change.address} created under the same name",
                address=change.address,
                origin=change.origin,
                fix="keep the object: give the new key `previously: [<old key>]`",
                kind=change.address.kind,
            )


def _unsafe(removals: Sequence[Change], capabilities: Capabilities) -> Iterator[Finding]:
    if capabilities.safe_deletion:
        return
    deletions = [
        change
        for change in removals
        if change.action is Action.DELETE and change.address.kind in (Kind.USER, Kind.GROUP)
    ]
    if deletions:
        yield Finding(
            code="unsafe-deletion",
            severity=Severity.REFUSAL,
            message=(
                f"{many(len(deletions), 'object')} would be deleted whose assignments are not read yet: "
                "deleting them would leave assignments that point at nobody"
            ),
            fix="remove their assignments and then them in the console, or keep them in git",
            details=tuple(str(change.address) for change in deletions),
            count=len(deletions),
        )


# What no approval lifts, because there is no way to do it safely yet.
_FINAL = frozenset({"recreate", "unsafe-deletion"})


def _approved(refusal: Finding, approvals: Sequence[Approval], now: datetime, count: int) -> Finding:
    """The refusal, or a note in its place where an approval in force covers `count` of its sort."""
    if refusal.code in _FINAL:
        return refusal
    if count != refusal.count:
        refusal = replace(refusal, fix=_approval(refusal.code, count, refusal.kind))
    fitting = [
        approval
        for approval in approvals
        if approval.guard == refusal.code and approval.kind in (None, refusal.kind)
    ]
    for approval in fitting:
        if now < approval.until and count <= approval.count:
            return replace(
                refusal,
                severity=Severity.NOTE,
                message=f"{refusal.message}: approved by {approval.key} ({approval.reason})",
                fix=None,
                origin=approval.origin,
            )
    if fitting:
        best = max(fitting, key=lambda approval: (approval.until > now, approval.count))
        why = "has expired" if now >= best.until else f"allows only {best.count}"
        return replace(refusal, fix=f"the approval {best.key} {why}; {refusal.fix}")
    return refusal

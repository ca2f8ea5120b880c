"""What a reviewer must know beside the changes: RESTORES, what was spared, blocked, forgotten, unwritten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Change
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Group, User
from reconciler.model.state import Remembered
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.desired.project import dropped
from reconciler.planning.ownership.objects import Ownership, user_name
from reconciler.planning.withheld import Withheld
from reconciler.planning.wording import many


def notable(
    context: PlanContext,
    diff: Diff,
    remembered: Remembered,
    withheld: Withheld,
) -> Iterable[Finding]:
    """Every finding that no comparison made on the spot, loudest first."""
    observed, unread = withheld.observed, withheld.unread
    # What is observed restores nothing.
    kept_out = {change.address for change in observed}
    restoring = [change for change in diff.changes if change.restores and change.address not in kept_out]
    if restoring:
        yield _restores(restoring)
    yield from _spared(context, diff)
    yield from _blocked(context, context.users, context.desired.users, "user")
    yield from _blocked(context, context.groups, context.desired.groups, "group")
    yield from _absent_externals(context)
    if remembered.unknown is not None and remembered.ledger is None:
        yield Finding(
            code="memory-unknown",
            severity=Severity.WARNING,
            message=(
                f"what git declared before is not known ({remembered.unknown}): nothing is removed for "
                "having been deleted from the files"
            ),
        )
    if observed:
        yield Finding(
            code="observed",
            severity=Severity.NOTE,
            message=f"{many(len(observed), 'difference')} only observed",
            fix="set the kind's scope to `managed` to write them",
            details=tuple(sorted(f"{change.action} {change.address}" for change in observed)),
            count=len(observed),
        )
    if unread:
        yield Finding(
            code="not-read",
            severity=Severity.WARNING,
            message=f"{many(len(unread), 'removal')} held back, because not everything was read",
            fix="plan again with everything read",
            details=tuple(sorted(f"{change.action} {change.address}" for change in unread)),
            count=len(unread),
        )
    yield from dropped_and_unsupported(context)


def _restores(changes: Sequence[Change]) -> Finding:
    kinds = Counter(change.address.kind for change in changes)
    what = " and ".join(many(kinds[kind], kind) for kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT) if kinds[kind])
    removed = "the members" if Kind.MEMBERSHIP in kinds else "the assignments"
    if len(kinds) > 1:
        removed = "the members and assignments"
    return Finding(
        code="restores",
        severity=Severity.WARNING,
        message=f"RESTORES {what} that somebody took away outside git",
        fix=f"if the removal was right, remove {removed} in git instead",
        details=tuple(sorted(str(change.address) for change in changes)),
        count=len(changes),
    )


def name_taken(taken: Sequence[Change]) -> Iterable[Finding]:
    """What waits for a name or an address that somebody else has."""
    waiting = {change.address for change in taken if change.action is Action.CREATE}
    for change in taken:
        kind = change.address.kind
        names = sorted({str(each.after) for each in change.fields if each.name in kind.facts.unique})
        why = f"another {kind} has {' or '.join(names)} and keeps it"
        if change.manager in waiting:
            why = "its manager cannot be created yet"
        yield Finding(
            code="name-taken",
            severity=Severity.WARNING,
            message=f"{change.address} waits, because {why}",
            address=change.address,
            origin=change.origin,
            fix="rename or delete the other one, or write another name",
        )


def means(changes: Iterable[Change], capabilities: Capabilities) -> Iterable[Finding]:
    """What the service makes of users whom the plan disables, and deletes."""
    disabled = deleted = 0
    for change in changes:
        if change.address.kind is Kind.USER:
            deleted += change.action is Action.DELETE
            disabled += change.disables
    if disabled and capabilities.deactivation:
        yield Finding(
            code="deactivation-means",
            severity=Severity.NOTE,
            message=f"{many(disabled, 'user')} disabled, which means here: {capabilities.deactivation}",
            count=disabled,
        )
    if deleted and capabilities.deletion:
        yield Finding(
            code="deletion-means",
            severity=Severity.NOTE,
            message=f"{many(deleted, 'user')} deleted, which means here: {capabilities.deletion}",
            count=deleted,
        )


def dropped_and_unsupported(context: PlanContext) -> Iterable[Finding]:
    """What git declares and this target does not get: members kept away, kinds not applied yet."""
    yield from dropped(context.desired)
    for kind, count in context.desired.unsupported.items():
        yield Finding(
            code="kind-not-applied",
            severity=Severity.NOTE,
            message=f"{many(count, kind.facts.noun)} declared and checked, not applied here",
            count=count,
        )


def _spared(context: PlanContext, diff: Diff) -> Iterable[Finding]:
    spared = list(diff.spared)
    reasons = {key: why.reason for key, why in context.desired.inactive.items()}
    reasons |= dict.fromkeys(context.desired.not_yet, "not before `from`")
    for key, reason in reasons.items():
        identifier = context.users.pairing.ids.get(key)
        if identifier is not None and (
            identifier in context.users.external or identifier in context.users.ignored
        ):
            spared.append(f"{key} ({reason})")
    if spared:
        yield Finding(
            code="spared",
            severity=Severity.WARNING,
            message=(
                f"{many(len(spared), _what_is_spared(context))} of inactive people spared, being external, "
                "ignored or observed"
            ),
            fix="their owner must take the access away",
            details=tuple(sorted(spared)),
            count=len(spared),
        )


def perhaps_renamed(context: PlanContext, changes: Sequence[Change]) -> Iterable[Finding]:
    """Groups that would be made with the members of one that goes, and have nothing that says so."""
    names: dict[frozenset[str], list[str]] = {}
    ids = {key: identifier for identifier, key in context.groups.gone.items()}
    groups = [change for change in changes if change.address.kind is Kind.GROUP]
    for change in groups:
        identifier = ids.get(change.address.own_key)
        if change.action is Action.DELETE and identifier is not None:
            old = change.address.own_key
            base = context.memory.base.members.get(old) if context.memory.base else None
            now = frozenset(map(context.user_key, context.live.members.get(identifier, ())))
            for members in {now, frozenset(base or ())}:
                names.setdefault(members, []).append(old)
    for change in groups if names else ():
        key = change.address.own_key
        members = frozenset(context.desired.members.get(key) or ())
        if change.action is Action.CREATE and members and (like := names.get(members)):
            yield Finding(
                code="perhaps-renamed",
                severity=Severity.WARNING,
                message=f"group {key} is new and has exactly the members of {' and of '.join(like)}, "
                "which would be deleted",
                fix=f"if it is the same group, keep it: write `previously: [{like[0]}]` at {key}",
                address=change.address,
                origin=change.origin,
            )


def _what_is_spared(context: PlanContext) -> str:
    return "grant" if Kind.ASSIGNMENT in context.capabilities.kinds else "membership"


def _blocked(
    context: PlanContext, ownership: Ownership, declared: Mapping[str, User] | Mapping[str, Group], kind: str
) -> Iterable[Finding]:
    for key, reason in sorted(ownership.pairing.blocked.items()):
        resource = declared.get(key)
        fix = "remove or rename one of them in the console, or correct `external_id` or `previously`"
        if isinstance(resource, User) and not user_name(resource):
            fix = "write what the target's `map` makes its `userName` of"
        yield Finding(
            code="match-blocked",
            severity=Severity.WARNING,
            message=f"{kind} {key} and its memberships are left alone: {reason}",
            address=context.user_address(key) if kind == "user" else context.group_address(key),
            origin=resource.origin if resource else None,
            fix=fix,
        )


def _absent_externals(context: PlanContext) -> Iterable[Finding]:
    absent = [
        *(
            f"user {key}"
            for key, user in context.desired.users.items()
            if user.external and key not in context.users.pairing.ids
        ),
        *(
            f"group {key}"
            for key, group in context.desired.groups.items()
            if group.external and key not in context.groups.pairing.ids
        ),
    ]
    if absent:
        yield Finding(
            code="external-not-found",
            severity=Severity.WARNING,
            message=f"{many(len(absent), 'external object')} not found; what refers to them waits",
            fix="ask their owner to provision them, or correct the name or external id",
            details=tuple(sorted(absent)),
            count=len(absent),
        )

"""Memberships, compared group by group as sets; a Change exists only where the two sides differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Mode
from reconciler.model.resources import Grant, Group, Members, Origin
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.ownership.objects import user_name
from reconciler.planning.windows import Windows, written
from reconciler.planning.wording import many


def compare_memberships(context: PlanContext, diff: Diff) -> None:
    """Add the changes of memberships to `diff`: of declared and removed groups, and of inactive people."""
    if Kind.MEMBERSHIP not in context.capabilities.kinds:
        return
    unread = {gap.scope for gap in context.live.gaps if gap.kind is Kind.MEMBERSHIP}
    windows = Windows(context)
    inactive = context.inactive.keys()
    same = 0
    for key, members in context.desired.members.items():
        if key in context.groups.pairing.blocked:
            continue
        same += _declared_group(context, diff, context.desired.groups[key], members, unread, windows)
    observed = context.policy.scope.groups is Mode.OBSERVE
    leaving = frozenset() if observed else context.groups.gone.keys() | context.groups.undeclared
    managed = {context.groups.pairing.ids.get(key) for key in context.desired.members}
    undeclared = _undeclared_groups(context)
    for identifier, live in context.live.members.items():
        if identifier in leaving:
            diff.managed_memberships += len(live)
            cause = _leaving_cause(context, identifier)
            for user in live:
                why = context.inactive.get(user)
                if why is not None and why.cause is not Cause.DRIFT:
                    _remove(context, diff, identifier, user, why.cause, why.reason)
                else:
                    _remove(context, diff, identifier, user, cause, "the group goes")
        elif identifier in undeclared:
            removed = _take_back(context, diff, undeclared[identifier], identifier, unread)
            diff.managed_memberships += removed
            diff.unmanaged_memberships += len(live) - removed
        elif identifier not in managed and inactive:
            removed = _inactive_elsewhere(context, diff, identifier, live.keys() & inactive)
            diff.managed_memberships += removed
            diff.unmanaged_memberships += len(live) - removed
        elif identifier not in managed:
            diff.unmanaged_memberships += len(live)
    diff.unchanged[Kind.MEMBERSHIP] = same


def _declared_group(
    context: PlanContext, diff: Diff, group: Group, members: Members, unread: set[str], windows: Windows
) -> int:
    """How many memberships stay as they are."""
    identifier = context.groups.pairing.ids.get(group.key)
    if identifier is None:
        live: Mapping[str, str] = {}
    elif identifier not in context.groups.declared or identifier in unread or "*" in unread:
        return 0  # ignored, or not read
    else:
        live = context.live.members.get(identifier, {})
    ids = context.users.pairing.ids
    wanted = {ids.get(user): user for user in members}
    staying = live.keys() & wanted.keys()
    if len(staying) == len(members) == len(live):
        diff.managed_memberships += len(live)
        return len(staying)
    shared = (
        group.shared
        if group.shared is not None
        else context.policy.scope.memberships is not Mode.AUTHORITATIVE
    )
    for user in members:
        if (user_id := ids.get(user)) is None or user_id not in live:
            _add(context, diff, group, identifier, user, members[user], windows)
    left = 0
    for user_id in live.keys() - staying:
        if _is_ours_to_remove(context, diff, group, user_id, shared=shared):
            _remove_declared(context, diff, group, str(identifier), user_id)
        else:
            left += 1
            if user_id not in context.users.ignored:
                diff.members_of_others.append((str(identifier), user_id))
    diff.managed_memberships += len(live) - left
    diff.unmanaged_memberships += left
    return len(staying)


def _add(
    context: PlanContext,
    diff: Diff,
    group: Group,
    identifier: str | None,
    user: str,
    node: int | Grant,
    windows: Windows,
) -> None:
    if not _can_be_member(context, diff, user):
        return
    user_id = context.users.pairing.ids.get(user)
    if user_id in context.users.ignored:
        return
    address = Address.of(context.target, Kind.MEMBERSHIP, group.key, user)
    _touch_ends(context, diff, group.key, identifier, user, user_id)
    cause = context.memory.membership_cause(
        context.groups.previous_keys(group.key),
        context.users.previous_keys(user),
        wanted=True,
        pairs=list(product(context.groups.tokens(group.key), context.users.tokens(user))),
    )
    tokens = product(context.groups.tokens(group.key), context.users.tokens(user))
    until = windows.wanted_member(group.key, user)
    if cause is Cause.DRIFT and windows.gives_more_time(tokens, until):
        cause = Cause.GIT  # there again, and for longer than anybody reviewed
    place, reason = (node.node, node.reason) if isinstance(node, Grant) else (node, None)
    start = node.window.start if isinstance(node, Grant) else None
    diff.changes.append(
        Change(
            address=address,
            action=Action.CREATE,
            effect=Effect.GRANT,
            cause=cause,
            before_hash=hashes.pair_state(identifier, user_id, present=False),
            after_hash=hashes.pair_state(identifier, user_id, present=True),
            fields=written(start, until),
            name=_name(context, user),
            reason=reason,
            origin=Origin(group.origin.path, place),
            restores=cause is Cause.DRIFT and user_id not in context.users.external,
        )
    )


def _can_be_member(context: PlanContext, diff: Diff, user: str) -> bool:
    """Whether the user is there, or is about to be: a blocked or incomplete one holds up its memberships."""
    return user in context.users.pairing.ids or user in diff.creating


def _is_ours_to_remove(context: PlanContext, diff: Diff, group: Group, user_id: str, *, shared: bool) -> bool:
    if user_id in context.users.ignored or user_id in context.users.pairing.contested:
        diff.spared.append(f"{group.key}: {context.live_user_name(user_id)}")
        return False
    if user_id in context.inactive:
        return True
    key = context.user_key(user_id)
    if user_id in context.users.external and key in context.desired.inactive and key in (group.members or ()):
        return True  # git itself gave it, and takes it back
    if key in context.desired.lapsed.get(group.key, {}):
        return True  # git says itself when it ends
    declared_before = context.memory.gave_member(
        context.groups.previous_keys(group.key),
        context.users.previous_keys(key),
        [(context.groups.pairing.ids.get(group.key, ""), user_id)],
    )
    if user_id in context.users.external and not declared_before:
        diff.spared.append(f"{group.key}: {context.live_user_name(user_id)}")
        return False
    return declared_before or not shared


def _remove_declared(context: PlanContext, diff: Diff, group: Group, identifier: str, user_id: str) -> None:
    key = context.user_key(user_id)
    if (why := context.inactive.get(user_id) or context.desired.inactive.get(key)) is not None:
        cause, reason = why.cause, why.reason
    elif key in context.desired.lapsed.get(group.key, {}):
        cause, reason = Cause.EXPIRY, "the membership's time is over"
    else:
        previous_keys = context.groups.previous_keys(group.key), context.users.previous_keys(key)
        pairs = [(identifier, user_id)]
        cause, reason = context.memory.membership_cause(*previous_keys, wanted=False, pairs=pairs), None
    _remove(context, diff, identifier, user_id, cause, reason, origin=group.origin)


def _inactive_elsewhere(context: PlanContext, diff: Diff, identifier: str, users: Iterable[str]) -> int:
    """Inactive people lose what git never declared, too, unless it or they are somebody else's.

    Returns how many memberships go.
    """
    removed = 0
    spare = (
        identifier in context.groups.external
        or identifier in context.groups.ignored
        or context.policy.scope.users is Mode.OBSERVE
    )
    for user_id in sorted(users):
        if spare:
            diff.spared.append(f"{context.group_key(identifier)}: {context.live_user_name(user_id)}")
        else:
            # Also where it is not known whose group it is: they must have no access by any way.
            why = context.inactive[user_id]
            _remove(context, diff, identifier, user_id, why.cause, why.reason)
            removed += 1
    return removed


def _undeclared_groups(context: PlanContext) -> Mapping[str, Group]:
    """The declared groups whose membership git does not declare, by id, where it is known what git gave."""
    if context.memory.ledger is None:
        return {}
    return {
        identifier: group
        for identifier, key in context.groups.declared.items()
        if key not in context.desired.members
        and not (group := context.desired.groups[key]).unmanaged
        and context.memory.ledger.members.get(identifier)
    }


def _take_back(context: PlanContext, diff: Diff, group: Group, identifier: str, unread: set[str]) -> int:
    """Whom git made members of a group whose membership it declares no more; how many go."""
    if identifier in unread or "*" in unread:
        return 0
    assert context.memory.ledger is not None
    given = context.memory.ledger.members[identifier]
    removed = 0
    for user_id in sorted(context.live.members[identifier]):
        if user_id not in given and user_id not in context.inactive:
            continue
        if _is_ours_to_remove(context, diff, group, user_id, shared=True):
            _remove_declared(context, diff, group, identifier, user_id)
            removed += 1
    if removed:
        diff.findings.append(
            Finding(
                code="members-undeclared",
                severity=Severity.WARNING,
                message=(
                    f"{group.key} declares no members any more, so {many(removed, 'membership')} that git "
                    "gave will be removed"
                ),
                address=context.group_address(group.key),
                origin=group.origin,
                fix="write `members: unmanaged` to leave them as they are and no longer manage them",
                count=removed,
                kind=Kind.MEMBERSHIP,
            )
        )
    return removed


def _leaving_cause(context: PlanContext, identifier: str) -> Cause:
    key, base = context.group_key(identifier), context.memory.base
    return context.memory.object_cause(
        at_base=base is not None and key in base.groups,
        wanted=False,
        between=identifier in context.groups.given
        or next(iter(context.memory.former_group((key,))), None) is not None,
    )


def _remove(
    context: PlanContext,
    diff: Diff,
    identifier: str,
    user_id: str,
    cause: Cause,
    reason: str | None,
    *,
    origin: Origin | None = None,
) -> None:
    group, user = context.group_key(identifier), context.user_key(user_id)
    address = Address.of(context.target, Kind.MEMBERSHIP, group, user)
    _touch_ends(context, diff, group, identifier, user, user_id)
    diff.ids[address] = context.live.members[identifier][user_id]
    diff.changes.append(
        Change(
            address=address,
            action=Action.DELETE,
            effect=Effect.REVOKE,
            cause=cause,
            before_hash=hashes.pair_state(identifier, user_id, present=True),
            after_hash=hashes.pair_state(identifier, user_id, present=False),
            name=context.live_user_name(user_id),
            reason=reason,
            origin=origin,
        )
    )


def _touch_ends(
    context: PlanContext, diff: Diff, group: str, group_id: str | None, user: str, user_id: str | None
) -> None:
    if group_id is not None:
        diff.ids[context.group_address(group)] = group_id
    if user_id is not None:
        diff.ids[context.user_address(user)] = user_id


def _name(context: PlanContext, user: str) -> str:
    declared = context.desired.users.get(user)
    return user_name(declared) if declared else user

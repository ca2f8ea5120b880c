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
from reconciler.planning.ownership.objects import user_name
from reconciler.planning.scene import Draft, Scene
from reconciler.planning.windows import Windows, written
from reconciler.planning.wording import many


def compare_memberships(scene: Scene, draft: Draft) -> None:
    """Add the changes of memberships to `draft`: of declared and removed groups, and of inactive people."""
    if Kind.MEMBERSHIP not in scene.capabilities.kinds:
        return
    unread = {gap.scope for gap in scene.live.gaps if gap.kind is Kind.MEMBERSHIP}
    windows = Windows(scene)
    inactive = scene.inactive.keys()
    same = 0
    for key, members in scene.desired.members.items():
        if key in scene.groups.pairing.blocked:
            continue
        same += _declared_group(scene, draft, scene.desired.groups[key], members, unread, windows)
    observed = scene.policy.scope.groups is Mode.OBSERVE
    leaving = frozenset() if observed else scene.groups.gone.keys() | scene.groups.strays
    managed = {scene.groups.pairing.ids.get(key) for key in scene.desired.members}
    undeclared = _undeclared_groups(scene)
    for identifier, live in scene.live.members.items():
        if identifier in leaving:
            draft.managed_memberships += len(live)
            cause = _leaving_cause(scene, identifier)
            for user in live:
                why = scene.inactive.get(user)
                if why is not None and why.cause is not Cause.DRIFT:
                    _remove(scene, draft, identifier, user, why.cause, why.reason)
                else:
                    _remove(scene, draft, identifier, user, cause, "the group goes")
        elif identifier in undeclared:
            removed = _take_back(scene, draft, undeclared[identifier], identifier, unread)
            draft.managed_memberships += removed
            draft.unmanaged_memberships += len(live) - removed
        elif identifier not in managed and inactive:
            removed = _inactive_elsewhere(scene, draft, identifier, live.keys() & inactive)
            draft.managed_memberships += removed
            draft.unmanaged_memberships += len(live) - removed
        elif identifier not in managed:
            draft.unmanaged_memberships += len(live)
    draft.unchanged[Kind.MEMBERSHIP] = same


def _declared_group(
    scene: Scene, draft: Draft, group: Group, members: Members, unread: set[str], windows: Windows
) -> int:
    """How many memberships stay as they are."""
    identifier = scene.groups.pairing.ids.get(group.key)
    if identifier is None:
        live: Mapping[str, str] = {}
    elif identifier not in scene.groups.declared or identifier in unread or "*" in unread:
        return 0  # ignored, or not read
    else:
        live = scene.live.members.get(identifier, {})
    ids = scene.users.pairing.ids
    wanted = {ids.get(user): user for user in members}
    staying = live.keys() & wanted.keys()
    if len(staying) == len(members) == len(live):
        draft.managed_memberships += len(live)
        return len(staying)
    shared = (
        group.shared if group.shared is not None else scene.policy.scope.memberships is not Mode.AUTHORITATIVE
    )
    for user in members:
        if (user_id := ids.get(user)) is None or user_id not in live:
            _add(scene, draft, group, identifier, user, members[user], windows)
    left = 0
    for user_id in live.keys() - staying:
        if _is_ours_to_remove(scene, draft, group, user_id, shared=shared):
            _remove_declared(scene, draft, group, str(identifier), user_id)
        else:
            left += 1
    draft.managed_memberships += len(live) - left
    draft.unmanaged_memberships += left
    return len(staying)


def _add(
    scene: Scene,
    draft: Draft,
    group: Group,
    identifier: str | None,
    user: str,
    node: int | Grant,
    windows: Windows,
) -> None:
    if not _can_be_member(scene, draft, user):
        return
    user_id = scene.users.pairing.ids.get(user)
    if user_id in scene.users.ignored:
        return
    address = Address.of(scene.target, Kind.MEMBERSHIP, group.key, user)
    _touch_ends(scene, draft, group.key, identifier, user, user_id)
    cause = scene.memory.membership_cause(
        scene.groups.formers(group.key),
        scene.users.formers(user),
        wanted=True,
        pairs=list(product(scene.groups.tokens(group.key), scene.users.tokens(user))),
    )
    tokens = product(scene.groups.tokens(group.key), scene.users.tokens(user))
    until = windows.wanted_member(group.key, user)
    if cause is Cause.DRIFT and windows.gives_more_time(tokens, until):
        cause = Cause.GIT  # there again, and for longer than anybody reviewed
    place, reason = (node.node, node.reason) if isinstance(node, Grant) else (node, None)
    start = node.window.start if isinstance(node, Grant) else None
    draft.changes.append(
        Change(
            address=address,
            action=Action.CREATE,
            effect=Effect.GRANT,
            cause=cause,
            before=hashes.pair_state(identifier, user_id, present=False),
            after=hashes.pair_state(identifier, user_id, present=True),
            fields=written(start, until),
            name=_name(scene, user),
            reason=reason,
            origin=Origin(group.origin.path, place),
            restores=cause is Cause.DRIFT and user_id not in scene.users.external,
        )
    )


def _can_be_member(scene: Scene, draft: Draft, user: str) -> bool:
    """Whether the user is there, or is about to be: a blocked or incomplete one holds up its memberships."""
    return user in scene.users.pairing.ids or user in draft.creating


def _is_ours_to_remove(scene: Scene, draft: Draft, group: Group, user_id: str, *, shared: bool) -> bool:
    if user_id in scene.users.ignored or user_id in scene.users.pairing.contested:
        draft.spared.append(f"{group.key}: {scene.live_user_name(user_id)}")
        return False
    if user_id in scene.inactive:
        return True
    key = scene.user_key(user_id)
    if user_id in scene.users.external and key in scene.desired.inactive and key in (group.members or ()):
        return True  # git itself gave it, and takes it back
    if key in scene.desired.lapsed.get(group.key, {}):
        return True  # git says itself when it ends, whoever remembers that it began
    declared_before = scene.memory.gave_member(
        scene.groups.formers(group.key),
        scene.users.formers(key),
        [(scene.groups.pairing.ids.get(group.key, ""), user_id)],
    )
    if user_id in scene.users.external and not declared_before:
        draft.spared.append(f"{group.key}: {scene.live_user_name(user_id)}")
        return False
    return declared_before or not shared


def _remove_declared(scene: Scene, draft: Draft, group: Group, identifier: str, user_id: str) -> None:
    key = scene.user_key(user_id)
    if (why := scene.inactive.get(user_id) or scene.desired.inactive.get(key)) is not None:
        cause, reason = why.cause, why.reason
    elif key in scene.desired.lapsed.get(group.key, {}):
        cause, reason = Cause.EXPIRY, "the membership's time is over"
    else:
        formers = scene.groups.formers(group.key), scene.users.formers(key)
        pairs = [(identifier, user_id)]
        cause, reason = scene.memory.membership_cause(*formers, wanted=False, pairs=pairs), None
    _remove(scene, draft, identifier, user_id, cause, reason, origin=group.origin)


def _inactive_elsewhere(scene: Scene, draft: Draft, identifier: str, users: Iterable[str]) -> int:
    """Inactive people lose what git never declared, too, unless it or they are somebody else's.

    Returns how many memberships go.
    """
    removed = 0
    spare = (
        identifier in scene.groups.external
        or identifier in scene.groups.ignored
        or scene.policy.scope.users is Mode.OBSERVE
    )
    for user_id in sorted(users):
        if spare:
            draft.spared.append(f"{scene.group_key(identifier)}: {scene.live_user_name(user_id)}")
        else:
            # Also where it is not known whose group it is: they must have no access by any way.
            why = scene.inactive[user_id]
            _remove(scene, draft, identifier, user_id, why.cause, why.reason)
            removed += 1
    return removed


def _undeclared_groups(scene: Scene) -> Mapping[str, Group]:
    """The declared groups whose membership git does not declare, by id, where it is known what git gave."""
    if scene.memory.ledger is None:
        return {}
    return {
        identifier: group
        for identifier, key in scene.groups.declared.items()
        if key not in scene.desired.members
        and not (group := scene.desired.groups[key]).unmanaged
        and scene.memory.ledger.members.get(identifier)
    }


def _take_back(scene: Scene, draft: Draft, group: Group, identifier: str, unread: set[str]) -> int:
    """Whom git made members of a group whose membership it declares no more; how many go."""
    if identifier in unread or "*" in unread:
        return 0
    assert scene.memory.ledger is not None
    given = scene.memory.ledger.members[identifier]
    removed = 0
    for user_id in sorted(scene.live.members[identifier]):
        if user_id not in given and user_id not in scene.inactive:
            continue
        if _is_ours_to_remove(scene, draft, group, user_id, shared=True):
            _remove_declared(scene, draft, group, identifier, user_id)
            removed += 1
    if removed:
        draft.findings.append(
            Finding(
                code="members-undeclared",
                severity=Severity.WARNING,
                message=(
                    f"{group.key} declares no members any more, so {many(removed, 'membership')} that git "
                    "gave will be removed"
                ),
                address=scene.group_address(group.key),
                origin=group.origin,
                fix="write `members: unmanaged` to leave them as they are and no longer manage them",
                count=removed,
                kind=Kind.MEMBERSHIP,
            )
        )
    return removed


def _leaving_cause(scene: Scene, identifier: str) -> Cause:
    key, base = scene.group_key(identifier), scene.memory.base
    return scene.memory.object_cause(
        at_base=base is not None and key in base.groups,
        wanted=False,
        between=identifier in scene.groups.given
        or next(iter(scene.memory.former_group((key,))), None) is not None,
    )


def _remove(
    scene: Scene,
    draft: Draft,
    identifier: str,
    user_id: str,
    cause: Cause,
    reason: str | None,
    *,
    origin: Origin | None = None,
) -> None:
    group, user = scene.group_key(identifier), scene.user_key(user_id)
    address = Address.of(scene.target, Kind.MEMBERSHIP, group, user)
    _touch_ends(scene, draft, group, identifier, user, user_id)
    draft.ids[address] = scene.live.members[identifier][user_id]
    draft.changes.append(
        Change(
            address=address,
            action=Action.DELETE,
            effect=Effect.REVOKE,
            cause=cause,
            before=hashes.pair_state(identifier, user_id, present=True),
            after=hashes.pair_state(identifier, user_id, present=False),
            name=scene.live_user_name(user_id),
            reason=reason,
            origin=origin,
        )
    )


def _touch_ends(
    scene: Scene, draft: Draft, group: str, group_id: str | None, user: str, user_id: str | None
) -> None:
    if group_id is not None:
        draft.ids[scene.group_address(group)] = group_id
    if user_id is not None:
        draft.ids[scene.user_address(user)] = user_id


def _name(scene: Scene, user: str) -> str:
    declared = scene.desired.users.get(user)
    return user_name(declared) if declared else user

"""Ends of memberships and assignments, compared pair by pair: git gives more time than was reviewed, or less.

Only what git gave has an end that was reviewed; what it finds there for the first time ends as git says. No
service knows of ends, so a change of one stands in the next receipt and is written nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.model.address import Address, Kind
from reconciler.model.change import UNTIL, Action, Cause, Change, Effect, FieldChange
from reconciler.model.pairs import Pair, Principal
from reconciler.model.policy import Mode
from reconciler.model.resources import Grant, Origin
from reconciler.model.state import Assigned, End, Holder
from reconciler.planning import hashes
from reconciler.planning.scene import Draft, Scene
from reconciler.planning.windows import at, later, text


def compare_ends(scene: Scene, draft: Draft) -> None:
    """Add to `draft` a change for each membership and assignment that stays, and ends otherwise now."""
    if scene.memory.ledger is None:
        return
    comparison = _Comparison(scene, draft)
    taken = {change.address for change in draft.changes}
    found = [*comparison.memberships(), *comparison.assignments()]
    draft.changes.extend(change for change in found if change.address not in taken)


class _Comparison:
    def __init__(self, scene: Scene, draft: Draft) -> None:
        assert scene.memory.ledger is not None
        self._scene, self._draft, self._ledger = scene, draft, scene.memory.ledger
        self._unread = {kind: {gap.scope for gap in scene.live.gaps if gap.kind is kind} for kind in Kind}

    def memberships(self) -> Iterator[Change]:
        """Those of groups in which somebody's time ends, or ended by the last receipt."""
        scene, ledger = self._scene, self._ledger
        unread = self._unread[Kind.MEMBERSHIP]
        if Kind.MEMBERSHIP not in scene.capabilities.kinds or "*" in unread:
            return
        if scene.policy.scope.memberships is Mode.OBSERVE:
            return
        for identifier, key in scene.groups.declared.items():
            wanted, given = scene.desired.ends.get(key, {}), ledger.ends.get(identifier, {})
            if not (wanted or given) or identifier in unread or key in scene.groups.replaced:
                continue
            members, live = scene.desired.members.get(key, {}), scene.live.members.get(identifier, {})
            users = {user: token for user in wanted if (token := scene.users.pairing.ids.get(user))}
            users |= {scene.user_key(token): token for token in given}
            for user, token in sorted(users.items()):
                known = token in ledger.members.get(identifier, ()) and token in live and user in members
                end = wanted.get(user)
                if not known or token in scene.users.ignored or at(end) == given.get(token):
                    continue
                node = members[user]
                place = node.node if isinstance(node, Grant) else node
                written = Origin(scene.desired.groups[key].origin.path, place)
                self._draft.ids[scene.group_address(key)] = identifier
                self._draft.ids[scene.user_address(user)] = token
                yield _change(
                    Address.of(scene.target, Kind.MEMBERSHIP, key, user),
                    (identifier, token),
                    given.get(token),
                    end,
                    name=scene.live_user_name(token),
                    origin=end.origin if end is not None else written,
                )

    def assignments(self) -> Iterator[Change]:
        """Those that git gave, is still to give, and that are there."""
        scene = self._scene
        unread = self._unread[Kind.ASSIGNMENT]
        if Kind.ASSIGNMENT not in scene.capabilities.kinds or "*" in unread:
            return
        if scene.policy.scope.assignments is Mode.OBSERVE:
            return
        for (account, arn), held in self._ledger.assignments.items():
            wanted = scene.desired.assignments.get((account, scene.sets.names.get(arn, "")))
            if not wanted or account in unread or arn in scene.sets.ignored:
                continue
            live = scene.live.assignments.get((account, arn), frozenset())
            for principal, how in held.items():
                if principal not in live or (principal.kind is Kind.USER and "users" in unread):
                    continue
                owners = scene.users if principal.kind is Kind.USER else scene.groups
                holder = scene.holder(principal)
                why = wanted.get(holder)
                if why is None or principal.id in owners.ignored or holder.key in owners.replaced:
                    continue
                end = scene.desired.end_of(holder, why)
                if at(end) != how.end:
                    yield self._assignment((account, arn), principal, holder, how.end, end, why)

    def _assignment(
        self,
        pair: Pair,
        principal: Principal,
        holder: Holder,
        before: datetime | None,
        end: End | None,
        why: Assigned,
    ) -> Change:
        scene, (account, arn) = self._scene, pair
        self._draft.ids[scene.set_address(scene.set_name(arn))] = arn
        self._draft.ids[scene.holder_address(holder)] = principal.id
        return _change(
            scene.assignment_address(account, scene.set_name(arn), holder),
            (account, arn, principal.id),
            before,
            end,
            name=scene.principal_name(principal),
            origin=end.origin if end is not None else why.origin,
        )


def _change(
    address: Address,
    identifiers: tuple[str, ...],
    before: datetime | None,
    end: End | None,
    *,
    name: str,
    origin: Origin,
) -> Change:
    was, will = text(before), text(at(end))
    return Change(
        address=address,
        action=Action.UPDATE,
        effect=Effect.GRANT if later(at(end), before) else Effect.REVOKE,
        cause=Cause.GIT,
        before=hashes.end_state(identifiers, was),
        after=hashes.end_state(identifiers, will),
        fields=(FieldChange(UNTIL, was, will),),
        name=name,
        origin=origin,
    )

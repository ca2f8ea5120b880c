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
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.windows import at, later, text


def compare_ends(context: PlanContext, diff: Diff) -> None:
    """Add to `diff` a change for each membership and assignment that stays, and ends otherwise now."""
    if context.memory.ledger is None:
        return
    comparison = _Comparison(context, diff)
    taken = {change.address for change in diff.changes}
    found = [*comparison.memberships(), *comparison.assignments()]
    diff.changes.extend(change for change in found if change.address not in taken)


class _Comparison:
    def __init__(self, context: PlanContext, diff: Diff) -> None:
        assert context.memory.ledger is not None
        self._context, self._diff, self._ledger = context, diff, context.memory.ledger
        self._unread = {kind: {gap.scope for gap in context.live.gaps if gap.kind is kind} for kind in Kind}

    def memberships(self) -> Iterator[Change]:
        """Those of groups in which somebody's time ends, or ended by the last receipt."""
        context, ledger = self._context, self._ledger
        unread = self._unread[Kind.MEMBERSHIP]
        if Kind.MEMBERSHIP not in context.capabilities.kinds or "*" in unread:
            return
        if context.policy.scope.memberships is Mode.OBSERVE:
            return
        for identifier, key in context.groups.declared.items():
            wanted, given = context.desired.ends.get(key, {}), ledger.ends.get(identifier, {})
            if not (wanted or given) or identifier in unread or key in context.groups.replaced:
                continue
            members, live = context.desired.members.get(key, {}), context.live.members.get(identifier, {})
            users = {user: token for user in wanted if (token := context.users.pairing.ids.get(user))}
            users |= {context.user_key(token): token for token in given}
            for user, token in sorted(users.items()):
                known = token in ledger.members.get(identifier, ()) and token in live and user in members
                end = wanted.get(user)
                if not known or token in context.users.ignored or at(end) == given.get(token):
                    continue
                node = members[user]
                place = node.node if isinstance(node, Grant) else node
                written = Origin(context.desired.groups[key].origin.path, place)
                self._diff.ids[context.group_address(key)] = identifier
                self._diff.ids[context.user_address(user)] = token
                yield _change(
                    Address.of(context.target, Kind.MEMBERSHIP, key, user),
                    (identifier, token),
                    given.get(token),
                    end,
                    name=context.live_user_name(token),
                    origin=end.origin if end is not None else written,
                )

    def assignments(self) -> Iterator[Change]:
        """Those that git gave, is still to give, and that are there."""
        context = self._context
        unread = self._unread[Kind.ASSIGNMENT]
        if Kind.ASSIGNMENT not in context.capabilities.kinds or "*" in unread:
            return
        if context.policy.scope.assignments is Mode.OBSERVE:
            return
        for (account, arn), held in self._ledger.assignments.items():
            wanted = context.desired.assignments.get((account, context.set_name(arn)))
            if not wanted or account in unread or arn in context.sets.ignored:
                continue
            live = context.live.assignments.get((account, arn), frozenset())
            for principal, how in held.items():
                if principal not in live or (principal.kind is Kind.USER and "users" in unread):
                    continue
                owners = context.users if principal.kind is Kind.USER else context.groups
                holder = context.holder(principal)
                why = wanted.get(holder)
                if why is None or principal.id in owners.ignored or holder.key in owners.replaced:
                    continue
                end = context.desired.end_of(holder, why)
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
        context, (account, arn) = self._context, pair
        self._diff.ids[context.set_address(context.set_name(arn))] = arn
        self._diff.ids[context.holder_address(holder)] = principal.id
        return _change(
            context.assignment_address(account, context.set_name(arn), holder),
            (account, arn, principal.id),
            before,
            end,
            name=context.principal_name(principal),
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
        before_hash=hashes.end_state(identifiers, was),
        after_hash=hashes.end_state(identifiers, will),
        fields=(FieldChange(UNTIL, was, will),),
        name=name,
        origin=origin,
    )

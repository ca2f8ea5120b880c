"""Whose a live assignment is that git does not say: why it goes, or that it stays.

What git says now or said since the last whole apply is ours; of a set that tolerates no others
(`assignments: exclusive`, or an authoritative scope) everything is; and who must have no access, or is
deleted, loses what others gave, too.
"""

from __future__ import annotations

from reconciler.model.address import Arn, DeclaredPair, Kind
from reconciler.model.change import Action, Cause
from reconciler.model.pairs import Principal
from reconciler.model.policy import Mode
from reconciler.model.resources import Sharing
from reconciler.model.state import Holder
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.ownership.assigned_before import given_cause, removal_cause, stranger_cause

Why = tuple[Cause, str | None]


class AssignmentOwnership:
    """Judges live assignments that git does not say.

    `leaving` are the principals that this plan deletes, `inactive` people who must have no access, `living`
    every principal that there is.
    """

    def __init__(self, context: PlanContext, diff: Diff) -> None:
        self._context = context
        self._creating = {change.address for change in diff.changes if change.action is Action.CREATE}
        self._strict: dict[str, bool] = {}
        self.leaving = _leaving(context, diff)
        self.inactive = frozenset(Principal(Kind.USER, identifier) for identifier in context.inactive)
        self.living = frozenset(
            (
                *(Principal(Kind.USER, identifier) for identifier in context.live.users),
                *(Principal(Kind.GROUP, identifier) for identifier in context.live.groups),
            )
        )

    def previous_keys(self, holder: Holder) -> tuple[Holder, ...]:
        """The holder under the keys that it has and had."""
        owners = self._context.users if holder.kind is Kind.USER else self._context.groups
        return tuple(Holder(holder.kind, key) for key in owners.previous_keys(holder.key))

    def awaits_successor(self, arn: str) -> bool:
        """Whether the set that shall stand in for this one is neither there nor about to be."""
        name = self._context.sets.replaced.get(arn)
        if name is None or name in self._context.sets.ids:
            return False
        return self._context.set_address(name) not in self._creating

    def why(self, pair: DeclaredPair, arn: Arn, principal: Principal) -> Why | None:
        """Why the assignment goes; None: it stays."""
        context = self._context
        inactive = context.inactive.get(principal.id) if principal.kind is Kind.USER else None
        if inactive is not None and context.policy.scope.users is not Mode.OBSERVE:
            return inactive.cause, inactive.reason
        if principal in self.leaving:
            return self.leaving[principal]
        cause = self._cause(pair, arn, principal)
        if cause is None:
            return None
        if inactive is None and principal.kind is Kind.USER:
            inactive = context.desired.inactive.get(context.user_key(principal.id))
        if inactive is not None:
            return inactive.cause, inactive.reason
        if cause is Cause.EXPIRY:
            return cause, "the assignment's time is over"
        if cause is Cause.SELECTOR:
            return cause, "no selector finds the account any more"
        if principal not in self.living:
            return cause, f"the {principal.kind} no longer exists"
        return cause, None

    def _cause(self, pair: DeclaredPair, arn: Arn, principal: Principal) -> Cause | None:
        """The cause by what git says and said of the assignment itself; None: it is not ours."""
        context = self._context
        name = pair[1]
        holder = context.holder(principal)
        if holder in context.desired.lapsed_assignments.get(pair, ()):
            return Cause.EXPIRY
        previous_keys = self.previous_keys(holder)
        blind = not context.live.organization.accounts and any(
            (name, each) in state.selecting
            for state in (context.desired, *context.memory.states)
            for each in previous_keys
        )
        if blind:
            return None  # where the accounts were not read, nobody knows what a selector finds
        ledger = context.memory.ledger
        if ledger is None:
            cause = removal_cause(context.memory, context.desired, pair, previous_keys)
        else:
            given = ledger.assignments.get((pair[0], arn), {}).get(principal)
            cause = given_cause(context.memory, context.desired, pair, previous_keys, given)
        if cause is not None:
            return cause
        successor = context.sets.replaced.get(arn)
        if successor is not None and holder in context.desired.assignments.get((pair[0], successor), ()):
            return Cause.GIT
        if self.tolerates_none(arn) or (principal not in self.living and self._goes(arn)):
            return stranger_cause(context.memory, name, authoritative=context.memory.exclusive)
        return None

    def _goes(self, arn: str) -> bool:
        sets = self._context.sets
        return arn in sets.gone or arn in sets.replaced or arn in sets.undeclared

    def tolerates_none(self, arn: str) -> bool:
        """Whether every assignment of the set must be git's."""
        if arn not in self._strict:
            self._strict[arn] = self._ask_whether_strict(arn)
        return self._strict[arn]

    def _ask_whether_strict(self, arn: str) -> bool:
        context = self._context
        name = context.sets.replaced.get(arn) or context.set_name(arn)
        found = context.desired.permission_sets.get(name)
        if found is None and arn in context.sets.gone:
            states = (state.permission_sets for state in context.memory.states)
            found = next((sets[name] for sets in states if name in sets), None)
        if found is None or found.assignments is None:
            return context.policy.scope.assignments is Mode.AUTHORITATIVE
        return found.assignments is Sharing.EXCLUSIVE


def _leaving(context: PlanContext, diff: Diff) -> dict[Principal, Why]:
    """The users and groups that this plan deletes, and why."""
    leaving: dict[Principal, Why] = {}
    for change in diff.changes:
        kind = change.address.kind
        if change.action is not Action.DELETE or kind not in (Kind.USER, Kind.GROUP):
            continue
        if context.policy.scope.mode(kind) is not Mode.OBSERVE:
            leaving[Principal(kind, diff.ids[change.address])] = (change.cause, f"the {kind} goes")
    return leaving

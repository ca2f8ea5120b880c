"""Whose a live assignment is that git does not say: why it goes, or that it stays.

What git says now or said since the last whole apply is ours; of a set that tolerates no others
(`assignments: exclusive`, or an authoritative scope) everything is; and whoever must have no access, or is
deleted, loses what others gave, too.
"""

from __future__ import annotations

from reconciler.model.address import Kind
from reconciler.model.change import Action, Cause
from reconciler.model.pairs import Pair, Principal
from reconciler.model.policy import Mode
from reconciler.model.resources import Sharing
from reconciler.model.state import Holder
from reconciler.planning.ownership.assigned_before import given_cause, removal_cause, stranger_cause
from reconciler.planning.scene import Draft, Scene

Why = tuple[Cause, str | None]


class AssignmentOwnership:
    """Judges live assignments that git does not say.

    `leaving` are the principals that this plan deletes, `inactive` people who must have no access, `living`
    every principal that there is.
    """

    def __init__(self, scene: Scene, draft: Draft) -> None:
        self._scene = scene
        self._creating = {change.address for change in draft.changes if change.action is Action.CREATE}
        self._strict: dict[str, bool] = {}
        self.leaving = _leaving(scene, draft)
        self.inactive = frozenset(Principal(Kind.USER, identifier) for identifier in scene.inactive)
        self.living = frozenset(
            (
                *(Principal(Kind.USER, identifier) for identifier in scene.live.users),
                *(Principal(Kind.GROUP, identifier) for identifier in scene.live.groups),
            )
        )

    def formers(self, holder: Holder) -> tuple[Holder, ...]:
        """The holder under the keys that it has and had."""
        owners = self._scene.users if holder.kind is Kind.USER else self._scene.groups
        return tuple(Holder(holder.kind, key) for key in owners.formers(holder.key))

    def awaits_successor(self, arn: str) -> bool:
        """Whether the set that shall stand in for this one is neither there nor about to be."""
        name = self._scene.sets.replaced.get(arn)
        if name is None or name in self._scene.sets.ids:
            return False
        return self._scene.set_address(name) not in self._creating

    def why(self, pair: Pair, arn: str, principal: Principal) -> Why | None:
        """Why the assignment goes; None: it stays."""
        scene = self._scene
        inactive = scene.inactive.get(principal.id) if principal.kind is Kind.USER else None
        if inactive is not None and scene.policy.scope.users is not Mode.OBSERVE:
            return inactive.cause, inactive.reason
        if principal in self.leaving:
            return self.leaving[principal]
        cause = self._cause(pair, arn, principal)
        if cause is None:
            return None
        if inactive is None and principal.kind is Kind.USER:
            inactive = scene.desired.inactive.get(scene.user_key(principal.id))
        if inactive is not None:
            return inactive.cause, inactive.reason
        if cause is Cause.EXPIRY:
            return cause, "the assignment's time is over"
        if cause is Cause.SELECTOR:
            return cause, "no selector finds the account any more"
        if principal not in self.living:
            return cause, f"the {principal.kind} no longer exists"
        return cause, None

    def _cause(self, pair: Pair, arn: str, principal: Principal) -> Cause | None:
        """The cause by what git says and said of the assignment itself; None: it is not ours."""
        scene = self._scene
        name = pair[1]
        holder = scene.holder(principal)
        if holder in scene.desired.lapsed_assignments.get(pair, ()):
            return Cause.EXPIRY
        formers = self.formers(holder)
        blind = not scene.live.organization.accounts and any(
            (name, each) in state.selecting
            for state in (scene.desired, *scene.memory.states)
            for each in formers
        )
        if blind:
            return None  # where the accounts were not read, nobody knows what a selector finds
        ledger = scene.memory.ledger
        if ledger is None:
            cause = removal_cause(scene.memory, scene.desired, pair, formers)
        else:
            given = ledger.assignments.get((pair[0], arn), {}).get(principal)
            cause = given_cause(scene.memory, scene.desired, pair, formers, given)
        if cause is not None:
            return cause
        successor = scene.sets.replaced.get(arn)
        if successor is not None and holder in scene.desired.assignments.get((pair[0], successor), ()):
            return Cause.GIT
        if self.tolerates_none(arn) or (principal not in self.living and self._goes(arn)):
            return stranger_cause(scene.memory, name, authoritative=scene.memory.exclusive)
        return None

    def _goes(self, arn: str) -> bool:
        sets = self._scene.sets
        return arn in sets.gone or arn in sets.replaced or arn in sets.strays

    def tolerates_none(self, arn: str) -> bool:
        """Whether every assignment of the set must be git's."""
        if arn not in self._strict:
            self._strict[arn] = self._ask_whether_strict(arn)
        return self._strict[arn]

    def _ask_whether_strict(self, arn: str) -> bool:
        scene = self._scene
        name = scene.sets.replaced.get(arn) or scene.set_name(arn)
        found = scene.desired.permission_sets.get(name)
        if found is None and arn in scene.sets.gone:
            states = (state.permission_sets for state in scene.memory.states)
            found = next((sets[name] for sets in states if name in sets), None)
        if found is None or found.assignments is None:
            return scene.policy.scope.assignments is Mode.AUTHORITATIVE
        return found.assignments is Sharing.EXCLUSIVE


def _leaving(scene: Scene, draft: Draft) -> dict[Principal, Why]:
    """The users and groups that this plan deletes, and why."""
    leaving: dict[Principal, Why] = {}
    for change in draft.changes:
        kind = change.address.kind
        if change.action is not Action.DELETE or kind not in (Kind.USER, Kind.GROUP):
            continue
        if scene.policy.scope.mode(kind) is not Mode.OBSERVE:
            leaving[Principal(kind, draft.ids[change.address])] = (change.cause, f"the {kind} goes")
    return leaving

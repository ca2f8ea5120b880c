"""Assignments, compared pair by pair as sets; a Change exists only where the two sides differ.

Whose an assignment is: what git says now or said since the last whole apply is ours, and of a set that
tolerates no others (`assignments: exclusive`, or an authoritative scope) everything is. What is ignored
stays, whatever else holds; whoever must have no access loses what others gave, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.policy import Mode
from reconciler.model.resources import Sharing
from reconciler.model.state import Assigned, Holder, Pair, Principal
from reconciler.planning import hashes
from reconciler.planning.assigned_before import assigned, removal_cause, stranger_cause
from reconciler.planning.ignoring import Ignoring
from reconciler.planning.ownership import Ownership
from reconciler.planning.scene import Draft, Scene

_Why = tuple[Cause, str | None]


def compare_assignments(scene: Scene, draft: Draft) -> None:
    """Add the changes of assignments to `draft`, and count those that stay, by whose they are.

    Users, groups and permission sets have been compared before: who is created or deleted stands in `draft`.
    """
    if Kind.ASSIGNMENT in scene.capabilities.kinds:
        _Comparison(scene, draft).run()


class _Comparison:
    """One comparison; looks everything up that many pairs share only once."""

    def __init__(self, scene: Scene, draft: Draft) -> None:
        self._scene, self._draft = scene, draft
        self._creating = {change.address for change in draft.changes if change.action is Action.CREATE}
        self._leaving = _leaving(scene, draft)
        self._inactive = frozenset(Principal(Kind.USER, identifier) for identifier in scene.inactive)
        self._living = frozenset(
            (
                *(Principal(Kind.USER, identifier) for identifier in scene.live.users),
                *(Principal(Kind.GROUP, identifier) for identifier in scene.live.groups),
            )
        )
        self._staying = self._living - self._inactive - self._leaving.keys()
        self._principals: dict[Holder, Principal | None] = {}
        self._wanted: dict[int, frozenset[Principal | None]] = {}
        self._strict: dict[str, bool] = {}
        self._sets_on: dict[str, list[str]] = {}
        self._entries: dict[tuple[str, str], bool] = {}
        names: dict[str, tuple[str, ...]] = {
            identifier: (scene.account_name(identifier), live.name)
            for identifier, live in scene.live.organization.accounts.items()
        }
        names |= {
            identifier: (key,) for identifier, key in scene.account_keys.items() if identifier not in names
        }
        patterns = scene.policy.scope.ignore.assignments
        self._ignores: Callable[[str, str, Principal | None], bool] | None = (
            Ignoring(patterns, scene.live, names).covers if patterns else None
        )
        gaps = [gap for gap in scene.live.gaps if gap.kind is Kind.ASSIGNMENT]
        self._unread = frozenset(gap.scope for gap in gaps)

    def run(self) -> None:
        scene, draft = self._scene, self._draft
        live, ids = scene.live.assignments, scene.sets.ids
        compared: set[Pair] = set()
        same = 0
        for pair, holders in scene.desired.assignments.items():
            arn = ids.get(pair[1])
            if arn is None:
                if scene.set_address(pair[1]) in self._creating:
                    self._add(pair, None, holders)
            elif arn not in scene.sets.ignored:
                compared.add((pair[0], arn))
                same += self._pair(pair, arn, holders)
        for (account, arn), principals in live.items():
            if (account, arn) not in compared:
                self._undesired((account, scene.set_name(arn)), arn, principals)
        draft.unchanged[Kind.ASSIGNMENT] = same
        draft.managed_assignments += same

    def _pair(self, pair: Pair, arn: str, holders: Mapping[Holder, Assigned]) -> int:
        """Compare what git says of one pair with what is; how many assignments stay as they are."""
        there = self._scene.live.assignments.get((pair[0], arn), frozenset())
        wanted = self._wanted.get(id(holders))
        if wanted is None:  # pairs to which the same entries lead share one map
            wanted = self._wanted[id(holders)] = frozenset(map(self._principal, holders))
        if wanted == there:
            return len(there)
        missing = {h: why for h, why in holders.items() if self._principal(h) not in there}
        if missing:
            self._add(pair, arn, missing)
        extra = there - wanted
        if extra:
            self._undesired(pair, arn, extra)
        return len(there) - len(extra)

    def _principal(self, holder: Holder) -> Principal | None:
        """The live principal that git means, if there is one."""
        if holder not in self._principals:
            identifier = self._owners(holder.kind).pairing.ids.get(holder.key)
            self._principals[holder] = None if identifier is None else Principal(holder.kind, identifier)
        return self._principals[holder]

    def _owners(self, kind: Kind) -> Ownership:
        return self._scene.users if kind is Kind.USER else self._scene.groups

    # What is missing.

    def _add(self, pair: Pair, arn: str | None, holders: Mapping[Holder, Assigned]) -> None:
        account, name = pair
        if "*" in self._unread or account in self._unread:
            return
        for holder, why in holders.items():
            principal = self._principal(holder)
            if not self._can_be_assigned(holder, principal):
                continue
            if self._ignores is not None and self._ignores(account, name, principal):
                continue
            address = self._touch(pair, arn, holder, principal)
            cause = self._missing_cause(pair, holder, why)
            identifier = None if principal is None else principal.id
            self._draft.changes.append(
                Change(
                    address=address,
                    action=Action.CREATE,
                    effect=Effect.GRANT,
                    cause=cause,
                    before=hashes.assignment_state(account, arn, identifier, present=False),
                    after=hashes.assignment_state(account, arn, identifier, present=True),
                    name=holder.key if principal is None else self._scene.principal_name(principal),
                    reason=why.reason,
                    origin=why.origin,
                    restores=cause is Cause.DRIFT,
                )
            )

    def _can_be_assigned(self, holder: Holder, principal: Principal | None) -> bool:
        """Whether the principal is there, or is about to be: a blocked one holds up its assignments."""
        if holder.kind is Kind.USER and "users" in self._unread:
            return False
        if principal is None:
            return self._scene.holder_address(holder) in self._creating
        return principal.id not in self._owners(holder.kind).ignored and principal not in self._leaving

    def _missing_cause(self, pair: Pair, holder: Holder, why: Assigned) -> Cause:
        base = self._scene.memory.base
        formers = self._formers(holder)
        if base is None or not assigned(base, pair, formers):
            return Cause.GIT
        return Cause.SELECTOR if why.selected and not self._begun(pair[0], why.entry) else Cause.DRIFT

    def _begun(self, account: str, entry: str) -> bool:
        """Whether anything that an entry assigns on an account is there: then it is not new to the entry."""
        if not self._sets_on:
            for on, name in self._scene.desired.assignments:
                self._sets_on.setdefault(on, []).append(name)
        known = self._entries.get((account, entry))
        if known is None:
            known = any(
                why.entry == entry and self._principal(holder) in there
                for name in self._sets_on[account]
                if (there := self._scene.live.assignments.get((account, self._scene.sets.ids.get(name, ""))))
                for holder, why in self._scene.desired.assignments[account, name].items()
            )
            self._entries[account, entry] = known
        return known

    def _formers(self, holder: Holder) -> tuple[Holder, ...]:
        """The holder under the keys that it has and had."""
        return tuple(Holder(holder.kind, key) for key in self._owners(holder.kind).formers(holder.key))

    # What is there and not wanted.

    def _undesired(self, pair: Pair, arn: str, principals: Iterable[Principal]) -> None:
        scene, draft = self._scene, self._draft
        known = frozenset(principals)
        if arn in scene.sets.ignored:
            draft.ignored_assignments += len(known)
            for principal in known & (self._inactive | self._leaving.keys()):
                self._stay(pair, principal)
            return
        if (
            arn in scene.sets.unmanaged
            and self._ignores is None
            and not self._tolerates_none(arn)
            and known <= self._staying
        ):
            draft.unmanaged_assignments.extend((pair[0], arn, principal) for principal in known)
            return
        for principal in known:
            self._judge(pair, arn, principal)

    def _judge(self, pair: Pair, arn: str, principal: Principal) -> None:
        """What becomes of one assignment that git does not say."""
        scene, draft = self._scene, self._draft
        account, name = pair
        owners = self._owners(principal.kind)
        if principal.id in owners.ignored or (
            self._ignores is not None and self._ignores(account, name, principal)
        ):
            draft.ignored_assignments += 1
            self._stay(pair, principal)
        elif principal.id in owners.pairing.contested:
            draft.unmanaged_assignments.append((account, arn, principal))
            self._stay(pair, principal)
        elif account in scene.desired.unreachable or not self._is_active(account):
            draft.out_of_reach[account] = draft.out_of_reach.get(account, 0) + 1
            self._stay(pair, principal, quietly=True)
        elif (why := self._why(pair, arn, principal)) is not None:
            self._remove(pair, arn, principal, *why)
        elif principal not in self._living:
            draft.orphans.append(scene.assignment_address(account, name, scene.holder(principal)))
        else:
            draft.unmanaged_assignments.append((account, arn, principal))
            self._stay(pair, principal)

    def _stay(self, pair: Pair, principal: Principal, *, quietly: bool = False) -> None:
        """Whoever is deleted although an assignment stays is kept; whoever should have none is named."""
        if principal in self._leaving:
            self._draft.held_in_place.add(self._scene.holder_address(self._scene.holder(principal)))
        if principal in self._inactive and not quietly:
            account = self._scene.account_name(pair[0])
            name = self._scene.live_user_name(principal.id)
            self._draft.spared.append(f"{pair[1]} on {account}: {name}")

    def _is_active(self, account: str) -> bool:
        found = self._scene.live.organization.accounts.get(account)
        return found is None or found.active

    def _why(self, pair: Pair, arn: str, principal: Principal) -> _Why | None:
        """Why the assignment goes; None: it stays."""
        scene = self._scene
        inactive = scene.inactive.get(principal.id) if principal.kind is Kind.USER else None
        if inactive is not None and scene.policy.scope.users is not Mode.OBSERVE:
            return inactive.cause, inactive.reason
        if principal in self._leaving:
            return self._leaving[principal]
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
        if principal not in self._living:
            return cause, f"the {principal.kind} no longer exists"
        return cause, None

    def _cause(self, pair: Pair, arn: str, principal: Principal) -> Cause | None:
        """The cause by what git says and said of the assignment itself; None: it is not ours."""
        scene = self._scene
        name = pair[1]
        holder = scene.holder(principal)
        if holder in scene.desired.lapsed_assignments.get(pair, ()):
            return Cause.EXPIRY
        formers = self._formers(holder)
        blind = not scene.live.organization.accounts and any(
            (name, each) in state.selecting
            for state in (scene.desired, *scene.memory.states)
            for each in formers
        )
        if blind:
            return None  # where the accounts were not read, nobody knows what a selector finds
        if (cause := removal_cause(scene.memory, scene.desired, pair, formers)) is not None:
            return cause
        successor = scene.sets.replaced.get(arn)
        if successor is not None and holder in scene.desired.assignments.get((pair[0], successor), ()):
            return Cause.GIT
        if self._tolerates_none(arn) or (principal not in self._living and self._goes(arn)):
            return stranger_cause(scene.memory, name, authoritative=scene.was_authoritative)
        return None

    def _goes(self, arn: str) -> bool:
        sets = self._scene.sets
        return arn in sets.gone or arn in sets.replaced or arn in sets.strays

    def _tolerates_none(self, arn: str) -> bool:
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

    def _remove(self, pair: Pair, arn: str, principal: Principal, cause: Cause, reason: str | None) -> None:
        scene, draft = self._scene, self._draft
        account, name = pair
        declared = scene.desired.permission_sets.get(name)
        address = self._touch(pair, arn, scene.holder(principal), principal)
        draft.managed_assignments += 1
        draft.changes.append(
            Change(
                address=address,
                action=Action.DELETE,
                effect=Effect.REVOKE if principal in self._living else Effect.NEUTRAL,
                cause=cause,
                before=hashes.assignment_state(account, arn, principal.id, present=True),
                after=hashes.assignment_state(account, arn, principal.id, present=False),
                name=scene.principal_name(principal),
                reason=reason,
                origin=declared.origin if declared is not None else None,
            )
        )

    def _touch(self, pair: Pair, arn: str | None, holder: Holder, principal: Principal | None) -> Address:
        """The address of an assignment, its ends noted with their ids."""
        scene, draft = self._scene, self._draft
        if arn is not None:
            draft.ids[scene.set_address(pair[1])] = arn
        if principal is not None:
            draft.ids[scene.holder_address(holder)] = principal.id
        return scene.assignment_address(pair[0], pair[1], holder)


def _leaving(scene: Scene, draft: Draft) -> dict[Principal, _Why]:
    """The users and groups that this plan deletes, and why."""
    leaving: dict[Principal, _Why] = {}
    for change in draft.changes:
        kind = change.address.kind
        if change.action is not Action.DELETE or kind not in (Kind.USER, Kind.GROUP):
            continue
        if scene.policy.scope.mode(kind) is not Mode.OBSERVE:
            leaving[Principal(kind, draft.ids[change.address])] = (change.cause, f"the {kind} goes")
    return leaving

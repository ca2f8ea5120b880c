"""Assignments, compared pair by pair as sets; a Change exists only where the two sides differ.

What is ignored stays in any case, and so does what is in accounts where nothing can be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.address import AccountId, Address, Arn, DeclaredPair, Kind, SetName
from reconciler.model.change import Action, Cause, Change, Effect
from reconciler.model.ledger import GivenAssignment, Ledger
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Assigned, End, Holder
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.ownership.assigned_before import assigned
from reconciler.planning.ownership.assignments import AssignmentOwnership
from reconciler.planning.ownership.ignoring import ignoring
from reconciler.planning.ownership.objects import Ownership
from reconciler.planning.windows import at, later, written


def compare_assignments(context: PlanContext, diff: Diff) -> None:
    """Add the changes of assignments to `diff`, and count those that stay, by whose they are.

    Users, groups and permission sets have been compared before: who is created or deleted stands in `diff`.
    """
    if Kind.ASSIGNMENT in context.capabilities.kinds:
        _Comparison(context, diff).run()


class _Comparison:
    """One comparison; looks everything up that many pairs share only once."""

    def __init__(self, context: PlanContext, diff: Diff) -> None:
        self._context, self._diff = context, diff
        self._creating = {change.address for change in diff.changes if change.action is Action.CREATE}
        self._ours = AssignmentOwnership(context, diff)
        self._staying = self._ours.living - self._ours.inactive - self._ours.leaving.keys()
        self._principals: dict[Holder, Principal | None] = {}
        self._tails: dict[tuple[str, Holder], str] = {}
        self._wanted: dict[int, frozenset[Principal | None]] = {}
        self._sets_on: dict[str, list[SetName]] = {}
        self._entries: dict[tuple[str, str], bool] = {}
        self._ignores = ignoring(context)
        gaps = [gap for gap in context.live.gaps if gap.kind is Kind.ASSIGNMENT]
        self._unread = frozenset(gap.scope for gap in gaps)

    def run(self) -> None:
        context, diff = self._context, self._diff
        live, ids = context.live.assignments, context.sets.ids
        compared: set[Pair] = set()
        same = 0
        for pair, holders in context.desired.assignments.items():
            arn = ids.get(pair[1])
            if arn is None:
                if context.set_address(pair[1]) in self._creating:
                    self._add(pair, None, holders)
            elif arn not in context.sets.ignored:
                compared.add((pair[0], arn))
                same += self._pair(pair, arn, holders)
        for (account, arn), principals in live.items():
            if (account, arn) not in compared:
                self._undesired((account, context.set_name(arn)), arn, principals)
        diff.unchanged[Kind.ASSIGNMENT] = same
        diff.managed_assignments += same

    def _pair(self, pair: DeclaredPair, arn: Arn, holders: Mapping[Holder, Assigned]) -> int:
        """Compare what git says of one pair with what is; how many assignments stay as they are."""
        there = self._context.live.assignments.get((pair[0], arn), frozenset())
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
        return self._context.users if kind is Kind.USER else self._context.groups

    # What is missing.

    def _add(self, pair: DeclaredPair, arn: Arn | None, holders: Mapping[Holder, Assigned]) -> None:
        account, name = pair
        unread = "*" in self._unread or account in self._unread
        for holder, why in holders.items():
            if unread or (holder.kind is Kind.USER and "users" in self._unread):
                self._diff.unseen_assignments += 1
                continue
            principal = self._principal(holder)
            if not self._can_be_assigned(holder, principal):
                continue
            if self._ignores is not None and self._ignores(account, name, principal):
                continue
            address = self._touch(pair, arn, holder, principal)
            end = self._context.desired.end_of(holder, why)
            cause = self._missing_cause(pair, holder, why, end)
            identifier = None if principal is None else principal.id
            self._diff.changes.append(
                Change(
                    address=address,
                    action=Action.CREATE,
                    effect=Effect.GRANT,
                    cause=cause,
                    before_hash=hashes.assignment_state(account, arn, identifier, present=False),
                    after_hash=hashes.assignment_state(account, arn, identifier, present=True),
                    fields=written(why.start, end),
                    name=holder.key if principal is None else self._context.principal_name(principal),
                    reason=_selected(why) if cause is Cause.SELECTOR else why.reason,
                    origin=why.origin,
                    restores=cause is Cause.DRIFT,
                )
            )

    def _can_be_assigned(self, holder: Holder, principal: Principal | None) -> bool:
        """Whether the principal is there, or is about to be: a blocked one holds up its assignments."""
        if principal is None:
            return self._context.holder_address(holder) in self._creating
        return principal.id not in self._owners(holder.kind).ignored and principal not in self._ours.leaving

    def _missing_cause(self, pair: DeclaredPair, holder: Holder, why: Assigned, end: End | None) -> Cause:
        base, ledger = self._context.memory.base, self._context.memory.ledger
        previous_keys = self._ours.previous_keys(holder)
        if ledger is not None:
            if given := self._was_given(ledger, pair, holder):
                # There again, and perhaps for longer than anybody reviewed.
                longer = all(later(at(end), one.end) for one in given)
                return Cause.GIT if longer else Cause.DRIFT
            # Declared at the last whole apply and not given: the account was out of reach, or its time is
            # over by what was reviewed.
            if base is None or not assigned(base, pair, previous_keys):
                return Cause.GIT
            then = [
                base.end_of(one, earlier)
                for one in previous_keys
                if (earlier := base.assignments[pair].get(one))
            ]
            longer = all(later(at(end), at(one)) for one in then)
            return Cause.GIT if longer else Cause.SELECTOR
        if base is None or not assigned(base, pair, previous_keys):
            return Cause.GIT
        return Cause.SELECTOR if why.selected and not self._begun(pair[0], why.entry) else Cause.DRIFT

    def _was_given(self, ledger: Ledger, pair: DeclaredPair, holder: Holder) -> list[GivenAssignment]:
        """What an apply ended with of the assignment."""
        arns = [Arn(arn) for arn, one in self._context.sets.given.items() if one.name == pair[1]]
        owners = self._owners(holder.kind)
        return [
            given
            for arn in arns
            for token in owners.tokens(holder.key)
            if (given := ledger.assignments.get((pair[0], arn), {}).get(Principal(holder.kind, token)))
            is not None
            and given.sure
        ]

    def _begun(self, account: AccountId, entry: str) -> bool:
        """Whether anything that an entry assigns on an account is there: then it is not new to the entry."""
        if not self._sets_on:
            for on, name in self._context.desired.assignments:
                self._sets_on.setdefault(on, []).append(name)
        known = self._entries.get((account, entry))
        if known is None:
            known = any(
                why.entry == entry and self._principal(holder) in there
                for name in self._sets_on[account]
                if (
                    there := self._context.live.assignments.get(
                        (account, self._context.sets.ids.get(name, Arn("")))
                    )
                )
                for holder, why in self._context.desired.assignments[account, name].items()
            )
            self._entries[account, entry] = known
        return known

    # What is there and not wanted.

    def _undesired(self, pair: DeclaredPair, arn: Arn, principals: Iterable[Principal]) -> None:
        context, diff = self._context, self._diff
        known = frozenset(principals)
        if arn in context.sets.ignored:
            diff.ignored_assignments += len(known)
            for principal in known & (self._ours.inactive | self._ours.leaving.keys()):
                self._stay(pair, principal)
            return
        if (
            arn in context.sets.unmanaged
            and self._ignores is None
            and not self._ours.tolerates_none(arn)
            and known <= self._staying
        ):
            diff.unmanaged_assignments.extend((pair[0], arn, principal) for principal in known)
            return
        for principal in known:
            self._judge(pair, arn, principal)

    def _judge(self, pair: DeclaredPair, arn: Arn, principal: Principal) -> None:
        """What becomes of one assignment that git does not say."""
        context, diff = self._context, self._diff
        account, name = pair
        owners = self._owners(principal.kind)
        if principal.id in owners.ignored or (
            self._ignores is not None and self._ignores(account, name, principal)
        ):
            diff.ignored_assignments += 1
            self._stay(pair, principal)
        elif principal.id in owners.pairing.contested:
            diff.unmanaged_assignments.append((account, arn, principal))
            self._stay(pair, principal)
        elif self._ours.awaits_successor(arn):
            diff.unmanaged_assignments.append((account, arn, principal))
            self._stay(pair, principal, quietly=True)
        elif account in context.desired.unreachable or not self._is_active(account):
            diff.out_of_reach[account] = diff.out_of_reach.get(account, 0) + 1
            self._stay(pair, principal, quietly=True)
        elif (why := self._ours.why(pair, arn, principal)) is not None:
            if (name, context.holder(principal)) in context.desired.unresolved:
                address = context.assignment_address(account, name, context.holder(principal))
                diff.unresolved_assignments.append(address)
                diff.managed_assignments += 1
                self._stay(pair, principal)
            else:
                self._remove(pair, arn, principal, *why)
        elif principal not in self._ours.living:
            diff.orphans.append(context.assignment_address(account, name, context.holder(principal)))
        else:
            diff.unmanaged_assignments.append((account, arn, principal))
            self._stay(pair, principal)

    def _stay(self, pair: DeclaredPair, principal: Principal, *, quietly: bool = False) -> None:
        """Keep a person who is deleted although an assignment stays; name one who should have none."""
        if principal in self._ours.leaving:
            self._diff.held_in_place.add(self._context.holder_address(self._context.holder(principal)))
        if principal in self._ours.inactive and not quietly:
            account = self._context.account_name(pair[0])
            name = self._context.live_user_name(principal.id)
            self._diff.spared.append(f"{pair[1]} on {account}: {name}")

    def _is_active(self, account: str) -> bool:
        found = self._context.live.organization.accounts.get(account)
        return found is None or found.active

    def _remove(
        self, pair: DeclaredPair, arn: Arn, principal: Principal, cause: Cause, reason: str | None
    ) -> None:
        context, diff = self._context, self._diff
        account, name = pair
        declared = context.desired.permission_sets.get(name)
        address = self._touch(pair, arn, context.holder(principal), principal)
        diff.managed_assignments += arn not in context.sets.unmanaged
        diff.changes.append(
            Change(
                address=address,
                action=Action.DELETE,
                effect=Effect.REVOKE if principal in self._ours.living else Effect.NEUTRAL,
                cause=cause,
                before_hash=hashes.assignment_state(account, arn, principal.id, present=True),
                after_hash=hashes.assignment_state(account, arn, principal.id, present=False),
                name=context.principal_name(principal),
                reason=reason,
                origin=declared.origin if declared is not None else None,
            )
        )

    def _touch(
        self, pair: DeclaredPair, arn: Arn | None, holder: Holder, principal: Principal | None
    ) -> Address:
        """The address of an assignment, its ends noted with their ids, once for all accounts."""
        account, name = pair
        tail = self._tails.get((name, holder))
        if tail is None:
            context, diff = self._context, self._diff
            permission_set, who = context.set_address(name), context.holder_address(holder)
            if arn is not None:
                diff.ids[permission_set] = arn
            if principal is not None:
                diff.ids[who] = principal.id
            tail = self._tails[name, holder] = f"/{permission_set.key}/{holder.kind}:{who.key}"
        return Address(self._context.target, Kind.ASSIGNMENT, account + tail)


def _selected(why: Assigned) -> str:
    return f"{why.entry} selects the account" if why.selected else "the account can be assigned to by now"

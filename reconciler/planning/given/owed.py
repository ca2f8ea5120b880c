"""What git gave, does not want any more, and cannot take back now: each plan says what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.address import Address, Kind, SetName
from reconciler.model.pairs import Pair, Principal
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Mode
from reconciler.model.state import Holder
from reconciler.planning.context import PlanContext
from reconciler.planning.given.privileged import PrivilegedNow
from reconciler.planning.withheld import Withheld
from reconciler.planning.wording import many

_SHOWN = 100


def owed(context: PlanContext, withheld: Withheld, names: Mapping[str, str]) -> Iterable[Finding]:
    """One finding on all of it, privileged access first; what `withheld` leaves in the plan is not owed."""
    if context.memory.ledger is None:
        return
    judge = _Owed(context, {change.address for change in withheld.changes}, withheld.reasons(), names)
    lines = sorted([*judge.objects(), *judge.memberships(), *judge.assignments()])
    if not lines:
        return
    loud = sum(1 for rank, _ in lines if not rank)
    privileged = f", {loud} of them privileged" if loud else ""
    shown = [line for _, line in lines[:_SHOWN]]
    if len(lines) > _SHOWN:
        shown.append(f"and {len(lines) - _SHOWN:,} more")
    yield Finding(
        code="owed",
        severity=Severity.WARNING,
        message=(
            f"{many(len(lines), 'thing')} that git gave and does not want any more cannot be taken back "
            f"now{privileged}"
        ),
        fix="see what each waits for; it is planned again as soon as it can be",
        details=tuple(shown),
        count=len(lines),
    )


_Line = tuple[bool, str]


class _Owed:
    def __init__(
        self,
        context: PlanContext,
        planned: set[Address],
        reasons: Mapping[Address, str],
        names: Mapping[str, str],
    ) -> None:
        assert context.memory.ledger is not None
        self._context, self._ledger = context, context.memory.ledger
        self._planned, self._reasons = planned, reasons
        self._privileged = PrivilegedNow(context, names)
        self._unread = {kind: {gap.scope for gap in context.live.gaps if gap.kind is kind} for kind in Kind}

    def _line(self, address: Address, why: str, *, privileged: bool) -> _Line:
        mark = " (privileged)" if privileged else ""
        return not privileged, f"{address}{mark}: waits, because {why}"

    def objects(self) -> Iterator[_Line]:
        """Users, groups and sets that should go, or of which nobody can tell whose they are."""
        context = self._context
        for kind, owners, given in (
            (Kind.USER, context.users, self._ledger.users),
            (Kind.GROUP, context.groups, self._ledger.groups),
        ):
            for identifier, one in given.items():
                contested = identifier in owners.pairing.contested
                if not contested and identifier not in owners.gone:
                    continue
                if one.left or (kind is Kind.USER and not contested and self._is_done_for(identifier)):
                    continue
                key = owners.pairing.keys.get(identifier) or f"~{identifier}"
                address = Address.of(context.target, kind, key)
                if address in self._planned:
                    continue
                unclear = f"it is not known whether it is {one.key}"
                why = unclear if contested else self._reasons.get(address, "it cannot be removed now")
                privileged = kind is Kind.GROUP and self._privileged.group(identifier)
                yield self._line(address, why, privileged=privileged)
        for arn in self._ledger.sets.keys() & (context.sets.gone | context.sets.replaced.keys()):
            address = context.set_address(context.set_name(arn))
            if address not in self._planned:
                why = self._reasons.get(address, "it is still assigned")
                yield self._line(address, why, privileged=False)

    def _is_done_for(self, identifier: str) -> bool:
        """Whether somebody who is gone from git is disabled already, or cannot be by this channel."""
        live = self._context.live.users[identifier]
        return live.active is False or not self._context.capabilities.status

    def memberships(self) -> Iterator[_Line]:
        """Memberships that are given, not desired, and not taken away."""
        context = self._context
        if Kind.MEMBERSHIP not in context.capabilities.kinds:
            return
        unread = self._unread[Kind.MEMBERSHIP]
        ids = context.users.pairing.ids
        for group, given in self._ledger.members.items():
            blind = "*" in unread or group in unread
            there = given if blind else given & context.live.members.get(group, {}).keys()
            key = context.groups.declared.get(group)
            members = context.desired.members.get(key, {}) if key is not None else {}
            extra = there - {ids.get(user) for user in members}
            for user in extra:
                names = context.group_key(group), context.user_key(user)
                address = Address.of(context.target, Kind.MEMBERSHIP, *names)
                if address not in self._planned:
                    why = self._reasons.get(address) or self._why_member(group, user, blind=blind)
                    yield self._line(address, why, privileged=self._privileged.group(group))

    def _why_member(self, group: str, user: str, *, blind: bool) -> str:
        context = self._context
        if blind:
            return "the members of the group were not read"
        if group in context.groups.pairing.contested or user in context.users.pairing.contested:
            return "it is not known whose it is"
        if context.policy.scope.memberships is Mode.OBSERVE:
            return "its kind is only observed"
        return "it cannot be removed now"

    def assignments(self) -> Iterator[_Line]:
        """Assignments that are given, not desired, and not taken away."""
        context = self._context
        if Kind.ASSIGNMENT not in context.capabilities.kinds:
            return
        names = {arn: one.name for arn, one in self._ledger.sets.items()} | dict(context.sets.names)
        for (account, arn), held in self._ledger.assignments.items():
            live = context.live.assignments.get((account, arn), frozenset())
            name = SetName(names.get(arn, arn))
            desired = context.desired.assignments.get((account, name), {})
            wanted = {self._principal(holder) for holder in desired} if desired else set()
            for principal in held.keys() - wanted:
                blind = self._is_unread(account, principal)
                if principal not in live and not blind:
                    continue
                address = context.assignment_address(account, name, context.holder(principal))
                if address not in self._planned:
                    why = self._reasons.get(address)
                    why = why or self._why_assigned((account, arn), principal, blind=blind)
                    yield self._line(address, why, privileged=self._privileged.assignment(account, arn))

    def _principal(self, holder: Holder) -> Principal | None:
        owners = self._context.users if holder.kind is Kind.USER else self._context.groups
        identifier = owners.pairing.ids.get(holder.key)
        return None if identifier is None else Principal(holder.kind, identifier)

    def _is_unread(self, account: str, principal: Principal) -> bool:
        unread = self._unread[Kind.ASSIGNMENT]
        return bool(unread & {"*", account}) or (principal.kind is Kind.USER and "users" in unread)

    def _why_assigned(self, pair: Pair, principal: Principal, *, blind: bool) -> str:
        context, account = self._context, pair[0]
        found = context.live.organization.accounts.get(account)
        if found is not None and not found.active:
            return f"the account is {found.state.lower()}"
        if blind:
            return "the assignments of the account were not read"
        if account in context.desired.unreachable:
            return "the account cannot be reached"
        owners = context.users if principal.kind is Kind.USER else context.groups
        if principal.id in owners.pairing.contested:
            return "it is not known whose it is"
        if pair[1] in context.sets.replaced:
            return "the permission set that replaces it is not there yet"
        if context.policy.scope.assignments is Mode.OBSERVE:
            return "its kind is only observed"
        return "it cannot be removed now"

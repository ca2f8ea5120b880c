"""What a file says in so many words: that somebody is blocked, and that something has ended.

Guards against what nobody meant do not ask about it again: it empties no set by accident, and is no part of
a percentage. What may still be an accident is counted in people: blocks, and ends that were past already
when they were first applied. An end that was applied while it lay in the future was reviewed as what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconciler.model.address import PAIRS, Address, Kind, SetName
from reconciler.model.change import AT_ONCE, Action, Cause, Change
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Guards
from reconciler.model.removed import BLOCKED
from reconciler.model.state import Desired, Holder, Identities, Remembered
from reconciler.planning.context import PlanContext
from reconciler.planning.desired.project import project
from reconciler.planning.guards.approving import approval

_IN_WORDS = frozenset({Cause.BLOCK, Cause.EXPIRY})


def in_words(change: Change) -> bool:
    """Whether a reviewed file says the removal itself: a block, or an `until` that is over."""
    return change.cause in _IN_WORDS


def has_left(change: Change) -> bool:
    """Whether a file says of the person that they must have no access: what they leave, nobody emptied.

    That of leavers counts for every limit all the same, since an import may write many of them by mistake.
    """
    return change.cause in AT_ONCE


class ExplicitRemovals:
    """Which people the limit on blocks counts for which change."""

    def __init__(self, context: PlanContext, identities: Identities, remembered: Remembered) -> None:
        self._context, self._identities, self._remembered = context, identities, remembered
        self._sides: list[tuple[Desired, Desired]] | None = None
        self._later: list[tuple[Desired, Desired]] | None = None

    def counted(self, changes: Iterable[Change]) -> Mapping[Address, frozenset[str]]:
        """The keys of people by change: of blocks, of ends that no apply foresaw, and who is denied for more.

        Who is denied because of an end, or goes altogether, counts by what is taken away.
        """
        return {
            change.address: frozenset(self._people(change.address))
            for change in changes
            if (
                change.action is Action.CREATE and change.cause in (Cause.BLOCK, Cause.LEAVER)
                if change.address.kind is Kind.DENIAL
                else in_words(change)
                and not (change.cause is Cause.EXPIRY and self._foreseen(change.address))
            )
        }

    def _people(self, address: Address) -> Iterator[str]:
        if address.kind is Kind.MEMBERSHIP:
            yield address.user.own_key
        elif address.kind is Kind.ASSIGNMENT:
            holder = address.principal
            if holder.kind is Kind.USER:
                yield holder.own_key
            else:
                group = self._id(holder)
                yield from map(self._context.user_key, self._context.live.members.get(group, ()))
        else:
            yield address.own_key

    def _id(self, address: Address) -> str:
        key = address.own_key
        owners = self._context.groups if address.kind is Kind.GROUP else self._context.users
        return owners.pairing.ids.get(key) or key.removeprefix("~")

    def _foreseen(self, address: Address) -> bool:
        """Whether an apply gave it with this end, or an earlier one, while that lay in the future.

        What hangs on a person ends with the person, too.
        """
        ways = [address]
        if address.kind in PAIRS:
            ways += [end for end in address.ends if end.kind is Kind.USER]
        return any(map(self._is_foreseen, ways))

    def _is_foreseen(self, address: Address) -> bool:
        """Whether what was applied whole gave it then and, by the passing of time alone, would not now.

        Where a later apply gave it, every state that it may have run with must say so.
        """
        wants = self._question(address)
        applied = self._applied()
        if any(wants(then) for then, _ in applied):
            return any(wants(then) and not wants(now) for then, now in applied)
        if not self._given(address):
            return False
        since = [now for then, now in self._since() if wants(then)]
        return bool(since) and not any(map(wants, since))

    def _question(self, address: Address) -> Callable[[Desired], bool]:
        """Whether a state gives something, under any key that it has and had."""
        users, groups = self._context.users, self._context.groups
        if address.kind is Kind.MEMBERSHIP:
            group, user = (end.own_key for end in address.ends)
            names, people = groups.previous_keys(group), users.previous_keys(user)
            return lambda state: any(one in state.members.get(name, ()) for name in names for one in people)
        if address.kind is Kind.ASSIGNMENT:
            holder, named = address.ends
            owners = users if holder.kind is Kind.USER else groups
            holders = [Holder(holder.kind, key) for key in owners.previous_keys(holder.own_key)]
            pairs = [
                (address.account, SetName(name)) for name in self._context.sets.previous_keys(named.own_key)
            ]
            return lambda state: any(
                one in state.assignments.get(pair, ()) for pair in pairs for one in holders
            )
        people = users.previous_keys(address.own_key)
        return lambda state: any(map(state.wants, people))

    def _applied(self) -> Sequence[tuple[Desired, Desired]]:
        """What was applied whole last: as it was then, and as it would be by now."""
        if self._sides is None:
            base, declared = self._context.memory.base, self._remembered.base
            self._sides = []
            if base is not None and declared is not None:
                now = project(
                    declared.identities,
                    declared.policy,
                    self._context.now,
                    self._context.capabilities,
                    self._context.live.organization,
                )
                self._sides.append((base, now))
        return self._sides

    def _since(self) -> Sequence[tuple[Desired, Desired]]:
        """The states since then, that under plan among them: as of then, and by now."""
        if self._later is None:
            context, receipt = self._context, self._remembered.receipt
            can, organization = context.capabilities, context.live.organization
            self._later = []
            if receipt is not None:
                for then, one in zip(context.memory.since, self._remembered.since, strict=True):
                    now = project(one.identities, one.policy, context.now, can, organization)
                    self._later.append((then, now))
                then = project(self._identities, context.policy, receipt.at, can, organization)
                self._later.append((then, context.desired))
        return self._later

    def _given(self, address: Address) -> bool:
        """Whether an apply ended with it there."""
        ledger = self._context.memory.ledger
        if ledger is None:
            return False
        if address.kind is Kind.MEMBERSHIP:
            group, user = map(self._id, address.ends)
            return user in ledger.members.get(group, ()) and user not in ledger.unsure.get(group, ())
        if address.kind is Kind.ASSIGNMENT:
            holder, named = address.ends
            arns = [
                one.id for one in self._context.live.permission_sets.values() if one.name == named.own_key
            ]
            principal = Principal(holder.kind, self._id(holder))
            held = (ledger.assignments.get((address.account, arn), {}).get(principal) for arn in arns)
            return any(one is not None and one.sure for one in held)
        user_given = ledger.users.get(self._id(address))
        return user_given is not None and user_given.sure


def blocks_passed(
    people: Mapping[Address, frozenset[str]], guards: Guards, past: Mapping[str, int]
) -> Iterator[Finding]:
    """More people blocked, or cut off by ends that nobody foresaw, than the limit allows."""
    everybody = sorted({one for found in people.values() for one in found})
    count, bound = len(everybody) + past.get(BLOCKED, 0), guards.max_removals.blocked.count
    if bound is None or not everybody or count <= bound:
        return
    before = f"applied, {past[BLOCKED]} of them in the last 24 hours" if past.get(BLOCKED) else "applied"
    yield Finding(
        code="max-removals",
        severity=Severity.REFUSAL,
        message=(
            f"{count:,} {'person' if count == 1 else 'people'} would be blocked, or lose what ended before "
            f"it was first {before}; at most {bound} may"
        ),
        fix=approval("max-removals", count, Kind.USER, BLOCKED),
        details=tuple(everybody),
        kind=Kind.USER,
        scope=BLOCKED,
        count=count,
        covers=tuple(address for address, found in sorted(people.items()) if found),
    )

"""Guard of what is critical: enough people in a group or behind an assignment, at every moment of an apply.

People in it count if they can sign in and stay: people who must lose it at once (their time is over,
they are blocked or have left) never count, and nothing waits for their sake. Where only a moment in between
would have too few, the removals wait for the grants that make up for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reconciler.access.state import NO_HOLDERS, AccessState, Holders
from reconciler.model.address import Address, Kind, SetName
from reconciler.model.change import AT_ONCE, Action, Change, Effect
from reconciler.model.pairs import Pair, Principal
from reconciler.model.patterns import path_matches
from reconciler.model.plan import Finding, Severity, Step
from reconciler.model.selecting import Places
from reconciler.model.state import Holder, Identities, Remembered
from reconciler.planning.consequences import Consequences
from reconciler.planning.guards.approving import approval
from reconciler.planning.replacements import Links
from reconciler.planning.wording import many


@dataclass(frozen=True, slots=True)
class _Removal:
    address: Address
    holder: Principal
    # None where the whole holder loses the assignment.
    user: str | None
    at_once: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A critical group, or a critical assignment on one account, on both sides of the plan.

    `bound` is how many must be in it at any moment, `staying` those that are now and count, `after` those
    that will be. `additions` are what the removals must wait for; where there are none, they need not.
    """

    key: str
    label: str
    kind: Kind
    least: int
    bound: int
    staying: AbstractSet[str]
    after: AbstractSet[str]
    held: Holders
    removals: tuple[_Removal, ...]
    additions: tuple[Address, ...]
    # All that takes people away from it, also what waits for nothing.
    blamed: tuple[Address, ...] = ()


class Critical:
    """All that is critical at one target, before and after a plan."""

    def __init__(self, consequences: Consequences, identities: Identities, remembered: Remembered) -> None:
        context = consequences.context
        self._context, self._places = context, list[_Place]()
        if not context.policy.guards.min_members:
            return
        self._tokens, both = consequences.tokens, consequences.sides
        self._before, self._after = both.before, both.after
        self._index(consequences.changes)
        states = [identities, *([remembered.base.identities] if remembered.base else [])]
        for key, least in sorted(context.policy.guards.min_members.items()):
            self._places.extend(self._of(key, least, states))

    def needed(self) -> Links:
        """By removal from what is critical, the grants without which too few would be left."""
        needed: dict[Address, tuple[Address, ...]] = {}
        for place in self._places:
            for removal in place.removals if place.additions else ():
                needed[removal.address] = tuple(sorted({*needed.get(removal.address, ()), *place.additions}))
        return needed

    def findings(self, steps: Iterable[Step]) -> Iterator[Finding]:
        """A refusal for each critical group or entry that has too few people, in the end or in between."""
        waiting = {step.id: {*step.after, *step.held_by} for step in steps} if self._places else {}
        named: set[str] = set()
        for place in self._places:
            if place.key in named:
                continue
            if len(place.after) < place.least:
                named.add(place.key)
                missing = place.least - len(place.after)
                yield Finding(
                    code="min-members",
                    severity=Severity.REFUSAL,
                    message=(
                        f"{place.label} would have {len(place.after)} of at least "
                        f"{many(place.least, 'member')} who can sign in"
                    ),
                    fix=f"add {missing} more who are active; {approval('min-members', 1, place.kind)}",
                    details=tuple(sorted(map(self._tokens.user_key, place.after))),
                    kind=place.kind,
                    covers=place.blamed,
                )
            elif place.additions and self._falls_below(place, waiting):
                named.add(place.key)
                yield Finding(
                    code="min-members",
                    severity=Severity.REFUSAL,
                    message=(
                        f"{place.label} would have fewer than {many(place.bound, 'member')} for a moment, in "
                        "any order of these changes"
                    ),
                    fix=f"add first, apply, and then remove; {approval('min-members', 1, place.kind)}",
                    details=tuple(str(removal.address) for removal in place.removals),
                    kind=place.kind,
                    covers=tuple(removal.address for removal in place.removals),
                )

    def _falls_below(self, place: _Place, waiting: Mapping[str, AbstractSet[str]]) -> bool:
        needed = set(map(str, place.additions))
        loose = [one for one in place.removals if not needed <= waiting.get(str(one.address), needed)]
        return len(self._left(place.held, loose) & place.staying) < place.bound

    def _left(self, holders: Holders, removals: Iterable[_Removal]) -> set[str]:
        """Who is behind any of `holders` when `removals` are done and nothing was added."""
        whole = {one.holder for one in removals if one.user is None}
        gone = {(one.holder, one.user) for one in removals}
        return {
            person
            for holder in holders - whole
            for person in self._before.behind(holder)
            if (holder, person) not in gone
        }

    # What is critical.

    def _of(self, key: str, least: int, states: Sequence[Identities]) -> Iterator[_Place]:
        context = self._context
        heirs = [now for now, previous_keys in context.groups.former_keys.items() if key in previous_keys]
        name = heirs[0] if heirs else key
        known = (context.desired, *context.memory.states)
        if any(key in state.groups or name in state.groups for state in known):
            token = self._tokens.group(name)
            unread = {gap.scope for gap in context.live.gaps if gap.kind is Kind.MEMBERSHIP}
            if not unread & {"*", token}:
                holders = frozenset({Principal(Kind.GROUP, token)})
                yield self._place(key, f"group {name}", least, None, holders, holders)
        if Kind.ASSIGNMENT in context.capabilities.kinds:
            for state in states:
                if key in state.assignments:
                    yield from self._entry(key, least, state)
                    return

    def _entry(self, key: str, least: int, state: Identities) -> Iterator[_Place]:
        """An entry on every account that it leads to; somebody may hold it there by another entry."""
        context, entry = self._context, state.assignments[key]
        if entry.window.early(context.now) or not path_matches(entry.origin.path, context.policy.paths):
            return
        named = {each: account.id for each, account in state.accounts.items()}
        found = Places(context.live.organization, named).select(entry.accounts, entry.excluded)
        unread = {gap.scope for gap in context.live.gaps if gap.kind is Kind.ASSIGNMENT}
        for account in sorted(found.accounts):
            for name in map(SetName, entry.permission_sets) if not unread & {"*", account} else ():
                pair = account, self._tokens.permission_set(name)
                unseen = NO_HOLDERS
                if "users" in unread:
                    wanted = context.desired.assignments.get((account, name), ())
                    unseen = frozenset(
                        Principal(Kind.USER, self._tokens.user(one.key))
                        for one in wanted
                        if one.kind is Kind.USER
                    )
                label = f"{key} ({name} on {context.account_name(account)})"
                held, holding = self._before.of(pair) | unseen, self._after.of(pair) | unseen
                yield self._place(key, label, least, pair, held, holding)

    def _place(
        self, key: str, label: str, least: int, pair: Pair | None, held: Holders, holding: Holders
    ) -> _Place:
        removals = [one for holder in held for one in self._leaving.get(holder, ())]
        if pair is not None:
            removals += self._unassigned.get(pair, ())
        at_once = [one for one in removals if one.at_once]
        staying = self._left(held, at_once) - self._disabled
        after = _behind(self._after, holding)
        kept = {
            person
            for holder in held & holding
            for person in self._before.behind(holder) & self._after.behind(holder)
        }
        bound = min(least, len(staying))
        short = bound - len(kept)
        coming = sorted(after - kept)[:short] if short > 0 else []
        ways = {address for person in coming for address in self._way(person, pair, held, holding)}
        waiting = sorted((one for one in removals if not one.at_once), key=lambda one: one.address)
        return _Place(
            key=key,
            label=label,
            kind=Kind.MEMBERSHIP if pair is None else Kind.ASSIGNMENT,
            least=least,
            bound=bound,
            staying=staying,
            after=after,
            held=held,
            removals=tuple(waiting),
            additions=tuple(sorted(ways)),
            blamed=tuple(sorted({*(one.address for one in removals), *self._cut_off(held, after)})),
        )

    def _cut_off(self, held: Holders, after: AbstractSet[str]) -> Iterator[Address]:
        """The changes of people themselves by which they are not behind it any more."""
        for person in _behind(self._before, held) - after:
            if (address := self._people.get(person)) is not None:
                yield address

    def _way(self, person: str, pair: Pair | None, held: Holders, holding: Holders) -> Iterator[Address]:
        """The creations by which somebody comes in, through the first of the holders."""
        context, tokens = self._context, self._tokens
        holder = min(one for one in holding if person in self._after.behind(one))
        if pair is not None and holder not in held:
            key = tokens.user_key if holder.kind is Kind.USER else tokens.group_key
            name = tokens.set_name(pair[1])
            yield context.assignment_address(pair[0], name, Holder(holder.kind, key(holder.id)))
        user = tokens.user_key(person)
        if holder.kind is Kind.GROUP and person not in self._before.members.get(holder.id, ()):
            group = tokens.group_key(holder.id)
            yield Address.of(context.target, Kind.MEMBERSHIP, group, user)
        if person not in self._before.people:
            yield context.user_address(user)

    def _index(self, changes: Iterable[Change]) -> None:
        """Removals by holder and by pair, and who is disabled: that waits for nothing."""
        self._leaving: dict[Principal, list[_Removal]] = {}
        self._unassigned: dict[Pair, list[_Removal]] = {}
        self._disabled: set[str] = set()
        self._people: dict[str, Address] = {}
        for change in changes:
            address, at_once = change.address, change.cause in AT_ONCE
            if address.kind is Kind.USER and change.effect in (Effect.REVOKE, Effect.MIXED):
                self._people[self._tokens.user(address.own_key)] = address
            if address.kind is Kind.USER and change.action is Action.UPDATE:
                if change.disables:
                    self._disabled.add(self._tokens.user(address.own_key))
            elif change.action is not Action.DELETE:
                continue
            elif address.kind is Kind.MEMBERSHIP:
                group, user = self._tokens.membership(address)
                holder = Principal(Kind.GROUP, group)
                self._leaving.setdefault(holder, []).append(_Removal(address, holder, user, at_once))
            elif address.kind is Kind.ASSIGNMENT:
                pair, holder = self._tokens.assignment(address)
                self._unassigned.setdefault(pair, []).append(_Removal(address, holder, None, at_once))


def _behind(standing: AccessState, holders: Holders) -> set[str]:
    return {person for holder in holders for person in standing.behind(holder)}

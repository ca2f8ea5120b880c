"""Who is denied at once: the entries of the policy of denials, against who is blocked or leaves.

| the person | has an entry | live grants | becomes |
|---|---|---|---|
| blocked, leaves, or past `until` | none | reach them, or did when they were denied | entered, open |
| gone from git, or deleted by this plan | none | reach them | entered, open |
| must have no access | open | none, and all was read | an end, the longest session from now on |
| must have no access | with an end | reach them again | open |
| must have no access | whose end is over | none, and all was read | taken out |
| git gave them back | git's own | | taken out, which a review sees |
| gone from git | of `offboard` | | stays: only a block or an undo ends it; their user is not deleted |
| git knows of nothing | of `offboard`, or by hand | | stays, and holds every grant to them |

An entry of `offboard` becomes git's own as soon as git blocks the person. The time is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.model.address import Address, Kind
from reconciler.model.change import AT_ONCE, Action, Cause, Change, Effect, FieldChange
from reconciler.model.denials import OPEN, Denials, Entry, last_moment, with_room
from reconciler.model.state import Inactive
from reconciler.planning import hashes
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.denying import (
    DECLARED,
    Reaching,
    deletes_user,
    keys_of,
    may_have_sessions,
    never_denied,
    size_reason,
    twin_of,
    was_entered_by_git,
    why_entered,
    why_out,
)
from reconciler.planning.ordering.steps import TWELVE_HOURS


def compare_denials(context: PlanContext, diff: Diff) -> None:
    """Add the changes of the policy of denials to `diff`, who cannot be entered, and whom it holds."""
    denials = context.live.denials
    if Kind.DENIAL not in context.capabilities.kinds or denials is None:
        return
    diff.never_denied = never_denied(context)
    # Nobody knows then who was offboarded: what is taken away goes on, and what is given waits.
    diff.standing.everybody = bool(denials.problem)
    comparing = _Comparing(context, diff, denials)
    made = list(comparing.changes())
    comparing.hold_others()
    if why := denials.unwritable:
        diff.undenied += [(change, why) for change in made if change.action is Action.CREATE]
        comparing.hold_all(made)
        return
    made = list(_that_fit(context, diff, denials, made))
    diff.changes += made


def _that_fit(context: PlanContext, diff: Diff, denials: Denials, made: list[Change]) -> Iterator[Change]:
    """The changes that fit into the policy; people who do not fit are noted."""
    after = dict(denials.entries)
    for change in made:
        identifier = diff.ids[change.address]
        if change.action is Action.DELETE and change.upkeep:
            after.pop(identifier, None)
        elif change.action is Action.UPDATE:
            new = (
                Entry(last_moment(context.now)) if change.after_hash == _hash(identifier, "ending") else OPEN
            )
            after[identifier] = new
    coming = {diff.ids[change.address]: change for change in made if change.action is Action.CREATE}
    room = with_room(after, coming) if coming else frozenset()
    for change in made:
        if change.action is Action.CREATE and diff.ids[change.address] not in room:
            diff.undenied.append((change, size_reason(denials)))
        else:
            yield change


def _hash(identifier: str, state: str) -> str:
    return hashes.denial_state(identifier, state)


@dataclass(frozen=True)
class _Comparing:
    context: PlanContext
    diff: Diff
    denials: Denials

    def changes(self) -> Iterator[Change]:
        """What differs, in the order of keys."""
        context, entries = self.context, self.denials.entries
        reaching = Reaching(context)
        people = set(entries)
        for key in context.desired.inactive:
            identifier = context.users.pairing.ids.get(key)
            if identifier is not None:
                people.add(identifier)
        people |= context.inactive.keys()
        going = {self.diff.ids[one.address]: one for one in self.diff.changes if deletes_user(one)}
        people |= going.keys() & reaching.people
        for identifier in sorted(people, key=lambda one: (context.user_key(one), one)):
            entry = entries.get(identifier)
            reason = why_out(context, identifier) if entry is None else why_entered(context, identifier)
            if identifier in self.diff.never_denied:
                if entry is not None:
                    never = f"never denied: {self.diff.never_denied[identifier]}"
                    yield self._taken_out(identifier, Cause.DRIFT, never)
            elif entry is not None:
                yield from self._known(identifier, entry, reason, reaching)
            elif reason is not None and identifier in context.live.users:
                key = context.user_key(identifier)
                if identifier in reaching.people or may_have_sessions(context, key):
                    yield self._change(
                        identifier,
                        Action.CREATE,
                        Effect.REVOKE,
                        reason.cause,
                        "absent",
                        "open",
                        reason.reason,
                    )
            elif identifier in going and identifier in reaching.people:
                yield self._change(
                    identifier,
                    Action.CREATE,
                    Effect.REVOKE,
                    going[identifier].cause,
                    "absent",
                    "open",
                    "the user is deleted",
                )

    def hold_others(self) -> None:
        """Hold whom `offboard` entered in the configured policy, while the former one is still used."""
        for other in self.context.live.former_denials:
            for identifier, entry in other.entries.items():
                if entry.offboarded and other.policy != self.denials.policy:
                    why = why_entered(self.context, identifier)
                    if why is None or why.cause not in DECLARED:
                        self._hold(identifier, entry)

    def hold_all(self, made: list[Change]) -> None:
        """Hold whom nobody can take out now, and whom what is not understood may be about."""
        for change in made:
            if change.action is Action.DELETE and change.effect is Effect.GRANT:
                identifier = self.diff.ids[change.address]
                self._hold(identifier, self.denials.entries[identifier])
        for identifier in sorted(self.denials.named):
            mine = twin_of(self.context, identifier) or identifier
            if why_out(self.context, mine) is None and mine not in self.diff.never_denied:
                self._hold(identifier, OPEN)

    def _known(
        self, identifier: str, entry: Entry, why: Inactive | None, reaching: Reaching
    ) -> Iterator[Change]:
        """What becomes of an entry that is there."""
        context = self.context
        key = context.user_key(identifier)
        if identifier not in context.live.users:
            given = context.users.given.get(identifier)
            self.diff.standing.vanished[identifier] = given.key if given is not None else ""
        if why is not None and (why.cause in DECLARED or not entry.offboarded):
            yield from self._lasting(identifier, entry, why, reaching)
        elif key not in context.desired.users:
            names = [each for each in keys_of(context, identifier) if each in context.desired.users]
            known = identifier in context.live.users or identifier in context.users.given
            if entry.offboarded and (names or known):
                # Made anew under another id, it is the same person to git. Who is gone from git without a
                # block may be added again: only a block or an undo says that somebody knew. Of a user who
                # was deleted by others the memory tells who it was, for as long as the entry is there.
                self._hold(identifier, entry)
            else:
                yield from self._lasting(identifier, entry, why, reaching)
        elif not entry.offboarded and why is None and was_entered_by_git(context, identifier):
            yield self._taken_out(identifier, Cause.GIT, "blocked no more")
        elif entry.over(context.now) and not entry.offboarded:
            yield self._taken_out(identifier, Cause.DRIFT, "its time is over, and git does not block them")
        else:
            self._hold(identifier, entry)

    def _hold(self, identifier: str, entry: Entry) -> None:
        gone = self.diff.standing.vanished.get(identifier, "")
        for key in (gone, *keys_of(self.context, identifier)) if gone else keys_of(self.context, identifier):
            self.diff.standing.held[key] = str(entry)

    def _lasting(
        self, identifier: str, entry: Entry, why: Inactive | None, reaching: Reaching
    ) -> Iterator[Change]:
        """The way of an entry from open to its end, and out."""
        reason = why.reason if why is not None else "not in git"
        cause = why.cause if why is not None and why.cause in AT_ONCE else Cause.EXPIRY
        # What git says itself is git's from now on.
        adopts = entry.offboarded and why is not None and why.cause in DECLARED
        reached = identifier in reaching.people
        if reached or not reaching.whole:
            if entry.end is None or (not reached and not entry.over(self.context.now)):
                if adopts:
                    yield self._update(identifier, entry, "open", cause, reason, Effect.NEUTRAL)
            elif reached:
                yield self._update(
                    identifier, entry, "open", cause, "a live grant reaches them", Effect.REVOKE
                )
        elif entry.end is None or adopts:
            yield self._update(identifier, entry, "ending", cause, "their access is gone", Effect.NEUTRAL)
        elif entry.over(self.context.now):
            yield self._change(
                identifier, Action.DELETE, Effect.NEUTRAL, Cause.EXPIRY, str(entry), "absent",
                "no session can be left",
            )  # fmt: skip

    def _update(
        self, identifier: str, entry: Entry, state: str, cause: Cause, reason: str, effect: Effect
    ) -> Change:
        made = self._change(identifier, Action.UPDATE, effect, cause, str(entry), state, reason)
        before = str(entry) + (", by offboard" if entry.offboarded else "")
        after = TWELVE_HOURS if state == "ending" else str(OPEN)
        return replace(made, fields=(FieldChange("end", before, after),))

    def _taken_out(self, identifier: str, cause: Cause, reason: str) -> Change:
        return self._change(identifier, Action.DELETE, Effect.GRANT, cause, "present", "absent", reason)

    def _change(
        self,
        identifier: str,
        action: Action,
        effect: Effect,
        cause: Cause,
        before: str,
        after: str,
        reason: str,
    ) -> Change:
        context = self.context
        address = Address.of(context.target, Kind.DENIAL, context.user_key(identifier))
        self.diff.ids[address] = identifier
        return Change(
            address=address,
            action=action,
            effect=effect,
            cause=cause,
            before_hash=_hash(identifier, before),
            after_hash=_hash(identifier, after),
            name=context.live_user_name(identifier),
            reason=reason,
        )

"""Judging changes: all together for a plan that people review, change by change for what goes without.

What goes by rule alone is a heap of changes that have nothing to do with each other. What is refused of them
is left out, with what needs it, and the rest is judged again without it, until nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.access import AccessChange
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change, Effect
from reconciler.model.plan import Finding, Severity, Step
from reconciler.model.state import Identities, Remembered
from reconciler.planning.consequences import Consequences
from reconciler.planning.context import PlanContext
from reconciler.planning.denying import alone, with_denials
from reconciler.planning.guards.approving import lifted
from reconciler.planning.guards.excepting import excepting
from reconciler.planning.guards.explicit import ExplicitRemovals, blocks_passed, in_words
from reconciler.planning.guards.guard import guard, tallies
from reconciler.planning.guards.members import Critical
from reconciler.planning.guards.population import Population
from reconciler.planning.ordering.order import Dependencies, order
from reconciler.planning.pending import pending_removals
from reconciler.planning.replacements import Links, renamed
from reconciler.planning.rules.judging import judge
from reconciler.planning.selection import without_waiting

_NEEDS = "needs what is refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """Changes with their steps, what guards and rules find, and what they do to access.

    `needed` maps removals from what is critical to the grants without which too few people would be left.
    `tallies` are the names under which limits count each removal. `refused` are changes that were left out,
    each with why. `pending` are removals that were applied before without effect.
    """

    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    access: tuple[AccessChange, ...]
    needed: Links
    tallies: Mapping[Address, tuple[str, ...]]
    refused: tuple[tuple[Change, str], ...] = ()
    pending: frozenset[Address] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Changes that go on, what is said of the others, and these, each with why."""

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    refused: tuple[tuple[Change, str], ...]
    # Denials that a limit refuses, while it lets through everything else that it counts.
    undenied: tuple[tuple[Change, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """All that judging needs beside the changes.

    `names` are keys of `accounts` with their ids, `past` is what runs without a review took away lately, by
    name.
    """

    context: PlanContext
    identities: Identities
    remembered: Remembered
    population: Population
    names: Mapping[str, str]
    past: Mapping[str, int] = field(default_factory=dict)

    def judge(self, changes: Sequence[Change]) -> Judged:
        """What guards and rules say of `changes`, all carried out."""
        context = self.context
        consequences = Consequences(context, changes, self.names)
        critical = Critical(consequences, self.identities, self.remembered)
        needed, replacements = critical.needed(), consequences.replaced
        waits = {**replacements, **{one: (*replacements.get(one, ()), *needed[one]) for one in needed}}
        keeps_a_member = context.capabilities.keeps_a_member
        steps, circles = order(changes, consequences.dependencies(waits, keeps_a_member=keeps_a_member))
        replaced = renamed(context, changes)
        pending = pending_removals(changes, context.unkept.names)
        # What was let through before, and had no effect, counts for no limit: not now, and not later.
        fresh = [change for change in changes if change.address not in pending]
        blocked = ExplicitRemovals(context, self.identities, self.remembered).counted(fresh)
        guarded = guard(
            context,
            changes,
            self.population,
            consequences.access,
            self.identities.approvals.values(),
            replaced=replaced,
            pending=pending,
            more=critical.findings(steps),
            blocked=blocked,
            past=self.past,
        )
        ruled = judge(consequences, self.identities, self.remembered)
        return Judged(
            changes=tuple(changes),
            steps=steps,
            findings=(*guarded, *circles, *ruled),
            access=consequences.access,
            needed=needed,
            tallies=tallies(fresh, replaced, blocked),
            pending=pending,
        )

    def dependencies(self, changes: Sequence[Change]) -> Dependencies:
        """What the order of `changes` must know."""
        consequences = Consequences(self.context, changes, self.names)
        return consequences.dependencies(keeps_a_member=self.context.capabilities.keeps_a_member)

    def withhold(self, changes: Sequence[Change]) -> HeldBack:
        """The changes without new access that an `except` was perhaps to prevent, and what needs that."""
        found = list(excepting(self.context, changes))
        refusals = [one for one in found if one.severity is Severity.REFUSAL]
        found = [
            *lifted(
                refusals,
                self.identities.approvals.values(),
                self.context.target,
                self.context.now,
                self._account,
            ),
            *(one for one in found if one.severity is not Severity.REFUSAL),
        ]
        why = {
            address: f"{one.code}: {one.message}"
            for one in found
            if one.severity is Severity.REFUSAL
            for address in one.covers or ()
        }
        rest, out = self._without(changes, why)
        rest, undenied = self._within_limit(rest)
        return HeldBack(tuple(rest), tuple(found), tuple(out), undenied)

    def _within_limit(self, changes: list[Change]) -> tuple[list[Change], tuple[tuple[Change, str], ...]]:
        """The changes without denials that alone take a limit on blocks past its count: no removal waits."""
        if not any(change.address.kind is Kind.DENIAL for change in changes):
            return changes, ()
        people = ExplicitRemovals(self.context, self.identities, self.remembered).counted(changes)
        lonely = alone(people)
        if not lonely or not self._too_many(people):
            return changes, ()
        if self._too_many({address: found for address, found in people.items() if address not in lonely}):
            return changes, ()  # then all of them wait for an approval
        why = "max-removals: more people would be denied than `max_removals.blocked` allows"
        return (
            [change for change in changes if change.address not in lonely],
            tuple((change, why) for change in changes if change.address in lonely),
        )

    def _too_many(self, people: Mapping[Address, frozenset[str]]) -> bool:
        found = lifted(
            list(blocks_passed(people, self.context.policy.guards, self.past)),
            self.identities.approvals.values(),
            self.context.target,
            self.context.now,
            self._account,
        )
        return any(one.severity is Severity.REFUSAL for one in found)

    def _account(self, name: str) -> str:
        return self.names.get(name, name)

    def let_through(self, changes: Sequence[Change], standing: Iterable[Finding] = ()) -> Judged:
        """Those of `changes` that nothing refuses, and the others, each with the first reason.

        `standing` is what was found before: a refusal of one thing among it leaves out the changes of that
        thing, one of no particular thing all but blocks and ends. Of what one refusal covers, blocks and ends
        are left out only where nothing else is left: they wait for nobody who left.
        """
        refusals: dict[tuple[str, str, tuple[str, ...]], Finding] = {}
        rest, refused = self._without(changes, _held_up(standing, changes))
        judged = self.judge(rest)
        while found := [one for one in judged.findings if one.severity is Severity.REFUSAL]:
            for one in found:
                refusals.setdefault((one.code, one.message, one.details), one)
            why = _left_out(found, judged.changes)
            if not why:
                break
            rest, out = self._without(judged.changes, why)
            refused += out
            judged = self.judge(rest)
        others = [one for one in judged.findings if one.severity is not Severity.REFUSAL]
        return Judged(
            changes=judged.changes,
            steps=judged.steps,
            findings=(*refusals.values(), *others),
            access=judged.access,
            needed=judged.needed,
            tallies=judged.tallies,
            refused=tuple(refused),
            pending=judged.pending,
        )

    def _without(
        self, changes: Sequence[Change], why: Mapping[Address, str]
    ) -> tuple[list[Change], list[tuple[Change, str]]]:
        """The changes without those of `why` and what needs them; these, each with why."""
        if not why:
            return list(changes), []
        why = with_denials(why, changes)
        go = {change.address for change in changes} - why.keys()
        rest, out = without_waiting(changes, go, self.dependencies(changes))
        return rest, [(change, why.get(change.address, _NEEDS)) for change in out]


def _held_up(standing: Iterable[Finding], changes: Sequence[Change]) -> Mapping[Address, str]:
    """What refusals that rest on no change leave out, each with why."""
    why: dict[Address, str] = {}
    for one in standing:
        if one.severity is not Severity.REFUSAL or one.covers is not None:
            continue
        for change in changes:
            if change.address == one.address if one.address is not None else not in_words(change):
                why.setdefault(change.address, f"{one.code}: {one.message}")
    return why


def _left_out(refusals: Iterable[Finding], changes: Sequence[Change]) -> Mapping[Address, str]:
    """What the refusals leave out of `changes`, each with why. One that covers nothing leaves out nothing."""
    every = {change.address for change in changes}
    explicit = {change.address for change in changes if in_words(change)}
    giving = {
        change.address
        for change in changes
        if (change.action is Action.CREATE and change.address.kind is not Kind.DENIAL)
        or change.effect in (Effect.GRANT, Effect.MIXED)
    }
    why: dict[Address, str] = {}
    for one in refusals:
        covered = giving or every if one.covers is None else every.intersection(one.covers)
        for address in covered - explicit or covered:
            why.setdefault(address, f"{one.code}: {one.message}")
    return why

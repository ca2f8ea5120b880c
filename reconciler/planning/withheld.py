"""Differences that are seen and not made: only observed, not read, not ours to make, or in want of a name."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.address import PAIRS, Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.names import fold
from reconciler.model.policy import Mode, Scope
from reconciler.model.state import Gap, Live
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.standing import Standing

Parted = tuple[list[Change], list[Change]]


@dataclass(frozen=True, slots=True)
class Withheld:
    """The `changes` that are left of a diff, and those that are not made, by what they wait for."""

    changes: Sequence[Change] = ()
    observed: Sequence[Change] = ()
    unread: Sequence[Change] = ()
    delegated: Sequence[Change] = ()
    kept: Sequence[Change] = ()
    taken: Sequence[Change] = ()
    denied: Sequence[Change] = ()

    @property
    def all(self) -> tuple[Change, ...]:
        """Everything that differs and is not made."""
        return (*self.observed, *self.unread, *self.delegated, *self.kept, *self.taken, *self.denied)

    def reasons(self) -> Mapping[Address, str]:
        """What those that may be owed wait for, by address."""
        waiting = (
            (self.observed, "its kind is only observed"),
            (self.unread, "not everything was read"),
            (self.delegated, "only the management account may change it"),
            (self.kept, "an assignment of it must stay"),
        )
        return {change.address: why for changes, why in waiting for change in changes}


NOTHING_WITHHELD = Withheld()


def withhold(context: PlanContext, diff: Diff) -> Withheld:
    """Take out of the diff what cannot be made now."""
    live, sets = context.live, context.sets
    successors = {
        context.set_address(context.set_name(arn)): context.set_address(name)
        for arn, name in sets.replaced.items()
    }
    changes, unread = without_unread(diff.changes, live.gaps, diff.ids)
    changes, observed = without_observed(changes, context.policy.scope, successors)
    changes, delegated = without_delegated(changes, live, diff.ids)
    changes, kept = without_kept(changes, diff.held_in_place)
    changes, denied = without_denied(changes, diff.standing)
    changes, taken = without_taken(changes, live, diff.ids)
    return Withheld(changes, observed, unread, delegated, kept, taken, denied)


def without_denied(changes: Iterable[Change], standing: Standing) -> Parted:
    """Changes to make, and those that give something to people who are denied though git wants them."""
    make, held = _part(changes, standing.holds)
    return _with_what_hangs(make, held, {}) if held else (make, held)


def without_observed(
    changes: Iterable[Change], scope: Scope, successors: Mapping[Address, Address] | None = None
) -> Parted:
    """Changes to make, and changes of kinds that are only observed, with what hangs on those.

    A pair cannot be made of what is not created, and what holds pairs that must stay is not deleted, since
    they would go with it. `successors` maps permission sets to those that stand in for them: where those are
    not made, nobody loses the former.
    """
    make, observed = _part(changes, lambda change: scope.mode(change.address.kind) is Mode.OBSERVE)
    return _with_what_hangs(make, observed, successors or {})


def without_unread(changes: Iterable[Change], gaps: Iterable[Gap], ids: Mapping[Address, str]) -> Parted:
    """Changes to make, and removals inside of what was not read, or that would take some of it along.

    `ids` are the remote ids of groups. Nobody knows of which unread groups a user is a member, and what else
    a user, group or permission set is assigned to in unread accounts.
    """
    gaps = tuple(gaps)
    if not gaps:
        return list(changes), []
    members = {gap.scope for gap in gaps if gap.kind is Kind.MEMBERSHIP}
    accounts = {gap.scope for gap in gaps if gap.kind is Kind.ASSIGNMENT}

    def inside(change: Change) -> bool:
        address = change.address
        if change.action is not Action.DELETE:
            return False
        if address.kind is Kind.ASSIGNMENT:
            person = address.principal.kind is Kind.USER
            return bool(accounts & {"*", address.account}) or (person and "users" in accounts)
        if address.kind is Kind.MEMBERSHIP:
            return "*" in members or ids.get(address.group) in members
        if address.kind is Kind.GROUP:
            return bool(accounts - {"users"}) or "*" in members or ids.get(address) in members
        return bool(accounts or (members and address.kind is Kind.USER))

    make, unread = _part(changes, inside)
    return _with_what_hangs(make, unread, {})


def without_delegated(changes: Iterable[Change], live: Live, ids: Mapping[Address, str]) -> Parted:
    """Changes to make, and those that only the management account may make.

    A delegated administrator manages neither assignments in the management account nor permission sets that
    are provisioned there (IAM Identity Center user guide, Delegated administration). `ids` has the ARNs.
    """
    management = live.organization.management
    if not live.delegated or not management:
        return list(changes), []

    def theirs(change: Change) -> bool:
        address = change.address
        if not change.writes:
            return False  # nothing is written
        if address.kind is Kind.ASSIGNMENT:
            return address.account == management
        if not address.has("permission_set") or change.action is Action.CREATE:
            return False
        found = live.permission_sets.get(ids.get(address.permission_set, ""))
        return found is not None and management in found.provisioned

    make, held = _part(changes, theirs)
    return _with_what_hangs(make, held, {})


def without_kept(changes: Iterable[Change], kept: Container[Address]) -> Parted:
    """Changes to make, and deletions of what must stay, because something that hangs on it does."""
    return _part(changes, lambda change: change.action is Action.DELETE and change.address in kept)


def _with_what_hangs(make: list[Change], held: list[Change], successors: Mapping[Address, Address]) -> Parted:
    """Hold back as well what needs a creation that is held, and what would take along a pair that stays."""
    missing = {change.address for change in held if change.action is Action.CREATE}
    kept = {
        end
        for change in held
        if change.address.kind in PAIRS and change.action is Action.DELETE
        for end in change.address.ends
    }
    if not missing and not kept:
        return make, held

    def hangs(change: Change) -> bool:
        if change.address.kind not in PAIRS:
            return change.action is Action.DELETE and change.address in kept
        both = change.address.ends
        if change.action is Action.DELETE:
            return successors.get(both[1]) in missing
        return any(end in missing for end in both)

    make, more = _part(make, hangs)
    if not more:
        return make, held
    return _with_what_hangs(make, held + more, successors)


def without_taken(changes: Iterable[Change], live: Live, ids: Mapping[Address, str]) -> Parted:
    """Changes to make, and those that want a name or address that another live object has and keeps.

    A leaver who is disabled keeps the name; so does a user whom git does not manage. What a change would have
    freed stays taken when the change is not made, and nobody joins a group, is assigned anything, or has a
    manager by a user that is not created.
    """
    make = list(changes)
    taken: list[Change] = []
    holders = _holders(make, live)
    while holders:
        gone = {ids.get(change.address) for change in make if change.action is Action.DELETE}
        freed = {claim for change in make for claim in _claims(change, before=True)}
        missing = {change.address for change in taken if change.action is Action.CREATE}

        def refused(
            change: Change,
            gone: Container[object] = gone,
            freed: Container[object] = freed,
            missing: Container[object] = missing,
        ) -> bool:
            return change.manager in missing or any(
                claim in holders
                and claim not in freed
                and holders[claim] not in gone
                and holders[claim] != ids.get(change.address)
                for claim in _claims(change, before=False)
            )

        make, more = _part(make, refused)
        if not more:
            break
        taken += more
    missing = {change.address for change in taken if change.action is Action.CREATE}
    if missing:
        make, _ = _part(
            make,
            lambda change: (
                change.address.kind in PAIRS and any(end in missing for end in change.address.ends)
            ),
        )
    return make, taken


_Claim = tuple[Kind, str, str]


def _claims(change: Change, *, before: bool) -> Iterable[_Claim]:
    """The unique values that a change gives up, or wants."""
    kind = change.address.kind
    for each in change.fields:
        value = each.before if before else each.after
        if each.name in kind.facts.unique and value is not None:
            yield kind, each.name, fold(str(value))


def _holders(changes: Iterable[Change], live: Live) -> Mapping[_Claim, str]:
    """Who has what the changes want."""
    wanted = {claim for change in changes for claim in _claims(change, before=False)}
    if not wanted:
        return {}
    held = (
        ((kind, name, fold(str(value))), one.id)
        for kind, objects in ((Kind.USER, live.users), (Kind.GROUP, live.groups))
        for one in objects.values()
        for name in kind.facts.unique
        if (value := one.attributes.get(name)) is not None
    )
    return {claim: identifier for claim, identifier in held if claim in wanted}


def _part(changes: Iterable[Change], out: Callable[[Change], bool]) -> Parted:
    parted: Parted = ([], [])
    for change in changes:
        parted[out(change)].append(change)
    return parted

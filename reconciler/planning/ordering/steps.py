"""Changes turned into steps: what one request carries out, what it refers to, and what it waits for.

A change is a step as a rule. A manager who is created in the same plan is set by a step of its own, and the
roles of one permission set are brought up to date by one step, or by one for each account where few lag.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.model.address import PAIRS, Address, Kind
from reconciler.model.change import Action, Change, Effect, FieldChange
from reconciler.model.names import fold
from reconciler.model.plan import Step
from reconciler.model.resources import REMOTE_ID

DENIAL, REVOCATION, CHANGE, PEOPLED, CONTAINER = range(-1, 4)
# How a denial that gets an end writes it in its change: plans of one state are the same at any time.
TWELVE_HOURS = "12 hours after it is applied"
# Roles of a set that did not change are renewed account by account up to so many, else all at once.
_ONE_BY_ONE = 3
# ProvisionPermissionSet takes so many accounts with ALL_PROVISIONED_ACCOUNTS (user guide, limits).
_ALL_AT_ONCE = 3_500


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an order rests on beside the changes.

    `replaced` names, by revocation, the grants of the same plan that take its place; `holding`, by group,
    the permission sets that it holds after the plan; `provisioned`, by permission set, the accounts that
    have a role of it now; `closed`, those of them in which nothing can be provisioned. `keeps_a_member` is
    what the target can do (see Capabilities). `denied_until` is the end of a denial that gets one.
    """

    replaced: Mapping[Address, tuple[Address, ...]] = field(default_factory=dict)
    holding: Mapping[Address, tuple[Address, ...]] = field(default_factory=dict)
    provisioned: Mapping[Address, frozenset[str]] = field(default_factory=dict)
    closed: Mapping[Address, frozenset[str]] = field(default_factory=dict)
    keeps_a_member: bool = False
    # What a denial says that ends (`12 hours after …`), as an instant in UTC.
    denied_until: str = ""


def needs(step: Step) -> Iterable[str]:
    """What a step cannot do without, of all that it waits for.

    A grant also waits for what is taken from the same group, and for edits of what the group holds: that
    keeps anybody from having more for a moment, and says nothing of a part of the plan that leaves it out.
    """
    kind = step.address.kind
    if kind is Kind.PERMISSION_SET and step.action is Action.UPDATE:
        # What is taken from the set first must not be there for the edit to be right.
        return tuple(each for each in step.after if each.split("/", 2)[1] not in PAIRS)
    if kind not in PAIRS:
        return step.after
    theirs: tuple[Kind, ...] = (Kind.USER, Kind.GROUP, Kind.DENIAL)
    if kind is Kind.ASSIGNMENT:
        theirs += (Kind.PERMISSION_SET,)
    return tuple(each for each in step.after if each.split("/", 2)[1] in theirs)


def restricted(steps: Iterable[Step], go: Collection[Address]) -> list[Step]:
    """The steps that carry out what may be done, and nothing else.

    A step that renews the roles of a set everywhere, where only some may be, becomes one for each of those.
    """
    chosen: list[Step] = []
    for step in steps:
        may = tuple(address for address in step.changes if address in go)
        if len(may) == len(step.changes):
            entering = tuple(address for address in step.entering if address in go)
            chosen.append(replace(step, entering=entering) if entering != step.entering else step)
        elif any(address.kind is Kind.PERMISSION_SET for address in may):
            # An edit that may be done reaches every role, so what lagged for another reason goes with it.
            chosen.append(replace(step, changes=may))
        else:
            chosen.extend(_renewal((one,), one, step.after) for one in may)
    return chosen


def rank(change: Change) -> int:
    """The rank of a change: who is denied, what is taken away, what is made or altered, what held others."""
    if change.address.kind is Kind.DENIAL:
        return CHANGE if change.effect is Effect.GRANT else DENIAL
    if change.action is Action.DELETE:
        if change.address.kind.facts.container:
            return CONTAINER
        return REVOCATION
    return REVOCATION if change.effect is Effect.REVOKE else CHANGE


def steps(changes: Sequence[Change], dependencies: Dependencies) -> dict[str, Step]:
    """The steps of a plan by id, each with what it waits for, still without what holds it."""
    maker = _Maker(changes, dependencies)
    made: dict[str, Step] = {}
    for step in maker.provisionings():
        made[step.id] = step
        maker.renewing.setdefault(step.refs["permission_set"], []).append(step.id)
    for change in changes:
        if not change.address.kind.facts.of:
            for step in maker.steps(change):
                made[step.id] = step
    return made


class _Maker:
    """All changes of a plan, looked up by what other changes must know of them."""

    def __init__(self, changes: Sequence[Change], dependencies: Dependencies) -> None:
        self._dependencies, self._changes = dependencies, changes
        self._creating = {one.address for one in changes if one.action is Action.CREATE}
        # A user name stands for a person: what is granted is meant for the person of the new name.
        self._passing_on = {
            one.address
            for one in changes
            if one.action is Action.UPDATE and one.effect is Effect.MIXED and one.address.kind is Kind.USER
        }
        self._edited = {
            one.address
            for one in changes
            if one.action is Action.UPDATE and one.address.kind is Kind.PERMISSION_SET
        }
        # By each end of a pair that goes: the ids of the steps by kind of pair.
        self._leaving: dict[tuple[Kind, Address], list[str]] = {}
        for change in changes:
            if change.address.kind in PAIRS and change.action is Action.DELETE:
                for end in change.address.ends:
                    self._leaving.setdefault((change.address.kind, end), []).append(str(change.address))
        self._freed = _freed(changes)
        # By a group that is created: who enters it.
        self._entering: dict[Address, list[Address]] = {}
        for change in changes:
            if change.address.kind is Kind.MEMBERSHIP and change.action is Action.CREATE:
                group = change.address.group
                if group in self._creating:
                    self._entering.setdefault(group, []).append(change.address)
        # Who is denied no more after the plan: the ids of the steps by user.
        self._admitted = {
            one.address.user: str(one.address)
            for one in changes
            if one.address.kind is Kind.DENIAL and one.effect is Effect.GRANT
        }
        # By set: the ids of the steps that bring its roles up to date.
        self.renewing: dict[Address, list[str]] = {}
        self._entry_waits: dict[Address, tuple[str, ...]] = {}

    def provisionings(self) -> Iterable[Step]:
        """The steps that bring roles up to date, those of edited sets after the edit."""
        lagging: dict[Address, list[Address]] = {}
        for change in self._changes:
            if change.address.kind.facts.of:
                lagging.setdefault(change.address.permission_set, []).append(change.address)
            elif (
                change.address in self._edited
                and needs_provisioning(change)
                and self._dependencies.provisioned.get(change.address)
            ):
                lagging.setdefault(change.address, [])
        edits = {one.address: one for one in self._changes if one.address in self._edited}
        for address, roles in lagging.items():
            edit = edits.get(address)
            if edit is not None and needs_provisioning(edit):
                yield from self._after_edit(address, roles)
            elif _ONE_BY_ONE < len(roles) <= _ALL_AT_ONCE and self._all_at_once(address):
                after = (str(address),) if edit is not None else ()
                yield _renewal(roles, _everywhere(address), after)
            else:
                after = (str(address),) if edit is not None else ()
                for role in roles:
                    yield _renewal((role,), role, after)

    def _all_at_once(self, address: Address) -> bool:
        """Whether one step reaches all accounts of a set, and none in which it would fail for all."""
        few = len(self._dependencies.provisioned.get(address, ())) <= _ALL_AT_ONCE
        return few and not self._dependencies.closed.get(address)

    def _after_edit(self, address: Address, roles: Sequence[Address]) -> Iterable[Step]:
        """One step for all accounts; one for each account where one step cannot reach them all.

        A role in a closed account is left behind: nothing can be provisioned there.
        """
        if self._all_at_once(address):
            yield _renewal((address, *roles), _everywhere(address), (str(address),))
            return
        for account in sorted(
            self._dependencies.provisioned[address] - self._dependencies.closed.get(address, frozenset())
        ):
            role = Address(address.target, Kind.PROVISIONING, f"{address.key}/{account}")
            carried = (address, role) if role in set(roles) else (address,)
            yield _renewal(carried, role, (str(address),))

    def steps(self, change: Change) -> Iterable[Step]:
        """The steps of any other change: one, or two where a manager is set later."""
        address = change.address
        # Which object it is about is not an attribute that could be written.
        fields = tuple(each for each in change.fields if each.name != REMOTE_ID)
        if address.kind in PAIRS:
            fields = ()  # no service knows when a pair ends
        if address.kind is Kind.DENIAL and any(each.after == TWELVE_HOURS for each in fields):
            fields = (FieldChange("end", None, self._dependencies.denied_until),)
        step = Step(str(address), address, change.action, (address,), fields, rank=rank(change))
        if not change.writes or address.kind is Kind.DENIAL:
            yield step
        elif address.kind is Kind.MEMBERSHIP:
            yield self._membership(step)
        elif address.kind is Kind.ASSIGNMENT:
            yield self._assignment(step)
        elif change.action is Action.DELETE:
            hanging = self._hanging_on(address)
            if self._dependencies.keeps_a_member and address.kind is Kind.GROUP:
                # They go with the group, if they have not gone before: its rank is behind theirs.
                hanging = list(self._leaving.get((Kind.ASSIGNMENT, address), ()))
            yield replace(step, after=tuple(sorted(hanging)))
        else:
            yield from self._object(change, step)

    def _hanging_on(self, address: Address) -> list[str]:
        return [each for kind in PAIRS for each in self._leaving.get((kind, address), ())]

    def _made_before(self, *addresses: Address) -> tuple[str, ...]:
        return tuple(str(one) for one in addresses if one in self._creating or one in self._passing_on)

    def _membership(self, step: Step) -> Step:
        group, user = step.address.ends
        after: tuple[str, ...] = ()
        if step.action is Action.CREATE:
            # Nobody enters a group before it lost what it shall lose, and before what it holds was edited.
            after = self._made_before(group, user) + self._before_entry(group) + self._before_grant(user)
        return replace(step, after=after, refs={"group": group, "user": user})

    def _before_grant(self, person: Address) -> tuple[str, ...]:
        """Who is admitted again is denied no more before they are given anything."""
        return (self._admitted[person],) if person in self._admitted else ()

    def _before_entry(self, group: Address) -> tuple[str, ...]:
        """The same for everybody who enters one group, so it is put together once."""
        known = self._entry_waits.get(group)
        if known is None:
            edits = [
                each
                for one in self._dependencies.holding.get(group, ())
                for each in ([str(one)] if one in self._edited else []) + self.renewing.get(one, [])
            ]
            known = (*self._leaving.get((Kind.ASSIGNMENT, group), ()), *sorted(set(edits)))
            self._entry_waits[group] = known
        return known

    def _assignment(self, step: Step) -> Step:
        principal, permission_set = step.address.ends
        after: tuple[str, ...] = ()
        if step.action is Action.CREATE:
            after = self._made_before(principal, permission_set) + self._before_grant(principal)
            if permission_set in self._edited:
                after += (str(permission_set),)
            # People leave the group before the group is given more.
            if principal.kind is Kind.GROUP:
                after += tuple(self._leaving.get((Kind.MEMBERSHIP, principal), ()))
        refs = {"permission_set": permission_set, "principal": principal}
        return replace(step, after=after, refs=refs, lane=step.address.account)

    def _object(self, change: Change, step: Step) -> Iterable[Step]:
        """A user, group or set that is made or altered."""
        address = change.address
        after = set(self._hanging_on(address)) if address in self._passing_on else set()
        for each in step.fields:
            holder = self._freed.get((address.kind, each.name, fold(str(each.after))))
            if each.after is not None and holder is not None and holder != step.id:
                after.add(holder)
        waits = tuple(sorted(after))
        if self._dependencies.keeps_a_member and address in self._entering:
            # By its rank it comes after everybody was tried to be created, and waits for nobody.
            step = replace(step, rank=PEOPLED, entering=tuple(sorted(self._entering[address])))
        manager = change.manager
        if manager is None:
            yield replace(step, after=waits)
            return
        if manager not in self._creating:
            yield replace(step, after=waits, refs={"manager": manager})
            return
        # A manager who is created in this very plan is set by a later update, so that circles are fine.
        rest = tuple(each for each in step.fields if each.name != "manager")
        first = bool(rest) or change.action is Action.CREATE
        if first:
            yield replace(step, fields=rest, after=waits)
        yield Step(
            id=f"{step.id}#manager",
            address=address,
            action=Action.UPDATE,
            changes=(address,),
            fields=tuple(each for each in step.fields if each.name == "manager"),
            after=tuple(sorted({str(manager)} | ({step.id} if first else set()))),
            refs={"manager": manager},
            rank=CHANGE,
        )


def writes_something(step: Step) -> bool:
    """Whether a step sends anything: letting go, taking an object as git's, or another end does not."""
    if step.action is Action.RELEASE:
        return False
    if step.action is not Action.UPDATE or step.address.kind.facts.of:
        return True
    return bool(step.fields)


def needs_provisioning(change: Change) -> bool:
    """Whether an edit of a permission set reaches its roles: anything but its tags does."""
    return any(not each.name.startswith("tags.") for each in change.fields)


def _everywhere(address: Address) -> Address:
    return Address(address.target, Kind.PROVISIONING, address.key)


def _renewal(changes: Sequence[Address], address: Address, after: Sequence[str]) -> Step:
    """The step that brings the roles of a set up to date: in one account, or (one part) wherever they are."""
    return Step(
        id=str(address),
        address=address,
        action=Action.UPDATE,
        changes=tuple(changes),
        after=tuple(after),
        refs={"permission_set": address.permission_set},
        lane=address.account,
        rank=CHANGE,
    )


def _freed(changes: Sequence[Change]) -> Mapping[tuple[Kind, str, str], str]:
    """Which step gives up which unique value."""
    freed: dict[tuple[Kind, str, str], str] = {}
    for change in changes:
        kind = change.address.kind
        unique = kind.facts.unique
        if not unique:
            continue
        if change.action is Action.UPDATE:
            for each in change.fields:
                if each.name in unique and each.before is not None:
                    freed[kind, each.name, fold(str(each.before))] = str(change.address)
        elif change.action is Action.DELETE:
            freed[kind, unique[0], fold(change.name)] = str(change.address)
    return freed

"""Reviewed plans against the plan of this moment: what may be done, what waits, what is stale.

A change may be done when it stands in a reviewed plan with the same address, action, before and after;
when it is a leftover of one; when it carries a reviewed edit of a permission set to its roles; or when its
cause is applied by rule. Anything more that git causes, and a
reviewed change that finds another world than it was reviewed in, is stale, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from reconciler.model.address import PAIRS, Address, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import several
from reconciler.planning import hashes
from reconciler.planning.ordering.order import needs
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.reviewed_access import NO_MORE, More, further

# Of a permission set, what is written value by value.
_ONE_BY_ONE = ("managed_policies", "customer_managed_policies")


@dataclass(frozen=True, slots=True)
class Difference:
    """One reason why a plan is stale: what was reviewed (None: nothing), what it would be now."""

    address: Address
    reviewed: Change | None
    fresh: Change | None
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """The verdict. `go` are the addresses that may be written; `stale` is empty or nothing is written.

    `unnecessary` was reviewed and is no longer needed; `left_out` was not reviewed and waits for its own
    review. `notes` say what nobody reviewed and what others decide about: more members of external groups.
    """

    go: frozenset[Address]
    unnecessary: tuple[Change, ...]
    left_out: tuple[Change, ...]
    stale: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    # What goes without anybody having reviewed it.
    by_rule: frozenset[Address] = frozenset()


def review(
    planned: PreparedPlan,
    reviewed: Sequence[TargetPlan],
    *,
    auto_apply: Collection[Cause],
    digests: Collection[str] = (),
) -> Review:
    """Judge the fresh plan of one target by what people reviewed.

    `reviewed` are that target's parts of the plans given, `digests` approved digests of this target. A digest
    covers changes; what they do to people is as in a reviewed plan, where there is one.
    """
    fresh = {change.address: change for change in planned.plan.changes}
    if planned.plan.digest in digests:
        more = further(planned, planned.plan.changes, reviewed) if reviewed else NO_MORE
        return Review(frozenset(fresh), (), (), tuple(_unread(more)), more.notes)
    by_address: dict[Address, list[Change]] = {}
    for part in reviewed:
        for change in part.changes:
            by_address.setdefault(change.address, []).append(change)
    creating = {
        address
        for address, changes in by_address.items()
        if any(change.action is Action.CREATE for change in changes)
    }
    go: set[Address] = set()
    by_rule: set[Address] = set()
    seen: list[Change] = []
    left_out: list[Change] = []
    stale: list[Difference] = []
    adopted = {} if planned.looking is None else dict(_adopted(planned, by_address, fresh))
    for address, change in fresh.items():
        earlier = by_address.get(address, [])
        if address in adopted:
            continue
        same = any(_same(one, change, planned.ids, creating) for one in earlier)
        if (
            same
            or change.goes_by_rule(auto_apply)
            or (change.cause is Cause.LEFTOVER and bool(earlier) and _undoes(change, earlier))
            or (address.kind.facts.of and address.permission_set in by_address)
        ):
            go.add(address)
            if change.goes_by_rule(auto_apply) and not same:
                by_rule.add(address)
            if same or address.kind.facts.of:
                seen.append(change)  # what is done by rule has the effects that rules allow
        elif earlier:
            stale.append(Difference(address, earlier[-1], change, "is not as it was when it was reviewed"))
        elif change.cause in (Cause.GIT, Cause.LEFTOVER):
            stale.append(Difference(address, None, change, "was not reviewed"))
        else:
            left_out.append(change)
    stale.extend(_orphaned(planned, go, {change.address for change in left_out}, fresh))
    unnecessary = tuple(changes[-1] for address, changes in by_address.items() if address not in fresh)
    stale.extend(adopted.values())
    more = NO_MORE if stale else further(planned, seen, reviewed)
    stale.extend(_unread(more))
    return Review(frozenset(go), unnecessary, tuple(left_out), tuple(stale), more.notes, frozenset(by_rule))


def _unread(more: More) -> Iterable[Difference]:
    """What the plan does to people and no reviewed plan did."""
    for address, why in more.stale:
        yield Difference(address, None, None, why)


def _adopted(
    planned: PreparedPlan, reviewed: Mapping[Address, Sequence[Change]], fresh: Mapping[Address, Change]
) -> Iterable[tuple[Address, Difference]]:
    """Objects that were to be created, and that are there by now, otherwise than they were to be."""
    assert planned.looking is not None
    for address, changes in reviewed.items():
        creates = [one for one in changes if one.action is Action.CREATE]
        change = fresh.get(address)
        if (
            not creates
            or address.kind in (*PAIRS, Kind.DENIAL)
            or (change and change.action is not Action.UPDATE)
        ):
            continue
        # What another reviewed plan alters is as that one says.
        altered = {each.name for one in changes if one.action is Action.UPDATE for each in one.fields}
        unkept = planned.unkept.names
        foreign = [
            [name for name in planned.looking.misfits(one, change, unkept) if name not in altered]
            for one in creates
        ]
        if all(foreign):
            why = f"was made by somebody else since the review, with another {', '.join(foreign[-1])}"
            yield address, Difference(address, creates[-1], change, why)


def _undoes(fresh: Change, reviewed: Iterable[Change]) -> bool:
    """Whether a leftover takes back what was reviewed, and nothing beside it.

    Only what a reviewed plan created is deleted by its leave; of what it altered, only those fields go back.
    """
    if fresh.action is Action.DELETE:
        return any(one.action is Action.CREATE for one in reviewed)
    named = {each.name for one in reviewed for each in one.fields}
    if any(one.action is Action.CREATE for one in reviewed):
        named.add("active")
    return all(each.name in named for each in fresh.fields)


def _same(reviewed: Change, fresh: Change, ids: Mapping[Address, str], creating: Collection[Address]) -> bool:
    """Whether a fresh change is the reviewed one, perhaps with ends or a half that were made since."""
    if fresh.address.kind in PAIRS and reviewed.until != fresh.until:
        return False
    if (
        reviewed.action is fresh.action
        and reviewed.after_hash == fresh.after_hash
        and reviewed.before_hash == fresh.before_hash
    ):
        return True
    if _disables_only(reviewed, fresh):
        return True
    if reviewed.retimes and fresh.action is Action.CREATE:
        # It is gone since (its time was over, or somebody took it away): until then it may be given again.
        return reviewed.effect is Effect.GRANT and reviewed.after_hash == _end_state(fresh, ids)
    if fresh.address.kind in PAIRS and reviewed.action is fresh.action:
        return _same_pair(reviewed, fresh, ids, creating)
    if reviewed.action is fresh.action is Action.UPDATE:
        # Half of it is done: what is left ends in the reviewed state and finds what the review found.
        return reviewed.after_hash == fresh.after_hash and all(
            any(_within(each, one) for one in reviewed.fields) for each in fresh.fields
        )
    if reviewed.action is Action.CREATE and fresh.action is Action.UPDATE:
        # Half of it is done; but what bore another name until now was not made by it.
        wanted = {
            each.name: each.after for each in reviewed.fields if each.name != fresh.address.kind.facts.name
        }
        return bool(fresh.fields) and all(
            each.name in wanted and wanted[each.name] == each.after for each in fresh.fields
        )
    return False


def _within(fresh: FieldChange, reviewed: FieldChange) -> bool:
    """Whether a field finds and leaves what was reviewed.

    Policies are attached and detached one by one: what is found may lie between the two sides of the review.
    """
    if fresh == reviewed:
        return True
    if (fresh.name, fresh.after) != (reviewed.name, reviewed.after) or fresh.name not in _ONE_BY_ONE:
        return False
    found, before, after = (several(value) for value in (fresh.before, reviewed.before, reviewed.after))
    return before & after <= found <= before | after


def _disables_only(reviewed: Change, fresh: Change) -> bool:
    """Whether somebody who was to be deleted is only disabled, because they were offboarded meanwhile."""
    return (
        fresh.address.kind is Kind.USER
        and reviewed.action is Action.DELETE
        and fresh.action is Action.UPDATE
        and [(each.name, each.after) for each in fresh.fields] == [("active", False)]
    )


def _same_pair(
    reviewed: Change, fresh: Change, ids: Mapping[Address, str], creating: Collection[Address]
) -> bool:
    """A pair was reviewed with the ids that its ends had then: none where a create was yet to come."""
    choices = [[ids.get(end), None] if end in creating else [ids.get(end)] for end in fresh.address.ends]
    present = fresh.action is Action.DELETE
    return any(
        _pair_state(fresh.address, first, second, present=present) == reviewed.before_hash
        for first, second in product(*choices)
    )


def _pair_state(address: Address, first: str | None, second: str | None, *, present: bool) -> str:
    if address.kind is Kind.MEMBERSHIP:
        return hashes.pair_state(first, second, present=present)
    return hashes.assignment_state(address.account, second, first, present=present)


def _end_state(fresh: Change, ids: Mapping[Address, str]) -> str:
    """The hash of when a pair ends that is to be made, by the ids that its ends have."""
    first, second = (ids.get(end) for end in fresh.address.ends)
    until = fresh.until if isinstance(fresh.until, str) else None
    if fresh.address.kind is Kind.MEMBERSHIP:
        return hashes.end_state((first, second), until)
    return hashes.end_state((fresh.address.account, second, first), until)


def _orphaned(
    planned: PreparedPlan,
    go: Collection[Address],
    left_out: Collection[Address],
    fresh: Mapping[Address, Change],
) -> Iterable[Difference]:
    """Reviewed changes that need one which is left out: they cannot be done as reviewed."""
    owner = {step.id: step.address for step in planned.steps}
    for step in planned.steps:
        reviewed = next((address for address in step.changes if address in go), None)
        if reviewed is None:
            continue
        wanted = [owner.get(each) for each in needs(step)]
        for address in (*wanted, *planned.needed.get(reviewed, ())):
            if address is not None and address in left_out:
                yield Difference(reviewed, None, fresh[reviewed], f"needs {address}, which was not reviewed")

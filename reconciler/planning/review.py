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

from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Cause, Change, FieldChange
from reconciler.model.plan import TargetPlan
from reconciler.model.resources import Value
from reconciler.planning import hashes
from reconciler.planning.ordering.order import ends, needs, set_of
from reconciler.planning.ordering.steps import PAIRS
from reconciler.planning.planner import Planned

# Of a permission set, what is written value by value.
_ONE_BY_ONE = ("managed_policies", "customer_managed_policies")
# By what people and groups are found.
_NAME = {Kind.USER: "user_name", Kind.GROUP: "display_name"}


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
    review.
    """

    go: frozenset[Address]
    unnecessary: tuple[Change, ...]
    left_out: tuple[Change, ...]
    stale: tuple[Difference, ...]
    # What goes without anybody having reviewed it.
    by_rule: frozenset[Address] = frozenset()


def review(
    planned: Planned,
    reviewed: Sequence[TargetPlan],
    *,
    auto_apply: Collection[Cause],
    digests: Collection[str] = (),
) -> Review:
    """Judge the fresh plan of one target by what people reviewed.

    `reviewed` are that target's parts of the plans given, `digests` approved digests of this target.
    """
    fresh = {change.address: change for change in planned.part.changes}
    if planned.part.digest in digests:
        return Review(frozenset(fresh), (), (), ())
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
    left_out: list[Change] = []
    stale: list[Difference] = []
    for address, change in fresh.items():
        earlier = by_address.get(address, [])
        if any(_same(one, change, planned.ids, creating) for one in earlier):
            go.add(address)
        elif change.cause in auto_apply:
            go.add(address)
            by_rule.add(address)
        elif (change.cause is Cause.LEFTOVER and bool(earlier) and _undoes(change, earlier)) or (
            address.kind is Kind.PROVISIONING and set_of(address) in by_address
        ):
            go.add(address)
        elif earlier:
            stale.append(Difference(address, earlier[-1], change, "is not as it was when it was reviewed"))
        elif change.cause in (Cause.GIT, Cause.LEFTOVER):
            stale.append(Difference(address, None, change, "was not reviewed"))
        else:
            left_out.append(change)
    stale.extend(_orphaned(planned, go, {change.address for change in left_out}, fresh))
    unnecessary = tuple(changes[-1] for address, changes in by_address.items() if address not in fresh)
    return Review(frozenset(go), unnecessary, tuple(left_out), tuple(stale), frozenset(by_rule))


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
    if reviewed.action is fresh.action and reviewed.after == fresh.after and reviewed.before == fresh.before:
        return True
    if fresh.address.kind in PAIRS and reviewed.action is fresh.action:
        return _same_pair(reviewed, fresh, ids, creating)
    if reviewed.action is fresh.action is Action.UPDATE:
        # Half of it is done: what is left ends in the reviewed state and finds what the review found.
        return reviewed.after == fresh.after and all(
            any(_within(each, one) for one in reviewed.fields) for each in fresh.fields
        )
    if reviewed.action is Action.CREATE and fresh.action is Action.UPDATE:
        # Half of it is done; but what bore another name until now was not made by it.
        wanted = {
            each.name: each.after for each in reviewed.fields if each.name != _NAME.get(fresh.address.kind)
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
    found, before, after = (_several(value) for value in (fresh.before, reviewed.before, reviewed.after))
    return before & after <= found <= before | after


def _several(value: Value) -> frozenset[Value]:
    return frozenset(value) if isinstance(value, tuple) else frozenset()


def _same_pair(
    reviewed: Change, fresh: Change, ids: Mapping[Address, str], creating: Collection[Address]
) -> bool:
    """A pair was reviewed with the ids that its ends had then: none where a create was yet to come."""
    choices = [[ids.get(end), None] if end in creating else [ids.get(end)] for end in ends(fresh.address)]
    present = fresh.action is Action.DELETE
    return any(
        _pair_state(fresh.address, first, second, present=present) == reviewed.before
        for first, second in product(*choices)
    )


def _pair_state(address: Address, first: str | None, second: str | None, *, present: bool) -> str:
    if address.kind is Kind.MEMBERSHIP:
        return hashes.pair_state(first, second, present=present)
    return hashes.assignment_state(address.parts[0], second, first, present=present)


def _orphaned(
    planned: Planned, go: Collection[Address], left_out: Collection[Address], fresh: Mapping[Address, Change]
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

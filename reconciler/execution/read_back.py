"""Reads back what was written, in few calls, and compares it with what the plan said it would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.errors import ServiceError
from reconciler.execution.run import Run, with_manager_key
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.report import Status
from reconciler.model.resources import Attributes
from reconciler.model.state import Live, Principal
from reconciler.planning import hashes
from reconciler.planning.ordering.order import ends, set_of
from reconciler.planning.planner import Planned
from reconciler.targets.base import NOTHING, ReadRequest, Target
from reconciler.wire.clock import Clock

# Seconds to wait before looking again: reads may lag behind writes (aws-sdk: eventual consistency).
_PATIENCE = (0.5, 2.0, 5.0)


def read_back(
    target: Target, planned: Planned, run: Run, done: Mapping[Address, Change], clock: Clock
) -> dict[Address, tuple[Status, str]]:
    """The changes among `done` that do not read back as planned, with what is wrong."""
    wrong: dict[Address, tuple[Status, str]] = {}
    waiting = dict(done)
    for patience in (*_PATIENCE, None):
        try:
            live = target.read(_request(waiting, run))
        except ServiceError as error:
            return dict.fromkeys(waiting, (Status.UNKNOWN, f"written, but not read back: {error}"))
        wrong = {
            address: (Status.FAILED, message)
            for address, change in waiting.items()
            if (message := _wrong(live, planned, run, change)) is not None
        }
        if not wrong or patience is None:
            break
        waiting = {address: waiting[address] for address in wrong}
        clock.sleep(patience)
    return wrong


def _request(done: Mapping[Address, Change], run: Run) -> ReadRequest:
    """What to look at again. What hung on something that is deleted by now went with it."""
    users, groups, members_of, sets, pairs = set(), set(), set(), set(), set()
    for address in done:
        if address.kind is Kind.USER:
            users.add(run.ids[address])
        elif address.kind is Kind.GROUP:
            groups.add(run.ids[address])
        elif address.kind is Kind.PERMISSION_SET:
            sets.add(run.ids[address])
        elif address.kind is Kind.PROVISIONING:
            sets.add(run.ids[set_of(address)])
        elif address.kind is Kind.MEMBERSHIP:
            group = ends(address)[0]
            if group not in done or done[group].action is not Action.DELETE:
                members_of.add(run.ids[group])
        else:
            permission_set = ends(address)[1]
            if permission_set not in done or done[permission_set].action is not Action.DELETE:
                pairs.add((address.parts[0], run.ids[permission_set]))
    return replace(
        NOTHING,
        users=tuple(sorted(users)),
        groups=tuple(sorted(groups)),
        members_of=tuple(sorted(members_of)),
        permission_sets=tuple(sorted(sets)),
        assignments=tuple(sorted(pairs)),
    )


def _wrong(live: Live, planned: Planned, run: Run, change: Change) -> str | None:
    """What is wrong with one change as it reads back; None when nothing is."""
    address = change.address
    if address.kind in (Kind.MEMBERSHIP, Kind.ASSIGNMENT):
        for gap in live.gaps:
            if gap.kind is address.kind and gap.scope == address.parts[0]:
                return f"it was written, but cannot be read back: {gap.reason}"
        if _is_there(live, run, address) == (change.action is Action.CREATE):
            return None
        return "it was written, but reads back as not done"
    if address.kind is Kind.PROVISIONING:
        found_set = live.permission_sets.get(run.ids[set_of(address)])
        if found_set is None or address.parts[1] not in found_set.outdated:
            return None
        return "it was provisioned, but the role still reads back as lagging behind"
    identifier = run.ids[address]
    attributes, active = _found(live, address.kind, identifier)
    if change.action is Action.DELETE:
        return None if attributes is None else "it was deleted, but reads back as still there"
    if attributes is None:
        return "it was written, but reads back as absent"
    names = planned.owned.get(address, ())
    attributes = with_manager_key(attributes, planned, run)
    if change.action is Action.CREATE:
        state = hashes.object_state(None, attributes, names)
    else:
        state = hashes.object_state(identifier, attributes, names, active=active)
    if state == change.after:
        return None
    differing = [
        each.name
        for each in change.fields
        if each.name != "active" and attributes.get(each.name) != each.after
    ]
    return f"it was written, but reads back differently: {', '.join(differing) or 'something else changed'}"


def _is_there(live: Live, run: Run, address: Address) -> bool:
    """Whether a membership or an assignment reads back."""
    first, second = ends(address)
    if address.kind is Kind.MEMBERSHIP:
        return run.ids[second] in live.members.get(run.ids[first], {})
    holders = live.assignments.get((address.parts[0], run.ids[second]), frozenset())
    return Principal(first.kind, run.ids[first]) in holders


def _found(live: Live, kind: Kind, identifier: str) -> tuple[Attributes | None, bool | None]:
    """The attributes of an object (None: it is not there), and a user's status."""
    if kind is Kind.USER:
        user = live.users.get(identifier)
        return (user.attributes, user.active) if user is not None else (None, None)
    found = live.groups.get(identifier) if kind is Kind.GROUP else live.permission_sets.get(identifier)
    return (found.attributes if found is not None else None), None

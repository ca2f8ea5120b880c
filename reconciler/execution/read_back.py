"""Reads back what was written, in few calls, and compares it with what the plan said it would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.errors import ServiceError
from reconciler.execution.carry_out import Run, with_manager_key
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.report import Status
from reconciler.model.state import Live
from reconciler.planning import hashes
from reconciler.planning.order import ends
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
    users, groups, members_of = set(), set(), set()
    for address in done:
        if address.kind is Kind.USER:
            users.add(run.ids[address])
        elif address.kind is Kind.GROUP:
            groups.add(run.ids[address])
        elif address.kind is Kind.MEMBERSHIP:
            group = ends(address)[0]
            if group not in done or done[group].action is not Action.DELETE:
                members_of.add(run.ids[group])
    return replace(
        NOTHING,
        users=tuple(sorted(users)),
        groups=tuple(sorted(groups)),
        members_of=tuple(sorted(members_of)),
    )


def _wrong(live: Live, planned: Planned, run: Run, change: Change) -> str | None:
    """What is wrong with one change as it reads back; None when nothing is."""
    address = change.address
    if address.kind is Kind.MEMBERSHIP:
        group, user = ends(address)
        present = run.ids[user] in live.members.get(run.ids[group], {})
        if present == (change.action is Action.CREATE):
            return None
        return "it was written, but reads back as not done"
    identifier = run.ids[address]
    found = live.users.get(identifier) if address.kind is Kind.USER else live.groups.get(identifier)
    if change.action is Action.DELETE:
        return None if found is None else "it was deleted, but reads back as still there"
    if found is None:
        return "it was written, but reads back as absent"
    names = planned.owned.get(address, ())
    active = live.users[identifier].active if address.kind is Kind.USER else None
    attributes = with_manager_key(found.attributes, planned, run)
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

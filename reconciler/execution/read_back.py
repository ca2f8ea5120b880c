"""Reads back what was written, in few calls, and compares it with what the plan said it would be.

A service that may drop what it is sent (see Capabilities) is believed to have done so where an attribute is
absent from every object that it was written to, and from every other; any other difference is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.errors import ServiceError
from reconciler.execution.dropping import Dropping
from reconciler.execution.run import Run, with_manager_key
from reconciler.model.address import PAIRS, Address, Arn, Kind
from reconciler.model.change import Action, Change
from reconciler.model.pairs import Principal
from reconciler.model.report import Status
from reconciler.model.resources import Attributes
from reconciler.model.state import Live, LiveGroup, LivePermissionSet
from reconciler.planning import hashes
from reconciler.planning.dropped import may_lack
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.user_values import as_planned
from reconciler.targets.base import NOTHING, ReadRequest, Target
from reconciler.wire.clock import Clock

# Seconds to wait before looking again: reads may lag behind writes (aws-sdk: eventual consistency).
_PATIENCE = (0.5, 2.0, 5.0)
_NEVER_SHOWN = (
    "; if this service never shows members, set `memberships: observe` in the `scope` of the target"
)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What there is to say of changes that were done: a verdict that takes the place of "done".

    `unkept` are attributes that the service turned out not to keep, as a receipt names them.
    """

    verdicts: Mapping[Address, tuple[Status, str]] = field(default_factory=dict)
    unkept: tuple[str, ...] = ()


def read_back(
    target: Target, planned: PreparedPlan, run: Run, done: Mapping[Address, Change], clock: Clock
) -> ReadBack:
    """The changes among `done` that do not read back as planned, with what is wrong."""
    shared = target.capabilities.shared_lists - planned.unkept.single
    dropping = Dropping(planned, shared) if target.capabilities.may_drop_attributes else None
    wrong: dict[Address, tuple[Status, str]] = {}
    waiting = dict(done)
    for patience in (*_PATIENCE, None):
        try:
            live = target.read(_request(waiting, run))
        except ServiceError as error:
            unread = (Status.UNKNOWN, f"written, but not read back: {error}")
            return ReadBack(dict.fromkeys(waiting, unread))
        if dropping is not None:
            for change in waiting.values():
                if (found := _attributes(live, planned, run, change, shared)) is not None:
                    dropping.saw(change, found, _active(live, run, change))
        wrong = {
            address: (Status.FAILED, message)
            for address, change in waiting.items()
            if (message := _wrong(live, planned, run, change, dropping, shared)) is not None
        }
        if not wrong or patience is None:
            break
        waiting = {address: waiting[address] for address in wrong}
        clock.sleep(patience)
    if dropping is None:
        return ReadBack(wrong)
    excused = dropping.excused([done[address] for address in wrong], run.ids)
    return ReadBack({**wrong, **excused.verdicts}, excused.unkept)


def _request(done: Mapping[Address, Change], run: Run) -> ReadRequest:
    """What to look at again. What hung on something that is deleted by now went with it."""
    users, groups, members_of, sets, pairs = set(), set(), set(), set(), set()
    for address in done:
        if address.kind is Kind.USER:
            users.add(run.ids[address])
        elif address.kind is Kind.GROUP:
            groups.add(run.ids[address])
        elif address.kind is Kind.MEMBERSHIP:
            group = address.group
            if group not in done or done[group].action is not Action.DELETE:
                members_of.add(run.ids[group])
        elif address.kind is Kind.DENIAL:
            continue
        elif not address.kind.facts.pair:
            sets.add(run.ids[address.permission_set])
        else:
            permission_set = address.permission_set
            if permission_set not in done or done[permission_set].action is not Action.DELETE:
                pairs.add((address.account, Arn(run.ids[permission_set])))
    return replace(
        NOTHING,
        users=tuple(sorted(users)),
        groups=tuple(sorted(groups)),
        members_of=tuple(sorted(members_of)),
        permission_sets=tuple(sorted(sets)),
        assignments=tuple(sorted(pairs)),
        denials=any(address.kind is Kind.DENIAL for address in done),
    )


def _wrong(
    live: Live,
    planned: PreparedPlan,
    run: Run,
    change: Change,
    dropping: Dropping | None,
    shared: frozenset[str],
) -> str | None:
    """What is wrong with one change as it reads back; None when nothing is."""
    address = change.address
    if address.kind is Kind.DENIAL:
        return _denial_wrong(live, run, change)
    if address.kind in PAIRS:
        for gap in live.gaps:
            if gap.kind is address.kind and gap.scope in _scopes(run, address):
                return f"it was written, but cannot be read back: {gap.reason}"
        if _is_there(live, run, address) == (change.action is Action.CREATE):
            return None
        entered = address.kind is Kind.MEMBERSHIP and change.action is Action.CREATE
        hint = _NEVER_SHOWN if dropping is not None and entered else ""
        return f"it was written, but reads back as not done{hint}"
    if address.kind.facts.of:
        found_set = live.permission_sets.get(run.ids[address.permission_set])
        if found_set is None or address.account not in found_set.outdated:
            return None
        return "it was provisioned, but the role still reads back as lagging behind"
    attributes = _attributes(live, planned, run, change, shared)
    if change.action is Action.DELETE:
        return None if attributes is None else "it was deleted, but reads back as still there"
    if attributes is None:
        # Some services show nobody any more whom they disabled.
        gone = dropping is not None and any(
            each.name == "active" and not each.after for each in change.fields
        )
        return None if gone else "it was written, but reads back as absent"
    if dropping is not None:
        attributes = dropping.as_planned(change, attributes)
    names, active = planned.owned.get(address, ()), _active(live, run, change)
    identifier = None if change.action is Action.CREATE else run.ids[address]
    if hashes.object_state(identifier, attributes, names, active=active) == change.after_hash:
        return None
    return _how_it_differs(change, attributes, active)


def _denial_wrong(live: Live, run: Run, change: Change) -> str | None:
    """What is wrong with an entry of the policy of denials as it reads back."""
    if live.denials is None or live.denials.problem:
        why = "" if live.denials is None else f": {live.denials.problem}"
        return f"it was written, but cannot be read back{why}"
    entry = live.denials.entries.get(run.ids[change.address])
    if (entry is not None) == (change.action is Action.DELETE):
        return "it was written, but reads back as not done"
    return None


def _how_it_differs(change: Change, attributes: Attributes, active: bool | None) -> str:  # noqa: FBT001  # a status
    differing = [
        each.name
        for each in change.fields
        if each.name != "active" and attributes.get(each.name) != each.after
    ]
    if not differing and any(each.name == "active" for each in change.fields):
        if active is None:
            return "it was written, and the service does not show whether the user is enabled"
        return f"it was written, but the user reads back as {'enabled' if active else 'disabled'}"
    message = (
        f"it was written, but reads back differently: {', '.join(differing) or 'something else changed'}"
    )
    if differing:
        name = next((each for each in differing if not may_lack(change.address.kind, each)), "")
        if shown := attributes.get(name):
            return f"{message}; the service shows the name {shown!r}, write it so in git"
    return message


def _scopes(run: Run, address: Address) -> tuple[str, ...]:
    """How a gap may name where a membership or an assignment is."""
    where = run.ids[address.group] if address.kind is Kind.MEMBERSHIP else address.account
    return where, "*"


def _is_there(live: Live, run: Run, address: Address) -> bool:
    """Whether a membership or an assignment reads back."""
    first, second = address.ends
    if address.kind is Kind.MEMBERSHIP:
        return run.ids[second] in live.members.get(run.ids[first], {})
    holders = live.assignments.get((address.account, Arn(run.ids[second])), frozenset())
    return Principal(first.kind, run.ids[first]) in holders


def _attributes(
    live: Live, planned: PreparedPlan, run: Run, change: Change, shared: frozenset[str]
) -> Attributes | None:
    """The attributes of a user, group or permission set, the manager by key; None where it is not there."""
    kind, identifier = change.address.kind, run.ids.get(change.address, "")
    if kind is Kind.USER:
        user = live.users.get(identifier)
        if user is None:
            return None
        return with_manager_key(as_planned(user, change.fields, shared), planned, run)
    found: LiveGroup | LivePermissionSet | None = None
    if kind is Kind.GROUP:
        found = live.groups.get(identifier)
    elif kind is Kind.PERMISSION_SET:
        found = live.permission_sets.get(identifier)
    return with_manager_key(found.attributes, planned, run) if found is not None else None


def _active(live: Live, run: Run, change: Change) -> bool | None:
    """A user's status, as far as a change says something of it: a create says nothing."""
    if change.address.kind is not Kind.USER or change.action is Action.CREATE:
        return None
    user = live.users.get(run.ids[change.address])
    return user.active if user is not None else None

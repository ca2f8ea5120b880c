"""Users, compared: who is created, changed, disabled, enabled, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.address import Kind
from reconciler.model.change import AT_ONCE, Action, Cause, Change, Effect, FieldChange
from reconciler.model.names import fold
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import OnRemoval
from reconciler.model.resources import REMOTE_ID, USER_ATTRIBUTES, User, Value, defaults, to_ask_for
from reconciler.model.state import LiveUser
from reconciler.planning import hashes
from reconciler.planning.comparing.activity import activity
from reconciler.planning.comparing.incomplete import gathered, incomplete
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.denying import keeps_user
from reconciler.planning.user_values import given_before, given_entry, with_manager_key
from reconciler.planning.wording import many

# Why the rest of a change may not be done by rule, strongest first.
_PRECEDENCE = (Cause.GIT, Cause.LEFTOVER, Cause.BLOCK, Cause.LEAVER, Cause.EXPIRY, Cause.DRIFT)
_ORDER = {name: position for position, name in enumerate(("active", *USER_ATTRIBUTES))}


def _place(name: str) -> tuple[int, str]:
    """Where an attribute stands: ours as they are shown, then those of extensions by path."""
    return _ORDER.get(name, len(_ORDER)), name


def compare_users(context: PlanContext, diff: Diff) -> None:
    """Add the changes of users to `diff`, and what a reviewer must know of them."""
    unwritten: dict[str, list[str]] = {}
    status: list[str] = []
    same = 0
    for key, user in context.desired.users.items():
        if user.external or key in context.users.pairing.blocked:
            continue
        identifier = context.users.pairing.ids.get(key)
        if identifier is None:
            if key not in context.desired.inactive and key not in context.desired.not_yet:
                _create(context, diff, user, unwritten)
            continue
        if identifier not in context.users.declared:
            continue  # ignored
        if not _update(context, diff, user, context.live.users[identifier], unwritten, status):
            same += 1
    for identifier, key in context.users.gone.items():
        _remove(context, diff, key, context.live.users[identifier], status)
    for identifier in sorted(context.users.undeclared):
        _remove(context, diff, context.user_key(identifier), context.live.users[identifier], status)
    diff.unchanged[Kind.USER] = same
    diff.findings[:] = [*gathered(diff.findings), *_findings(unwritten, status)]


def _create(context: PlanContext, diff: Diff, user: User, unwritten: dict[str, list[str]]) -> None:
    values = _initial(user)
    for name in sorted(values.keys() - context.capabilities.user_attributes):
        unwritten.setdefault(name, []).append(user.key)
        del values[name]
    unkept = context.unkept.dropped[Kind.USER]
    # What a create must have is sent, kept or not.
    for name in values.keys() & unkept - set(context.capabilities.required):
        del values[name]
    if not _manager_exists(context, values.get("manager")):
        diff.findings.append(_manager_unknown(context, user))
        values.pop("manager", None)
    address = context.user_address(user.key)
    if missing := to_ask_for(_missing(context, values), user.attributes):
        diff.waiting += 1
        diff.findings.append(incomplete(user, address, missing))
        return
    fields = tuple(FieldChange(name, None, values[name]) for name in sorted(values, key=_place))
    base = context.memory.base
    at_base = base is not None and any(
        base.wants(key) and not base.users[key].external for key in context.users.previous_keys(user.key)
    )
    if context.memory.ledger is not None:
        at_base = context.users.gave(user.key)
    _touch_manager(context, diff, fields)
    diff.creating.add(user.key)
    diff.owned[address] = names = tuple(sorted(values.keys() - unkept))
    diff.changes.append(
        Change(
            address=address,
            action=Action.CREATE,
            effect=Effect.NEUTRAL,
            cause=context.memory.object_cause(at_base=at_base, wanted=True, between=True),
            before_hash=hashes.absent(Kind.USER, fold(str(values["user_name"]))),
            after_hash=hashes.object_state(None, values, names),
            fields=fields,
            name=str(values["user_name"]),
            origin=user.origin,
        )
    )


def _initial(user: User) -> dict[str, Value]:
    """What a create would write, as far as git is concerned."""
    values = {name: value for name, value in user.attributes.items() if value is not None}
    return {**defaults(user.attributes), **values}


def _missing(context: PlanContext, values: Mapping[str, Value]) -> list[str]:
    return [name for name in context.capabilities.required if not values.get(name)]


def _update(
    context: PlanContext,
    diff: Diff,
    user: User,
    live: LiveUser,
    unwritten: dict[str, list[str]],
    status: list[str],
) -> bool:
    """Whether there is a change."""
    status_change = activity(context, diff, user, live, status)
    after_active = live.active if status_change is None else status_change.active
    disguised = context.capabilities.disguised if after_active is False else frozenset[str]()
    fields, names = _differences(context, diff, user, live, unwritten, disguised)
    causes = {each.name: _cause(context, user, live, each) for each in fields}
    if status_change is not None:
        if status_change.cause in AT_ONCE and set(causes.values()) <= {Cause.DRIFT}:
            # What is applied without a review takes nothing along that was not decided with it.
            fields, causes = [], {}
        fields.append(FieldChange("active", live.active, status_change.active))
        causes["active"] = status_change.cause
    elif user.key in context.users.replaced:
        fields.append(FieldChange(REMOTE_ID, context.users.replaced[user.key], live.id))
        causes[REMOTE_ID] = Cause.DRIFT
    if not fields:
        return False
    cause = next(each for each in _PRECEDENCE if each in causes.values())
    fields.sort(key=lambda each: _place(each.name))
    address = context.user_address(user.key)
    diff.touch(address, live.id, live.version)
    _touch_manager(context, diff, fields)
    diff.owned[address] = names
    before = with_manager_key(live.attributes, context.user_key)
    after = {**before, **{each.name: each.after for each in fields}}
    diff.changes.append(
        Change(
            address=address,
            action=Action.UPDATE,
            effect=_effect(fields),
            cause=cause,
            before_hash=hashes.object_state(live.id, before, names, active=live.active),
            after_hash=hashes.object_state(live.id, after, names, active=after_active),
            fields=tuple(fields),
            name=context.live_user_name(live.id),
            reason=status_change.reason if status_change else None,
            origin=user.origin,
        )
    )
    return True


def _cause(context: PlanContext, user: User, live: LiveUser, field: FieldChange) -> Cause:
    if context.memory.ledger is not None and live.id not in context.users.given:
        return Cause.GIT  # no apply ended with this object as git's
    base = context.memory.base_user(context.users.previous_keys(user.key))
    declared = field.name in user.attributes
    return context.memory.field_cause(base, field.name, declared=declared, value=field.after)


def _differences(
    context: PlanContext,
    diff: Diff,
    user: User,
    live: LiveUser,
    unwritten: dict[str, list[str]],
    disguised: frozenset[str],
) -> tuple[list[FieldChange], tuple[str, ...]]:
    """What differs of the attributes that git owns, and the names of all that it owns; `disguised` apart."""
    have, want = live.attributes, user.attributes
    if disguised:
        want = {name: value for name, value in want.items() if name not in disguised}
    shared = context.capabilities.shared_lists
    differing = [
        name
        for name, value in want.items()
        if have.get(name) != value and not (name in shared and value in live.values(name))
    ]
    cleared = given_before(context, user, live)
    unkept = context.unkept.dropped[Kind.USER]
    cleared -= disguised.union(context.capabilities.required)
    if not differing and not cleared:
        return [], ()
    before = dict(with_manager_key(live.attributes, context.user_key))
    fields = []
    for name in (*differing, *sorted(cleared)):
        after = want.get(name)
        if name in shared:
            # What others put into a list stays, and is no part of the change.
            previous_keys = context.memory.former_user(context.users.previous_keys(user.key))
            before[name] = given_entry(live, name, previous_keys)
            if any(context.unkept.hides(Kind.USER, name, value, after) for value in live.values(name)):
                continue
        if _is_as_wanted(context, name, before.get(name), after):
            continue
        if name == "manager" and not _manager_exists(context, after):
            diff.findings.append(_manager_unknown(context, user))
        elif name not in context.capabilities.user_attributes:
            unwritten.setdefault(name, []).append(user.key)
        else:
            fields.append(FieldChange(name, before.get(name), after))
    return fields, tuple(sorted((want.keys() | cleared) - unkept))


def _is_as_wanted(context: PlanContext, name: str, before: Value, after: Value) -> bool:
    """Whether writing an attribute would change nothing, or cannot be asked for."""
    return (
        before == after
        or (name in context.capabilities.required and not after)
        or context.unkept.hides(Kind.USER, name, before, after)
    )


def _touch_manager(context: PlanContext, diff: Diff, fields: Iterable[FieldChange]) -> None:
    for each in fields:
        if each.name == "manager" and isinstance(each.after, str):
            identifier = context.users.pairing.ids.get(each.after)
            if identifier is not None:
                diff.ids[context.user_address(each.after)] = identifier


def _manager_exists(context: PlanContext, manager: Value) -> bool:
    """Whether a manager can be written: no manager, one who stays, or one who is about to be created."""
    if not isinstance(manager, str):
        return True
    if (identifier := context.users.pairing.ids.get(manager)) is not None:
        return identifier not in context.users.gone or not _deletes(context)
    user = context.desired.users.get(manager)
    return (
        user is not None
        and not user.external
        and manager not in context.users.pairing.blocked
        and context.desired.wants(manager)
        and not _missing(context, _initial(user))
    )


def _manager_unknown(context: PlanContext, user: User) -> Finding:
    return Finding(
        code="manager-unknown",
        severity=Severity.WARNING,
        message=f"{user.attributes['manager']}, the manager of {user.key}, is not at {context.target}",
        address=context.user_address(user.key),
        origin=user.origin,
        fix="declare a manager who is provisioned to this target, or none",
    )


def _effect(fields: Iterable[FieldChange]) -> Effect:
    """A user name decides who signs in as the user: changing it takes from one and gives to another."""
    effects = set()
    for each in fields:
        if each.name == "active":
            effects.add(Effect.GRANT if each.after else Effect.REVOKE)
        elif each.name == REMOTE_ID or (
            each.name == "user_name" and fold(str(each.before)) != fold(str(each.after))
        ):
            effects.add(Effect.MIXED)
    if not effects:
        return Effect.NEUTRAL
    return effects.pop() if len(effects) == 1 else Effect.MIXED


def _deletes(context: PlanContext) -> bool:
    """Whether who leaves is deleted: where that is wanted, and means more than disabling."""
    return context.policy.on_removal is OnRemoval.DELETE and context.capabilities.deletes_users


def _remove(context: PlanContext, diff: Diff, key: str, live: LiveUser, status: list[str]) -> None:
    """Somebody whom git declares no more, or (authoritative) never did."""
    remembered = next(iter(context.memory.former_user((key,))), None)
    why = context.desired.inactive.get(key)
    # A person who is blocked and was never ours is not ours to delete.
    ours = remembered is not None or live.id in context.users.given
    delete = _deletes(context) and (why is None or ours)
    if delete and keeps_user(context, live.id):
        delete = False
        diff.standing.undeleted.append(key)
    if why is not None and not delete:
        cause, reason = why.cause, why.reason
    elif live.id in context.users.left:
        cause, reason = Cause.DRIFT, "gone from git"
    else:
        at_base = context.memory.base is not None and key in context.memory.base.users
        cause = context.memory.object_cause(at_base=at_base, wanted=False, between=ours)
        reason = "gone from git" if ours else "not in git"
    if not delete and live.active is False:
        return
    if not delete and not context.capabilities.status:
        status.append(key)
        if live.id not in context.users.left:
            diff.still_signing_in.append(key)
        return
    address = context.user_address(key)
    names = tuple(sorted(live.attributes)) if delete else ()
    diff.touch(address, live.id, live.version)
    diff.owned[address] = names
    diff.changes.append(
        Change(
            address=address,
            action=Action.DELETE if delete else Action.UPDATE,
            effect=Effect.REVOKE,
            cause=cause,
            before_hash=hashes.object_state(
                live.id, with_manager_key(live.attributes, context.user_key), names, active=live.active
            ),
            after_hash=hashes.gone(live.id) if delete else hashes.object_state(live.id, {}, (), active=False),
            fields=() if delete else (FieldChange("active", live.active, False),),
            name=context.live_user_name(live.id),
            reason=reason,
        )
    )


def _findings(unwritten: dict[str, list[str]], status: list[str]) -> Iterable[Finding]:
    for name, keys in sorted(unwritten.items()):
        yield Finding(
            code="attribute-not-written",
            severity=Severity.NOTE,
            message=f"`{name}` is declared for {many(len(keys), 'user')}, which this channel cannot write",
            fix="remove it from git, or configure a channel that writes it",
            details=tuple(sorted(keys)),
            count=len(keys),
        )
    if status:
        yield Finding(
            code="status-not-written",
            severity=Severity.WARNING,
            message=(
                f"the status of {many(len(status), 'user')} should change, which this channel cannot write: "
                "inactive users lose every membership, but can still sign in"
            ),
            fix="enable or disable them in the Identity Center console",
            details=tuple(sorted(status)),
            count=len(status),
        )

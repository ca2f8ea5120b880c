"""What is known of everybody and everything on one side of a plan, or in the files alone: for a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from reconciler.access.facts import (
    AccountFacts,
    EntryFacts,
    Facts,
    GroupFacts,
    MemberFacts,
    PersonFacts,
    SetFacts,
)
from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.organization import Organization
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Attributes, Grant, Group, Origin, PermissionSet, User
from reconciler.model.state import Desired, Identities
from reconciler.planning.comparing.set_values import declared_values
from reconciler.planning.consequences import Consequences
from reconciler.planning.declared_rules import spelled_selector
from reconciler.planning.desired.project import project
from reconciler.planning.holdings import Side
from reconciler.planning.windows import text

_PARTITION = "aws"
# Everything of a target that assigns: nobody is asked what it can do.
_EVERYTHING = Capabilities(kinds=frozenset(Kind))
# What a permission set carries, each with what it is called in a sentence.
_POLICIES = (
    ("managed_policies", "managed policy"),
    ("customer_managed_policies", "customer-managed policy"),
    ("permissions_boundary", "permissions boundary"),
)


def facts_of_files(identities: Identities, policy: TargetPolicy, now: datetime) -> Facts:
    """What the files alone say at `now` (an aware instant): who is there at a target is not known."""
    desired = project(identities, policy, now, _EVERYTHING)
    members = {
        key: dict.fromkeys(desired.members[key]) if key in desired.members else None for key in desired.groups
    }
    return Facts(
        people=tuple(
            _person(key, user, None, desired, present=None, active=desired.wants(key))
            for key, user in sorted(desired.users.items())
        ),
        groups=tuple(
            _group(key, desired.groups[key], None, found, identities)
            for key, found in sorted(members.items())
        ),
        sets=tuple(_set(name, one, None) for name, one in sorted(desired.permission_sets.items())),
        accounts=tuple(_accounts(identities, None)),
        entries=tuple(_entries(identities)),
    )


def facts_of_side(consequences: Consequences, side: Side, identities: Identities) -> Facts:
    """What there is on one side of the plan of `consequences`, and what git says of it.

    Members are those of the service, who need not be able to sign in. On either side people and groups that
    git declares and the target does not have yet stand among the others, and say so.
    """
    context, tokens = consequences.context, consequences.tokens
    state = consequences.sides.after if side is Side.DESIRED else consequences.sides.before
    desired, live = context.desired, context.live
    unread = {gap.scope for gap in live.gaps if gap.kind is Kind.MEMBERSHIP}
    able = {tokens.user_key(token) for token in state.people}
    users = {context.user_key(identifier): one.attributes for identifier, one in live.users.items()}
    groups = {context.group_key(identifier): one.attributes for identifier, one in live.groups.items()}
    members: dict[str, dict[str, None] | None] = {
        tokens.group_key(token): {tokens.user_key(each): None for each in found}
        for token, found in state.members.items()
    }
    members.update(dict.fromkeys(map(tokens.group_key, unread - {"*"})))
    everywhere = "*" in unread
    idle: dict[str, list[tuple[str, str]]] = {}
    for (account, arn), holders in state.holders.items():
        for one in holders:
            if one.kind is Kind.GROUP and not state.behind(one):
                idle.setdefault(tokens.group_key(one.id), []).append((tokens.set_name(arn), account))
    sets = {str(one.name): one.attributes for one in live.permission_sets.values()}
    denied = _denied(consequences, side)
    return Facts(
        people=tuple(
            _person(
                key,
                desired.users.get(key),
                users.get(key),
                desired,
                present=key in users,
                active=key in able,
                denied=denied.get(key),
            )
            for key in sorted(desired.users.keys() | users.keys())
        ),
        groups=tuple(
            _group(
                key,
                desired.groups.get(key),
                groups.get(key),
                None if everywhere else members.get(key, {}),
                identities,
                present=key in groups,
                idle=idle.get(key, ()),
            )
            for key in sorted(desired.groups.keys() | groups.keys())
        ),
        sets=tuple(
            _set(name, desired.permission_sets.get(name), sets.get(name), present=name in sets)
            for name in sorted(desired.permission_sets.keys() | sets.keys())
        ),
        accounts=tuple(_accounts(identities, live.organization, context.account_name)),
        entries=tuple(_entries(identities)),
    )


def _denied(consequences: Consequences, side: Side) -> Mapping[str, str]:
    """Until when the policy of denials has whom, by key: as it was read, or as the plan leaves it."""
    context = consequences.context
    denials = context.live.denials
    entries = {} if denials is None else denials.entries
    found = {context.user_key(identifier): text(one.end) or "" for identifier, one in entries.items()}
    for change in consequences.changes if side is Side.DESIRED else ():
        if change.address.kind is Kind.DENIAL:
            if change.action is Action.DELETE:
                found.pop(change.address.own_key, None)
            elif change.action is Action.CREATE:
                found[change.address.own_key] = ""
    return found


def _person(
    key: str,
    user: User | None,
    live: Attributes | None,
    desired: Desired,
    *,
    present: bool | None,
    active: bool | None,
    denied: str | None = None,
) -> PersonFacts:
    attributes = live or (user.attributes if user is not None else {})
    why = desired.inactive.get(key)
    reason = why.reason if why is not None else ""
    if why is None and user is not None and key in desired.not_yet and user.window.start is not None:
        reason = f"from {user.window.start:%Y-%m-%d %H:%M %Z}"
    return PersonFacts(
        key,
        name=_text(attributes, "user_name"),
        display=_text(attributes, "display_name") or _both_names(attributes),
        declared=user is not None,
        present=present,
        active=active,
        external=user is not None and user.external,
        until=text(user.window.end) if user is not None else None,
        reason=reason,
        denied=denied,
        origin=user.origin if user is not None else None,
    )


def _text(attributes: Attributes, name: str) -> str:
    return str(attributes.get(name) or "")


def _both_names(attributes: Attributes) -> str:
    return " ".join(filter(None, (_text(attributes, name) for name in ("given_name", "family_name"))))


def _group(
    key: str,
    group: Group | None,
    live: Attributes | None,
    members: Mapping[str, None] | None,
    identities: Identities,
    *,
    present: bool | None = None,
    idle: Iterable[tuple[str, str]] = (),
) -> GroupFacts:
    attributes = live or (group.attributes if group is not None else {})
    why = {} if group is None else _reasons(group, identities)
    nothing = MemberFacts()
    return GroupFacts(
        key,
        name=_text(attributes, "display_name"),
        description=_text(attributes, "description"),
        declared=group is not None,
        present=present,
        external=group is not None and group.external,
        members=None if members is None else {each: why.get(each, nothing) for each in sorted(members)},
        idle=tuple(sorted(idle)),
        includes=() if group is None else tuple(_includes(group)),
        origin=group.origin if group is not None else None,
    )


def _includes(group: Group) -> Iterator[tuple[str, Origin]]:
    for one in group.include or ():
        yield one.group, Origin(group.origin.path, one.node)


def _reasons(group: Group, identities: Identities) -> Mapping[str, MemberFacts]:
    """By member the line of the group, or else the first group taken in of which they are a member."""
    path = group.origin.path
    why = {
        user: MemberFacts(Origin(path, place.node if isinstance(place, Grant) else place))
        for user, place in (group.members or {}).items()
    }
    for one in group.include or ():
        for user in _everybody(one.group, identities, set()):
            why.setdefault(user, MemberFacts(Origin(path, one.node), one.group))
    return why


def _everybody(key: str, identities: Identities, seen: set[str]) -> Iterator[str]:
    """The members that files write of a group and of those that it takes in; a cycle ends."""
    group = identities.groups.get(key)
    if group is None or key in seen:
        return
    seen.add(key)
    yield from group.members or ()
    for one in group.include or ():
        yield from _everybody(one.group, identities, seen)


def _set(
    name: str, declared: PermissionSet | None, live: Attributes | None, *, present: bool | None = None
) -> SetFacts:
    attributes: Attributes = (
        live
        if live is not None
        else declared_values(declared, {}, _PARTITION)
        if declared is not None
        else {}
    )
    return SetFacts(
        name,
        description=_text(attributes, "description"),
        duration=_text(attributes, "session_duration"),
        declared=declared is not None,
        present=present,
        carries=tuple(_carried(attributes)),
        origin=declared.origin if declared is not None else None,
    )


def _carried(attributes: Attributes) -> Iterator[str]:
    for field, called in _POLICIES:
        value = attributes.get(field)
        for each in value if isinstance(value, tuple) else (value,):
            if each:
                yield f"{called} {each}"
    if (inline := attributes.get("inline_policy")) is not None:
        yield f"inline policy of {len(str(inline)):,} characters"


def _accounts(
    identities: Identities, organization: Organization | None, called: Callable[[str], str] = str
) -> Iterator[AccountFacts]:
    origins = {one.id: one.origin for one in identities.accounts.values()}
    if organization is None:
        for key, one in sorted(identities.accounts.items()):
            yield AccountFacts(one.id, key, origin=one.origin)
        return
    for identifier in sorted(organization.accounts.keys() | origins.keys()):
        live = organization.accounts.get(identifier)
        name = called(identifier)
        unit = organization.units.get(live.units[-1]) if live is not None and live.units else None
        yield AccountFacts(
            identifier,
            "" if name == identifier else name,
            unit=unit.path if unit is not None else "",
            state=live.state if live is not None else "",
            origin=origins.get(identifier),
        )


def _entries(identities: Identities) -> Iterator[EntryFacts]:
    accounts = identities.accounts
    for key, one in sorted(identities.assignments.items()):
        yield EntryFacts(
            key,
            one.origin,
            accounts=tuple(spelled_selector(each, accounts) for each in one.accounts),
            excepted=tuple(spelled_selector(each, accounts) for each in one.excluded),
            start=text(one.window.start),
            until=text(one.window.end),
            reason=one.reason or "",
        )

"""Identities of a remembered commit, with everything left out that only a checked tree may be relied on for.

Planning takes for granted that references lead somewhere, that includes form no circle, and that a name is
that of one user or group. What is left out here was declared by nobody for sure; nothing is made up,
and nothing that remains gives more than was written: an entry of which an exception is lost goes whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from reconciler.config.selectors import ACCOUNT_ID
from reconciler.loading.references import circles_of
from reconciler.model.names import fold
from reconciler.model.patterns import path_matches
from reconciler.model.resources import Assignment, Group, Override, PermissionSet, Selector, User
from reconciler.model.state import Identities

_R = TypeVar("_R", User, Group)
_Renamed = TypeVar("_Renamed", User, Group, PermissionSet)
_Managed = TypeVar("_Managed", User, Override)
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


def sensible(found: Identities, every: Collection[tuple[str, ...]]) -> Identities:
    """What of `found` planning can work on. `every` holds the `paths` of each target.

    Blocks stay also where their user was left out: a key may be blocked that no user has.
    """
    users = _apart(found.users, every, lambda user: str(user.attributes["user_name"]))
    users = _known_managers(_own_past(_own_ids(users, every)), users)
    named = {key: _named(group) for key, group in found.groups.items()}
    groups = _apart(named, every, lambda group: str(group.attributes.get("display_name", group.key)))
    groups = _own_past(_own_ids(groups, every))
    groups = _without_circles({key: _linked(group, users, groups) for key, group in groups.items()})
    overrides = {key: one for key, one in found.overrides.items() if key in users}
    whole = replace(
        found,
        users=users,
        groups=groups,
        permission_sets=_own_past(found.permission_sets),
        overrides=_known_managers(overrides, users),
    )
    entries = {key: _resolved(one, whole) for key, one in found.assignments.items()}
    return replace(whole, assignments={key: one for key, one in entries.items() if one is not None})


def _apart(
    declared: Mapping[str, _R], every: Collection[tuple[str, ...]], name_of: Callable[[_R], str]
) -> Mapping[str, _R]:
    """Without those of one name: whose object it was cannot be told."""
    wrong: set[str] = set()
    for paths in every:
        fed = {key: fold(name_of(one)) for key, one in _fed(declared, paths).items()}
        wrong |= _contested(fed.items())
    return {key: one for key, one in declared.items() if key not in wrong} if wrong else declared


def _own_ids(declared: Mapping[str, _R], every: Collection[tuple[str, ...]]) -> Mapping[str, _R]:
    """Without external ids that two have."""
    wrong: set[str] = set()
    for paths in every:
        ids = ((key, one.attributes.get("external_id")) for key, one in _fed(declared, paths).items())
        wrong |= _contested((key, value) for key, value in ids if isinstance(value, str))
    if not wrong:
        return declared
    return {
        key: replace(one, attributes=_without(one.attributes, "external_id")) if key in wrong else one
        for key, one in declared.items()
    }


def _own_past(declared: Mapping[str, _Renamed]) -> Mapping[str, _Renamed]:
    """Without former names that two had."""
    counted = Counter(name for one in declared.values() for name in set(one.previously))
    twice = {name for name, count in counted.items() if count > 1}
    if not twice:
        return declared
    return {
        key: replace(one, previously=tuple(name for name in one.previously if name not in twice))
        for key, one in declared.items()
    }


def _contested(named: Iterable[tuple[str, _K]]) -> set[str]:
    """The keys whose name another key has, too."""
    pairs = list(named)
    counted = Counter(name for _, name in pairs)
    if len(counted) == len(pairs):
        return set()
    return {key for key, name in pairs if counted[name] > 1}


def _fed(declared: Mapping[str, _R], paths: tuple[str, ...]) -> Mapping[str, _R]:
    if paths == ("**",):
        return declared
    return {key: one for key, one in declared.items() if path_matches(one.origin.path, paths)}


def _known_managers(declared: Mapping[str, _Managed], users: Mapping[str, User]) -> Mapping[str, _Managed]:
    """With no manager where nobody is the one that is named."""
    wrong = {
        key
        for key, one in declared.items()
        if (manager := one.attributes.get("manager")) is not None and manager not in users
    }
    if not wrong:
        return declared
    return {
        key: replace(one, attributes=_without(one.attributes, "manager")) if key in wrong else one
        for key, one in declared.items()
    }


def _named(group: Group) -> Group:
    """With the key as its name where the name was written and is nothing."""
    if group.attributes.get("display_name", "") is not None:
        return group
    return replace(group, attributes=_without(group.attributes, "display_name"))


def _linked(group: Group, users: Mapping[str, User], groups: Mapping[str, Group]) -> Group:
    """With the members and includes that there are."""
    if group.members and not users.keys() >= group.members.keys():
        group = replace(group, members={key: one for key, one in group.members.items() if key in users})
    if group.include:
        known = [one for one in group.include if one.group in groups and not groups[one.group].external]
        if len(known) < len(group.include):
            group = replace(group, include=tuple(known))
    return group


def _without_circles(groups: Mapping[str, Group]) -> Mapping[str, Group]:
    """Without the include that closes each circle."""
    closing = {(circle[-1], circle[0]) for circle in circles_of(groups)}
    if not closing:
        return groups
    return {
        key: replace(group, include=tuple(one for one in group.include if (key, one.group) not in closing))
        if group.include
        else group
        for key, group in groups.items()
    }


def _resolved(entry: Assignment, found: Identities) -> Assignment | None:
    """With the groups, users, sets and accounts that there are; None where it then gives nothing for sure."""
    if not all(_selects(one, found) for one in entry.excluded):
        return None
    kept = replace(
        entry,
        groups=tuple(key for key in entry.groups if key in found.groups),
        users=tuple(key for key in entry.users if key in found.users),
        permission_sets=tuple(key for key in entry.permission_sets if key in found.permission_sets),
        accounts=tuple(one for one in entry.accounts if _selects(one, found)),
    )
    if not (kept.groups or kept.users) or not kept.permission_sets or not kept.accounts:
        return None
    return entry if kept == entry else kept


def _selects(selector: Selector, found: Identities) -> bool:
    """Whether a selector is one that loading takes, and names an account that is known."""
    described = bool(selector.ou or selector.tag)
    if selector.account is not None:
        known = ACCOUNT_ID.fullmatch(selector.account) is not None or selector.account in found.accounts
        return known and not (described or selector.all or selector.direct)
    if selector.all:
        return not (described or selector.direct)
    return described and (bool(selector.ou) or not selector.direct)


def _without(attributes: Mapping[str, _V], name: str) -> Mapping[str, _V]:
    return {key: value for key, value in attributes.items() if key != name}

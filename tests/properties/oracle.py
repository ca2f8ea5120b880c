"""Who should have what by git alone, spelled out naively and without the code under test."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler.model.resources import Assignment, Grant, Group, Selector, Window
from reconciler.model.state import Identities
from tests.planning.world import World

Reach = tuple[str, str, str]


def absent(declared: Identities, now: datetime) -> set[str]:
    """Keys of whoever must have no access."""
    gone = {
        key for key, user in declared.users.items() if user.active is False or not holds(user.window, now)
    }
    return gone | set(declared.blocked)


def members(declared: Identities, key: str, world: World, now: datetime) -> set[str]:
    """User names of whoever should be in a group; of one that is somebody else's, whoever is in it."""
    group = declared.groups[key]
    if group.external or _is_open(group):
        name = title(declared, key)
        found = [one.id for one in world.groups.values() if one.attributes["display_name"] == name]
        people = {each for each in found for each in world.members[each]}
        return {str(world.users[each].attributes["user_name"]) for each in people}
    keys = flat(declared, key, now) - absent(declared, now)
    return {str(declared.users[each].attributes["user_name"]) for each in keys}


def _is_open(group: Group) -> bool:
    return group.members is None and group.include is None


def flat(declared: Identities, key: str, now: datetime | None) -> set[str]:
    """Keys of whoever is written as a member of a group, also by includes; without `now`, at any time."""
    group = declared.groups[key]
    found = {
        user
        for user, how in (group.members or {}).items()
        if not isinstance(how, Grant) or now is None or holds(how.window, now)
    }
    for include in group.include or ():
        if now is None or holds(include.window, now):
            found |= flat(declared, include.group, now)
    return found


def reach(declared: Identities, world: World, now: datetime) -> set[Reach]:
    """User name, account and permission set, for all that git gives now to people who can sign in."""
    names = {str(one.attributes["user_name"]) for one in world.users.values() if one.active is not False}
    found: set[Reach] = set()
    for entry in declared.assignments.values():
        if not holds(entry.window, now):
            continue
        people = {
            str(declared.users[each].attributes["user_name"])
            for each in entry.users
            if each not in absent(declared, now)
        }
        for team in entry.groups:
            people |= members(declared, team, world, now)
        for account in accounts(entry, world):
            found |= {(who, account, each) for who in people & names for each in entry.permission_sets}
    return found


def accounts(entry: Assignment, world: World) -> set[str]:
    """The accounts that an entry leads to."""
    return _located(world, entry.accounts) - _located(world, entry.excluded)


def _located(world: World, selectors: Iterable[Selector]) -> set[str]:
    found = set()
    for one in selectors:
        for account in world.organization.accounts.values():
            paths = {world.organization.units[unit].path for unit in account.units}
            home = account.id == world.organization.management
            named = one.account == account.id
            if account.active and (named or (not home and (one.all or paths & set(one.ou)))):
                found.add(account.id)
    return found


def holds(window: Window, now: datetime) -> bool:
    """Its own arithmetic, not the model's: from the start on, and until just before the end."""
    return (window.start is None or window.start <= now) and (window.end is None or now < window.end)


def assigned(declared: Identities, world: World, now: datetime) -> set[Reach]:
    """Account, permission set and principal (user name or display name) of all that git assigns now."""
    found: set[Reach] = set()
    for entry in declared.assignments.values():
        if not holds(entry.window, now):
            continue
        holders = {
            str(declared.users[each].attributes["user_name"])
            for each in entry.users
            if each not in absent(declared, now)
        }
        holders |= {title(declared, each) for each in entry.groups}
        for account in accounts(entry, world):
            found |= {(account, name, who) for name in entry.permission_sets for who in holders}
    return found


def title(declared: Identities, key: str) -> str:
    """The display name of a group."""
    return str(declared.groups[key].attributes.get("display_name") or key)

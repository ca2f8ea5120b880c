"""Which lines of the files decide about one person, group, account or permission set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.address import Kind
from reconciler.model.names import fold
from reconciler.model.resources import Assignment, Grant, Origin, User
from reconciler.model.state import Identities

# What people call a thing that is not of a kind of address.
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a name means: its kind (of an address, or ACCOUNT) and its key."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One line that decides, and what it says there, as a short sentence."""

    origin: Origin
    says: str


def meant(identities: Identities, name: str) -> tuple[Named, ...]:
    """What `name` can mean, in order: a key, a user name, an email, a display name, an account id."""
    wanted = fold(name)

    def is_it(key: str, *others: object) -> bool:
        return any(isinstance(each, str) and fold(each) == wanted for each in (key, *others))

    return (
        *(Named(Kind.USER, key) for key, one in identities.users.items() if is_it(key, *_spellings(one))),
        *(
            Named(Kind.GROUP, key)
            for key, one in identities.groups.items()
            if is_it(key, one.attributes.get("display_name"))
        ),
        *(Named(Kind.PERMISSION_SET, key) for key in identities.permission_sets if is_it(key)),
        *(Named(ACCOUNT, key) for key, one in identities.accounts.items() if is_it(key, one.id)),
    )


def names(identities: Identities) -> tuple[str, ...]:
    """Every name that `meant` knows, for a suggestion."""
    return tuple(
        dict.fromkeys(
            (
                *identities.users,
                *(each for one in identities.users.values() for each in _spellings(one)),
                *identities.groups,
                *identities.permission_sets,
                *identities.accounts,
            )
        )
    )


def decisions(identities: Identities, one: Named) -> tuple[Decision, ...]:
    """Each line that decides about it, the declaration first, then what gives and takes access."""
    found = {
        Kind.USER: _of_user,
        Kind.GROUP: _of_group,
        Kind.PERMISSION_SET: _of_set,
        ACCOUNT: _of_account,
    }
    return tuple(found[one.kind](identities, one.key))


def _spellings(user: User) -> tuple[str, ...]:
    found = (user.attributes.get(name) for name in ("user_name", "email", "display_name"))
    return tuple(each for each in found if isinstance(each, str))


def _of_user(identities: Identities, key: str) -> Iterator[Decision]:
    user = identities.users[key]
    owner = " (an import owns it)" if user.external else ""
    yield Decision(user.origin, f"declares the user{owner}")
    leaver = identities.leavers.get(key)
    if leaver is not None and leaver.means(user):
        yield Decision(leaver.origin, "says that the user left, or will")
    if (override := identities.overrides.get(key)) is not None:
        yield Decision(override.origin, "changes what is imported")
    if (block := identities.blocked.get(key)) is not None:
        yield Decision(block.origin, "blocks the user: no access by any way")
    for group, one in identities.groups.items():
        if one.members is not None and (place := one.members.get(key)) is not None:
            node = place.node if isinstance(place, Grant) else place
            yield Decision(Origin(one.origin.path, node), f"makes the user a member of {group}")
    inside = {group for group, one in identities.groups.items() if one.members and key in one.members}
    yield from _including(identities, inside)
    reached = inside | _outer(identities, inside)
    for entry in identities.assignments.values():
        ways = [group for group in entry.groups if group in reached]
        if key in entry.users:
            yield Decision(entry.origin, f"assigns {_sets(entry)} to the user")
        elif ways:
            yield Decision(entry.origin, f"assigns {_sets(entry)} through {', '.join(ways)}")


def _of_group(identities: Identities, key: str) -> Iterator[Decision]:
    group = identities.groups[key]
    yield Decision(group.origin, "declares the group and its members")
    for one in group.include or ():
        yield Decision(Origin(group.origin.path, one.node), f"takes in the members of {one.group}")
    yield from _including(identities, {key})
    reached = {key} | _outer(identities, {key})
    for entry in identities.assignments.values():
        if ways := [each for each in entry.groups if each in reached]:
            through = "" if ways == [key] else f" through {', '.join(ways)}"
            yield Decision(entry.origin, f"assigns {_sets(entry)}{through or ' to the group'}")


def _of_set(identities: Identities, key: str) -> Iterator[Decision]:
    found = identities.permission_sets[key]
    yield Decision(found.origin, "says what the permission set allows")
    for entry in identities.assignments.values():
        if key in entry.permission_sets:
            yield Decision(entry.origin, f"assigns it to {_principals(entry)}")


def _of_account(identities: Identities, key: str) -> Iterator[Decision]:
    account = identities.accounts[key]
    yield Decision(account.origin, f"names the account {account.id}")
    spelled = {key, account.id}
    for entry in identities.assignments.values():
        out = [one for one in entry.excluded if one.account in spelled]
        what = f"{_sets(entry)} to {_principals(entry)}"
        if out:
            yield Decision(Origin(entry.origin.path, out[0].node), f"excepts the account from {what}")
        elif named := [one for one in entry.accounts if one.account in spelled]:
            yield Decision(Origin(entry.origin.path, named[0].node), f"assigns {what} on the account")
        elif selecting := [one for one in entry.accounts if one.account is None]:
            place = Origin(entry.origin.path, selecting[0].node)
            yield Decision(place, f"may select the account: assigns {what}")


def _including(identities: Identities, groups: Iterable[str]) -> Iterator[Decision]:
    """The lines by which other groups take in the members of these, one after another."""
    wanted = set(groups)
    wanted |= _outer(identities, wanted)
    for key, one in identities.groups.items():
        for include in one.include or ():
            if include.group in wanted:
                yield Decision(Origin(one.origin.path, include.node), f"takes {include.group} into {key}")


def _outer(identities: Identities, groups: set[str]) -> set[str]:
    """The groups that take in the members of these, also by way of others."""
    by_inner: dict[str, set[str]] = {}
    for key, one in identities.groups.items():
        for include in one.include or ():
            by_inner.setdefault(include.group, set()).add(key)
    found: set[str] = set()
    frontier = list(groups)
    while frontier:
        for outer in by_inner.get(frontier.pop(), ()):
            if outer not in found:
                found.add(outer)
                frontier.append(outer)
    return found


def _sets(entry: Assignment) -> str:
    return ", ".join(entry.permission_sets)


def _principals(entry: Assignment) -> str:
    groups: Iterable[str] = (f"group {each}" for each in entry.groups)
    return ", ".join((*groups, *(f"user {each}" for each in entry.users)))

"""Names that must be the name of one thing only: user names, display names, external ids, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from reconciler.config import Config
from reconciler.files.characters import show
from reconciler.files.faults import Faults
from reconciler.loading.known import Known
from reconciler.model.names import fold, skeleton
from reconciler.model.patterns import path_matches
from reconciler.model.resources import Group, Origin, PermissionSet, User
from reconciler.model.state import Identities

_R = TypeVar("_R", User, Group)
_Renamed = User | Group | PermissionSet


def check_names(identities: Identities, config: Config, faults: Faults) -> None:
    """Note every two users or groups that one service could not tell apart.

    What different targets are fed from different files does not meet, and may share names.
    """
    every = {target.policy.paths for target in config.targets.values()}
    for paths in sorted(every):
        users = _fed(identities.users, paths)
        groups = _fed(identities.groups, paths)
        _check_spelling(users, _user_name, "user", "user_name", faults)
        _check_spelling(groups, _display_name, "group", "display_name", faults)
        _check_equal(users, "external_id", "users", _as_is, faults)
        _check_equal(groups, "external_id", "groups", _as_is, faults)
        _check_equal([user for user in users if not user.external], "email", "users", fold, faults)
    _check_former(identities.users.values(), "users", faults)
    _check_former(identities.groups.values(), "groups", faults)
    _check_former(identities.permission_sets.values(), "permission sets", faults)
    _check_accounts(identities, faults)


def _fed(declared: Mapping[str, _R], paths: tuple[str, ...]) -> list[_R]:
    if paths == ("**",):
        return list(declared.values())
    return [one for one in declared.values() if path_matches(one.origin.path, paths)]


def _user_name(user: User) -> str:
    return str(user.attributes["user_name"])


def _display_name(group: Group) -> str:
    return str(group.attributes.get("display_name") or group.key)


def _as_is(text: str) -> str:
    return text


def _check_spelling(
    declared: Iterable[_R], name_of: Callable[[_R], str], kind: str, field: str, faults: Faults
) -> None:
    """Names that are one without regard to case and Unicode form, or that look alike (UTS #39)."""
    spelled: dict[str, _R] = {}
    exotic: list[_R] = []
    for one in declared:
        name = name_of(one)
        if not name.isascii():
            exotic.append(one)
        other = spelled.setdefault(fold(name), one)
        if other is not one:
            first, second = sorted((other.origin, one.origin))
            faults.add(
                second,
                f"{kind}s {other.key} and {one.key} have one {field}, {show(name)} "
                "(upper and lower case are the same)",
                f"change one {field}, or make them one {kind}",
                other=first,
            )
    if not exotic:
        return
    looks = {skeleton(folded): one for folded, one in spelled.items() if name_of(one).isascii()}
    for one in exotic:
        other = looks.setdefault(skeleton(name_of(one)), one)
        if other is not one and fold(name_of(other)) != fold(name_of(one)):
            first, second = sorted((other.origin, one.origin))
            faults.add(
                second,
                f"the {field} of {kind} {one.key} looks like that of {other.key}, in other letters: "
                f"{name_of(one).encode('ascii', 'namereplace').decode('ascii')}",
                "write both with letters of one script",
                other=first,
                kept=True,
            )


def _check_equal(
    declared: Iterable[User | Group], field: str, kind: str, same: Callable[[str], str], faults: Faults
) -> None:
    seen: dict[str, User | Group] = {}
    for one in declared:
        value = one.attributes.get(field)
        if not isinstance(value, str):
            continue
        other = seen.setdefault(same(value), one)
        if other is not one:
            first, second = sorted((other.origin, one.origin))
            message = f"{kind} {other.key} and {one.key} have one {field}, {show(value)}"
            # Only an external id says which object is meant.
            faults.add(second, message, f"change one {field}", other=first, kept=field != "external_id")


def _check_former(declared: Iterable[_Renamed], kind: str, faults: Faults) -> None:
    seen: dict[str, _Renamed] = {}
    for one in declared:
        for name in one.previously:
            other = seen.setdefault(name, one)
            if other is not one:
                first, second = sorted((other.origin, one.origin))
                message = f"{kind} {other.key} and {one.key} were both {show(name)} previously"
                faults.add(second, message, "keep it at the one that continues it", other=first)


def check_former_keys(identities: Identities, known: Known, faults: Faults) -> None:
    """Note every key in `previously` that is still declared: what is there cannot have become another.

    For files under plan only: what a remembered state named was settled when it was applied.
    """
    sections: tuple[tuple[str, str, Mapping[str, _Renamed]], ...] = (
        ("users", "user", identities.users),
        ("groups", "group", identities.groups),
        ("permission_sets", "permission set", identities.permission_sets),
    )
    for section, kind, declared in sections:
        there = known.section(section)
        for one in declared.values():
            for name in one.previously:
                if name in there:
                    faults.add(
                        known.origin(one.origin.path, (section, one.key, "previously")),
                        f"previously of {kind} {one.key} names {show(name)}, which is still declared",
                        f"delete {show(name)} from the list, or delete the {kind} {show(name)} if "
                        f"{one.key} continues it",
                        other=there[name],
                    )


def _check_accounts(identities: Identities, faults: Faults) -> None:
    seen: dict[str, tuple[str, Origin]] = {}
    for account in identities.accounts.values():
        key, origin = seen.setdefault(account.id, (account.key, account.origin))
        if key != account.key:
            first, second = sorted((origin, account.origin))
            message = f"accounts {key} and {account.key} have one id, {account.id}"
            faults.add(second, message, "keep one name for an account", other=first, kept=True)

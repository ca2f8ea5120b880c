"""Whether everything that a file refers to is declared, in whichever file; and circles of includes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from reconciler.config.selectors import ACCOUNT_ID
from reconciler.files.characters import show
from reconciler.files.documents import Loc
from reconciler.files.faults import Faults
from reconciler.loading.documents import UNMANAGED
from reconciler.loading.known import Known
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Assignment, Grant, Group, Origin, Selector
from reconciler.model.state import Identities

# What to do about a block of nobody.
UNBLOCK = "correct the key, or delete the block once it has served"
_NAMES = {"users": "user", "groups": "group", "permission_sets": "permission set", "accounts": "account"}
_Section = Literal["users", "groups", "permission_sets", "accounts"]


def check_references(identities: Identities, known: Known, faults: Faults) -> tuple[Finding, ...]:
    """Note every reference to what nobody declares; the answer is what is odd but not wrong."""
    checks = _References(identities, known, faults)
    checks.managers()
    for group in identities.groups.values():
        checks.members(group)
        checks.includes(group)
    checks.circles()
    for assignment in identities.assignments.values():
        checks.assignment(assignment)
    checks.overrides()
    return (*checks.findings(), *_unknown_blocks(identities, known))


class _References:
    def __init__(self, identities: Identities, known: Known, faults: Faults) -> None:
        self._identities, self._known, self._faults = identities, known, faults
        self._users, self._groups = known.section("users"), known.section("groups")
        self._unmanaged: list[tuple[Group, str, Origin]] = []

    def managers(self) -> None:
        for user in self._identities.users.values():
            manager = user.attributes.get("manager")
            if manager is not None and manager not in self._users:
                loc = ("users", user.key, "manager")
                self._unknown("users", str(manager), f"manager of user {user.key}", user.origin.path, loc)
        for override in self._identities.overrides.values():
            manager = override.attributes.get("manager")
            if manager is not None and manager not in self._users:
                loc = ("overrides", override.key, "manager")
                what = f"manager of override of {override.key}"
                self._unknown("users", str(manager), what, override.origin.path, loc)

    def members(self, group: Group) -> None:
        members = group.members
        if not members or self._users.keys() >= members.keys():
            return
        for key, grant in members.items():
            if key in self._users:
                continue
            origin = Origin(group.origin.path, grant.node if isinstance(grant, Grant) else grant)
            what = f"group {group.key} has a member"
            if key == UNMANAGED:
                fix = f"to let go of the membership, write `members: {UNMANAGED}`, without a list"
                self._faults.add(origin, f"{what}: user {show(key)} is not declared", fix)
            else:
                self._missing("users", key, what, origin)

    def includes(self, group: Group) -> None:
        for include in group.include or ():
            origin = Origin(group.origin.path, include.node)
            if include.group not in self._groups:
                self._missing("groups", include.group, f"group {group.key} includes a group", origin)
                continue
            inner = self._identities.groups.get(include.group)
            if inner is None or inner.key == group.key:
                continue  # wrong in itself, and said; or a circle of one
            if inner.external:
                self._faults.add(
                    origin,
                    f"group {group.key} includes {inner.key}, which is external: its members are not in git",
                    f"assign {inner.key} itself where {group.key} is assigned",
                )
            elif inner.members is None and inner.include is None:
                self._unmanaged.append((group, inner.key, origin))

    def circles(self) -> None:
        """Every circle of includes, once, at the first of its groups by name."""
        groups = self._identities.groups
        for circle in circles_of(groups):
            first = groups[circle[0]]
            node = next(one.node for one in first.include or () if one.group == circle[1 % len(circle)])
            self._faults.add(
                Origin(first.origin.path, node),
                f"groups include each other in a circle: {' -> '.join((*circle, circle[0]))}",
                "remove one of these includes",
            )

    def assignment(self, assignment: Assignment) -> None:
        path, key = assignment.origin.path, assignment.key
        lists: tuple[tuple[_Section, tuple[str, ...]], ...] = (
            ("users", assignment.users),
            ("groups", assignment.groups),
            ("permission_sets", assignment.permission_sets),
        )
        for section, names in lists:
            known = self._known.section(section)
            for index, name in enumerate(names):
                if name not in known:
                    loc = ("assignments", key, section, index)
                    self._unknown(section, name, f"assignment {key}", path, loc)
        for selector in (*assignment.accounts, *assignment.excluded):
            check_account(selector, f"assignment {key}", path, self._known, self._faults)

    def overrides(self) -> None:
        for key, override in self._identities.overrides.items():
            if key not in self._users:
                self._missing("users", key, "override", override.origin)
            elif (user := self._identities.users.get(key)) is not None and user.external:
                self._faults.add(
                    override.origin,
                    f"there is an override of user {key}, who is external and never written",
                    "delete the override",
                    kept=True,
                )

    def findings(self) -> Iterator[Finding]:
        for group, inner, origin in self._unmanaged:
            yield Finding(
                code="include-unmanaged",
                severity=Severity.WARNING,
                message=f"group {group.key} includes {inner}, whose members are not managed: it adds nobody",
                origin=origin,
                fix=f"give {inner} members, or remove the include",
            )

    def _unknown(self, section: _Section, name: str, what: str, path: str, loc: Loc) -> None:
        self._missing(section, name, what, self._known.origin(path, loc))

    def _missing(self, section: _Section, name: str, what: str, origin: Origin) -> None:
        missing(self._known, self._faults, section, name, what, origin)


def missing(known: Known, faults: Faults, section: _Section, name: str, what: str, origin: Origin) -> None:
    """Note that `what` names a user, group, permission set or account that nobody declares."""
    fix = known.suggest(section, name) or f"declare it under `{section}`, or remove it here"
    faults.add(origin, f"{what}: {_NAMES[section]} {show(name)} is not declared", fix)


def check_account(selector: Selector, what: str, path: str, known: Known, faults: Faults) -> None:
    """Note a selector that names an account which nobody declares; any id of twelve digits is fine."""
    name = selector.account
    if name is None or ACCOUNT_ID.fullmatch(name) or name in known.section("accounts"):
        return
    origin = Origin(path, selector.node)
    if "/" in name or name.startswith("ou-"):
        fix = known.suggest("accounts", name) or f"for an organizational unit, write {{ou: {show(name)}}}"
        faults.add(origin, f"{what}: account {show(name)} is not declared", fix)
        return
    missing(known, faults, "accounts", name, what, origin)


def circles_of(groups: Mapping[str, Group]) -> Iterator[list[str]]:
    """Every circle of includes, as keys; without the include of its last one by its first, none is left."""
    done: set[str] = set()
    for start in sorted(groups):
        yield from _circles(groups, start, done)


def _circles(groups: Mapping[str, Group], start: str, done: set[str]) -> Iterator[list[str]]:
    """Circles that a walk from `start` closes; without recursion, since chains may be long."""
    path: list[str] = []
    where: dict[str, int] = {}
    stack: list[tuple[str, Iterator[str]]] = []

    def enter(key: str) -> None:
        where[key] = len(path)
        path.append(key)
        stack.append((key, iter([include.group for include in groups[key].include or ()])))

    if start not in done:
        enter(start)
    while stack:
        key, below = stack[-1]
        following = next(below, None)
        if following is None:
            stack.pop()
            path.pop()
            del where[key]
            done.add(key)
        elif following in where:
            yield path[where[following] :]
        elif following in groups and following not in done:
            enter(following)


def _unknown_blocks(identities: Identities, known: Known) -> Iterator[Finding]:
    users = known.section("users")
    former = {old for user in identities.users.values() for old in user.previously}
    for key, block in sorted(identities.blocked.items()):
        if key not in users and key not in former:
            yield Finding(
                code="blocked-unknown",
                severity=Severity.WARNING,
                message=f"{show(key)} is blocked, and no user in git has that key; "
                "a plan also looks for a live one",
                origin=block.origin,
                fix=known.suggest("users", key) or UNBLOCK,
            )

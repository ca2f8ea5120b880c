"""What reconciler.yaml and approvals say of users, groups and accounts, checked against those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from reconciler.config import Config, ConfigFile
from reconciler.config.selectors import ACCOUNT_ID
from reconciler.files.characters import show
from reconciler.files.documents import Document, Loc, suggest
from reconciler.files.faults import Faults
from reconciler.loading.known import Known
from reconciler.loading.references import missing
from reconciler.model.patterns import name_matches, path_matches
from reconciler.model.policy import IgnoredAssignment, TargetPolicy
from reconciler.model.resources import Assignment, Group, Origin, User
from reconciler.model.state import Identities

_Section = Literal["users", "groups", "permission_sets"]
_SECTIONS: tuple[_Section, ...] = ("users", "groups", "permission_sets")


def check_settings(identities: Identities, known: Known, found: ConfigFile, faults: Faults) -> None:
    """Note every name in the configuration that nobody declares, and everything both ignored and declared."""
    if found.document is not None:
        _check_keys(found.document, known, faults)
    _check_ignored(identities, found.config, faults)
    for approval in identities.approvals.values():
        if approval.target is not None and approval.target not in found.config.targets:
            fix = suggest(approval.target, list(found.config.targets)) or "name a target of reconciler.yaml"
            message = f"approval {approval.key}: target {show(approval.target)} is not configured"
            at = known.origin(approval.origin.path, ("approvals", approval.key, "target"))
            faults.add(at, message, fix)


def _check_keys(document: Document, known: Known, faults: Faults) -> None:
    written = document.value
    guards = _map(written, "guards")
    protected = _map(guards, "protected")
    for section in _SECTIONS:
        at: Loc = ("guards", "protected", section)
        _check_list(document, at, protected.get(section, ()), section, known, faults)
    for key in _map(guards, "min_members"):
        if key not in known.section("groups") and key not in known.section("assignments"):
            fix = known.suggest("groups", key) or known.suggest("assignments", key)
            faults.add(
                document.origin("guards", "min_members", key, key=True),
                f"guards.min_members: {show(key)} is neither a group nor an assignment",
                fix or "declare it, or remove it here",
            )
    for name, target in _map(written, "targets").items():
        users_in = _map(target, "provision").get("users_in", ())
        _check_list(document, ("targets", name, "provision", "users_in"), users_in, "groups", known, faults)
    _check_accounts(document, ("guards", "privileged"), _map(guards, "privileged"), known, faults)
    for name, rule in _map(written, "rules").items():
        at = ("rules", name)
        _check_list(document, (*at, "disjoint"), rule.get("disjoint", ()), "groups", known, faults)
        _check_accounts(document, at, rule, known, faults)
        for kind in ("deny", "restrict"):
            _check_accounts(document, (*at, kind), _map(rule, kind), known, faults)


def _map(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner: Mapping[str, Any] = value.get(key) or {}
    return inner


def _check_list(
    document: Document, at: Loc, names: Sequence[str], section: _Section, known: Known, faults: Faults
) -> None:
    for index, name in enumerate(names):
        if name not in known.section(section):
            what = ".".join(str(step) for step in at)
            missing(known, faults, section, name, what, document.origin(*at, index))


def _check_accounts(
    document: Document, at: Loc, written: Mapping[str, Any], known: Known, faults: Faults
) -> None:
    for index, entry in enumerate(written.get("accounts", ())):
        name = entry if isinstance(entry, str) else entry.get("account")
        if name is None or ACCOUNT_ID.fullmatch(name) or name in known.section("accounts"):
            continue
        what = ".".join(str(step) for step in (*at, "accounts"))
        missing(known, faults, "accounts", name, what, document.origin(*at, "accounts", index))


def _check_ignored(identities: Identities, config: Config, faults: Faults) -> None:
    """Ignoring something declared is a contradiction: which of the two is meant is for people to say."""
    for target in config.targets.values():
        policy, ignore = target.policy, target.policy.scope.ignore
        for user in _fed(identities.users.values(), policy) if ignore.users else ():
            name = str(user.attributes["user_name"])
            if name_matches(name, ignore.users):
                _contradiction(faults, policy, f"user {user.key} ({show(name)})", user.origin, "users")
        for group in _fed(identities.groups.values(), policy) if ignore.groups else ():
            if name_matches(_display_name(group), ignore.groups):
                what = f"group {group.key} ({show(_display_name(group))})"
                _contradiction(faults, policy, what, group.origin, "groups")
        for key, permission_set in identities.permission_sets.items():
            if name_matches(key, ignore.permission_sets):
                what = f"permission set {key}"
                _contradiction(faults, policy, what, permission_set.origin, "permission_sets")
        for pattern in ignore.assignments:
            for assignment in identities.assignments.values():
                if _ignores(pattern, assignment, identities):
                    what = f"assignment {assignment.key}"
                    _contradiction(faults, policy, what, assignment.origin, "assignments")


def _fed(declared: Iterable[Any], policy: TargetPolicy) -> Iterable[Any]:
    everything = policy.paths == ("**",)
    return [one for one in declared if everything or path_matches(one.origin.path, policy.paths)]


def _contradiction(faults: Faults, policy: TargetPolicy, what: str, origin: Origin, kind: str) -> None:
    faults.add(
        origin,
        f"{what} is declared here, and ignored at target {policy.target} by scope.ignore.{kind}",
        "delete it here, or narrow the pattern",
    )


def _display_name(group: Group) -> str:
    return str(group.attributes.get("display_name") or group.key)


def _ignores(pattern: IgnoredAssignment, assignment: Assignment, identities: Identities) -> bool:
    """Whether an ignored pattern surely covers something that the entry declares.

    Which accounts a unit or a tag selects is not known here; they count only where any account matches.
    """
    sets = pattern.permission_set is None or any(
        name_matches(name, (pattern.permission_set,)) for name in assignment.permission_sets
    )
    named = [selector.account for selector in assignment.accounts if selector.account is not None]
    ids = [identities.accounts[name].id for name in named if name in identities.accounts]
    accounts = pattern.account is None or any(
        name_matches(name, (pattern.account,)) for name in (*named, *ids)
    )
    if pattern.group is None and pattern.user is None:
        return sets and accounts
    groups = [_display_name(group) for key in assignment.groups if (group := identities.groups.get(key))]
    users = [_user_name(user) for key in assignment.users if (user := identities.users.get(key))]
    principals = (
        pattern.group is not None and any(name_matches(name, (pattern.group,)) for name in groups)
    ) or (pattern.user is not None and any(name_matches(name, (pattern.user,)) for name in users))
    return sets and accounts and principals


def _user_name(user: User) -> str:
    return str(user.attributes["user_name"])

"""Every place in the files that names a user, group, account or assignment by its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from reconciler.config import CONFIG_FILE
from reconciler.editing.folder import Editor
from reconciler.editing.nodes import Loc
from reconciler.loading.load import APPROVALS_FOLDER


class Reference(NamedTuple):
    """Where a key stands: as the key of a map (`is_key`), or as a scalar."""

    path: str
    loc: Loc
    is_key: bool = False


def references(editor: Editor, section: str, key: str) -> list[Reference]:
    """The places that refer to a key of `users`, `groups`, `accounts` or `assignments`; not its declaration.

    Shell patterns are none: they name nobody in particular. What the loader checks is in
    `reconciler.loading.references` and `reconciler.loading.settings`; a place that is missed here leaves
    files that do not validate, and so is not written.
    """
    found: list[Reference] = []
    for path in editor.paths():
        value = editor.value(path)
        if path == CONFIG_FILE:
            spots = _in_config(value, section, key)
        elif path.startswith(APPROVALS_FOLDER):
            spots = _in_approvals(value, section, key)
        else:
            spots = _in_identities(value, section, key)
        found.extend(Reference(path, loc, is_key) for loc, is_key in spots)
    return found


_Spots = Iterator[tuple[Loc, bool]]


def _in_identities(value: Any, section: str, key: str) -> _Spots:
    if section == "users":
        yield from _of_people(value, key)
    for name, fields in _entries(value, "groups"):
        at: Loc = ("groups", name)
        if section == "users":
            yield from _listed((*at, "members"), fields.get("members"), "user", key)
        if section == "groups":
            yield from _listed((*at, "include"), fields.get("include"), "group", key)
    for name, fields in _entries(value, "assignments"):
        at = ("assignments", name)
        if section in ("users", "groups"):
            yield from _listed((*at, section), fields.get(section), "", key)
        if section == "accounts":
            for holder in ("accounts", "except"):
                yield from _listed((*at, holder), fields.get(holder), "account", key)


def _of_people(value: Any, key: str) -> _Spots:
    for holder in ("users", "overrides"):
        for name, fields in _entries(value, holder):
            if fields.get("manager") == key:
                yield (holder, name, "manager"), False
    for holder in ("blocked", "overrides"):
        if key in _map(value, holder):
            yield (holder, key), True


def _in_approvals(value: Any, section: str, key: str) -> _Spots:
    field = {"groups": "group", "accounts": "account"}.get(section)
    for name, fields in _entries(value, "approvals"):
        if field and fields.get(field) == key:
            yield ("approvals", name, field), False


def _in_config(value: Any, section: str, key: str) -> _Spots:
    guards = _map(value, "guards")
    if section in ("users", "groups"):
        protected = _map(guards, "protected").get(section)
        yield from _listed(("guards", "protected", section), protected, "", key)
    if section in ("groups", "assignments") and key in _map(guards, "min_members"):
        yield ("guards", "min_members", key), True
    if section == "groups":
        for name, fields in _entries(value, "targets"):
            users_in = _map(fields, "provision").get("users_in")
            yield from _listed(("targets", name, "provision", "users_in"), users_in, "", key)
        for name, fields in _entries(value, "rules"):
            yield from _listed(("rules", name, "disjoint"), fields.get("disjoint"), "", key)
    if section == "accounts":
        privileged = _map(guards, "privileged").get("accounts")
        yield from _listed(("guards", "privileged", "accounts"), privileged, "account", key)
        for name, fields in _entries(value, "rules"):
            at: Loc = ("rules", name)
            for where, inner in ((at, fields), *(((*at, one), _map(fields, one)) for one in _INSIDE)):
                yield from _listed((*where, "accounts"), inner.get("accounts"), "account", key)


_INSIDE = ("deny", "restrict")


def _listed(at: Loc, entries: Any, field: str, key: str) -> _Spots:
    """The items of a list that are the key, as text or in a field of a map."""
    for index, one in enumerate(entries if isinstance(entries, list) else ()):
        if one == key:
            yield (*at, index), False
        elif field and isinstance(one, dict) and one.get(field) == key:
            yield (*at, index, field), False


def _entries(value: Any, section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, fields in _map(value, section).items():
        if isinstance(fields, dict):
            yield name, fields


def _map(value: Any, name: str) -> Mapping[str, Any]:
    inner = value.get(name) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else {}

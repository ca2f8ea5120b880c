"""Another key for a user, group, account or assignment, in every file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.config import CONFIG_FILE
from reconciler.editing.folder import Editor
from reconciler.editing.nodes import Loc
from reconciler.editing.references import references
from reconciler.errors import InputError, Problem, UsageError
from reconciler.model.patterns import name_matches

# What can be renamed, and the section that declares it.
KINDS: Final = {"user": "users", "group": "groups", "account": "accounts", "assignment": "assignments"}
# Kinds whose objects exist at services, and keep their id by `previously`.
_LASTING = ("users", "groups")


def rename_key(editor: Editor, kind: str, old: str, new: str) -> Sequence[str]:
    """Give `old` the key `new` in the files of `editor`, at every place; what to know about it.

    Users and groups get `previously: [old]`, by which the next plan knows that they are the same. Raises
    UsageError for a key that is not there or is taken, InputError where a file cannot be edited.
    """
    section = KINDS[kind]
    path = editor.find(section, old)
    if path is None:
        raise editor.unknown(f"{kind} {old} is not in the files")
    if old == new:
        raise UsageError(f"the {kind} is called {old} already")
    if (taken := editor.find(section, new)) is not None:
        raise UsageError(f"{kind} {new} exists already, in {taken}")
    if editor.is_owned(path):
        message = f"{kind} {old} is imported: {path} is written anew by each import, which chooses its keys"
        raise InputError([Problem(message, "rename it in the directory that is imported")])
    other = {"groups": "assignments", "assignments": "groups"}.get(section)
    places = references(editor, section, old)
    if other and editor.find(other, old) and any(one.loc[:2] == ("guards", "min_members") for one in places):
        raise UsageError(
            f"`guards.min_members` names {old}, a group and an assignment: rename one of the two by hand"
        )
    said = list(_patterns(editor, section, old, new))
    scalars: dict[str, dict[Loc, str]] = {}
    for one in places:
        if one.is_key:
            editor.rename(one.path, one.loc, new)
        else:
            scalars.setdefault(one.path, {})[_moved(one.loc, section, old, new)] = new
    editor.rename(path, (section, old), new)
    for where, values in scalars.items():
        editor.replace(where, values)
    if section in _LASTING:
        said.extend(_remember(editor, path, (section, new), old, new))
    return said


def _moved(loc: Loc, section: str, old: str, new: str) -> Loc:
    """A place below the entry that is renamed itself, or below an override of it."""
    if loc[1] == old and (loc[0] == section or (section == "users" and loc[0] == "overrides")):
        return (loc[0], new, *loc[2:])
    return loc


def _remember(editor: Editor, path: str, at: Loc, old: str, new: str) -> Sequence[str]:
    fields = editor.value(path)[at[0]][at[1]] or {}
    if fields.get("external") == "true":
        if at[0] == "groups" and not fields.get("display_name"):
            # It was found by its key, which was its name.
            editor.assign(path, (*at, "display_name"), old)
        return ()
    before = fields.get("previously") or []
    if new in before:
        # Back to a former key: that one is not a former key any more.
        editor.remove(path, (*at, "previously", before.index(new)))
    if old not in before:
        editor.append(path, (*at, "previously"), old)
    if at[0] == "groups" and not fields.get("display_name"):
        says = f"the group has no display_name, so that its name is its key: the plan renames it to {new}; "
        return [f"{says}to keep the name that people see, write `display_name: {old}`"]
    return ()


def _patterns(editor: Editor, section: str, old: str, new: str) -> Sequence[str]:
    """Patterns over keys that took the old one in: the new key is added where none takes it in."""
    said: list[str] = []
    if CONFIG_FILE not in editor.paths():
        return said
    config = editor.value(CONFIG_FILE)
    if section == "groups":
        for name, target in (config.get("targets") or {}).items():
            patterns = ((target or {}).get("provision") or {}).get("groups") or []
            at: Loc = ("targets", name, "provision", "groups")
            if name_matches(old, patterns) and not name_matches(new, patterns):
                editor.append(CONFIG_FILE, at, new)
                said.append(f"{new} is added to `provision.groups` of {name}, whose patterns took in {old}")
    if section == "accounts":
        for at_, one in enumerate(((config.get("scope") or {}).get("ignore") or {}).get("assignments") or []):
            pattern = one.get("account")
            if pattern and name_matches(old, [pattern]) and not name_matches(new, [pattern]):
                where = f"`scope.ignore.assignments`, item {at_ + 1}"
                raise UsageError(
                    f"{where} takes in {old} and would not take in {new}: change the pattern first"
                )
    return said

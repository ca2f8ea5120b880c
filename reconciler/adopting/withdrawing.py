"""Takes users, groups and permission sets that are gone at the service out of the files, with their names."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.config import CONFIG_FILE
from reconciler.editing import Editor
from reconciler.editing.nodes import Loc
from reconciler.editing.references import references
from reconciler.editing.removing import remove_user
from reconciler.errors import UsageError

# The list of an entry of assignments that names what is in a section.
_LISTS = {"groups": "groups", "permission_sets": "permission_sets"}


def withdraw(editor: Editor, section: str, key: str) -> Sequence[str]:
    """Take one out; what to know about it. Raises UsageError where that is not for an edit to do."""
    path = editor.find(section, key)
    if path is None or editor.is_owned(path):
        raise UsageError("an import writes it")
    if section == "users":
        return remove_user(editor, key)
    named = [one for one in references(editor, section, key) if one.path == CONFIG_FILE]
    config = editor.value(CONFIG_FILE) if CONFIG_FILE in editor.paths() else {}
    guards = config.get("guards")
    protected = guards.get("protected") if isinstance(guards, dict) else None
    if named or (isinstance(protected, dict) and key in (protected.get(section) or ())):
        raise UsageError(f"{CONFIG_FILE} names it: take it out there first, in a change of its own")
    said: list[str] = []
    for where, entries in list(editor.section("assignments")):
        for name in list(entries):
            _without(editor, where, name, section, key)
    if section == "groups":
        for where, groups in list(editor.section("groups")):
            for name in list(groups):
                _excluded(editor, where, name, key)
    said.extend(editor.comments_above(path, (section, key)))
    editor.remove(path, (section, key))
    return said


def _without(editor: Editor, path: str, name: str, section: str, key: str) -> None:
    """Take it out of an entry of assignments, which goes where nothing is left of it."""
    fields = editor.value(path)["assignments"][name]
    listed = fields.get(_LISTS[section]) or []
    if key not in listed:
        return
    if len(listed) > 1:
        editor.remove(path, ("assignments", name, _LISTS[section], listed.index(key)))
    elif section == "groups" and fields.get("users"):
        editor.remove(path, ("assignments", name, "groups"))
    else:
        editor.remove(path, ("assignments", name))


def _excluded(editor: Editor, path: str, name: str, key: str) -> None:
    """Take a group out of the `include` of another one."""
    fields = editor.value(path)["groups"][name]
    included = fields.get("include") if isinstance(fields, dict) else None
    for index, one in enumerate(included if isinstance(included, list) else ()):
        if one == key or (isinstance(one, dict) and one.get("group") == key):
            at: Loc = ("groups", name, "include", index)
            editor.remove(path, at)
            return

"""Taking a person out of every file."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.config import CONFIG_FILE
from reconciler.editing.folder import Editor
from reconciler.editing.nodes import Loc
from reconciler.editing.references import Reference, references
from reconciler.errors import InputError, Problem, UsageError


def remove_user(editor: Editor, user: str, *, manager: str | None = None) -> Sequence[str]:
    """Take a user and everything that names them out of the files of `editor`; what to know about it.

    Memberships, assignments, blocks and overrides go. A direct assignment of nobody else goes as a whole.
    People whose manager they are get `manager` instead, or none. Raises UsageError for who is not declared
    or is protected, InputError where a file cannot be edited.
    """
    path = editor.find("users", user)
    if path is None:
        raise editor.unknown(f"user {user} is not in the files")
    if manager is not None and (manager == user or editor.find("users", manager) is None):
        raise editor.unknown(f"--manager {manager}: the files have no other user with that key")
    if editor.is_owned(path):
        raise InputError([_imported(user, path)])
    places = references(editor, "users", user)
    if any(one.path == CONFIG_FILE for one in places):
        raise UsageError(
            f"user {user} is protected by {CONFIG_FILE}: take them off `guards.protected.users` first, in a "
            "change of its own that is reviewed as such"
        )
    said: list[str] = []
    # From the end of each list, so that the places before stay where they are.
    for one in reversed(places):
        if one.loc[-1] == "manager" and one.loc[1] == user:
            continue
        if one.loc[-1] == "manager":
            said.append(_managed(editor, one, manager))
        elif one.is_key:
            editor.remove(one.path, one.loc)
        else:
            said.extend(_taken_out(editor, one))
    said.extend(editor.comments_above(path, ("users", user)))
    editor.remove(path, ("users", user))
    return said


def _managed(editor: Editor, one: Reference, manager: str | None) -> str:
    whom = f"{one.loc[1]}"
    if manager is None or manager == whom:
        alone = one.loc[0] == "overrides" and len(editor.value(one.path)["overrides"][one.loc[1]]) == 1
        editor.remove(one.path, one.loc[:2] if alone else one.loc)
        return f"{whom} has no manager now: the plan clears it (--manager KEY names another one)"
    editor.replace(one.path, {one.loc: manager})
    return f"{whom} has the manager {manager} now"


def _taken_out(editor: Editor, one: Reference) -> Sequence[str]:
    """Take a person out of a list; `loc` leads to the item, or to a field of it."""
    item: Loc = one.loc if isinstance(one.loc[-1], int) else one.loc[:-1]
    entry = item[:2]
    if item[0] != "assignments":
        editor.remove(one.path, item)
        return ()
    fields = editor.value(one.path)["assignments"][entry[1]]
    if len(fields["users"]) > 1:
        editor.remove(one.path, item)
        return ()
    if fields.get("groups"):
        editor.remove(one.path, item[:-1])
        return ()
    said = [f"the assignment {entry[1]} was this person's alone, and is gone from {one.path}"]
    said.extend(editor.comments_above(one.path, entry))
    editor.remove(one.path, entry)
    return said


def _imported(user: str, path: str) -> Problem:
    return Problem(
        f"user {user} is imported: {path} is written anew by each import",
        f"remove the person in the directory, or write `blocked: {{{user}: {{reason: …}}}}` in another file, "
        "which takes all access away at once",
    )

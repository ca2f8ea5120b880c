"""Adds entries to files that people have edited: at the end of a section, with all the rest as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.adopting.outcome import Entry, Inventory, Rule, Taken
from reconciler.adopting.text import entry_of, start_of
from reconciler.editing import Editor
from reconciler.model.names import fold
from reconciler.model.state import Identities


def taken(identities: Identities, paths: Sequence[str]) -> Taken:
    """What the files have already."""
    return Taken(
        users=frozenset(map(fold, identities.users)),
        groups=frozenset(map(fold, identities.groups)),
        accounts=frozenset(map(fold, identities.accounts)),
        assignments=frozenset(map(fold, identities.assignments)),
        account_ids=frozenset(account.id for account in identities.accounts.values()),
        files=frozenset(path.lower() for path in paths),
    )


def add(editor: Editor, inventory: Inventory, rules: Sequence[Rule]) -> None:
    """Add what is not declared yet. Raises InputError for a file that is written too oddly to edit."""
    for path, text in inventory.policies.items():
        editor.create(path, text)
    for one in inventory.users:
        _put(editor, "users", one)
    for one in inventory.groups:
        _put(editor, "groups", one)
    for one in inventory.permission_sets:
        _put(editor, "permission_sets", one)
    named = {account for rule in rules for account in (*rule.accounts, *rule.excluded)}
    for one in inventory.accounts:
        if one.key in named:
            editor.assign(home(editor, "accounts", one.key), ("accounts", one.key), one.fields["id"])
    for rule in rules:
        _put(editor, "assignments", entry_of(rule))


def put_rule(editor: Editor, rule: Rule, fields: Mapping[str, object]) -> None:
    """Add one entry of assignments, with `fields` (a time, a reason) beside its lists, and its comments."""
    entry = entry_of(rule)
    _put(editor, "assignments", replace(entry, fields={**entry.fields, **fields}))


def _put(editor: Editor, section: str, one: Entry) -> None:
    path = home(editor, section, one.key)
    fields = dict(one.fields)
    if policy := fields.get("inline_policy"):
        fields["inline_policy"] = "../" * path.count("/") + str(policy)
    editor.assign(path, (section, one.key), fields)
    for words in reversed(one.remarks):
        editor.remark(path, (section, one.key), words)


def home(editor: Editor, section: str, key: str) -> str:
    """The file for a new key: that of the section, or the one for keys that begin like this in its folder.

    Where people keep the section elsewhere, the first file of theirs that has it.
    """
    name = section.replace("_", "-")
    paths = editor.paths()
    folder = [path for path in paths if path.startswith(f"{name}/") and not editor.is_owned(path)]
    if folder:
        fitting = (f"{name}/{start_of(key, length)}.yaml" for length in range(4, 0, -1))
        found = next((path for path in fitting if path in folder), None)
        return found or _made(editor, f"{name}/{start_of(key, 1)}.yaml")
    theirs = [path for path, _ in editor.section(section) if not editor.is_owned(path)]
    plain = f"{name}.yaml"
    return next(iter(theirs), None) or (plain if plain in paths else _made(editor, plain))


def _made(editor: Editor, path: str) -> str:
    editor.create(path, "")
    return path

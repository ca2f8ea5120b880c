"""Adds entries to files that people have edited: at the end of a section, with all the rest as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from reconciler.adopting.outcome import Entry, Inventory, Rule, Taken
from reconciler.adopting.text import entry_of, start_of
from reconciler.editing import Editor
from reconciler.editing.values import Value
from reconciler.errors import InputError
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
    """Add what is not declared yet. What is written too oddly to edit stays, and another file is added to."""
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
            _name(editor, one)
    for rule in rules:
        _put(editor, "assignments", entry_of(rule))


def put_rule(editor: Editor, rule: Rule, fields: Mapping[str, object]) -> None:
    """Add one entry of assignments, with `fields` (a time, a reason) beside its lists, and its comments."""
    entry = entry_of(rule)
    _put(editor, "assignments", replace(entry, fields={**entry.fields, **fields}))


def _name(editor: Editor, account: Entry) -> None:
    _assign(editor, "accounts", account.key, lambda _: account.fields["id"])


def _put(editor: Editor, section: str, one: Entry) -> None:
    def fields(path: str) -> Value:
        found = dict(one.fields)
        if policy := found.get("inline_policy"):
            found["inline_policy"] = "../" * path.count("/") + str(policy)
        return found

    path = _assign(editor, section, one.key, fields)
    for words in reversed(one.remarks):
        editor.remark(path, (section, one.key), words)


def _assign(editor: Editor, section: str, key: str, value: Callable[[str], Value]) -> str:
    """Add an entry, and say where: in its home, or in another file where that is written too oddly to edit.

    `value` is what to write in a file, by its path. Raises InputError of the home where it is not even YAML.
    """
    first = home(editor, section, key)
    try:
        editor.assign(first, (section, key), value(first))
    except InputError:
        if not isinstance(editor.value(first).get(section), dict):
            raise
        path = _other(editor, section, first)
        editor.assign(path, (section, key), value(path))
        return path
    return first


def _other(editor: Editor, section: str, first: str) -> str:
    """A file beside `first` for what cannot be added there: one that an earlier run made, or a new one."""
    paths = set(editor.paths())

    def serves(path: str) -> bool:
        return isinstance(editor.value(path).get(section), dict) and not editor.is_owned(path)

    numbered = (f"{first.removesuffix('.yaml')}-{number}.yaml" for number in count(2))
    path = next(one for one in numbered if one not in paths or serves(one))
    return path if path in paths else _made(editor, path)


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

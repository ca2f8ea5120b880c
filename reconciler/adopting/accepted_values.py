"""Values of the service in place of those that the files say: of users, groups and permission sets."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.adopting.adding import home
from reconciler.adopting.fitting import group_fields, user_fields
from reconciler.adopting.sets import entry_of
from reconciler.editing import Editor
from reconciler.model.address import remote
from reconciler.model.change import Change, FieldChange
from reconciler.model.resources import REMOTE_ID, TAG_PREFIX, PermissionSet, User, Value

_UNFIT = "its {} cannot be written to a file; correct it at the service"
_ANEW = "it was made anew under its name, with another id: applying gives the new one what git declares"


def accept_user(editor: Editor, user: User, change: Change) -> str:
    """Edit one user; "" where all of it is accepted, else why nothing is."""
    for one in change.fields:
        if one.name == "active" and not (user.active and one.before is False):
            return "the status is not written as `active: true`; block the user, or enable them"
        if why := _unacceptable(one, user.attributes):
            return why
    for one in change.fields:
        if one.name == "active":
            _take_out(editor, "users", user.key, "active")
        elif why := accept_value(editor, "users", user.key, one.name, one.before):
            return why
    return ""


def _unacceptable(one: FieldChange, declared: Mapping[str, Value]) -> str:
    if one.name == REMOTE_ID:
        return _ANEW
    if one.name == "active":
        return ""
    if one.name == "manager" and isinstance(one.before, str) and one.before.startswith(remote("")):
        return "its manager is not declared; `reconciler adopt` declares them"
    if one.name not in declared and one.after is not None:
        return f"its {one.name} is made by `map` in reconciler.yaml"
    fits = one.before is None or not user_fields({one.name: one.before})[1]
    return "" if fits else _UNFIT.format(one.name)


def accept_value(editor: Editor, section: str, key: str, name: str, value: Value) -> str:
    """Give a field of a user or group the live value, where it is written; "", or why it cannot be."""
    if name == REMOTE_ID:
        return _ANEW
    fields = user_fields if section == "users" else group_fields
    written, unfit = fields({name: value}) if value is not None else ({name: None}, ())
    if unfit:
        return _UNFIT.format(name)
    laid = editor.find("overrides", key) if section == "users" else None
    if laid is not None and name in (_entry(editor, laid, "overrides", key)):
        editor.assign(laid, ("overrides", key, name), written[name])
        return ""
    path = editor.find(section, key)
    if path is None or editor.is_owned(path):
        if section != "users":
            return "an import writes it"
        editor.assign(laid or home(editor, "overrides", key), ("overrides", key, name), written[name])
    elif value is None:
        _take_out(editor, section, key, name)
    else:
        editor.assign(path, (section, key, name), written[name])
    return ""


def accept_set(editor: Editor, sets: Mapping[str, PermissionSet], change: Change) -> str:
    """Edit one permission set; "" where all of it is accepted, else why not."""
    key = change.address.own_key
    declared, path = sets[key], editor.find("permission_sets", key)
    if path is None:
        return "no file declares it"
    others = {one.policy_file for name, one in sets.items() if name != key}
    own = declared.policy_file
    file = own if own is not None and own not in others else _free(editor, key)
    have = {one.name: one.before for one in change.fields if one.before is not None}
    entry, policy = entry_of(key, have, file)
    for one in change.fields:
        loc: tuple[str, ...] = ("permission_sets", key, one.name)
        if one.name == "inline_policy" and policy is not None:
            if file == own:
                editor.overwrite(file, policy)
                continue
            editor.create(file, policy)
            editor.assign(path, loc, "../" * path.count("/") + file)
        elif one.name.startswith(TAG_PREFIX):
            tag = one.name.removeprefix(TAG_PREFIX)
            loc = ("permission_sets", key, "tags", tag)
            if one.before is None:
                editor.remove(path, loc)
            else:
                editor.assign(path, loc, entry.fields["tags"][tag])
        elif one.before is None:
            _take_out(editor, "permission_sets", key, one.name)
        else:
            editor.assign(path, loc, entry.fields[one.name])
    return ""


def _take_out(editor: Editor, section: str, key: str, name: str) -> None:
    """Take a field out where it is written."""
    path = editor.find(section, key)
    if path is not None and name in _entry(editor, path, section, key):
        editor.remove(path, (section, key, name))


def _entry(editor: Editor, path: str, section: str, key: str) -> Mapping[str, object]:
    found = editor.value(path)[section][key]
    return found if isinstance(found, dict) else {}


def _free(editor: Editor, key: str) -> str:
    """A path for a policy that no file has."""
    there = {path.lower() for path in editor.tree().paths()}
    number, path = 1, f"policies/{key}.json"
    while path.lower() in there:
        number += 1
        path = f"policies/{key}-{number}.json"
    return path

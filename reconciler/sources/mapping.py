"""From a directory's entries to people and groups. Pure: what goes in alone says what comes out.

The order of entries makes no difference. What is at fault is left out and remarked on; who was imported
before stays as they were then, so that a fault in the directory takes nobody's access away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.files.characters import show
from reconciler.model.names import skeleton
from reconciler.sources.claims import losers
from reconciler.sources.deleted import is_deleted, judged, tombstones
from reconciler.sources.entry import Entry, below, normal
from reconciler.sources.groups import Memberships
from reconciler.sources.keys import assign, base_key
from reconciler.sources.leavers import STATUS, left_behind
from reconciler.sources.outcome import Before, Imported, Outcome, Remark, Taken
from reconciler.sources.plain import adapted
from reconciler.sources.settings import Rules, Scope, Settings
from reconciler.sources.unseen import emptied, keep_ends
from reconciler.sources.values import Made, group_fields, is_group, is_user, user_fields

_HELD = "it stays as it was imported last; correct it in the directory"
_OUT = "it is left out; correct it in the directory"
_NOTHING, _FREE = Before(), Taken()
_Make = Callable[[Entry, str, Rules], Made]


@dataclass(slots=True)
class _Kind:
    """Users or groups on their way: entries and fields by objectGUID, and who stays as before.

    `elsewhere` has the names of what was read and is not meant, by objectGUID.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    out: set[str] = field(default_factory=set)
    elsewhere: dict[str, str] = field(default_factory=dict)


def outcome(
    entries: Sequence[Entry],
    settings: Settings,
    before: Before = _NOTHING,
    taken: Taken = _FREE,
    *,
    apart: bool = False,
) -> Outcome:
    """What an import of these entries writes, after what was imported `before`, beside what is `taken`.

    `apart` says that leavers and everything else are merged one without the other: then nobody goes out of
    the people before `before` has them as a leaver. Otherwise their key would be remembered nowhere, and the
    next of that name would get it.
    """
    remarks: list[Remark] = []
    rules = settings.mapping
    entries = adapted(entries, settings) if settings.plain else entries
    users = _kind(entries, settings.users, is_user, user_fields, rules, before.users, remarks)
    groups = _kind(entries, settings.groups, is_group, group_fields, rules, before.groups, remarks)
    unwritten = _not_yet_leavers(users, before.users) if apart else frozenset()
    remarks += keep_ends(users.entries, users.made, before.users, settings)
    _hold_back(users, before.users, "user_name", taken, remarks, unwritten)
    _hold_back(groups, before.groups, "display_name", taken, remarks)
    was = {guid: one.fields for guid, one in before.users.items()}
    _settle(users, was, "user_name", taken.user_names, remarks)
    _settle(users, was, "email", taken.emails, remarks)
    was_group = {guid: one.fields for guid, one in before.groups.items()}
    _settle(groups, was_group, "display_name", taken.display_names, remarks)
    left = {guid: one.key for guid, one in before.left.items()}
    people = _finished(users, before.users, taken.users, "user", remarks, left)
    teams = _finished(groups, before.groups, taken.groups, "group", remarks, {})
    _managers(people, users, rules, remarks)
    joined = Memberships(users.entries, groups.entries, people, teams, flatten=rules.flatten)
    for guid, one in teams.items():
        own = {name: value for name, value in one.fields.items() if name not in ("members", "include")}
        teams[guid] = replace(one, fields={**own, **joined.fields(guid)})
    remarks += joined.remarks
    remarks += emptied(groups.entries, before.groups, teams)
    mentioned = None if rules.keep_gone else taken.mentioned
    kept = None if mentioned is None else mentioned | {skeleton(key) for key in unwritten}
    _keep_gone(people, before.users, _gone_user, ("user_name", "email"), kept)
    _keep_gone(teams, before.groups, _gone_group, ("display_name",), mentioned)
    _without_unknown_managers(people)
    deleted, looked = tombstones(entries), settings.server is not None and not settings.plain
    for kind, was_there in ((users, before.users), (groups, before.groups)):
        remarks += judged(was_there, kind.entries, deleted, kind.elsewhere, looked=looked)
    return Outcome(
        _sorted(people), _sorted(teams), sorted(set(remarks)), left_behind(before, people), deleted
    )


def _kind(
    entries: Sequence[Entry],
    scope: Scope,
    wanted: Callable[[Entry], bool],
    make: _Make,
    rules: Rules,
    before: Mapping[str, Imported],
    remarks: list[Remark],
) -> _Kind:
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    unknown: list[Entry] = []
    elsewhere: dict[str, str] = {}
    for entry in entries:
        inside = not scope.bases or any(below(entry.dn, base) for base in scope.bases)
        if is_deleted(entry) or not wanted(entry) or not inside:
            if not is_deleted(entry) and (guid := entry.known_guid()) is not None:
                elsewhere[guid] = min(elsewhere.get(guid, entry.dn), entry.dn)
            continue
        try:
            found[entry.guid()].append(entry)
        except ValueError as error:
            remarks.append(Remark("no-guid", entry.dn, str(error), "may it be read? a newcomer is left out"))
            unknown.append(entry)
    kind = _Kind(elsewhere=elsewhere)
    for guid, several in sorted(found.items()):
        first = min(several, key=lambda one: one.dn)
        kind.entries[guid], kind.made[guid] = first, make(first, guid, rules)
        if any(one.attributes != first.attributes or one.dn != first.dn for one in several):
            # Which of them is meant cannot be known, not even whether it is enabled.
            kind.made[guid] = Made(faults=["two entries have this objectGUID"])
        made = kind.made[guid]
        fix = "the field is left out; correct it in the directory"
        remarks.extend(Remark("refused-value", first.dn, says, fix) for says in made.left_out)
        if made.faults:
            _at_fault(kind, guid, before, "unusable", made.faults, remarks)
    # Who is there and cannot be told by the objectGUID is not gone: the name says who stays as before.
    name = "user_name" if make is user_fields else "display_name"
    names = {skeleton(str(one.fields.get(name))): guid for guid, one in before.items()}
    # By sAMAccountName, of which the key was made, where the other name is another by now.
    keys = {one.key: guid for guid, one in before.items()}
    deleted = tombstones(entries)
    for entry in sorted(unknown, key=lambda one: one.dn):
        guid = names.get(skeleton(str(make(entry, "", rules).fields.get(name))), "")
        guid = guid or keys.get(base_key(entry.readable("sAMAccountName"), ""), "")
        if guid and guid not in kind.entries and guid not in deleted:
            kind.entries[guid], kind.made[guid] = entry, make(entry, guid, rules)
            kind.held.add(guid)
    return kind


def _at_fault(
    kind: _Kind,
    guid: str,
    before: Collection[str],
    code: str,
    faults: Sequence[str],
    remarks: list[Remark],
) -> None:
    known = guid in before
    (kind.held if known else kind.out).add(guid)
    fix = _HELD if known else _OUT
    remarks.extend(Remark(code, kind.entries[guid].dn, says, fix) for says in faults)


def _not_yet_leavers(kind: _Kind, before: Mapping[str, Imported]) -> frozenset[str]:
    """The keys of those who are gone and whom no file calls a leaver, or somebody with an end, so far."""
    return frozenset(
        one.key
        for guid, one in before.items()
        if guid not in kind.entries and not any(name in one.fields for name in STATUS)
    )


def _hold_back(
    kind: _Kind,
    before: Mapping[str, Imported],
    field: str,
    taken: Taken,
    remarks: list[Remark],
    unwritten: Collection[str] = (),
) -> None:
    """Hold back who has the name of one that is gone and must stay: for files of people, or as `unwritten`.

    The one that is gone cannot go without those files, and who comes must not get what is theirs.
    """
    gone = {
        skeleton(str(one.fields.get(field))): one.key
        for guid, one in before.items()
        if guid not in kind.entries and (skeleton(one.key) in taken.mentioned or one.key in unwritten)
    }
    for guid, made in kind.made.items():
        key = gone.get(skeleton(str(made.fields.get(field))))
        if key is not None and guid not in kind.out:
            (kind.held if guid in before else kind.out).add(guid)
            until = "it stays as it was imported last" if guid in before else "it is left out"
            dn, says = kind.entries[guid].dn, f"its {field} is that of {show(key)}, which is gone and is"
            if key in unwritten:
                fix = f"merge the part of leavers; until then {until}"
                remarks.append(Remark("name-of-leaver", dn, f"{says} not written as a leaver yet", fix))
                continue
            fix = f"take {show(key)} out of those files; until then {until}"
            remarks.append(Remark("name-of-gone", dn, f"{says} still named in files of yours", fix))


def _settle(
    kind: _Kind,
    before: Mapping[str, Mapping[str, Any]],
    field: str,
    taken: Collection[str],
    remarks: list[Remark],
) -> None:
    present = {guid: fields for guid, fields in before.items() if guid in kind.entries}
    claims = {guid: made.fields for guid, made in kind.made.items() if guid not in kind.out}
    for guid, others in losers(claims, present, kind.held, field, taken).items():
        value = claims[guid][field]
        who = ", ".join(kind.entries[one].dn for one in others[:3]) or "an entry that people wrote"
        says = f"its {field} {show(str(value))} is that of {who}, or looks like it"
        if field == "email" and guid not in before:
            kind.made[guid].fields[field] = None
            fix = "it is imported without; correct it in the directory"
            remarks.append(Remark("duplicate", kind.entries[guid].dn, says, fix))
        else:
            _at_fault(kind, guid, before, "duplicate", [says], remarks)


def _finished(
    kind: _Kind,
    before: Mapping[str, Imported],
    taken: Collection[str],
    what: str,
    remarks: list[Remark],
    left: Mapping[str, str],
) -> dict[str, Imported]:
    """Those that are written, with their keys; who is held has the fields of before, and today's standing.

    `left` are the keys of those who left and are not written any more: they stay theirs.
    """
    names = {}
    for guid, entry in kind.entries.items():
        if guid not in kind.out:
            name = None
            try:
                name = entry.text("sAMAccountName") or entry.text("cn")
            except ValueError:
                remarks.append(Remark("refused-value", entry.dn, "sAMAccountName is not text", _OUT))
            names[guid] = name or guid
    known = {**left, **{guid: one.key for guid, one in before.items()}}
    keys, collided = assign(names, known, taken)
    for guid in collided:
        says = f"the key that its sAMAccountName asks for is taken; it is {what} {keys[guid]}"
        remarks.append(Remark("key-taken", kind.entries[guid].dn, says, "write this key in other files"))
    found = {}
    for guid, key in keys.items():
        fields = kind.made[guid].fields
        if guid in kind.held:
            standing = kind.made[guid].standing
            fields = dict(before[guid].fields)
            if standing is not None:
                fields = {
                    **{name: value for name, value in fields.items() if name not in ("active", "until")},
                    **standing,
                }
        found[guid] = Imported(key, guid, fields)
    return found


def _managers(
    people: dict[str, Imported],
    users: _Kind,
    rules: Rules,
    remarks: list[Remark],
) -> None:
    if "manager" not in rules.attributes:
        return
    keys = {normal(users.entries[guid].dn): one.key for guid, one in people.items()}
    for guid, one in people.items():
        entry = users.entries[guid]
        try:
            dn = entry.text("manager")
        except ValueError:
            dn = None
        if dn is None:
            fields = {name: value for name, value in one.fields.items() if name != "manager"}
        elif (key := keys.get(normal(dn))) is not None:
            fields = {**one.fields, "manager": key}
        else:
            says = f"its manager {show(dn)} is not among the people that are imported"
            remarks.append(Remark("manager-outside", entry.dn, says, "widen the scope, or leave it so"))
            fields = {name: value for name, value in one.fields.items() if name != "manager"}
        people[guid] = replace(one, fields=fields)


def _keep_gone(
    found: dict[str, Imported],
    before: Mapping[str, Imported],
    gone: Callable[[Imported], Imported],
    names: tuple[str, ...],
    mentioned: Collection[str] | None,
) -> None:
    """Keep what is gone, without access, so that what refers to it stays valid: of `mentioned`, or all.

    A name that is used again goes to the new one.
    """
    first, *others = names
    used = {
        name: {skeleton(value) for one in found.values() if isinstance(value := one.fields.get(name), str)}
        for name in names
    }
    for guid, one in before.items():
        if guid in found or skeleton(str(one.fields.get(first))) in used[first]:
            continue
        if mentioned is not None and skeleton(one.key) not in mentioned:
            continue
        kept = gone(one)
        fields = {
            name: value
            for name, value in kept.fields.items()
            if name not in others or skeleton(str(value)) not in used[name]
        }
        found[guid] = replace(kept, fields=fields)


def _gone_user(one: Imported) -> Imported:
    return replace(one, fields={**one.fields, "active": "false"}, gone=True)


def _gone_group(one: Imported) -> Imported:
    fields = {name: value for name, value in one.fields.items() if name != "include"}
    return replace(one, fields={**fields, "members": []}, gone=True)


def _without_unknown_managers(people: dict[str, Imported]) -> None:
    keys = {one.key for one in people.values()}
    for guid, one in people.items():
        if one.fields.get("manager") not in (None, *keys):
            fields = {name: value for name, value in one.fields.items() if name != "manager"}
            people[guid] = replace(one, fields=fields)


def _sorted(found: Mapping[str, Imported]) -> list[Imported]:
    return sorted(found.values(), key=lambda one: one.key)

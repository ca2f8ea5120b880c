"""Rules on what is written: what entries must say, and the files that may decide who has some access.

A violation is the plan's where one of its changes rests on what is written badly, or where that is new in git
or was written well at the last whole apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reconciler.model.address import Kind, SetName
from reconciler.model.change import Action, Effect
from reconciler.model.patterns import path_matches
from reconciler.model.resources import Assignment, Group, Origin, PermissionSet
from reconciler.model.rules import Require, Restrict, RuledAccess
from reconciler.model.state import Holder
from reconciler.planning.findings.declared import others
from reconciler.planning.rules.context import RuleContext, Violation, gives, is_ruled
from reconciler.planning.wording import many

_GIVING = (Effect.GRANT, Effect.MIXED)


def required(rule_context: RuleContext, rule: Require) -> Iterator[Violation]:
    """Entries of `assignments` that do not say what they must."""
    caused: list[tuple[Assignment, tuple[str, ...]]] = []
    before: list[tuple[Assignment, tuple[str, ...]]] = []
    for entry in _entries(rule_context, rule.access):
        if missing := _missing(entry, rule):
            then = None if rule_context.base is None else rule_context.base.assignments.get(entry.key)
            edited = rule_context.base is not None and (
                then is None or not set(missing) <= set(_missing(then, rule))
            )
            new = (edited and not rule_context.only_takes) or _rests_on(rule_context, entry, rule.access)
            (caused if new else before).append((entry, missing))
    wanted = " and ".join(f"`{field}`" for field in rule.require)
    for found in (caused, before):
        if found:
            count = len(found)
            entries = f"{count:,} {'entry' if count == 1 else 'entries'} of `assignments`"
            lacks = f"{'lacks' if count == 1 else 'lack'} what such access must say ({wanted})"
            yield Violation(
                caused=found is caused,
                says=f"{entries} {lacks}{'' if found is caused else ', as before this plan'}",
                fix=f"write {wanted} at each",
                details=tuple(
                    f"{entry.key} in {entry.origin.path}: no {' and no '.join(missing)}"
                    for entry, missing in found
                ),
                count=count,
                origin=found[0][0].origin,
            )


def restricted(rule_context: RuleContext, rule: Restrict) -> Iterator[Violation]:
    """Entries, permission sets and groups that decide about the access in files that may not."""
    entries = list(_entries(rule_context, rule.access))
    deciding = _Deciding(rule_context, rule, entries)
    caused: list[_Misplaced] = []
    before: list[_Misplaced] = []
    for one in deciding.misplaced():
        new = one.moved and not rule_context.only_takes
        (caused if new or one.rests else before).append(one)
    files = ", ".join(rule.only_from)
    for found in (caused, before):
        if found:
            what = f"{many(len(found), 'declaration')} outside of {files}"
            decides = f"{'decides' if len(found) == 1 else 'decide'} who has access that only those may give"
            yield Violation(
                caused=found is caused,
                says=f"{what} {decides}{'' if found is caused else ', as before this plan'}",
                fix=f"move what is listed into files that match {files}",
                details=tuple(f"{one.what} in {one.origin.path}" for one in found),
                count=len(found),
                origin=found[0].origin,
            )


@dataclass(frozen=True, slots=True)
class _Misplaced:
    """A declaration in a file that may not have it; `rests` says whether a change of the plan rests on it."""

    what: str
    origin: Origin
    moved: bool
    rests: bool


class _Deciding:
    """All that decides about one access: entries, definitions, groups with what they include.

    Besides, what was changed of the names by which those say accounts and people, and of policies in files.
    """

    def __init__(self, rule_context: RuleContext, rule: Restrict, entries: Iterable[Assignment]) -> None:
        self._ruled, self._rule, self._entries = rule_context, rule, list(entries)
        made = [
            (name, holder)
            for (account, name), holders in rule_context.made.items()
            if _covers(rule_context, account, name, rule.access)
            for holder in holders
        ]
        self._sets_assigned = {name for name, _ in made}
        self._groups_assigned = {holder.key for _, holder in made if holder.kind is Kind.GROUP}
        self._joined: dict[str, set[str]] = {}
        for change in rule_context.changes:
            if change.address.kind is Kind.MEMBERSHIP and gives(change):
                group, user = change.address.ends
                self._joined.setdefault(group.own_key, set()).add(user.own_key)
        self._sets_changed = {
            change.address.permission_set.own_key
            for change in rule_context.changes
            if Kind.PERMISSION_SET in (change.address.kind, change.address.kind.facts.of)
            and (change.action is Action.CREATE or change.effect in _GIVING)
        }
        self._groups_made = {
            change.address.own_key
            for change in rule_context.changes
            if change.address.kind is Kind.GROUP and change.action is Action.CREATE
        }

    def misplaced(self) -> Iterator[_Misplaced]:
        """Every declaration that stands where it may not."""
        rule_context = self._ruled
        base = rule_context.base
        for entry in self._entries:
            if self._strays(entry.origin):
                moved = self._moved(entry.key, base.assignments if base else None)
                yield _Misplaced(f"entry {entry.key}", entry.origin, moved, self._entry_rests(entry))
        for definition in self._definitions():
            if self._strays(definition.origin):
                moved = self._moved(definition.key, base.permission_sets if base else None)
                what, key = f"permission set {definition.key}", definition.key
                yield _Misplaced(what, definition.origin, moved, self._set_rests(key))
        holding = self._holding()
        for key, through in sorted(holding.items()):
            group = rule_context.identities.groups[key]
            if self._strays(group.origin):
                moved = self._moved(key, base.groups if base else None)
                what = f"group {key}"
                if key not in through:
                    what = f"group {key}, included by {', '.join(sorted(through))},"
                yield _Misplaced(what, group.origin, moved, self._group_rests(key, through))
        yield from self._policies()
        yield from self._accounts()
        yield from self._people()

    def _policies(self) -> Iterator[_Misplaced]:
        """Files of inline policies that were edited, for every set that names them."""
        for definition in self._definitions():
            file = definition.policy_file
            if file is None or path_matches(file, self._rule.only_from):
                continue
            then = None if self._ruled.base is None else self._ruled.base.permission_sets.get(definition.key)
            edited = then is not None and then.inline_policy != definition.inline_policy
            what = f"the inline policy of permission set {definition.key}, {file}, named"
            yield _Misplaced(
                what, definition.origin, edited, then is None and self._set_rests(definition.key)
            )

    def _accounts(self) -> Iterator[_Misplaced]:
        """Names of accounts that mean others than before: the entries that say them lead elsewhere by that.

        A name that is as it was decides nothing, wherever it stands.
        """
        base, named = self._ruled.base, self._ruled.identities.accounts
        if base is None:
            return
        changed = {
            one.account
            for entry in self._entries
            for one in (*entry.accounts, *entry.excluded)
            if one.account is not None
        }
        for name in sorted(one for one in changed if one in named and one in base.accounts):
            account = named[name]
            if account.id != base.accounts[name].id and self._strays(account.origin):
                yield _Misplaced(f"account {name}", account.origin, moved=True, rests=False)

    def _people(self) -> Iterator[_Misplaced]:
        """Changed names and ids of people who have the access: somebody else has it by that.

        Also where no user is renamed: another one, who was there before, now goes by the key.
        """
        rule_context = self._ruled
        users = rule_context.identities.users
        other = others(users, {} if rule_context.base is None else rule_context.base.users)
        both = rule_context.sides(self._rule.access)
        if not both.renamed and not other:
            return
        holders = {one for held in both.after.holders.values() for one in held}
        people = {person for one in holders for person in both.after.behind(one)}
        for token in sorted(people):
            key = rule_context.tokens.user_key(token)
            user = users.get(key)
            if user is not None and (token in both.renamed or key in other) and self._strays(user.origin):
                yield _Misplaced(f"user_name of {key}", user.origin, moved=False, rests=True)

    def _strays(self, origin: Origin) -> bool:
        return not path_matches(origin.path, self._rule.only_from)

    def _moved(
        self,
        key: str,
        then: Mapping[str, Assignment] | Mapping[str, PermissionSet] | Mapping[str, Group] | None,
    ) -> bool:
        """Whether it is new since the last whole apply, or stood in a file that may have it then."""
        if then is None:
            return False
        former = then.get(key)
        return former is None or not self._strays(former.origin)

    def _definitions(self) -> Iterator[PermissionSet]:
        """The definitions in question: wherever an entry gives them, where the rule names accounts."""
        access = self._rule.access
        given = {name for entry in self._entries for name in entry.permission_sets}
        for key, definition in sorted(self._ruled.context.desired.permission_sets.items()):
            if is_ruled(key, access) and (not access.accounts or key in given):
                yield definition

    def _holding(self) -> dict[str, set[str]]:
        """Every group that holds the access or is included by one that does: to the holding ones."""
        groups, now = self._ruled.identities.groups, self._ruled.context.now
        found: dict[str, set[str]] = {}
        for holder in sorted({key for entry in self._entries for key in entry.groups}):
            waiting = [holder]
            seen = {holder}
            while waiting:
                key = waiting.pop()
                group = groups.get(key)
                if group is None:
                    continue
                found.setdefault(key, set()).add(holder)
                included = {one.group for one in group.include or () if not one.window.over(now)}
                waiting += included - seen
                seen |= included
        return found

    def _entry_rests(self, entry: Assignment) -> bool:
        return _rests_on(self._ruled, entry, self._rule.access)

    def _set_rests(self, key: str) -> bool:
        return key in self._sets_changed or key in self._sets_assigned

    def _group_rests(self, key: str, through: AbstractSet[str]) -> bool:
        if key in self._groups_made:
            return True
        if not self._groups_assigned.isdisjoint(through):
            return True
        own = self._ruled.context.desired.members.get(key, {}).keys()
        return any(
            group == key or not self._joined[group].isdisjoint(own) for group in through & self._joined.keys()
        )


def _entries(rule_context: RuleContext, access: RuledAccess) -> Iterator[Assignment]:
    """The entries that give such access at this target, now or later, by key."""
    accounts, sets = rule_context.accounts(access), rule_context.context.desired.permission_sets
    paths = rule_context.context.policy.paths
    for _, entry in sorted(rule_context.identities.assignments.items()):
        if entry.window.over(rule_context.context.now) or not path_matches(entry.origin.path, paths):
            continue
        if not any(name in sets and is_ruled(name, access) for name in entry.permission_sets):
            continue
        if accounts is None or not accounts.isdisjoint(rule_context.entry_accounts(entry)):
            yield entry


def _missing(entry: Assignment, rule: Require) -> tuple[str, ...]:
    present = {"until": entry.window.end is not None, "reason": bool(entry.reason)}
    return tuple(field for field in rule.require if not present[field])


def _covers(rule_context: RuleContext, account: str, name: str, access: RuledAccess) -> bool:
    accounts = rule_context.accounts(access)
    return is_ruled(name, access) and (accounts is None or account in accounts)


def _rests_on(rule_context: RuleContext, entry: Assignment, access: RuledAccess) -> bool:
    """Whether the plan makes an assignment of such access that the entry gives."""
    if not rule_context.made:
        return False
    accounts = rule_context.accounts(access)
    chosen = rule_context.entry_accounts(entry)
    given = {Holder(Kind.GROUP, key) for key in entry.groups} | {
        Holder(Kind.USER, key) for key in entry.users
    }
    names = {SetName(name) for name in entry.permission_sets if is_ruled(name, access)}
    return any(
        not given.isdisjoint(rule_context.made.get((account, name), ()))
        for name in names
        for account in (chosen if accounts is None else chosen & accounts)
    )

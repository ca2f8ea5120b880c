"""Takes assignments out of the entries that give them, and leaves everything else that those give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adopting.adding import home
from reconciler.adopting.keys import numbered
from reconciler.editing import Editor
from reconciler.model.address import Kind
from reconciler.model.names import fold
from reconciler.model.organization import Organization
from reconciler.model.resources import Assignment, Selector
from reconciler.model.selecting import Places
from reconciler.model.state import Holder, Identities

# Account id, name of the permission set, holder.
Retraction = tuple[str, str, Holder]
_FLAGS = ("all", "direct")


def retract(
    editor: Editor, identities: Identities, organization: Organization, lost: Collection[Retraction]
) -> Mapping[Retraction, str]:
    """Take `lost` out of every entry that gives it; the answer is what no entry gives, with why.

    An account goes from the list of its entry, or under `except`; a holder or a set goes from theirs; an
    entry of which nothing is left goes. Where that would take more, what is left of a holder's access goes
    into an entry of its own, with the same accounts, times and reason.
    """
    names = {account.key: account.id for account in identities.accounts.values()}
    places = Places(organization, names)
    found: set[Retraction] = set()
    for key, entry in identities.assignments.items():
        accounts = places.select(entry.accounts, entry.excluded).accounts
        every = {
            (str(account), name, holder)
            for account in accounts
            for name in entry.permission_sets
            for holder in _holders(entry)
        }
        if out := every & set(lost):
            found |= out
            _Entry(editor, key, entry, every, out, {i: k for k, i in names.items()}, places).reduce()
    return dict.fromkeys(set(lost) - found, "no entry of the files gives it")


def _holders(entry: Assignment) -> list[Holder]:
    return [
        *(Holder(Kind.GROUP, key) for key in entry.groups),
        *(Holder(Kind.USER, key) for key in entry.users),
    ]


@dataclass(slots=True)
class _Entry:
    """One entry, all that it gives, and what of that goes."""

    editor: Editor
    key: str
    entry: Assignment
    every: set[Retraction]
    out: set[Retraction]
    keys: Mapping[str, str]
    places: Places

    def reduce(self) -> None:
        holders, sets = set(_holders(self.entry)), set(self.entry.permission_sets)
        accounts = {account for account, _, _ in self.every}
        gone = {account for account, _, _ in self.out}
        gone_sets = {name for _, name, _ in self.out}
        gone_holders = {holder for _, _, holder in self.out}
        if self.out == self.every:
            self.editor.remove(self._path, self._at)
        elif self.out == _product(gone, sets, holders):
            self._without_accounts(gone)
        elif self.out == _product(accounts, gone_sets, holders):
            self._drop("permission_sets", gone_sets)
        elif self.out == _product(accounts, sets, gone_holders):
            self._without_holders(gone_holders)
        else:
            self._split(gone_holders, accounts)

    @property
    def _path(self) -> str:
        path = self.editor.find("assignments", self.key)
        assert path is not None, "it was loaded from there"
        return path

    @property
    def _at(self) -> tuple[str, str]:
        return ("assignments", self.key)

    def _raw(self) -> dict[str, Any]:
        found: dict[str, Any] = self.editor.value(self._path)["assignments"][self.key]
        return found

    def _drop(self, field: str, values: Collection[str]) -> None:
        for index in reversed(range(len(self._raw().get(field) or ()))):
            if self._raw()[field][index] in values:
                self.editor.remove(self._path, (*self._at, field, index))

    def _without_holders(self, gone: Collection[Holder]) -> None:
        for field, kind in (("groups", Kind.GROUP), ("users", Kind.USER)):
            keys = {holder.key for holder in gone if holder.kind is kind}
            listed = self._raw().get(field) or []
            if keys and keys >= set(listed):
                self.editor.remove(self._path, (*self._at, field))
            elif keys:
                self._drop(field, keys)

    def _without_accounts(self, gone: set[str]) -> None:
        selectors: Sequence[Selector] = self.entry.accounts
        for index in reversed(range(len(selectors))):
            named = selectors[index].account
            if named is not None and (named in gone or self._id(named) in gone):
                self.editor.remove(self._path, (*self._at, "accounts", index))
        left = [one for one in selectors if one.account is None]
        for account in sorted(gone & set(self.places.select(left).accounts)):
            self.editor.append(self._path, (*self._at, "except"), self._name(account))

    def _split(self, affected: set[Holder], accounts: set[str]) -> None:
        """Give each holder who loses something an entry of their own for the rest."""
        raw = _typed(self._raw())
        path = home(self.editor, "assignments", self.key)
        if affected >= set(_holders(self.entry)):
            self.editor.remove(self._path, self._at)
        else:
            self._without_holders(affected)
        for holder in sorted(affected):
            alike: defaultdict[frozenset[str], list[str]] = defaultdict(list)
            for name in self.entry.permission_sets:
                alike[frozenset(a for a, one, who in self.out if (one, who) == (name, holder))].append(name)
            for lacking, names in sorted(alike.items(), key=lambda one: one[1]):
                if lacking >= set(accounts):
                    continue
                fields = {name: value for name, value in raw.items() if name not in ("groups", "users")}
                fields = {
                    f"{holder.kind}s": [holder.key],
                    **fields,
                    "permission_sets": names,
                }
                if lacking:
                    excepted = [*(raw.get("except") or []), *map(self._name, sorted(lacking))]
                    fields["except"] = excepted
                self.editor.assign(path, ("assignments", self._free(f"{self.key}-{holder.key}")), fields)

    def _free(self, wanted: str) -> str:
        used = {fold(key) for _, section in self.editor.section("assignments") for key in section}
        return numbered(wanted.replace("/", "-")[:200], used)

    def _id(self, name: str) -> str:
        return next((identifier for identifier, key in self.keys.items() if key == name), name)

    def _name(self, account: str) -> str:
        return self.keys.get(account, account)


def _product(
    accounts: Collection[str], names: Collection[str], holders: Collection[Holder]
) -> set[Retraction]:
    return {(account, name, holder) for account in accounts for name in names for holder in holders}


def _typed(value: Any, name: str = "") -> Any:
    """What was read, with flags where the format has them: text in their place would be quoted."""
    if isinstance(value, dict):
        return {key: _typed(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return value == "true" if name in _FLAGS else value

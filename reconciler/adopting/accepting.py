"""Accepts into the files what was changed outside git: each difference is edited where it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from reconciler.adopting.accepted_values import accept_set, accept_user, accept_value
from reconciler.adopting.adding import put_rule, taken
from reconciler.adopting.retracting import Retraction, retract
from reconciler.adopting.rules import compress
from reconciler.adopting.selectors import Describer
from reconciler.adopting.withdrawing import withdraw
from reconciler.editing import Editor
from reconciler.errors import UsageError
from reconciler.loading.load import load
from reconciler.model.address import AccountId, Address, Kind, remote
from reconciler.model.change import Action, Change
from reconciler.model.drift import TargetDrift
from reconciler.model.names import fold
from reconciler.model.state import Holder, Identities, Live

_DECLARE = "git does not know it; `reconciler adopt` declares it"
_ORPHAN = "whom it is for no longer exists; `assignments: exclusive` at the set removes it"
_NOTHING: Mapping[Address, str] = MappingProxyType({})
_OBJECTS = {Kind.USER: "users", Kind.GROUP: "groups", Kind.PERMISSION_SET: "permission_sets"}


@dataclass(slots=True)
class Accepted:
    """What was accepted, and what was not, each with why. `said` is what to know about the edits."""

    done: list[Address] = field(default_factory=list)
    left: dict[Address, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def accept(
    editor: Editor,
    drift: TargetDrift,
    identities: Identities,
    live: Live,
    refused: Mapping[Address, str] = _NOTHING,
) -> Accepted:
    """Edit the files so that they say what is live, as far as that was not brought about by git.

    What is `refused` is not accepted, with the reason. Raises InputError for a file that is written too oddly
    to edit, or that is not valid afterwards.
    """
    return _Accepting(editor, identities, live, refused).accept(drift)


@dataclass(slots=True)
class _Accepting:
    editor: Editor
    identities: Identities
    live: Live
    refused: Mapping[Address, str]
    found: Accepted = field(default_factory=Accepted)
    # Keys that were taken out, by section.
    removed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Those that are gone at the service, and could not be.
    kept: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    granted: list[Address] = field(default_factory=list)
    revoked: list[Address] = field(default_factory=list)
    # Account and set of privileged grants.
    privileged: set[tuple[str, str]] = field(default_factory=set)

    def accept(self, drift: TargetDrift) -> Accepted:
        self._look(drift)
        changes = [
            one.change for one in drift.differences if one.drifted and not self._refused(one.change.address)
        ]
        # What is gone goes first, with all that names it.
        gone = [one for one in changes if one.action is Action.CREATE and one.address.kind in _OBJECTS]
        for change in gone:
            self._settle(change.address, self._withdrawn(change.address))
        if gone:
            self.identities = load(self.editor.tree()).identities
        for change in changes:
            if change not in gone:
                self._settle(change.address, self._change(change))
        for one in drift.unmanaged:
            if not self._refused(one.address):
                self._settle(one.address, self._given(one.address))
        self._assignments()
        return self.found

    def _look(self, drift: TargetDrift) -> None:
        """Note which grants are privileged."""
        found = [one.change.address for one in drift.differences if one.privileged]
        found += [one.address for one in drift.unmanaged if one.privileged]
        self.privileged.update(
            (one.account, one.permission_set.own_key) for one in found if one.kind is Kind.ASSIGNMENT
        )

    def _refused(self, address: Address) -> bool:
        if address not in self.refused:
            return False
        self.found.left[address] = self.refused[address]
        return True

    def _settle(self, address: Address, why: str | None) -> None:
        """Note how it went: None is still to come, "" done."""
        if why:
            self.found.left[address] = why
        elif why == "":
            self.found.done.append(address)

    def _withdrawn(self, address: Address) -> str:
        section, key = _OBJECTS[address.kind], address.own_key
        try:
            self.found.said.extend(withdraw(self.editor, section, key))
        except UsageError as error:
            self.kept[section].add(key)
            return str(error)
        self.removed[section].add(key)
        return ""

    def _change(self, change: Change) -> str | None:
        address = change.address
        if self._is_of(address, self.removed):
            return ""
        if self._is_of(address, self.kept):
            return "what it is of is gone, and stays in the files"
        if address.kind is Kind.MEMBERSHIP:
            joined = change.action is Action.DELETE
            return self._joined(address) if joined else self._departed(address)
        if address.kind is Kind.ASSIGNMENT:
            if change.action is Action.DELETE:
                return self._given(address)
            self.revoked.append(address)
            return None
        if change.action is Action.DELETE:
            return _DECLARE
        if address.kind is Kind.USER:
            return accept_user(self.editor, self.identities.users[address.own_key], change)
        if address.kind is Kind.GROUP:
            return self._group(change)
        if address.kind is Kind.PERMISSION_SET:
            return accept_set(self.editor, self.identities.permission_sets, change)
        if address.kind is Kind.PROVISIONING:
            return "a role that lags behind its definition is not in the files: apply, or provision it"
        return "it is not in the files: apply sets it right"

    def _group(self, change: Change) -> str:
        key = change.address.own_key
        reasons = (accept_value(self.editor, "groups", key, one.name, one.before) for one in change.fields)
        return next(filter(None, reasons), "")

    @staticmethod
    def _is_of(address: Address, keys: Mapping[str, Collection[str]]) -> bool:
        """Whether one of the two ends of a membership or an assignment is among these."""
        ends: list[tuple[str, str]] = []
        if address.kind is Kind.MEMBERSHIP:
            ends = [("groups", address.group.own_key), ("users", address.user.own_key)]
        elif address.kind is Kind.ASSIGNMENT:
            holder = Holder.at(address)
            ends = [
                (_OBJECTS[holder.kind], holder.key),
                ("permission_sets", address.permission_set.own_key),
            ]
        return any(key in keys.get(section, ()) for section, key in ends)

    # Memberships.

    def _joined(self, address: Address) -> str:
        group, user = address.group.own_key, address.user.own_key
        if user not in self.identities.users:
            return _DECLARE
        path = self.editor.find("groups", group)
        if path is None or self.editor.is_owned(path):
            return "an import writes the group"
        self.editor.append(path, ("groups", group, "members"), user)
        return ""

    def _departed(self, address: Address) -> str:
        group, user = address.group.own_key, address.user.own_key
        path = self.editor.find("groups", group)
        if path is None or self.editor.is_owned(path):
            return "an import writes the group"
        members = (self.editor.value(path)["groups"][group] or {}).get("members")
        for index, one in enumerate(members if isinstance(members, list) else ()):
            if one == user or (isinstance(one, dict) and one.get("user") == user):
                self.editor.remove(path, ("groups", group, "members", index))
                return ""
        return "the membership comes from `include`; edit the group that is included"

    # Assignments.

    def _given(self, address: Address) -> str | None:
        if address.kind is Kind.MEMBERSHIP:
            return self._joined(address)
        holder = Holder.at(address)
        known = self.identities.users if holder.kind is Kind.USER else self.identities.groups
        living = self.live.users if holder.kind is Kind.USER else self.live.groups
        if holder.key.startswith(remote("")) and holder.key.removeprefix(remote("")) not in living:
            return _ORPHAN
        if (
            holder.key.startswith(remote(""))
            or holder.key not in known
            or address.permission_set.own_key not in self.identities.permission_sets
        ):
            return _DECLARE
        self.granted.append(address)
        return None

    def _assignments(self) -> None:
        names = {account.key: account.id for account in self.identities.accounts.values()}
        describer = Describer(self.live.organization, names, by_name=True)
        lost: set[Retraction] = {
            (one.account, one.permission_set.own_key, Holder.at(one)) for one in self.revoked
        }
        why = retract(self.editor, self.identities, self.live.organization, lost)
        for one in self.revoked:
            key = one.account, one.permission_set.own_key, Holder.at(one)
            self._settle(one, why.get(key, ""))
        grants: defaultdict[tuple[AccountId, str], set[Holder]] = defaultdict(set)
        for one in self.granted:
            grants[AccountId(one.account), one.permission_set.own_key].add(Holder.at(one))
        used = set(taken(self.identities, ()).assignments)
        for _, section in self.editor.section("assignments"):
            used.update(map(fold, section))
        frozen = {pair: frozenset(holders) for pair, holders in grants.items()}
        for rule in compress(frozen, describer, used, privileged=self.privileged.__contains__):
            put_rule(self.editor, rule, {})
        self.found.done.extend(self.granted)

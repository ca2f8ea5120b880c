"""Who is assigned what where by what git says: entries united, selectors expanded, windows applied.

An entry of many accounts is kept as one layer: all that it assigns in one pair of account and set. Pairs
keep the numbers of their layers, and pairs of the same layers share one map, so that hundreds of thousands
of assignments cost little more than their pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.model.address import DeclaredPair, Kind, SetName
from reconciler.model.organization import Organization
from reconciler.model.patterns import path_matches
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Assignment
from reconciler.model.selecting import Places, Selection
from reconciler.model.state import NO_REMARKS, Assigned, Assignments, Holder, Identities, Remarks, Unmet

Holders = Mapping[Holder, Assigned]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who and what can be in an assignment at this target.

    `sets`, `users` and `groups` are the keys that are provisioned to it, `absent` users who have no access
    now (inactive, or before their `from`).
    """

    sets: AbstractSet[str]
    users: AbstractSet[str]
    groups: AbstractSet[str]
    absent: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entitlements:
    """The fields of Desired that speak of assignments."""

    assignments: Assignments = field(default_factory=dict)
    lapsed: Mapping[DeclaredPair, frozenset[Holder]] = field(default_factory=dict)
    selecting: frozenset[tuple[str, Holder]] = frozenset()
    unreachable: Mapping[str, str] = field(default_factory=dict)
    remarks: Remarks = NO_REMARKS
    unresolved: frozenset[tuple[str, Holder]] = frozenset()
    doubtful: Mapping[DeclaredPair, frozenset[Holder]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Said:
    """All that the entitlements of one state depend on, apart from the organization.

    `silent` are the entries outside of their windows, and whether they are over.
    """

    entries: Mapping[str, Assignment]
    accounts: Mapping[str, str]
    audience: Audience
    silent: Mapping[str, bool]


class Entitling:
    """Says what entries come to, over one organization; states that say the same share one answer."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._known: list[tuple[_Said, Entitlements]] = []

    def entitle(
        self, identities: Identities, policy: TargetPolicy, audience: Audience, now: datetime
    ) -> Entitlements:
        """What the entries of `identities.assignments` say at `now` (an aware instant). Never fails.

        Where entries say the same, the one that ends last counts; an account is `selected` only where no
        entry names it.
        """
        inputs = _inputs(identities, policy, audience, now)
        for known, result in self._known:
            if known == inputs:
                return result
        united = _Union(inputs.audience, Places(self._organization, inputs.accounts), now)
        for _, entry in sorted(inputs.entries.items()):
            united.add(entry)
        result = united.result()
        self._known.append((inputs, result))
        return result

    def learn(
        self,
        identities: Identities,
        policy: TargetPolicy,
        audience: Audience,
        now: datetime,
        result: Entitlements,
    ) -> None:
        """Take note of what was answered already, over the same organization."""
        self._known.append((_inputs(identities, policy, audience, now), result))


def _inputs(identities: Identities, policy: TargetPolicy, audience: Audience, now: datetime) -> _Said:
    entries = identities.assignments
    if policy.paths != ("**",):
        entries = {
            key: entry for key, entry in entries.items() if path_matches(entry.origin.path, policy.paths)
        }
    # A person whom no entry names makes no difference, so that a newcomer alone does not.
    sets = frozenset(name for entry in entries.values() for name in entry.permission_sets)
    users = frozenset(key for entry in entries.values() for key in entry.users)
    groups = frozenset(key for entry in entries.values() for key in entry.groups)
    return _Said(
        entries=entries,
        accounts={key: account.id for key, account in identities.accounts.items()},
        audience=Audience(
            audience.sets & sets, audience.users & users, audience.groups & groups, audience.absent & users
        ),
        silent={key: entry.window.over(now) for key, entry in entries.items() if not entry.window.holds(now)},
    )


class _Union:
    """The entries so far, in layers."""

    def __init__(self, audience: Audience, places: Places, now: datetime) -> None:
        self._audience, self._places, self._now = audience, places, now
        self._layers: list[Holders] = []
        self._pairs: dict[DeclaredPair, list[int]] = {}
        self._over: dict[DeclaredPair, list[frozenset[Holder]]] = {}
        self._holders: dict[tuple[Kind, str], Holder] = {}
        self._selecting: set[tuple[str, Holder]] = set()
        self._unreachable: dict[str, str] = {}
        self._unknown: dict[str, list[str]] = {}
        self._ambiguous: dict[str, tuple[tuple[str, ...], list[str]]] = {}
        self._unresolved: set[tuple[str, Holder]] = set()
        self._doubted: set[int] = set()  # layers
        self._exceptions: dict[str, tuple[Unmet, ...]] = {}
        self._empty: list[str] = []
        self._left_out: list[str] = []
        self._longest: dict[str, None] = {}
        self._direct: list[str] = []

    def add(self, entry: Assignment) -> None:
        """One more entry; before its `from` it says nothing."""
        if entry.window.early(self._now):
            return
        over = entry.window.over(self._now)
        sets = [SetName(name) for name in entry.permission_sets if name in self._audience.sets]
        holders = self._present(entry)
        found = self._places.select(entry.accounts, entry.excluded)
        if not over:
            self._remark(entry, found)
        if not sets or not holders:
            return
        if over:
            lapsed = frozenset(holders)
            for name in sets:
                for account in found.accounts:
                    self._over.setdefault((account, name), []).append(lapsed)
            return
        self._lay(entry, sets, holders, found)

    def _lay(
        self, entry: Assignment, sets: Sequence[SetName], holders: Sequence[Holder], found: Selection
    ) -> None:
        span = entry.window
        named = Assigned(entry.key, entry.origin, end=span.end, reason=entry.reason, start=span.start)
        layer = len(self._layers)
        self._layers += (
            dict.fromkeys(holders, named),
            dict.fromkeys(holders, replace(named, selected=True)),
        )
        if found.absent:
            self._doubted.update((layer, layer + 1))
        pairs = self._pairs
        for name in sets:
            for account, selected in found.accounts.items():
                pair = (account, name)
                if (layers := pairs.get(pair)) is None:
                    pairs[pair] = [layer + selected]
                else:
                    layers.append(layer + selected)
        if found.unresolved:
            self._unresolved.update((name, holder) for name in sets for holder in holders)
        if any(selector.account is None for selector in entry.accounts):
            self._selecting.update((name, holder) for name in sets for holder in holders)

    def result(self) -> Entitlements:
        """Everything, united."""
        united: dict[tuple[int, ...], Holders] = {}
        assignments: dict[DeclaredPair, Holders] = {}
        for pair, layers in self._pairs.items():
            numbers = tuple(layers)
            holders = united.get(numbers)
            if holders is None:
                holders = united[numbers] = self._united(numbers)
            assignments[pair] = holders
        lapsed: dict[DeclaredPair, frozenset[Holder]] = {}
        for pair, over in self._over.items():
            if left := frozenset[Holder]().union(*over).difference(assignments.get(pair, ())):
                lapsed[pair] = left
        remarks = Remarks(
            empty=tuple(self._empty),
            unknown={place: tuple(entries) for place, entries in sorted(self._unknown.items())},
            ambiguous={
                place: (ids, tuple(entries)) for place, (ids, entries) in sorted(self._ambiguous.items())
            },
            left_out=tuple(self._left_out),
            longest=tuple(sorted(self._longest)),
            direct=tuple(self._direct),
            exceptions=self._exceptions,
        )
        return Entitlements(
            assignments,
            lapsed,
            frozenset(self._selecting),
            self._unreachable,
            remarks,
            frozenset(self._unresolved),
            {
                pair: doubted
                for pair, layers in (self._pairs.items() if self._doubted else ())
                if (doubted := self._doubtful(layers))
            },
        )

    def _united(self, numbers: Sequence[int]) -> Holders:
        if len(numbers) == 1:
            return self._layers[numbers[0]]
        united = dict(self._layers[numbers[0]])
        for number in numbers[1:]:
            for holder, more in self._layers[number].items():
                known = united.get(holder)
                united[holder] = more if known is None else self._longer(holder, known, more)
        return united

    def _doubtful(self, numbers: Sequence[int]) -> frozenset[Holder]:
        """The holders of whom no layer speaks but those whose `except` is not met."""
        if self._doubted.isdisjoint(numbers):
            return frozenset()
        doubted = (self._layers[number] for number in numbers if number in self._doubted)
        sound = (self._layers[number] for number in numbers if number not in self._doubted)
        return frozenset[Holder]().union(*doubted).difference(*sound)

    def _longer(self, holder: Holder, one: Assigned, other: Assigned) -> Assigned:
        """The one that ends last, or the first of two that end at once; named, where either is."""
        longest, shorter = one, other
        if one.end != other.end:
            if one.end is not None and (other.end is None or other.end > one.end):
                longest, shorter = other, one
            says = f"{longest.end:%Y-%m-%d %H:%M %Z}" if longest.end else "without an end"
            self._longest[f"{longest.entry} ({says}) over {shorter.entry}: {holder}"] = None
        if longest.selected and not shorter.selected:
            return replace(longest, selected=False)
        return longest

    def _present(self, entry: Assignment) -> list[Holder]:
        """The holders of an entry who are at this target and may have access."""
        audience = self._audience
        holders = [self._holder(Kind.GROUP, key) for key in entry.groups if key in audience.groups]
        holders += [
            self._holder(Kind.USER, key)
            for key in entry.users
            if key in audience.users and key not in audience.absent
        ]
        return holders

    def _holder(self, kind: Kind, key: str) -> Holder:
        return self._holders.setdefault((kind, key), Holder(kind, key))

    def _remark(self, entry: Assignment, found: Selection) -> None:
        """Note what is odd about an entry that holds."""
        audience, key = self._audience, entry.key
        self._unreachable.update(found.unreachable)
        for place in found.unknown:
            self._unknown.setdefault(place, []).append(key)
        for place, ids in found.ambiguous.items():
            self._ambiguous.setdefault(place, (ids, []))[1].append(key)
        if found.absent:
            self._exceptions[key] = tuple(
                Unmet(one.what, one.near, tuple(self._places.select((one.meant,)).accounts))
                if one.meant is not None
                else Unmet(one.what)
                for one in found.absent
            )
        if not found.accounts and not found.unreachable:
            self._empty.append(key)
        if entry.users:
            self._direct.append(key)
        self._left_out += (
            f"{key}: {what} {each}"
            for what, keys, known in (
                ("permission set", entry.permission_sets, audience.sets),
                ("group", entry.groups, audience.groups),
                ("user", entry.users, audience.users),
            )
            for each in _missing(keys, known)
        )


def _missing(keys: Sequence[str], known: AbstractSet[str]) -> Iterable[str]:
    return (key for key in keys if key not in known)

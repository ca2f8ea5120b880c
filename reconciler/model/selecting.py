"""Which accounts a list of selectors means in an organization: by name or id, by place, by tag, or all.

Only ACTIVE accounts are found, and the management account only by its name or id, since a permission set
there reaches the organization itself (docs/identities.md, "Assignments").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.address import AccountId
from reconciler.model.excepting import Absent, absent
from reconciler.model.organization import Organization
from reconciler.model.resources import Selector

NOT_IN_ORGANIZATION = "not in the organization"
# Ids of roots begin so (Organizations API, Root.Id), those of units with `ou-`.
_ROOT, _UNIT = "r-", "ou-"
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """What selectors found.

    `accounts` maps ids to whether the account was found only by description (place, tag, `all`): False where
    it is named. `unreachable` are named accounts that nothing can be assigned in, each with why. `unknown`
    are paths and ids of units that the organization has not, and names that stand for no account; `ambiguous`
    paths that two units have, each with their ids. Neither finds anything; `unresolved` says whether any of
    them was to find accounts, so that nobody knows what was meant. `absent` is what was to be excluded and is
    not there.
    """

    accounts: Mapping[AccountId, bool] = field(default_factory=dict)
    unreachable: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unresolved: bool = False
    absent: tuple[Absent, ...] = ()


def select(
    selectors: Sequence[Selector],
    excluded: Sequence[Selector],
    organization: Organization,
    names: Mapping[str, str],
) -> Selection:
    """What `selectors` find, less what `excluded` finds; `names` are keys of `accounts` with their ids.

    For many selections of one organization, make its `Places` once.
    """
    return Places(organization, names).select(selectors, excluded)


# A selector that says the same, wherever it is written, means the same.
_Said = tuple[str | None, tuple[str, ...], bool, tuple[tuple[str, tuple[str, ...]], ...], bool]


class Places:
    """The accounts of one organization, indexed by unit and tag. Remembers what it has selected before.

    Where `organization` has no accounts, it was not read: ids that are named count as there then.
    """

    def __init__(self, organization: Organization, names: Mapping[str, str]) -> None:
        self._organization, self._names = organization, names
        # A name may have slashes, so that one path can be that of several units.
        self._paths: dict[str, tuple[str, ...]] = {}
        for unit in organization.units.values():
            self._paths[unit.path] = (*self._paths.get(unit.path, ()), unit.id)
        self._everywhere = frozenset(organization.accounts) - {organization.management}
        self._within: dict[str, set[str]] = {}
        self._directly: dict[str, set[str]] = {}
        self._tagged: dict[tuple[str, str], set[str]] = {}
        for account in organization.accounts.values():
            if account.id == organization.management:
                continue
            for around in account.units:
                self._within.setdefault(around, set()).add(account.id)
            self._directly.setdefault(account.units[-1] if account.units else "", set()).add(account.id)
            for pair in (account.tags or {}).items():
                self._tagged.setdefault(pair, set()).add(account.id)
        self._known: dict[tuple[tuple[_Said, ...], tuple[_Said, ...]], Selection] = {}
        self._described: dict[_Said, frozenset[str]] = {}

    def select(self, selectors: Sequence[Selector], excluded: Sequence[Selector] = ()) -> Selection:
        """What `selectors` find, less what `excluded` finds (a named account, too)."""
        written = tuple(map(_written, selectors)), tuple(map(_written, excluded))
        found = self._known.get(written)
        if found is None:
            found = self._known[written] = self._select(selectors, excluded)
        return found

    def _select(self, selectors: Sequence[Selector], excluded: Sequence[Selector]) -> Selection:
        named, described, unknown = self._found(selectors)
        off_named, off_described, off_unknown = self._found(excluded)
        off = off_described.union(off_named)
        accounts: dict[AccountId, bool] = {}
        unreachable: dict[str, str] = {}
        live = self._organization.accounts
        for identifier in sorted((described | named) - off):
            if identifier in named and live and identifier not in live:
                unreachable[identifier] = NOT_IN_ORGANIZATION
            elif identifier not in live or live[identifier].active:
                accounts[AccountId(identifier)] = identifier not in named
            elif identifier in named:
                unreachable[identifier] = f"its state is {live[identifier].state}"
        written = {unit for one in (*selectors, *excluded) for unit in one.ou}
        ambiguous = {unit: meant for unit in sorted(written) if len(meant := self._meant(unit)) > 1}
        unresolved = bool(unknown) or any(unit in ambiguous for one in selectors for unit in one.ou)
        return Selection(
            accounts,
            unreachable,
            tuple(sorted(unknown)),
            ambiguous,
            unresolved=unresolved,
            absent=absent(excluded, self._organization, self._names, off_unknown) if excluded else (),
        )

    def _found(self, selectors: Sequence[Selector]) -> tuple[set[str], set[str], set[str]]:
        """Ids that are named, ids that are described (active or not), and what means nothing."""
        named: set[str] = set()
        described: set[str] = set()
        unknown: set[str] = set()
        for selector in selectors:
            if selector.account is None:
                described |= self._describe(selector)
                unknown.update(unit for unit in selector.ou if self._lacks(unit))
            elif (identifier := self._identifier(selector.account)) is not None:
                named.add(identifier)
            else:
                unknown.add(selector.account)
        return named, described, unknown

    def _identifier(self, account: str) -> str | None:
        """The id that `account` stands for: a key of `accounts`, or an id itself."""
        if (identifier := self._names.get(account)) is not None:
            return identifier
        plain = len(account) == _DIGITS and account.isascii() and account.isdigit()
        return account if plain else None

    def _describe(self, selector: Selector) -> frozenset[str]:
        written = _written(selector)
        found = self._described.get(written)
        if found is None:
            found = self._everywhere if selector.all or selector.ou or selector.tag else frozenset[str]()
            if selector.ou:
                found &= frozenset[str]().union(*(self._unit(unit, selector) for unit in selector.ou))
            for key, values in selector.tag.items():
                found &= frozenset[str]().union(*(self._tagged.get((key, value), ()) for value in values))
            self._described[written] = found
        return found

    def _unit(self, unit: str, selector: Selector) -> frozenset[str] | set[str]:
        """Accounts in a unit: in it itself, or below it as well."""
        if self._is_root(unit):
            return self._directly.get("", set()) if selector.direct else self._everywhere
        meant = self._meant(unit)
        if len(meant) != 1:
            return frozenset()
        return (self._directly if selector.direct else self._within).get(meant[0], set())

    def _meant(self, unit: str) -> tuple[str, ...]:
        """The ids of the units that a path or an id can mean; an id that nobody knows means itself."""
        if unit in self._organization.units or unit in self._within:
            return (unit,)
        return tuple(sorted(self._paths.get(unit, (unit,))))

    def _is_root(self, unit: str) -> bool:
        root = self._organization.root
        return unit == root or (not root and unit.startswith(_ROOT) and unit not in self._paths)

    def _lacks(self, unit: str) -> bool:
        """Whether there is known to be no such unit; where units were not read, nothing is known."""
        if self._is_root(unit) or unit in self._paths or unit in self._within:
            return False
        units = self._organization.units
        if unit not in units and unit.startswith(_UNIT) and not units:
            return False
        return unit not in units and bool(units or self._organization.accounts)


def _written(selector: Selector) -> _Said:
    tag = tuple(sorted((key, tuple(values)) for key, values in selector.tag.items()))
    return selector.account, tuple(selector.ou), selector.direct, tag, selector.all

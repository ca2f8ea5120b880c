"""Reads accounts, where they lie and how they are tagged, whole, and says so when it cannot be whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import IncompleteRead, NotFound
from reconciler.model.observer import Observer
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.targets.crew import each
from reconciler.targets.identity_center.organization.api import Organizations, Raw

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
# o-exampleorgid/r-examplerootid/ou-…/ou-…/123456789012/ (Account, Paths)
_PATH = re.compile(r"[^/]+/(?P<root>r-[^/]+)/(?P<units>(?:ou-[^/]+/)*)(?P<account>\d{12})/", re.ASCII)

Accounts = Mapping[str, Raw]
Units = tuple[str, ...]


@dataclass(slots=True)
class _Tree:
    """The units by id, and for each its own id behind those around it, from the top down."""

    root: str
    units: dict[str, LiveUnit] = field(default_factory=dict)
    chains: dict[str, Units] = field(default_factory=dict)
    # Also those that went since they were listed: in which order the lists come must not matter.
    listed: set[str] = field(default_factory=set)


class OrganizationReader:
    """Reads one organization. Thread-safe; raises IncompleteRead, or another ServiceError."""

    def __init__(self, organizations: Organizations, observer: Observer, target: str) -> None:
        self._api, self._observer, self._target = organizations, observer, target

    def accounts(self, management: str) -> Accounts:
        """The list of all accounts, by id, as the API has them; the management account is always one."""
        found: dict[str, Raw] = {}
        for page in self._api.accounts():
            for raw in page:
                if not _ACCOUNT.fullmatch(raw["Id"]):
                    raise self._incomplete(
                        "ListAccounts", f"{raw['Id']} is not a valid account id of twelve digits"
                    )
                found[raw["Id"]] = raw
            self._observer.reading(self._target, "accounts", len(found), None)
        if management not in found:
            raise self._incomplete("ListAccounts", f"the management account {management} is in no list")
        self._observer.reading(self._target, "accounts", len(found), len(found))
        return found

    def organization(self, listed: Accounts, management: str, *, units: bool, tags: bool) -> Organization:
        """The listed accounts with their places; `units` and `tags` as in ReadRequest.

        A unit of an account that is in no list of units, and an account in a unit that is in no list of
        accounts, came meanwhile, or a page was lost: both lists are read again.
        """
        accounts = listed
        for _ in range(2):
            walked = self._tree() if units or not all(raw.get("Paths") for raw in accounts.values()) else None
            root, places = self._places(accounts, walked)
            undeclared = places.keys() - accounts.keys()
            if walked is not None:
                undeclared |= {unit for place in places.values() for unit in place} - walked.units.keys()
            if not undeclared:
                break
            accounts = self.accounts(management)
        else:
            some = ", ".join(sorted(undeclared)[:3])
            message = f"units and accounts are named that are in no list, not even in a second one: {some}"
            raise self._incomplete("ListOrganizationalUnitsForParent", message)
        tagged = self._tags(tuple(places)) if tags else dict.fromkeys(places)
        return Organization(
            accounts={
                identifier: LiveAccount(
                    id=identifier,
                    name=str(accounts[identifier].get("Name") or ""),
                    state=self._state(accounts[identifier]),
                    units=places[identifier],
                    tags=own,
                )
                for identifier, own in tagged.items()
            },
            units=walked.units if walked and units else {},
            root=root,
            management=management,
        )

    def lacks(self, organization: Organization, wanted: Collection[str]) -> bool:
        """Whether one of the `wanted` accounts is in the organization, and in no list of it."""
        undeclared = sorted(set(wanted) - organization.accounts.keys())
        return any(raw is not None for _, raw in each(self._api.account, undeclared))

    # Where accounts lie.

    def _places(self, accounts: Accounts, tree: _Tree | None) -> tuple[str, dict[str, Units]]:
        """The root, and the units around every account: by its path, or as the units list it."""
        if tree is not None and not all(raw.get("Paths") for raw in accounts.values()):
            return tree.root, self._listed_places(accounts, tree)
        root, places = tree.root if tree else "", {}
        for identifier, raw in accounts.items():
            found = _PATH.fullmatch(str(raw["Paths"][0]))
            if found is None or found["account"] != identifier or root not in ("", found["root"]):
                raise self._incomplete(
                    "ListAccounts", f"{raw['Paths'][0]} is not a valid path of {identifier}"
                )
            root, places[identifier] = found["root"], tuple(filter(None, found["units"].split("/")))
        return root, places

    def _listed_places(self, accounts: Accounts, tree: _Tree) -> dict[str, Units]:
        """The same where accounts come without paths: one list a unit, and the root's."""
        found: dict[str, list[Units]] = {identifier: [] for identifier in accounts}
        for (_, chain), identifiers in each(
            lambda place: self._accounts_below(place[0]), [(tree.root, ()), *tree.chains.items()]
        ):
            for identifier in identifiers:
                found.setdefault(identifier, []).append(chain)
        # Whoever was in no list, or in two, was moved meanwhile.
        places = {identifier: where[0] for identifier, where in found.items() if len(where) == 1}
        for identifier in sorted(accounts.keys() - places.keys()):
            parent = self._parent(identifier)
            if parent is not None:
                # A unit that is made meanwhile is in no list, which whoever asked finds.
                places[identifier] = () if parent == tree.root else tree.chains.get(parent, (parent,))
        return {identifier: places[identifier] for identifier in (*accounts, *places) if identifier in places}

    def _accounts_below(self, parent: str) -> list[str]:
        try:
            return [raw["Id"] for page in self._api.accounts_below(parent) for raw in page]
        except NotFound:
            return []  # a unit that went is empty before

    def _parent(self, account: str) -> str | None:
        """The root or unit above an account; None when the account is not there any more."""
        try:
            parents = [str(raw["Id"]) for page in self._api.parents(account) for raw in page]
        except NotFound:
            return None
        if len(parents) != 1:
            raise self._incomplete("ListParents", f"{account} has {len(parents)} parents, and not one")
        return parents[0]

    def _tree(self) -> _Tree:
        """Every unit there is, level by level."""
        roots = [raw["Id"] for page in self._api.roots() for raw in page]
        if len(roots) != 1:
            raise self._incomplete("ListRoots", f"an organization has one root, and this one {len(roots)}")
        tree = _Tree(roots[0])
        level: Sequence[str] = roots
        while level:
            below: list[str] = []
            for parent, children in each(self._units_below, level):
                if children is None:
                    tree.units.pop(parent)
                    tree.chains.pop(parent)
                below.extend(self._put(tree, parent, raw) for raw in children or ())
            self._observer.reading(self._target, "organizational units", len(tree.units), None)
            level = sorted(below)
        return _Tree(tree.root, dict(sorted(tree.units.items())), dict(sorted(tree.chains.items())))

    def _put(self, tree: _Tree, parent: str, raw: Raw) -> str:
        identifier, name = str(raw["Id"]), str(raw.get("Name") or "")
        if identifier in tree.listed or not name:
            message = f"{identifier} is below two units" if name else f"{identifier} has no name"
            raise self._incomplete("ListOrganizationalUnitsForParent", message)
        tree.listed.add(identifier)
        above = tree.units.get(parent)
        tree.units[identifier] = LiveUnit(identifier, (*above.names, name) if above else (name,))
        tree.chains[identifier] = (*tree.chains.get(parent, ()), identifier)
        return identifier

    def _units_below(self, parent: str) -> list[Raw] | None:
        """The units directly below; None when `parent` went since it was listed."""
        try:
            return [raw for page in self._api.units_below(parent) for raw in page]
        except NotFound:
            if parent.startswith("r-"):
                raise self._incomplete(
                    "ListOrganizationalUnitsForParent", f"the root {parent} is not found"
                ) from None
            return None

    # What accounts are.

    def _tags(self, accounts: Sequence[str]) -> dict[str, Mapping[str, str] | None]:
        """The tags of those accounts that are still there."""
        found: dict[str, Mapping[str, str] | None] = {}
        for done, (identifier, tags) in enumerate(each(self._tags_of, accounts), 1):
            if tags is not None:
                found[identifier] = tags
            elif self._api.account(identifier) is not None:
                message = f"the tags of {identifier} are not found, and yet the account is"
                raise self._incomplete("ListTagsForResource", message)
            self._observer.reading(self._target, "account tags", done, len(accounts))
        return {identifier: found[identifier] for identifier in accounts if identifier in found}

    def _tags_of(self, account: str) -> dict[str, str] | None:
        try:
            return {
                raw["Key"]: str(raw.get("Value") or "") for page in self._api.tags(account) for raw in page
            }
        except NotFound:
            return None

    def _state(self, raw: Raw) -> str:
        state = _word(raw)
        if not (isinstance(state, str) and state):
            raise self._incomplete("ListAccounts", f"{raw['Id']} has no state")
        return state

    def _incomplete(self, operation: str, message: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._target, request=f"organizations.{operation}")


def is_active(raw: Raw) -> bool:
    """Whether an account of the list is active; not where it does not say."""
    return _word(raw) == "ACTIVE"


def _word(raw: Raw) -> object:
    # `Status`, the older word with fewer values, was announced for retirement on 2026-09-09.
    return raw.get("State") or raw.get("Status")

"""What another tool calls things, and how it puts grants together; found again in what is live. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.adopting.outcome import Left
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.names import fold
from reconciler.model.pairs import Principal
from reconciler.model.resources import Selector
from reconciler.model.selecting import Places
from reconciler.model.state import Live

_ROOT = "root"
_TAG = "accounttag:"
_AND, _OR = "&&", "||"


@dataclass(frozen=True, slots=True)
class Grants:
    """Grants that belong together under the name `entry`.

    `permission_set` is a name, an ARN or the end of one, `principal` an id or the name that people know;
    `targets` and `excluded` are ids or names of accounts; ids, names or paths of units; `ROOT`; or
    `ACCOUNTTAG:key=value`, where `&&` and `||` combine several tags (`&&` binds more closely).
    """

    entry: str
    permission_set: str
    kind: Kind
    principal: str
    targets: tuple[str, ...]
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What a tool has: keys by remote id or by name, and grants. `label` is what to call it."""

    label: str
    users: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    grants: Sequence[Grants] = ()


# Account id, ARN of the permission set, principal.
LiveGrant = tuple[str, str, Principal]


@dataclass(frozen=True, slots=True)
class Hints:
    """The same by what is live: keys by remote id, the names of entries, and what is not there."""

    users: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[LiveGrant, str] = field(default_factory=dict)
    absent: tuple[Left, ...] = ()


NO_HINTS = Hints()


def resolve(source: Source, live: Live) -> Hints:
    """What of a source is live. What it names and is not there, or is not granted, is `absent`."""
    return _Resolving(source, live).hints()


class _Resolving:
    def __init__(self, source: Source, live: Live) -> None:
        self._source, self._live = source, live
        self._sets = {arn.rpartition("/")[2]: arn for arn in live.permission_sets}
        self._sets |= {str(one.name): arn for arn, one in live.permission_sets.items()}
        self._users = {
            fold(str(one.attributes.get("user_name") or "")): one.id for one in live.users.values()
        }
        self._groups = {
            fold(str(one.attributes.get("display_name") or "")): one.id for one in live.groups.values()
        }
        self._places = Places(live.organization, {})
        self._accounts: dict[str, list[str]] = {}
        for account in live.organization.accounts.values():
            if not account.active:
                continue
            self._accounts.setdefault(account.name, []).append(account.id)
        self._units: dict[str, list[str]] = {}
        self._paths: dict[str, list[str]] = {}
        for unit in live.organization.units.values():
            self._units.setdefault(unit.names[-1], []).append(unit.id)
            self._paths.setdefault(unit.path, []).append(unit.id)
        self._absent: list[Left] = []

    def hints(self) -> Hints:
        entries: dict[LiveGrant, str] = {}
        for one in self._source.grants:
            for grant in self._found(one):
                entries.setdefault(grant, one.entry)
        return Hints(
            users=self._keys(self._source.users, Kind.USER),
            groups=self._keys(self._source.groups, Kind.GROUP),
            entries=entries,
            absent=tuple(sorted(set(self._absent), key=lambda each: (each.name, each.why))),
        )

    def _keys(self, keys: Mapping[str, str], kind: Kind) -> dict[str, str]:
        found: dict[str, str] = {}
        for named, key in keys.items():
            identifier = self._principal(kind, named)
            if identifier is None:
                self._lack(f"{kind} {named}", "it is not live")
            else:
                found[identifier] = key
        return found

    def _principal(self, kind: Kind, named: str) -> str | None:
        known: Mapping[str, object] = self._live.users if kind is Kind.USER else self._live.groups
        if named in known:
            return named
        return (self._users if kind is Kind.USER else self._groups).get(fold(named))

    def _found(self, one: Grants) -> Iterator[LiveGrant]:
        what = f"{one.permission_set} for the {one.kind} {one.principal}"
        arn = one.permission_set if one.permission_set in self._live.permission_sets else ""
        arn = arn or self._sets.get(one.permission_set, "")
        identifier = self._principal(one.kind, one.principal)
        if not arn or identifier is None:
            self._lack(what, "the permission set is not live" if not arn else f"the {one.kind} is not live")
            return
        principal = Principal(one.kind, identifier)
        excluded = {account for target in one.excluded for account in self._target(target, what)}
        for target in one.targets:
            for account in self._target(target, what):
                if account in excluded:
                    continue
                if principal in self._live.assignments.get((AccountId(account), Arn(arn)), ()):
                    yield account, arn, principal
                else:
                    self._lack(f"{what} on {account}", "it is not assigned")

    def _target(self, target: str, what: str) -> Sequence[str]:
        """The accounts that a target means: of a unit, those below it as well, and only active ones."""
        if len(target) == 12 and target.isdigit():
            return (target,)
        if target.lower() == _ROOT or target == self._live.organization.root:
            return tuple(self._places.select([Selector(0, all=True)]).accounts)
        if target.lower().startswith(_TAG):
            found = sorted(self._tagged(target[len(_TAG) :]))
            if not found:
                self._lack(what, f"its target {target} finds no account")
            return found
        accounts = self._accounts.get(target, [])
        units = [target] if target in self._live.organization.units else self._units.get(target, [])
        if not units and not accounts:
            # No name has it, and the tool knows names alone: people write what they see in the console.
            units = self._paths.get(target.strip("/"), [])
        if len(units) + len(accounts) != 1:
            why = "means several accounts or units" if units or accounts else "is not an account or a unit"
            self._lack(what, f"its target {target} {why}")
            return ()
        return tuple(self._places.select([Selector(0, ou=(units[0],))]).accounts) if units else accounts

    def _tagged(self, written: str) -> set[str]:
        """The accounts that have every tag of at least one alternative."""
        found: set[str] = set()
        for alternative in written.split(_OR):
            pairs = [one.strip().partition("=")[::2] for one in alternative.split(_AND)]
            selectors = [Selector(0, tag={key: (value,)}) for key, value in pairs]
            fitting: list[set[str]] = [{*self._places.select([one]).accounts} for one in selectors]
            found |= set.intersection(*fitting)
        return found

    def _lack(self, name: str, why: str) -> None:
        self._absent.append(Left(f"in {self._source.label}", name, why))

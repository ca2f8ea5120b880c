"""Reads permission sets, where they are provisioned, and to whom they are assigned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import IncompleteRead, NotFound
from reconciler.model.address import AccountId, Arn
from reconciler.model.observer import Observer
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Gap, LivePermissionSet
from reconciler.targets.base import ReadRequest
from reconciler.targets.crew import each
from reconciler.targets.identity_center.access import set_content
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.assignment_reading import Assigned, AssignmentReader
from reconciler.targets.identity_center.access.provisioned import Discovery, Provisioned

# Whether an account is certain to be there and active.
_Knows = Callable[[str], bool]


@dataclass(slots=True)
class Access:
    """What was read; the shapes are those of Live."""

    sets: dict[str, LivePermissionSet] = field(default_factory=dict)
    assignments: dict[Pair, frozenset[Principal]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


class AccessReader:
    """Reads one instance. Thread-safe; raises IncompleteRead, or another ServiceError."""

    def __init__(self, sso: Sso, observer: Observer, target: str) -> None:
        self._sso, self._observer, self._target = sso, observer, target
        self._discovery = Discovery(sso, target)
        self._assignments = AssignmentReader(sso, observer, target)

    def list_sets(self) -> tuple[str, ...]:
        """The ARNs of all permission sets."""
        found = [arn for page in self._sso.permission_sets() for arn in page]
        self._observer.reading(self._target, "permission sets", 0, len(found))
        return tuple(found)

    def read(
        self,
        request: ReadRequest,
        listed: Sequence[str],
        *,
        accounts: Mapping[str, bool] | None,
        groups: Collection[str] | None,
    ) -> Access:
        """What `request` asks for.

        `listed` are all sets, where anything is wanted as a whole; `accounts` (id -> whether it is active)
        and `groups` all that there are, where they were read.
        """

        def knows(account: str) -> bool:
            return accounts is not None and accounts.get(account, False)

        content = listed if request.permission_sets is None else tuple(dict.fromkeys(request.permission_sets))
        whole = request.assignments is None
        provisioned = self._discovery.find(
            listed if whole else content,
            sorted(accounts) if accounts is not None and (whole or request.permission_sets is None) else None,
            outdated=bool(content),
        )
        pairs = _pairs(provisioned) if whole else request.assignments or ()
        assigned = self._assigned(pairs, groups if request.by_group and whole else None, knows)
        if whole:
            new = self._appeared(listed, provisioned, assigned, knows)
            content = (*content, *new) if request.permission_sets is None else content
        sets = self._contents([arn for arn in content if arn in provisioned.accounts], provisioned)
        gone = assigned.gone | (set(content) - sets.keys())
        return Access(
            sets={arn: sets[arn] for arn in content if arn in sets and arn not in gone},
            assignments={
                pair: assigned.principals[pair] for pair in sorted(assigned.principals) if pair[1] not in gone
            },
            gaps=tuple(assigned.gaps),
        )

    def _assigned(self, pairs: Iterable[Pair], groups: Collection[str] | None, knows: _Knows) -> Assigned:
        wanted = tuple(pairs)
        if groups is not None and 0 < len(groups) < len(wanted):
            found = self._assignments.of_groups(sorted(groups), wanted, knows)
            if found is not None:
                return found
        return self._assignments.of_pairs(wanted, knows)

    def _appeared(
        self, listed: Sequence[str], provisioned: Provisioned, assigned: Assigned, knows: _Knows
    ) -> tuple[str, ...]:
        """The sets that came since they were listed, as far as they show, now read like the others.

        Raises IncompleteRead for one that exists and that is not even in a second list.
        """
        for account, assigned_set in assigned.principals:
            # Assigned since the roles were asked for: a role comes with the assignment.
            accounts = provisioned.accounts.get(assigned_set, frozenset())
            provisioned.accounts[assigned_set] = accounts | {account}
        undeclared = provisioned.accounts.keys() - set(listed) - assigned.gone
        if not undeclared:
            return ()
        again = self.list_sets()
        for arn, raw in each(self._sso.permission_set, sorted(undeclared - set(again))):
            if raw is not None:
                message = f"{arn} is assigned, and in no list of permission sets, not even in a second one"
                raise self._incomplete("ListPermissionSets", message)
            provisioned.accounts.pop(arn)
            assigned.gone.add(arn)
        new = tuple(arn for arn in again if arn not in set(listed))
        fresh = self._discovery.find(new, None, outdated=True)
        provisioned.accounts |= fresh.accounts
        provisioned.outdated |= fresh.outdated
        self._assignments.of_pairs(_pairs(fresh), knows, assigned)
        return new

    def _contents(self, wanted: Sequence[str], provisioned: Provisioned) -> dict[str, LivePermissionSet]:
        """Those of `wanted` that exist, whole."""
        found: dict[str, LivePermissionSet] = {}
        for done, (arn, one) in enumerate(each(lambda arn: self._set(arn, provisioned), wanted), 1):
            if one is not None:
                found[arn] = one
            self._observer.reading(self._target, "permission sets", done, len(wanted))
        return found

    def _set(self, arn: str, provisioned: Provisioned) -> LivePermissionSet | None:
        try:
            attributes = set_content.read(self._sso, arn)
        except NotFound as error:
            message = f"a part of {arn} is not found, and yet the permission set is ({error})"
            raise self._incomplete("DescribePermissionSet", message) from None
        if attributes is None:
            return None
        return LivePermissionSet(
            id=Arn(arn),
            attributes=attributes,
            provisioned=provisioned.accounts[arn],
            outdated=provisioned.outdated.get(arn, frozenset()),
        )

    def _incomplete(self, operation: str, message: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._target, request=f"sso-admin.{operation}")


def _pairs(provisioned: Provisioned) -> list[Pair]:
    return [
        (AccountId(account), Arn(arn))
        for arn, accounts in provisioned.accounts.items()
        for account in accounts
    ]

"""Reads who is assigned what where: pair by pair, or group by group where that may and is cheaper.

Pair by pair (account and permission set, as they are provisioned) is the only way that shows everything:
also people who are assigned directly, and principals that no longer exist. Group by group takes one call a
group, shows nothing else, and is not for every caller (ListAccountAssignmentsForPrincipal, API reference).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.errors import Denied, IncompleteRead, NotFound, Rejected
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.observer import Observer
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Gap
from reconciler.targets.crew import each
from reconciler.targets.identity_center.access.api import Raw, Sso

_KINDS = {"USER": Kind.USER, "GROUP": Kind.GROUP}
_UNSEEN = "read group by group: assignments to people and to deleted principals were not read"


@dataclass(slots=True)
class Assigned:
    """Who is assigned what: pairs to which nobody is are absent. `gone` are sets that were not there."""

    principals: dict[Pair, frozenset[Principal]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)


class AssignmentReader:
    """Reads assignments. Thread-safe; raises IncompleteRead, or another ServiceError."""

    def __init__(self, sso: Sso, observer: Observer, target: str) -> None:
        self._sso, self._observer, self._target = sso, observer, target

    def of_pairs(
        self, pairs: Iterable[Pair], knows: Callable[[str], bool], into: Assigned | None = None
    ) -> Assigned:
        """The assignments of these pairs, one list each.

        A pair that the service does not find: its set is gone; or the account, in which case it becomes a
        gap. `knows` says whether an account is certain to be there and active: what the service says of
        others that still have roles is not documented.
        """
        found, wanted, missing = into or Assigned(), sorted(set(pairs)), []
        self._observer.reading(self._target, "assignments", 0, len(wanted))
        for done, (pair, principals) in enumerate(each(lambda pair: self._of_pair(pair, knows), wanted), 1):
            if principals is None:
                missing.append(pair)
            elif principals:
                found.principals[pair] = principals
            self._observer.reading(self._target, "assignments", done, len(wanted))
        sets = sorted({arn for _, arn in missing})
        found.gone |= {arn for arn, raw in each(self._sso.permission_set, sets) if raw is None}
        for account in sorted({account for account, arn in missing if arn not in found.gone}):
            if knows(account):
                message = f"the assignments of account {account} are not found, and yet the account is"
                raise self._incomplete("ListAccountAssignments", message)
            reason = (
                f"Identity Center does not list the assignments of account {account}, which is not active"
            )
            found.gaps.append(Gap(Kind.ASSIGNMENT, account, reason))
        return found

    def of_groups(
        self, groups: Sequence[str], pairs: Iterable[Pair], knows: Callable[[str], bool]
    ) -> Assigned | None:
        """The assignments of these groups, one list each, and whole what no group explains of `pairs`.

        None when the caller may not ask so, or a group went meanwhile: ask pair by pair.
        """
        rows: dict[Pair, set[Principal]] = {}
        # One alone, so that who may not ask finds out by one call.
        for some in (groups[:1], groups[1:]):
            try:
                for group, found in each(self._of_group, some):
                    for pair in found:
                        rows.setdefault(pair, set()).add(Principal(Kind.GROUP, group))
            except (Denied, NotFound):
                return None
        provisioned = set(pairs)
        # What no group explains has people in it, or orphans, or nobody; what is assigned and was not
        # discovered came since. Both are looked at as a whole.
        assigned = self.of_pairs(provisioned ^ rows.keys(), knows)
        explained = {pair: frozenset(row) for pair, row in rows.items() if pair in provisioned}
        assigned.principals |= explained
        if explained:
            assigned.gaps.append(Gap(Kind.ASSIGNMENT, "users", _UNSEEN))
        return assigned

    def _of_pair(self, pair: Pair, knows: Callable[[str], bool]) -> frozenset[Principal] | None:
        """Everybody who is assigned the set there; None when the set or the account is not found."""
        account, arn = pair
        operation = "ListAccountAssignments"
        try:
            rows = [raw for page in self._sso.assignments(account, arn) for raw in page]
        except NotFound:
            return None
        except Rejected:
            if knows(account):
                raise
            return None
        for raw in rows:
            if self._pair(raw) != pair:
                message = f"asked for {arn} in {account}, answered about {self._pair(raw)}"
                raise self._incomplete(operation, message)
        return frozenset(self._principal(raw, operation) for raw in rows)

    def _of_group(self, group: str) -> list[Pair]:
        """What a group is assigned where. Raises NotFound, Denied."""
        operation, wanted = "ListAccountAssignmentsForPrincipal", Principal(Kind.GROUP, group)
        rows = [raw for page in self._sso.assignments_for(wanted) for raw in page]
        found: list[Pair] = []
        for raw in rows:
            principal = self._principal(raw, operation)
            if principal == wanted:
                found.append(self._pair(raw))
            elif principal.kind is Kind.GROUP:
                message = f"asked for group {group}, answered about {principal.id}"
                raise self._incomplete(operation, message)
        return found

    def _principal(self, raw: Raw, operation: str) -> Principal:
        kind, identifier = _KINDS.get(str(raw.get("PrincipalType"))), raw.get("PrincipalId")
        if kind is None or not (isinstance(identifier, str) and identifier):
            message = f"{raw.get('PrincipalType')} {identifier} is neither a user nor a group"
            raise self._incomplete(operation, message)
        return Principal(kind, identifier)

    @staticmethod
    def _pair(raw: Raw) -> Pair:
        return AccountId(str(raw.get("AccountId"))), Arn(str(raw.get("PermissionSetArn")))

    def _incomplete(self, operation: str, message: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._target, request=f"sso-admin.{operation}")

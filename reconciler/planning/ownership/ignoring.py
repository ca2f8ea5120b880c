"""Assignments that are somebody else's, by the patterns of `scope.ignore.assignments`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.model.patterns import name_matches
from reconciler.model.policy import IgnoredAssignment
from reconciler.model.state import Live
from reconciler.planning.context import PlanContext


def ignoring(context: PlanContext) -> Callable[[str, str, Principal | None], bool] | None:
    """Whether an assignment (account id, name of the set, principal) is ignored; None where none is."""
    patterns = context.policy.scope.ignore.assignments
    if not patterns:
        return None
    names: dict[str, tuple[str, ...]] = {
        identifier: (context.account_name(identifier), live.name)
        for identifier, live in context.live.organization.accounts.items()
    }
    names |= {
        identifier: (key,) for identifier, key in context.account_keys.items() if identifier not in names
    }
    return Ignoring(patterns, context.live, names).covers


class Ignoring:
    """Judges assignments by patterns; each name is matched once.

    `names` are what git and the organization call accounts: by any of these, or by its id, one may be meant.
    """

    def __init__(
        self, patterns: Iterable[IgnoredAssignment], live: Live, names: Mapping[str, Iterable[str]]
    ) -> None:
        self._patterns, self._live, self._names = tuple(patterns), live, names
        self._known: dict[tuple[str, str], bool] = {}

    def covers(self, account: str, name: str, principal: Principal | None) -> bool:
        """Whether the assignment of the set called `name` is ignored. None: a principal yet to be made."""
        return any(
            self._matches(pattern.permission_set, (name,))
            and (pattern.account is None or self._account(pattern.account, account))
            and self._principal(pattern, principal)
            for pattern in self._patterns
        )

    def _account(self, pattern: str, account: str) -> bool:
        known = self._known.get((pattern, account))
        if known is None:
            known = self._matches(pattern, (account, *self._names.get(account, ())))
            self._known[pattern, account] = known
        return known

    def _principal(self, pattern: IgnoredAssignment, principal: Principal | None) -> bool:
        if pattern.group is None and pattern.user is None:
            return True
        if principal is None:
            return False
        if principal.kind is Kind.GROUP:
            group = self._live.groups.get(principal.id)
            title = str(group.attributes.get("display_name") or "") if group else ""
            return pattern.group is not None and self._matches(pattern.group, (title,))
        user = self._live.users.get(principal.id)
        title = str(user.attributes.get("user_name") or "") if user else ""
        return pattern.user is not None and self._matches(pattern.user, (title,))

    @staticmethod
    def _matches(pattern: str | None, names: Iterable[str]) -> bool:
        return pattern is None or any(name_matches(name, (pattern,)) for name in names)

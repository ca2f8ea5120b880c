"""Which of the access that is live now counts as privileged."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.access.privilege import Privilege
from reconciler.model.address import Kind
from reconciler.model.selecting import select
from reconciler.planning.context import PlanContext


class PrivilegedNow:
    """Judges assignments and groups as they are live; `names` are keys of `accounts` with their ids."""

    def __init__(self, context: PlanContext, names: Mapping[str, str]) -> None:
        patterns = context.policy.guards.privileged
        chosen = select(patterns.accounts, (), context.live.organization, names)
        self._accounts = chosen.accounts.keys()
        self._privilege = Privilege(patterns, chosen.accounts.keys())
        self._context = context
        self._sets: dict[str, bool] = {}
        self._groups: frozenset[str] | None = None

    def assignment(self, account: str, arn: str) -> bool:
        """Whether an assignment of the set on the account is privileged."""
        if account in self._accounts:
            return True
        marked = self._sets.get(arn)
        if marked is None:
            live = self._context.live.permission_sets.get(arn)
            marked = live is not None and self._privilege.marks(live.name, (live.attributes,))
            self._sets[arn] = marked
        return marked

    def group(self, identifier: str) -> bool:
        """Whether the group holds a privileged assignment."""
        if self._groups is None:
            self._groups = frozenset(
                one.id
                for (account, arn), principals in self._context.live.assignments.items()
                if self.assignment(account, arn)
                for one in principals
                if one.kind is Kind.GROUP
            )
        return identifier in self._groups

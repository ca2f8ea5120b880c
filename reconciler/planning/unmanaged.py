"""What is live and stays as it is, although git neither declares nor gave it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.address import Address, Kind, SetName
from reconciler.model.drift import UnmanagedGrant
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.given.privileged import PrivilegedNow


class Unmanaged:
    """The unmanaged grants of one comparison, and which access of it is privileged."""

    def __init__(self, context: PlanContext, diff: Diff) -> None:
        self._context, self._diff = context, diff
        self._arns = {name: arn for arn, name in context.sets.names.items()} | dict(context.sets.ids)
        accounts = {key: identifier for identifier, key in context.account_keys.items()}
        self._privileged = PrivilegedNow(context, accounts)

    def grants(self) -> tuple[UnmanagedGrant, ...]:
        """Every assignment and membership that others gave, privileged ones first.

        Memberships are those of groups whose members git declares; of other groups the assignments are
        what counts, and those stand here.
        """
        return tuple(sorted(self._found(), key=lambda one: (not one.privileged, one.address)))

    def privileged(self, address: Address) -> bool:
        """Whether the access that an object of the plan stands for is privileged now."""
        if address.kind is Kind.ASSIGNMENT:
            return self._privileged.assignment(address.account, self._arn(address))
        if address.kind is Kind.MEMBERSHIP:
            return self._privileged.group(self._diff.ids.get(address.group, ""))
        if address.kind is Kind.GROUP:
            return self._privileged.group(self._diff.ids.get(address, ""))
        if address.has("permission_set"):
            return self._privileged.assignment("", self._arn(address))
        return False

    def _arn(self, address: Address) -> str:
        return self._arns.get(SetName(address.permission_set.own_key), "")

    def _found(self) -> Iterator[UnmanagedGrant]:
        context, diff = self._context, self._diff
        for account, arn, principal in diff.unmanaged_assignments:
            address = context.assignment_address(account, context.set_name(arn), context.holder(principal))
            yield UnmanagedGrant(address, self._privileged.assignment(account, arn))
        for address in diff.orphans:
            yield UnmanagedGrant(address, self.privileged(address))
        for group, user in diff.members_of_others:
            address = Address.of(
                context.target, Kind.MEMBERSHIP, context.group_key(group), context.user_key(user)
            )
            yield UnmanagedGrant(address, self._privileged.group(group))

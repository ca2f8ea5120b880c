"""What is live and stays as it is, although git neither declares nor gave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.address import AccountId, Address, Arn, Kind, SetName, remote
from reconciler.model.drift import UnmanagedGrant
from reconciler.model.ledger import UNBORN
from reconciler.model.pairs import Principal
from reconciler.planning.context import Diff, PlanContext
from reconciler.planning.given.privileged import PrivilegedNow
from reconciler.planning.ownership.objects import Ownership


@dataclass(frozen=True, slots=True)
class Standing:
    """Which live objects git names, and which it neither declares nor gave: all by remote id.

    `users` and `groups` map ids of declared and external ones to keys, `sets` ARNs of declared ones to names.
    The `new` ones are nobody's that git knows, nor owed. `grants` are assignments between objects that are
    there: account id, ARN, principal.
    """

    users: Mapping[str, str]
    groups: Mapping[str, str]
    sets: Mapping[str, str]
    new_users: frozenset[str]
    new_groups: frozenset[str]
    new_sets: frozenset[str]
    grants: tuple[tuple[str, str, Principal], ...]


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

    def ids(self, address: Address) -> tuple[tuple[str, ...], ...]:
        """The remote ids that an event would name of an object, place by place; see Difference."""
        context = self._context
        if address.kind is Kind.MEMBERSHIP:
            return (
                _known(context.groups, address.group.own_key),
                _known(context.users, address.user.own_key),
            )
        if address.kind is Kind.ASSIGNMENT:
            who = address.principal
            owners = context.users if who.kind is Kind.USER else context.groups
            return (address.account,), self._arns_of(address), _known(owners, who.own_key)
        if address.has("permission_set"):
            return (self._arns_of(address),)
        return (_known(context.users if address.kind is Kind.USER else context.groups, address.own_key),)

    def standing(self) -> Standing:
        """What git names, and what it does not know; nothing that it gave is among the new."""
        context, ledger = self._context, self._context.memory.ledger
        given = ledger.assignments if ledger is not None else {}
        return Standing(
            users={**context.users.declared, **context.users.external},
            groups={**context.groups.declared, **context.groups.external},
            sets={arn: str(context.set_name(arn)) for arn in context.sets.declared},
            new_users=context.users.unmanaged | context.users.undeclared,
            new_groups=context.groups.unmanaged | context.groups.undeclared,
            new_sets=context.sets.unmanaged | context.sets.undeclared,
            grants=tuple(
                (account, arn, principal)
                for account, arn, principal in self._diff.unmanaged_assignments
                if principal not in given.get((AccountId(account), Arn(arn)), {})
            ),
        )

    def _arns_of(self, address: Address) -> tuple[str, ...]:
        """The ARN of the set now, and of those that git gave under its name before."""
        name = address.permission_set.own_key
        given = [arn for arn, one in self._context.sets.given.items() if one.name == name]
        return tuple(dict.fromkeys(filter(None, (self._arn(address), *given))))

    def _arn(self, address: Address) -> str:
        return self._arns.get(SetName(address.permission_set.own_key), "")

    def _found(self) -> Iterator[UnmanagedGrant]:
        context, diff = self._context, self._diff
        for account, arn, principal in diff.unmanaged_assignments:
            address = context.assignment_address(account, context.set_name(arn), context.holder(principal))
            privileged = self._privileged.assignment(account, arn)
            yield UnmanagedGrant(address, privileged, ((account,), (arn,), (principal.id,)))
        for address in diff.orphans:
            yield UnmanagedGrant(address, self.privileged(address), self.ids(address))
        for group, user in diff.members_of_others:
            address = Address.of(
                context.target, Kind.MEMBERSHIP, context.group_key(group), context.user_key(user)
            )
            yield UnmanagedGrant(address, self._privileged.group(group), ((group,), (user,)))


def _known(owners: Ownership, key: str) -> tuple[str, ...]:
    """The remote id of an object now, and those under which git gave it before."""
    if key.startswith(remote("")):
        return (key.removeprefix(remote("")),)
    now = owners.pairing.ids.get(key)
    before = (each for each in owners.tokens(key) if not each.startswith(UNBORN))
    return tuple(dict.fromkeys((*([now] if now else ()), *before)))

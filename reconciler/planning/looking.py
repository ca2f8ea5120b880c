"""What a review asks of the world that a plan was made in: what some of its changes do, and what is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.model.access import AccessChange, ApplicationGrant, Holding
from reconciler.model.address import Address, Kind
from reconciler.model.change import Change
from reconciler.model.names import same_value
from reconciler.model.pairs import Principal
from reconciler.model.resources import DEFAULT_DURATION, Attributes, Value
from reconciler.planning.called import called
from reconciler.planning.consequences import Consequences
from reconciler.planning.context import PlanContext
from reconciler.planning.user_values import with_manager_key

# By what an object may reach, or be reached, and what a create that says nothing of it leaves empty.
_NEVER_MADE = {
    Kind.USER: ("email", "phone_number", "address"),
    Kind.GROUP: ("description",),
    Kind.PERMISSION_SET: ("description", "relay_state", "session_duration"),
}
# What a create without it has (IAM Identity Center API, CreatePermissionSet).
_DEFAULTS: Mapping[str, Value] = {"session_duration": DEFAULT_DURATION}
# What is written in a step of its own, after the object was made.
_LATER = {
    Kind.USER: ("manager",),
    Kind.PERMISSION_SET: (
        "managed_policies",
        "customer_managed_policies",
        "permissions_boundary",
        "inline_policy",
    ),
}


class Looking:
    """One target as it was read; `accounts` are keys of `accounts` with their ids."""

    def __init__(self, context: PlanContext, accounts: Mapping[str, str]) -> None:
        self._context, self._accounts = context, accounts
        self._external = {context.group_key(identifier) for identifier in context.groups.external}

    def access(self, changes: Sequence[Change]) -> tuple[AccessChange, ...]:
        """What these changes alone do to people."""
        return self.consequences(changes).access

    def consequences(self, changes: Sequence[Change]) -> Consequences:
        """Both sides of these changes, and what follows from them."""
        return Consequences(self._context, changes, self._accounts)

    def names(self, held: Iterable[Holding]) -> Mapping[str, str]:
        """What people call the accounts in `held`, and people and groups that have no key."""
        return called(self._context, (), held)

    def names_of(self, granted: Iterable[ApplicationGrant]) -> Mapping[str, str]:
        """What people call people and groups without a key that have applications."""
        target = self._context.target
        return called(
            self._context,
            (),
            (),
            (
                Address.of(target, kind, key)
                for one in granted
                for kind, keys in ((Kind.USER, one.people), (Kind.GROUP, (one.group,) if one.group else ()))
                for key in keys
            ),
        )

    def called(self, changes: Iterable[Change], addresses: Iterable[Address]) -> Mapping[str, str]:
        """What people call the accounts in these, and people and groups without a key."""
        return called(self._context, changes, (), addresses)

    def application_grants(self, found: Iterable[tuple[str, str, Principal]]) -> tuple[ApplicationGrant, ...]:
        """Grants of applications (name, ARN, principal) in keys, with the members of groups, in order."""
        context = self._context
        grants = []
        for name, arn, principal in found:
            holder = context.holder(principal)
            if principal.kind is Kind.GROUP:
                members = context.live.members.get(principal.id, {})
                people = tuple(sorted(map(context.user_key, members)))
                grants.append(ApplicationGrant(name, arn, people, holder.key))
            else:
                known = principal.id in context.live.users
                grants.append(ApplicationGrant(name, arn, (holder.key,) if known else ()))
        return tuple(sorted(grants, key=lambda one: (one.application, one.arn, one.group, one.people)))

    def is_external(self, group: str) -> bool:
        """Whether the members of a group (by key) are somebody else's to say."""
        declared = self._context.desired.groups.get(group)
        return group in self._external or (declared is not None and declared.unmanaged)

    def account(self, identifier: str) -> str:
        """What people call an account."""
        return self._context.account_name(identifier)

    def people(self) -> Iterator[tuple[str, Attributes]]:
        """Users by key (remote id behind a tilde), each with what git and then what the service has of them.

        A person comes once for each side, and once for each further value of a list.
        """
        context = self._context
        for key, user in context.desired.users.items():
            yield key, user.attributes
        for identifier, live in context.live.users.items():
            key = context.user_key(identifier)
            yield key, live.attributes
            for name, values in live.lists.items():
                yield from ((key, {name: value}) for value in values)

    def things(self) -> Iterator[str]:
        """The names of groups, permission sets and accounts, and their keys."""
        context = self._context
        for declared in context.desired.groups.values():
            yield str(declared.attributes.get("display_name") or "")
        for group in context.live.groups.values():
            yield str(group.attributes.get("display_name") or "")
        yield from context.desired.groups
        yield from context.desired.permission_sets
        yield from (one.name for one in context.live.permission_sets.values())
        yield from self._accounts
        yield from (one.name for one in context.live.organization.accounts.values())

    def misfits(self, created: Change, fresh: Change | None, unkept: Collection[str]) -> list[str]:
        """The fields in which a live object differs from what was to be created; none where there is none.

        `fresh` is what the plan would do to it now, `unkept` are attributes that the service does not keep.
        """
        live = self._live(created.address)
        if live is None:
            return []
        kind = created.address.kind
        wanted = {each.name: each.after for each in created.fields if each.after is not None}
        pending = {each.name: each.after for each in fresh.fields} if fresh is not None else {}
        for name in _LATER.get(kind, ()):
            if name in pending and pending[name] == wanted.get(name):
                del wanted[name]
        foreign = [
            name
            for name, value in wanted.items()
            if f"{kind}.{name}" not in unkept
            and not same_value(live.get(name), value)
            and not self._context.unkept.hides(kind, name, live.get(name), value)
        ]
        foreign += [
            name
            for name in _NEVER_MADE.get(kind, ())
            if name not in wanted and live.get(name) not in (None, "", _DEFAULTS.get(name))
        ]
        return sorted(foreign)

    def _live(self, address: Address) -> Attributes | None:
        context, key = self._context, address.own_key
        if address.kind is Kind.USER:
            user = context.live.users.get(context.users.pairing.ids.get(key, ""))
            if user is None:
                return None
            return with_manager_key(user.attributes, context.user_key)
        if address.kind is Kind.GROUP:
            group = context.live.groups.get(context.groups.pairing.ids.get(key, ""))
            return None if group is None else group.attributes
        found = context.live.permission_sets.get(context.sets.ids.get(key, ""))
        return None if found is None else found.attributes

"""What git alone gives to whom, at two of its commits: who gains and who loses what from one to the other."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.access.compare import compare
from reconciler.access.privilege import Privilege
from reconciler.access.state import AccessState
from reconciler.model.access import AccessChange
from reconciler.model.address import Arn
from reconciler.model.organization import Organization
from reconciler.model.pairs import Principal
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Attributes
from reconciler.model.selecting import select
from reconciler.model.state import Desired
from reconciler.planning.comparing.set_values import declared_values

_PARTITION = "aws"


def declared_access(
    before: Desired,
    after: Desired,
    policy: TargetPolicy,
    organization: Organization,
    names: Mapping[str, str],
) -> tuple[AccessChange, ...]:
    """The access that `after` gives and `before` does not, and the other way round, by keys, in order.

    `policy` says what is privileged, `names` are keys of `accounts` with their ids. What others gave is not
    among it, and a key stands for the same person on both sides.
    """
    patterns = policy.guards.privileged
    chosen = select(patterns.accounts, (), organization, names)
    privilege = Privilege(patterns, chosen.accounts.keys())
    changes = []
    for row in compare(_state(before), _state(after)):
        definitions = _definitions(row.permission_set, before, after)
        marked = privilege.marks(row.permission_set, definitions)
        for privileged, accounts in privilege.split(row.accounts, privileged=marked):
            changes.append(
                AccessChange(
                    row.direction,
                    row.permission_set,
                    tuple(sorted(row.people)),
                    accounts,
                    row.way,
                    privileged,
                    unknown=marked and privilege.unknown(row.permission_set, definitions),
                )
            )
    return tuple(sorted(changes, key=_position))


def _position(one: AccessChange) -> tuple[object, ...]:
    return not one.privileged, one.direction, one.permission_set, one.groups, one.accounts, one.people


def _state(desired: Desired) -> AccessState:
    return AccessState(
        members={group: frozenset(members) for group, members in desired.members.items()},
        holders={
            # The name of a set is its token on both sides.
            (account, Arn(name)): frozenset(Principal(holder.kind, holder.key) for holder in holders)
            for (account, name), holders in desired.assignments.items()
        },
        people=frozenset(key for key in desired.users if desired.wants(key)),
    )


def _definitions(name: str, *sides: Desired) -> tuple[Attributes, ...]:
    found = (side.permission_sets.get(name) for side in sides)
    return tuple(declared_values(one, {}, _PARTITION) for one in found if one is not None)

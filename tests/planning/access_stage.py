"""A live organisation in a few words, and changes of it: what effects are tried on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.model.access import AccessChange
from reconciler.model.address import Address, Arn, Kind
from reconciler.model.change import Action, Cause, Change, Effect, FieldChange
from reconciler.model.pairs import Principal
from reconciler.model.policy import Privileged
from reconciler.model.resources import Value
from reconciler.model.state import Desired, Inactive, Live, LiveGroup, LivePermissionSet, LiveUser
from reconciler.planning.context import PlanContext
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.ownership.owning import own_groups, own_users
from tests.planning.world import CAN, NOW, POLICY, group, person
from tests.support.pairs import pair_of

NOTHING_PRIVILEGED = Privileged(defaults=False)


@dataclass
class Stage:
    """Live in keys: users `ada` have the id `u-ada`, groups `g-red`, sets `arn:Admin`. `+` is not live yet.

    Keys in `strangers` are live and not in git.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    # "account set": holders, where a holder of `people` is a user.
    assigned: Mapping[str, str] = field(default_factory=dict)
    people: str = "ada bob cyd"
    disabled: str = ""
    strangers: str = ""
    inactive: str = ""
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    privileged: Privileged = NOTHING_PRIVILEGED

    def principal(self, key: str) -> Principal:
        return Principal(Kind.GROUP, f"g-{key}") if key in self.members else Principal(Kind.USER, f"u-{key}")

    def context(self) -> PlanContext:
        names = {pair.split()[1] for pair in self.assigned} | set(self.policies)
        live = Live(
            "aws",
            users={
                f"u-{key}": LiveUser(
                    f"u-{key}", {"user_name": f"{key}@example.com"}, key not in self.disabled.split()
                )
                for key in self.people.split()
            },
            groups={f"g-{key}": LiveGroup(f"g-{key}", {"display_name": key}) for key in self.members},
            members={
                f"g-{key}": {f"u-{user}": f"m-{key}-{user}" for user in users.split()}
                for key, users in self.members.items()
            },
            permission_sets={
                f"arn:{name}": LivePermissionSet(
                    Arn(f"arn:{name}"), {"name": name, "managed_policies": self.policies.get(name, ())}
                )
                for name in names
            },
            assignments={
                pair_of(pair.split()[0], f"arn:{pair.split()[1]}"): frozenset(
                    map(self.principal, holders.split())
                )
                for pair, holders in self.assigned.items()
            },
        )
        unknown = self.strangers.split()
        desired = Desired(
            "aws",
            users={key: person(key) for key in self.people.split() if key not in unknown},
            groups={key: group(key) for key in self.members if key not in unknown},
        )
        memory = PriorState(None, (), known=True)
        return PlanContext(
            desired=desired,
            live=live,
            memory=memory,
            policy=replace(POLICY, guards=replace(POLICY.guards, privileged=self.privileged)),
            capabilities=CAN,
            now=NOW,
            users=own_users(desired, live, memory, POLICY.scope),
            groups=own_groups(desired, live, memory, POLICY.scope),
            inactive={f"u-{key}": Inactive(Cause.GIT, "") for key in self.inactive.split()},
        )


def change(text: str, cause: Cause = Cause.GIT, **fields: Value) -> Change:
    """`create membership/red/ada`, with the effect that such a change has."""
    action, address = text.split(maxsplit=1)
    found = Address.parse(f"aws/{address}")
    effect = {
        (Kind.MEMBERSHIP, "create"): Effect.GRANT,
        (Kind.ASSIGNMENT, "create"): Effect.GRANT,
        (Kind.PERMISSION_SET, "update"): Effect.MIXED,
        (Kind.PROVISIONING, "update"): Effect.MIXED,
    }.get((found.kind, action), Effect.REVOKE if action == "delete" else Effect.NEUTRAL)
    if "user_name" in fields:
        effect = Effect.MIXED
    edits = tuple(FieldChange(name, None, value) for name, value in fields.items())
    return Change(found, Action(action), effect, cause, "", "", edits, name=found.parts[0])


def written(text: str, effect: Effect = Effect.NEUTRAL) -> Change:
    """`update user/ada user_name:old>new manager:>bob`, where nothing beside the `>` is None."""
    action, address, *fields = text.split()
    found = Address.parse(f"aws/{address}")
    edits = []
    for each in fields:
        name, _, both = each.partition(":")
        before, _, after = both.partition(">")
        edits.append(FieldChange(name, before or None, after or None))
    return Change(found, Action(action), effect, Cause.GIT, "", "", tuple(edits), name=found.parts[0])


def spelled(access: Iterable[AccessChange]) -> list[str]:
    """`gain Admin on 1 2: ada bob by red`, with `!` at the end where it is privileged."""
    return [
        f"{one.direction} {one.permission_set} on {' '.join(one.accounts)}: {' '.join(one.people)}"
        f" by {' '.join(each or 'hand' for each in one.groups)}{'!' if one.privileged else ''}"
        for one in access
    ]


def links(found: Mapping[Address, Sequence[Address]]) -> dict[str, list[str]]:
    return {
        f"{address.kind}/{address.key}": [f"{one.kind}/{one.key}" for one in others]
        for address, others in found.items()
    }

"""Permission sets, accounts and assignments by hand, and the context of a comparison without its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.address import Arn, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action, Change
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.pairs import Pair, Principal
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Account, Assignment, Origin, PermissionSet, Selector, Value
from reconciler.model.state import Identities, Live, LivePermissionSet, Remembered
from reconciler.planning.context import PlanContext
from reconciler.planning.desired.prior import remember
from reconciler.planning.desired.project import project
from reconciler.planning.ownership.owning import own_groups, own_users
from reconciler.planning.ownership.sets import own_sets
from tests.planning.world import CAN, NOTHING, NOW, POLICY

ORIGIN = Origin("access.yaml", 1)
CAN_ASSIGN = replace(CAN, kinds=frozenset(Kind))
ALL = Selector(1, all=True)
IDENTITY = {"instance_arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}


def permission_set(name: str, **fields: object) -> PermissionSet:
    """A permission set of git; what is passed is declared."""
    declared = frozenset(fields) - {"assignments", "previously"}
    return replace(PermissionSet(name, ORIGIN, declared=declared), **fields)  # type: ignore[arg-type]  # any field by name


def entry(key: str, sets: str, accounts: Sequence[Selector] = (ALL,), **fields: object) -> Assignment:
    """An entry of `assignments`; `sets` are names between blanks."""
    plain = Assignment(key, ORIGIN, permission_sets=tuple(sets.split()), accounts=tuple(accounts))
    return replace(plain, **fields)  # type: ignore[arg-type]  # any field by name


def on(*accounts: str) -> tuple[Selector, ...]:
    """Accounts by name or id."""
    return tuple(Selector(1, account=account) for account in accounts)


def access(
    sets: Iterable[PermissionSet] = (),
    entries: Iterable[Assignment] = (),
    identities: Identities | None = None,
    accounts: Mapping[str, str] | None = None,
) -> Identities:
    """What git says of access, beside the people of `identities`."""
    return replace(
        identities or Identities(),
        permission_sets={one.key: one for one in sets},
        assignments={one.key: one for one in entries},
        accounts={key: Account(key, identifier, ORIGIN) for key, identifier in (accounts or {}).items()},
    )


def organization(*accounts: LiveAccount, units: Mapping[str, str] | None = None) -> Organization:
    """An organization with a management account, `accounts`, and units (ids to paths)."""
    everything = (LiveAccount(MANAGEMENT, "management"), *accounts)
    return Organization(
        accounts={one.id: one for one in everything},
        units={one: LiveUnit(one, tuple(path.split("/"))) for one, path in (units or {}).items()},
        root="r-root",
        management=MANAGEMENT,
    )


MANAGEMENT = "999999999999"
ONE, TWO, THREE, CLOSED = "111111111111", "222222222222", "333333333333", "444444444444"
ORGANIZATION = organization(
    LiveAccount(ONE, "one", units=("ou-prod",), tags={"env": "prod"}),
    LiveAccount(TWO, "two", units=("ou-prod",), tags={}),
    LiveAccount(THREE, "three", units=("ou-dev",), tags={"env": "dev"}),
    LiveAccount(CLOSED, "closed", "SUSPENDED", units=("ou-prod",)),
    units={"ou-prod": "Prod", "ou-dev": "Dev"},
)


def arn_of(name: str) -> str:
    """The ARN of a live permission set."""
    return f"arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-{name}"


def live_set(
    name: str, provisioned: Iterable[str] = (), outdated: Iterable[str] = (), **attributes: Value
) -> LivePermissionSet:
    """A live permission set; `tags` is a map of tags."""
    tags = attributes.pop("tags", {})
    assert isinstance(tags, Mapping)
    values = {"name": name, "session_duration": "PT1H", **attributes}
    values |= {f"tags.{key}": value for key, value in tags.items()}
    kept = {key: value for key, value in values.items() if value is not None}
    return LivePermissionSet(Arn(arn_of(name)), kept, frozenset(provisioned), frozenset(outdated))


def live(
    sets: Iterable[LivePermissionSet] = (),
    assignments: Mapping[Pair, Iterable[Principal]] | None = None,
    **more: object,
) -> Live:
    """A live side; pairs are written with names of sets."""
    plain = Live(
        "aws",
        IDENTITY,
        permission_sets={one.id: one for one in sets},
        assignments={
            (account, Arn(arn_of(name))): frozenset(principals)
            for (account, name), principals in (assignments or {}).items()
        },
        organization=ORGANIZATION,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # any field by name


def context(
    written: Identities,
    there: Live,
    remembered: Remembered = NOTHING,
    policy: TargetPolicy = POLICY,
    capabilities: Capabilities = CAN_ASSIGN,
    now: datetime = NOW,
) -> PlanContext:
    """All that comparing takes, made as a plan makes it."""
    desired = project(written, policy, now, capabilities, there.organization)
    memory = remember(remembered, written, policy, desired, now, capabilities, there.organization)
    return PlanContext(
        desired=desired,
        live=there,
        memory=memory,
        policy=policy,
        capabilities=capabilities,
        now=now,
        users=own_users(desired, there, memory, policy.scope),
        groups=own_groups(desired, there, memory, policy.scope),
        sets=own_sets(desired, there, memory, policy.scope),
        inactive={},
    )


def brief(changes: Iterable[Change]) -> set[tuple[Action, str, str]]:
    """Changes as action, key and cause."""
    return {(change.action, change.address.key, str(change.cause)) for change in changes}

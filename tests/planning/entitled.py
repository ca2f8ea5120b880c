"""Accounts, permission sets and assignments by hand, and a plan that has all kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.capabilities import Capabilities
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Account, Assignment, PermissionSet, Selector
from reconciler.model.state import Identities, Remembered
from reconciler.planning.prepared import PreparedPlan
from tests.planning.world import CAN_ALL, NOTHING, NOW, ORIGIN, POLICY, World, group, identities, person
from tests.planning.world import plan as plan_of

HOME, PAY, DEV, NEW = ("100000000001", "100000000002", "100000000003", "100000000004")
PROD = LiveUnit("ou-prod", ("Prod",))
LAB = LiveUnit("ou-lab", ("Lab",))


def organization(**units: str) -> Organization:
    """The management account HOME, PAY in Prod and DEV in Lab; `units` moves or adds (`a100…="Lab"`)."""
    places = {PAY: "Prod", DEV: "Lab", **{key.removeprefix("a"): unit for key, unit in units.items()}}
    ids = {unit.path: unit.id for unit in (PROD, LAB)}
    accounts = {HOME: LiveAccount(HOME, "home", tags={})}
    for identifier, place in places.items():
        if place != "gone":
            units_around = (ids[place],) if place in ids else ()
            state = place if place.isupper() else "ACTIVE"
            accounts[identifier] = LiveAccount(identifier, f"name-{identifier[-1]}", state, units_around, {})
    return Organization(accounts, {unit.id: unit for unit in (PROD, LAB)}, "r-1", HOME)


def realm(**units: str) -> World:
    """An empty directory beside the organization above."""
    world = World()
    world.organization = organization(**units)
    return world


def on(*accounts: str) -> tuple[Selector, ...]:
    """Selectors: an account id, `all`, or the path of a unit."""
    return tuple(
        Selector(1, account=each)
        if each.isdigit()
        else Selector(1, all=True)
        if each == "all"
        else Selector(1, ou=(each,))
        for each in accounts
    )


def entry(key: str, who: str, name: str, *accounts: str, **more: object) -> Assignment:
    """An entry of `assignments`; `who` is `group:key` or `user:key`, several with blanks between."""
    principals = [each.partition(":")[::2] for each in who.split()]
    return replace(
        Assignment(
            key,
            ORIGIN,
            groups=tuple(each for kind, each in principals if kind == "group"),
            users=tuple(each for kind, each in principals if kind == "user"),
            permission_sets=(name,),
            accounts=on(*accounts),
        ),
        **more,  # type: ignore[arg-type]  # any field by name
    )


def pset(name: str, **more: object) -> PermissionSet:
    """A permission set that declares nothing but its name."""
    declared = frozenset(more) - {"assignments", "previously"}
    return replace(PermissionSet(name, ORIGIN, declared), **more)  # type: ignore[arg-type]  # any field by name


def git(
    entries: Sequence[Assignment] = (),
    sets: Sequence[PermissionSet] = (pset("Admin"), pset("Read")),
    people: Sequence[str] = ("ada", "bob"),
    teams: Mapping[str, Sequence[str]] | None = None,
    **more: object,
) -> Identities:
    """What git says: people, the team `ops` with ada in it, sets, and entries."""
    found = identities(
        [person(each) for each in people],
        [group(key, members) for key, members in (teams or {"ops": ["ada"]}).items()],
        permission_sets={one.key: one for one in sets},
        assignments={one.key: one for one in entries},
        accounts={"pay": Account("pay", PAY, ORIGIN)},
    )
    return replace(found, **more)  # type: ignore[arg-type]  # any field by name


def plan(
    written: Identities,
    world: World,
    memory: Remembered = NOTHING,
    *,
    policy: TargetPolicy = POLICY,
    can: Capabilities = CAN_ALL,
    now: datetime = NOW,
) -> PreparedPlan:
    """The plan of everything."""
    return plan_of(written, world, memory, policy=policy, can=can, now=now)


def settled(written: Identities, world: World | None = None, *, now: datetime = NOW) -> World:
    """A world in which `said` is applied."""
    world = realm() if world is None else world
    world.carry_out(plan(written, world, now=now))
    assert plan(written, world, now=now).plan.changes == ()
    return world

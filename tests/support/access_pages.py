"""Reports of access to look at, without a service: of any identities, as if all of them had been applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reconciler.access.asking import TargetAccess
from reconciler.access.page import AccessPage, Made, Source, TargetPage
from reconciler.errors import Place
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import (
    Account,
    Assignment,
    Group,
    Origin,
    PermissionSet,
    Selector,
    User,
)
from reconciler.model.state import (
    Identities,
    Live,
    LiveGroup,
    LivePermissionSet,
    LiveUser,
    Remembered,
)
from reconciler.planning.comparing.set_values import declared_values
from reconciler.planning.desired.project import project
from reconciler.planning.drift import target_drift
from reconciler.planning.facts import facts_of_side
from reconciler.planning.holdings import Side, holdings
from reconciler.planning.planner import plan_target
from tests.planning.world import CAN_ALL, NOW

POLICY = TargetPolicy("aws")
UNIT = "ou-0000-00000001"


def as_applied(identities: Identities, policy: TargetPolicy = POLICY, now: datetime = NOW) -> Live:
    """What a target has after everything of `identities` was applied; every account is in one unit."""
    organization = Organization(
        {
            one.id: LiveAccount(one.id, f"{key}-account", units=(UNIT,), tags={})
            for key, one in identities.accounts.items()
        },
        {UNIT: LiveUnit(UNIT, ("Workloads",))},
    )
    desired = project(identities, policy, now, CAN_ALL, organization)
    users = {key: f"9067-{key}" for key in desired.users}
    groups = {key: f"a0b1-{key}" for key in desired.groups}
    sets = {key: Arn(f"arn:aws:sso:::permissionSet/ssoins-1/ps-{key}") for key in desired.permission_sets}
    assignments = {
        (AccountId(account), sets[name]): frozenset(
            Principal(one.kind, (groups if one.kind is Kind.GROUP else users)[one.key]) for one in holders
        )
        for (account, name), holders in desired.assignments.items()
    }
    return Live(
        policy.target,
        users={
            users[key]: LiveUser(users[key], one.attributes, active=desired.wants(key))
            for key, one in desired.users.items()
        },
        groups={
            groups[key]: LiveGroup(groups[key], {"display_name": key, **one.attributes})
            for key, one in desired.groups.items()
        },
        members={
            groups[key]: {users[user]: "" for user in members if user in users}
            for key, members in desired.members.items()
        },
        permission_sets={
            sets[key]: LivePermissionSet(
                sets[key],
                {
                    "name": key,
                    **{
                        name: value
                        for name, value in declared_values(one, {}, "aws").items()
                        if value is not None
                    },
                },
                provisioned=frozenset(account for account, name in desired.assignments if name == key),
            )
            for key, one in desired.permission_sets.items()
        },
        assignments=assignments,
        organization=organization,
    )


def page_of(
    identities: Identities,
    live: Live,
    *,
    side: Side = Side.LIVE,
    places: Mapping[Origin, Place] | None = None,
    findings: tuple[Finding, ...] = (),
    source: Source = Source.LIVE,
) -> AccessPage:
    """The report of one target, as a session makes it."""
    planned = plan_target(identities, Remembered(), live, POLICY, CAN_ALL, NOW)
    assert planned.looking is not None
    consequences = planned.looking.consequences(planned.plan.changes)
    rows = holdings(consequences, side)
    access = TargetAccess(live.target, rows, (), planned.looking.names(rows), live.gaps, ())
    part = TargetPage(
        live.target,
        facts_of_side(consequences, side, identities),
        access,
        changes=planned.plan.access,
        drift=target_drift(planned, None),
        read_at=NOW,
    )
    made = Made(source, NOW, "1.2.3", desired=side is Side.DESIRED, commit="0123456789abcdef")
    return AccessPage(made, (part,), tuple((live.target, each) for each in findings), places or {})


def page_of_folder(folder: Path) -> AccessPage:
    """The report of a folder of files, with every line in it."""
    loaded = load(FolderTree(folder, "identities"))
    page = page_of(loaded.identities, as_applied(loaded.identities))
    return replace(page, places=loaded.locate(page.targets[0].facts.origins()))


def large(assignments: int = 20_000, users: int = 1_500) -> Identities:
    """So many assignments of groups, each of its own group, set and account, and nothing random."""
    groups, accounts, sets = assignments // 50, 300, 60
    place = iter(range(10_000_000))
    found = Identities(
        users={
            f"user{n:04d}": User(
                f"user{n:04d}",
                {"user_name": f"user{n:04d}@example.com", "display_name": f"User Number {n}"},
                Origin("people.yaml", next(place)),
            )
            for n in range(users)
        },
        groups={
            f"group{n:03d}": Group(
                f"group{n:03d}",
                {},
                Origin("groups.yaml", next(place)),
                members={f"user{(n * 7 + turn * 131) % users:04d}": next(place) for turn in range(10)},
            )
            for n in range(groups)
        },
        permission_sets={
            f"Set{n:02d}": PermissionSet(
                f"Set{n:02d}",
                Origin("sets.yaml", next(place)),
                managed_policies=("AdministratorAccess" if n % 10 == 0 else "ReadOnlyAccess",),
            )
            for n in range(sets)
        },
        accounts={
            f"account{n:03d}": Account(
                f"account{n:03d}", f"{100_000_000_000 + n}", Origin("accounts.yaml", next(place))
            )
            for n in range(accounts)
        },
    )
    entries = {
        f"entry{n:03d}": Assignment(
            f"entry{n:03d}",
            Origin("assignments.yaml", next(place)),
            groups=(f"group{n:03d}",),
            permission_sets=(f"Set{n % sets:02d}", f"Set{(n * 7 + 1) % sets:02d}"),
            accounts=tuple(
                Selector(next(place), account=f"account{(n * 3 + turn * 11) % accounts:03d}")
                for turn in range(25)
            ),
        )
        for n in range(groups)
    }
    return replace(found, assignments=entries)


def count_assignments(live: Live) -> int:
    """How many assignments there are."""
    return sum(map(len, live.assignments.values()))


def lines(part: TargetPage) -> int:
    """How many grants there are: of one person, set and account each."""
    assert part.access is not None
    return sum(len(row.people) * len(row.accounts) for row in part.access.rows)

"""Which accounts selectors find, in one small organization."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.organization import NO_ORGANIZATION, LiveAccount, LiveUnit, Organization
from reconciler.model.resources import Selector
from reconciler.model.selecting import NOT_IN_ORGANIZATION, Places, select

MANAGEMENT, LOOSE, PROD, PCI, DEV, CLOSED, ABSENT = (str(number) * 12 for number in range(1, 8))
NAMES = {"management": MANAGEMENT, "prod": PROD, "closed": CLOSED, "absent": ABSENT}
WORKLOADS, IN_PROD, IN_PCI, EMPTY = (f"ou-ab12-0000000{number}" for number in range(1, 5))
ROOT = "r-ab12"


def account(identifier: str, *units: str, state: str = "ACTIVE", **tags: str) -> LiveAccount:
    return LiveAccount(identifier, f"account {identifier[0]}", state, units, tags)


HERE = Organization(
    accounts={
        one.id: one
        for one in (
            account(MANAGEMENT, env="prod"),
            account(LOOSE),
            account(PROD, WORKLOADS, IN_PROD, env="prod", team="a"),
            account(PCI, WORKLOADS, IN_PROD, IN_PCI, env="prod", team="b"),
            account(DEV, WORKLOADS, env="dev", team="a"),
            account(CLOSED, WORKLOADS, IN_PROD, state="SUSPENDED", env="prod"),
        )
    },
    units={
        one.id: one
        for one in (
            LiveUnit(WORKLOADS, ("Workloads",)),
            LiveUnit(IN_PROD, ("Workloads", "Prod")),
            LiveUnit(IN_PCI, ("Workloads", "Prod", "PCI")),
            LiveUnit(EMPTY, ("Empty",)),
        )
    },
    root=ROOT,
    management=MANAGEMENT,
)


def named(key: str) -> Selector:
    return Selector(1, account=key)


def units(*ou: str, direct: bool = False, **tag: tuple[str, ...]) -> Selector:
    return Selector(1, ou=ou, direct=direct, tag=tag)


def tagged(**tag: tuple[str, ...]) -> Selector:
    return Selector(1, tag=tag)


ALL = Selector(1, all=True)


@pytest.mark.parametrize(
    ("selectors", "excluded", "found"),
    [
        ([], [], {}),
        ([named(PROD)], [], {PROD: False}),
        ([named("prod")], [], {PROD: False}),
        ([named("management")], [], {MANAGEMENT: False}),
        ([ALL], [], dict.fromkeys([LOOSE, PROD, PCI, DEV], True)),
        ([ALL, named("prod")], [named(DEV)], {LOOSE: True, PROD: False, PCI: True}),
        ([units("Workloads")], [], dict.fromkeys([PROD, PCI, DEV], True)),
        ([units(WORKLOADS)], [], dict.fromkeys([PROD, PCI, DEV], True)),
        ([units("Workloads", direct=True)], [], {DEV: True}),
        ([units("Workloads/Prod", direct=True)], [], {PROD: True}),
        ([units("Prod")], [], {}),
        ([units(ROOT)], [], dict.fromkeys([LOOSE, PROD, PCI, DEV], True)),
        ([units(ROOT, direct=True)], [], {LOOSE: True}),
        ([units("Empty", "Workloads/Prod/PCI")], [], {PCI: True}),
        ([tagged(env=("prod",))], [], dict.fromkeys([PROD, PCI], True)),
        ([tagged(env=("prod", "dev"), team=("a",))], [], dict.fromkeys([PROD, DEV], True)),
        ([tagged(env=("PROD",))], [], {}),
        ([units("Workloads/Prod", team=("a",))], [], {PROD: True}),
        ([units("Workloads")], [units("Workloads/Prod/PCI")], dict.fromkeys([PROD, DEV], True)),
        ([named("prod")], [tagged(env=("prod",))], {}),
        ([named("management")], [ALL], {MANAGEMENT: False}),
        ([named("management")], [named(MANAGEMENT)], {}),
    ],
)
def test_selectors_find(selectors: list[Selector], excluded: list[Selector], found: dict[str, bool]) -> None:
    assert select(selectors, excluded, HERE, NAMES).accounts == found


@pytest.mark.parametrize(
    ("selectors", "excluded", "unreachable"),
    [
        ([named("closed")], [], {CLOSED: "its state is SUSPENDED"}),
        ([named("absent")], [], {ABSENT: NOT_IN_ORGANIZATION}),
        ([named("closed"), named("absent")], [named("absent"), units("Workloads")], {}),
        ([units("Workloads")], [], {}),
    ],
)
def test_named_accounts_that_cannot_be_reached_are_said(
    selectors: list[Selector], excluded: list[Selector], unreachable: dict[str, str]
) -> None:
    selection = select(selectors, excluded, HERE, NAMES)

    assert selection.unreachable == unreachable
    assert not {CLOSED, ABSENT} & selection.accounts.keys()


@pytest.mark.parametrize(
    ("selectors", "unknown"),
    [
        ([units("Workloads", "Workloads/prod")], ("Workloads/prod",)),
        ([units("ou-ab12-99999999")], ("ou-ab12-99999999",)),
        ([units("r-zz99")], ("r-zz99",)),
        ([units(EMPTY, "Empty", ROOT)], ()),
        ([named("nobody")], ("nobody",)),
    ],
)
def test_units_that_are_not_there_are_said(selectors: list[Selector], unknown: tuple[str, ...]) -> None:
    assert select(selectors, [], HERE, NAMES).unknown == unknown
    absent = select([], selectors, HERE, NAMES).absent
    assert tuple(one.what.partition(" ")[2] for one in absent) == unknown


def test_an_account_tag_that_nobody_read_matches_nothing() -> None:
    blank = replace(HERE, accounts={key: replace(one, tags=None) for key, one in HERE.accounts.items()})

    assert select([tagged(env=("prod",))], [], blank, NAMES).accounts == {}


def test_units_go_by_id_where_their_names_were_not_read() -> None:
    nameless = replace(HERE, units={})

    assert select([units(WORKLOADS, "ou-ab12-99999999")], [], nameless, NAMES) == select(
        [units(WORKLOADS)], [], nameless, NAMES
    )
    assert set(select([units(WORKLOADS)], [], nameless, NAMES).accounts) == {PROD, PCI, DEV}


def test_without_an_organization_named_accounts_count_as_there() -> None:
    found = select(
        [named("prod"), named(ABSENT), ALL, units("Workloads")], [named("prod")], NO_ORGANIZATION, NAMES
    )

    assert found.accounts == {ABSENT: False}
    assert found.unreachable == {}
    assert found.unknown == ()


def test_the_same_words_select_once_wherever_they_are_written() -> None:
    places = Places(HERE, NAMES)

    assert places.select([units("Workloads")]) is places.select([replace(units("Workloads"), node=7)])
    assert places.select([units("Workloads")]) is not places.select([units("Workloads", direct=True)])

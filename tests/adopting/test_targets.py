"""What targets of another tool mean in a live organization: accounts, units, tags."""

from __future__ import annotations

import pytest

from reconciler.adopting.moving.source import Grants, Source, resolve
from reconciler.model.address import AccountId, Arn, Kind
from reconciler.model.organization import LiveAccount, LiveUnit, Organization
from reconciler.model.pairs import Principal
from reconciler.model.state import Live, LiveGroup, LivePermissionSet

DEV, PROD, TEST, MANAGEMENT = (f"21000000000{number}" for number in range(4))
WORK, DEEP, OTHER, SLASHED = (f"ou-abcd-0000000{number}" for number in range(4))
READ = Arn("arn:aws:sso:::permissionSet/ssoins-1/ps-1")
ADMINS = Principal(Kind.GROUP, "g-1")


def organization(*, slashed: bool = False) -> Organization:
    units = {
        WORK: LiveUnit(WORK, ("Work",)),
        DEEP: LiveUnit(DEEP, ("Work", "Deep")),
        OTHER: LiveUnit(OTHER, ("Other", "Deep")),
    }
    if slashed:
        units[SLASHED] = LiveUnit(SLASHED, ("Work/Deep",))
    accounts = (
        LiveAccount(DEV, "dev", units=(WORK,), tags={"env": "dev", "team": "a"}),
        LiveAccount(PROD, "prod", units=(WORK, DEEP), tags={"env": "prod", "team": "a"}),
        LiveAccount(TEST, "test", units=(SLASHED,) if slashed else (OTHER,), tags={"env": "dev", "a=b": "c"}),
        LiveAccount(MANAGEMENT, "management", tags={"env": "dev", "team": "a"}),
    )
    return Organization({one.id: one for one in accounts}, units, "r-abcd", management=MANAGEMENT)


def found(target: str, *, slashed: bool = False) -> tuple[set[str], list[str]]:
    """The accounts of a target, and what is said of it."""
    live = Live(
        "aws",
        groups={"g-1": LiveGroup("g-1", {"display_name": "Admins"})},
        permission_sets={READ: LivePermissionSet(READ, {"name": "Read"})},
        assignments={
            (AccountId(account), READ): frozenset((ADMINS,)) for account in (DEV, PROD, TEST, MANAGEMENT)
        },
        organization=organization(slashed=slashed),
    )
    grants = [Grants("team", "Read", Kind.GROUP, "Admins", (target,))]
    hints = resolve(Source("the files", grants=grants), live)
    return {account for account, _, _ in hints.entries}, [one.why for one in hints.absent]


@pytest.mark.parametrize(
    ("target", "accounts"),
    [
        (DEV, {DEV}),
        ("ROOT", {DEV, PROD, TEST}),
        ("ACCOUNTTAG:env=dev", {DEV, TEST}),
        ("ACCOUNTTAG:env=dev&&team=a", {DEV}),
        ("ACCOUNTTAG:env=dev&&team=a||env=prod", {DEV, PROD}),
        ("accounttag:env=prod || env=dev && team=a", {DEV, PROD}),
        ("Work", {DEV, PROD}),
        ("Work/Deep", {PROD}),
        ("/Work/Deep/", {PROD}),
    ],
)
def test_a_target_means_accounts_units_or_tags(target: str, accounts: set[str]) -> None:
    assert found(target) == (accounts, [])


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("ACCOUNTTAG:env=dev&&env=prod", "finds no account"),
        ("ACCOUNTTAG:env", "finds no account"),
        ("ACCOUNTTAG:", "finds no account"),
        ("Deep", "means several accounts or units"),
        ("Work/None", "is not an account or a unit"),
        ("/", "is not an account or a unit"),
    ],
)
def test_a_target_that_means_nothing_is_told(target: str, why: str) -> None:
    assert found(target) == (set(), [f"its target {target} {why}"])


def test_the_name_of_a_unit_comes_before_the_path_of_another() -> None:
    assert found("Work/Deep", slashed=True) == ({TEST}, [])

"""A read of accounts, permission sets or assignments that goes wrong: an error, or nothing is removed for it.

Of the tags of one account a lost page cannot be told from tags that somebody took away: that list has one
page, and is trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import IncompleteRead, ServiceError
from reconciler.model.change import Action, Change, Effect
from reconciler.sandbox import FaultKind
from tests.conformance.conftest import applied_once
from tests.support.site import FilesSite, files_site

ACCOUNTS, PEOPLE, TEAMS, FEW = 22, 12, 11, 5
# Lists of which a page may be lost, with the service that has them.
LISTS = (
    "organizations.ListAccounts",
    "organizations.ListOrganizationalUnitsForParent",
    "sso-admin.ListPermissionSets",
    "sso-admin.ListAccountsForProvisionedPermissionSet",
    "sso-admin.ListAccountAssignments",
    "sso-admin.ListManagedPoliciesInPermissionSet",
    "identitystore.ListUsers",
    "identitystore.ListGroups",
)
BROKEN = (FaultKind.REPEAT_PAGE, FaultKind.TRUNCATED, FaultKind.MISSING_KEY, FaultKind.DENY)


def write(folder: Path) -> None:
    """Several pages of accounts and units, of accounts that have a set, and of people who have one there.

    A page has `FEW` items.
    """
    folder.mkdir(parents=True)
    users = "".join(
        f"  u{number:03d}: {{user_name: u{number:03d}, given_name: U, family_name: U}}\n"
        for number in range(PEOPLE)
    )
    groups = "".join(f"  g{number:03d}: {{members: [u000]}}\n" for number in range(TEAMS))
    accounts = "".join(
        f'  unit{number % 6:02d}.a{number:03d}: "{number:012d}"\n' for number in range(1, ACCOUNTS + 1)
    )
    people = ", ".join(f"u{number:03d}" for number in range(PEOPLE))
    teams = ", ".join(f"g{number:03d}" for number in range(TEAMS - 2, TEAMS))
    (folder / "all.yaml").write_text(
        f"users:\n{users}groups:\n{groups}accounts:\n{accounts}"
        "permission_sets:\n"
        "  Wide: {managed_policies: [ReadOnlyAccess], assignments: exclusive}\n"
        "  Deep: {managed_policies: [PowerUserAccess], assignments: exclusive}\n"
        "assignments:\n"
        f"  wide: {{groups: [g{TEAMS - 1:03d}], permission_sets: [Wide], accounts: [{{ou: Repositories}}]}}\n"
        f"  deep: {{users: [{people}], groups: [{teams}], "
        "permission_sets: [Deep], accounts: [unit01.a001]}\n",
        encoding="utf-8",
    )


@pytest.fixture
def here(shelf: Path, tmp_path: Path) -> Iterator[FilesSite]:
    """That, applied."""
    applied_once(shelf, "access", write, tmp_path / "site")
    folder, home = tmp_path / "site" / "identities", tmp_path / "site" / "home"
    with files_site(folder, home, largest_page=FEW) as site:
        yield site


def removals(changes: tuple[Change, ...]) -> list[Change]:
    return [change for change in changes if change.action is Action.DELETE or change.effect is Effect.REVOKE]


def pages(here: FilesSite, operation: str) -> list[int]:
    """The first, a middle and the last call of an operation in what a plan reads."""
    here.sandbox.requests.clear()
    here.plan()
    count = here.sandbox.requests.counts()[operation]
    return sorted({1, (count + 1) // 2, count})


@pytest.mark.parametrize("operation", LISTS)
def test_a_lost_page_plans_no_removal(here: FilesSite, operation: str) -> None:
    for number in pages(here, operation):
        here.sandbox.faults.clear()
        here.sandbox.faults.add(FaultKind.LOSE_PAGE, operation, nth=number)

        try:
            found = here.plan().plan.changes
        except IncompleteRead:
            found = ()

        assert removals(found) == [], f"{operation}, page {number}"
        assert here.sandbox.faults.pending() == ()


@pytest.mark.parametrize("operation", ["organizations.ListAccounts", "identitystore.ListGroups"])
def test_a_page_that_stays_lost_plans_no_removal(here: FilesSite, operation: str) -> None:
    here.sandbox.faults.add(FaultKind.LOSE_PAGE, operation, nth=2, count=None)

    try:
        found = here.plan().plan.changes
    except IncompleteRead:
        found = ()

    assert removals(found) == []


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("operation", LISTS[:-2])
def test_answers_that_are_none_are_errors_and_no_plan(
    here: FilesSite, operation: str, kind: FaultKind
) -> None:
    here.sandbox.faults.add(kind, operation, count=None)

    with pytest.raises(ServiceError):
        here.plan()


@pytest.mark.parametrize("kind", [FaultKind.EMPTY_PAGE, FaultKind.SHORT_PAGE, FaultKind.THROTTLE])
def test_pages_that_are_empty_short_or_late_change_nothing(here: FilesSite, kind: FaultKind) -> None:
    for operation in LISTS:
        here.sandbox.faults.add(kind, operation, count=1)

    assert here.plan().plan.changes == ()
    assert here.sandbox.faults.pending() == ()

"""Accounts, units and tags, as they are read from AWS Organizations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.errors import Denied, IncompleteRead, ServiceError
from reconciler.model.address import Kind
from reconciler.model.organization import NO_ORGANIZATION, LiveAccount, Organization
from reconciler.sandbox import Caller, FaultKind, Sandbox
from reconciler.targets.base import NOTHING, ReadRequest
from reconciler.targets.identity_center.target import IdentityCenter

MANAGEMENT, ONE, TWO = "111111111111", "222222222222", "333333333333"
WANTED = replace(NOTHING, organization=True, units=True, tags=True)
LISTS = ("ListAccounts", "ListRoots", "ListOrganizationalUnitsForParent", "ListTagsForResource")


def fill(sandbox: Sandbox, *, more: int = 0) -> None:
    """Two accounts in units, and `more` below the root; one unit is empty."""
    store = sandbox.store
    store.create_account(ONE, "payments-prod", unit="Workloads/Prod", tags={"env": "prod", "team": "a"})
    store.create_account(TWO, "sandbox", unit="Workloads")
    store.create_ou("Security/Empty")
    for number in range(more):
        store.create_account(f"9{number:011}", f"account {number}", tags={"n": str(number)})


def expected(sandbox: Sandbox) -> dict[str, tuple[str, str, str, dict[str, str]]]:
    """Account: name, state, path of its unit, tags."""
    return {
        account: (str(found["name"]), str(found["state"]), str(found["unit"]), dict(found["tags"]))  # type: ignore[call-overload]  # of objects
        for account, found in sandbox.store.accounts().items()
    }


def as_read(organization: Organization) -> dict[str, tuple[str, str, str, dict[str, str]]]:
    def path(account: LiveAccount) -> str:
        return organization.units[account.units[-1]].path if account.units else ""

    return {
        account.id: (account.name, account.state, path(account), dict(account.tags or {}))
        for account in organization.accounts.values()
    }


def operations(sandbox: Sandbox) -> Mapping[str, int]:
    """The requests that were answered, by operation: how many were throttled depends on the machine."""
    return Counter(
        one.operation for one in sandbox.requests if one.service == "organizations" and not one.code
    )


@pytest.mark.parametrize("more", [0, 61], ids=["one page", "several pages"])
def test_every_account_is_read_with_its_place_and_tags(
    sandbox: Sandbox, target: IdentityCenter, more: int
) -> None:
    fill(sandbox, more=more)

    organization = target.read(WANTED).organization

    assert as_read(organization) == expected(sandbox)
    assert {unit.path for unit in organization.units.values()} == {
        "Workloads", "Workloads/Prod", "Security", "Security/Empty"
    }  # fmt: skip
    assert organization.management == MANAGEMENT
    assert organization.root.startswith("r-")
    prod = organization.accounts[ONE].units
    assert [organization.units[unit].path for unit in prod] == ["Workloads", "Workloads/Prod"]


def test_it_takes_a_call_for_twenty_accounts_and_one_a_unit_and_the_root_and_one_for_the_tags_of_each(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, more=38)

    target.read(WANTED)

    assert operations(sandbox) == {
        "DescribeOrganization": 1,
        "ListAccounts": 3,
        "ListRoots": 1,
        "ListOrganizationalUnitsForParent": 5,
        "ListTagsForResource": 41,
    }


def test_what_nobody_needs_is_not_asked_for(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox)

    organization = target.read(replace(WANTED, units=False, tags=False)).organization

    assert operations(sandbox) == {"DescribeOrganization": 1, "ListAccounts": 1}
    assert organization.units == {}
    assert {account.tags for account in organization.accounts.values()} == {None}
    # Where an account lies comes with the account; only the names of units cost calls.
    assert len(organization.accounts[ONE].units) == 2
    assert organization.root.startswith("r-")


@pytest.mark.parametrize("state", ["SUSPENDED", "CLOSED", "PENDING_CLOSURE", "PENDING_ACTIVATION"])
def test_accounts_that_are_not_active_are_there_and_say_so(
    sandbox: Sandbox, target: IdentityCenter, state: str
) -> None:
    fill(sandbox)
    sandbox.store.set_account_state(ONE, state)

    account = target.read(WANTED).organization.accounts[ONE]

    assert (account.state, account.active) == (state, False)


# Who asks.


def test_a_delegated_administrator_reads_the_same_and_is_known_as_one(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox)
    sandbox.circumstances.caller = Caller.DELEGATED

    live = target.read()

    assert live.delegated
    assert as_read(live.organization) == expected(sandbox)
    assert live.organization.management == MANAGEMENT


def test_the_management_account_is_no_delegate(sandbox: Sandbox, target: IdentityCenter) -> None:
    assert not target.read().delegated


def test_as_whom_we_call_is_asked_once_and_not_for_the_directory_alone(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    target.read(replace(NOTHING, users=None))
    assert operations(sandbox) == {}

    target.read()
    target.read()

    assert operations(sandbox)["DescribeOrganization"] == 1
    assert sandbox.requests.counts()["sts.GetCallerIdentity"] == 1


def test_a_member_account_is_told_what_it_lacks(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox)
    sandbox.circumstances.caller = Caller.MEMBER

    with pytest.raises(Denied):
        target.read()


def test_outside_of_any_organization_there_are_neither_accounts_nor_permission_sets(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    ada = sandbox.store.add_user("ada")
    sandbox.store.dissolve_organization()

    live = target.read()

    assert live.users.keys() == {ada}
    assert (live.organization, live.permission_sets, live.gaps) == (NO_ORGANIZATION, {}, ())
    assert target.capabilities.kinds == {Kind.USER, Kind.GROUP, Kind.MEMBERSHIP}


# A bad day.


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.HTML, FaultKind.EMPTY, FaultKind.TRUNCATED, FaultKind.GARBAGE, FaultKind.WRONG_TYPE,
        FaultKind.MISSING_KEY,
    ],
)  # fmt: skip
def test_a_list_that_is_spoilt_is_never_taken_for_a_shorter_one(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    fill(sandbox)
    sandbox.faults.add(kind, f"organizations.{operation}", count=None)

    with pytest.raises(IncompleteRead, match=f"organizations.{operation}"):
        target.read(WANTED)


@pytest.mark.parametrize("kind", [FaultKind.REPEAT_PAGE, FaultKind.LOOP])
def test_a_list_of_accounts_that_does_not_end_is_none(
    sandbox: Sandbox, target: IdentityCenter, kind: FaultKind
) -> None:
    fill(sandbox, more=50)
    sandbox.faults.add(kind, "organizations.ListAccounts", count=None)

    with pytest.raises(IncompleteRead, match="ListAccounts"):
        target.read(WANTED)


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.CUT_OFF,
        FaultKind.EMPTY_PAGE, FaultKind.SHORT_PAGE,
    ],
)  # fmt: skip
def test_what_passes_does_not_disturb_a_read(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    fill(sandbox, more=19)
    sandbox.faults.add(kind, f"organizations.{operation}")

    assert as_read(target.read(WANTED).organization) == expected(sandbox)


@pytest.mark.parametrize("operation", ["DescribeOrganization", *LISTS])
@pytest.mark.parametrize("kind", [FaultKind.DENY, FaultKind.EXPIRED])
def test_who_may_not_read_is_told_so_and_sees_no_absence(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    fill(sandbox)
    sandbox.faults.add(kind, f"organizations.{operation}", count=None)

    with pytest.raises(Denied, match=operation):
        target.read(WANTED)


@pytest.mark.parametrize("kind", [FaultKind.DENY, FaultKind.EXPIRED, FaultKind.HTML, FaultKind.EMPTY])
def test_without_knowing_who_calls_nothing_is_read(
    sandbox: Sandbox, target: IdentityCenter, kind: FaultKind
) -> None:
    sandbox.faults.add(kind, "sts.*", count=None)

    with pytest.raises(ServiceError, match="GetCallerIdentity"):
        target.read()


def test_units_of_which_a_page_was_lost_are_read_again(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "organizations.ListOrganizationalUnitsForParent")

    assert as_read(target.read(WANTED).organization) == expected(sandbox)


def test_units_of_which_a_page_stays_lost_end_the_read(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "organizations.ListOrganizationalUnitsForParent", count=None)

    with pytest.raises(IncompleteRead, match="in no list"):
        target.read(WANTED)


def test_a_lost_page_of_accounts_is_noticed_by_what_is_assigned_there(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    assign_on_the_second_page(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "organizations.ListAccounts", nth=2)

    assert as_read(target.read().organization) == expected(sandbox)


def test_a_page_of_accounts_that_stays_lost_ends_the_read(sandbox: Sandbox, target: IdentityCenter) -> None:
    assign_on_the_second_page(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "organizations.ListAccounts", nth=2)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "organizations.ListAccounts", nth=4)

    with pytest.raises(IncompleteRead, match="in no list of accounts"):
        target.read()


def test_a_list_without_the_management_account_is_none(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, "organizations.ListAccounts")

    with pytest.raises(IncompleteRead, match=f"management account {MANAGEMENT}"):
        target.read()


def assign_on_the_second_page(sandbox: Sandbox) -> None:
    fill(sandbox, more=25)
    sandbox.store.add_group("team")
    sandbox.store.create_permission_set("Admin")
    sandbox.store.put_assignment("900000000024", "Admin", group="team")


def test_an_account_that_left_is_gone_and_what_is_assigned_there_is_still_seen(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox)
    sandbox.store.add_group("team")
    arn = sandbox.store.create_permission_set("Admin")
    sandbox.store.put_assignment("999999999999", "Admin", group="team")

    live = target.read()

    assert "999999999999" not in live.organization.accounts
    assert ("999999999999", arn) in live.assignments


def test_everything_is_asked_for_by_default() -> None:
    request = ReadRequest()

    assert (request.organization, request.units, request.tags) == (True, True, True)

"""What the network, the service and other people do while permission sets and assignments are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.errors import Denied, IncompleteRead, ServiceError
from reconciler.model.observer import Silent
from reconciler.sandbox import FaultKind, Sandbox
from reconciler.targets.base import EVERYTHING, NOTHING, ReadRequest
from reconciler.targets.identity_center.target import IdentityCenter
from tests.targets.access import ONE, TWO, assigned, fill, operations, set_arns
from tests.targets.centers import center

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
GRANTS = [
    ("s0", ONE, "g0"), ("s0", TWO, "g1"), ("s1", ONE, "g1"), ("s1", TWO, "g0"), ("s1", TWO, "ada")
]  # fmt: skip
BY_GROUP = replace(EVERYTHING, by_group=True)
LISTS = (
    "ListPermissionSets",
    "ListAccountsForProvisionedPermissionSet",
    "ListAccountAssignments",
    "ListManagedPoliciesInPermissionSet",
    "ListCustomerManagedPolicyReferencesInPermissionSet",
    "ListTagsForResource",
)
OPERATIONS = (
    *LISTS, "DescribePermissionSet", "GetInlinePolicyForPermissionSet",
    "GetPermissionsBoundaryForPermissionSet",
)  # fmt: skip


def site(sandbox: Sandbox) -> None:
    fill(sandbox, sets=2, groups=2, grants=GRANTS)
    sandbox.store.attach_policy("s0", READ_ONLY)
    sandbox.store.set_boundary("s0", READ_ONLY)
    sandbox.store.set_inline_policy("s0", {"Statement": []})


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
    site(sandbox)
    sandbox.faults.add(kind, f"sso-admin.{operation}", count=None)

    with pytest.raises(IncompleteRead, match=f"sso-admin.{operation}"):
        target.read()


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name not in LISTS])
@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.EMPTY, FaultKind.TRUNCATED, FaultKind.GARBAGE])
def test_an_answer_that_is_spoilt_is_never_taken_for_none(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    site(sandbox)
    sandbox.faults.add(kind, f"sso-admin.{operation}", count=None)

    with pytest.raises(IncompleteRead, match=f"sso-admin.{operation}"):
        target.read()


@pytest.mark.parametrize("operation", LISTS[:3])
@pytest.mark.parametrize("kind", [FaultKind.REPEAT_PAGE, FaultKind.LOOP])
def test_a_list_that_does_not_end_is_none(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.SHORT_PAGE, f"sso-admin.{operation}", count=None)
    sandbox.faults.add(kind, f"sso-admin.{operation}", count=None)

    with pytest.raises(IncompleteRead, match=f"sso-admin.{operation}"):
        target.read()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "kind",
    [FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.CUT_OFF],
)
def test_what_passes_does_not_disturb_a_read(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    site(sandbox)
    before = target.read()
    sandbox.faults.add(kind, f"sso-admin.{operation}")

    again = target.read()

    assert (again.permission_sets, again.assignments) == (before.permission_sets, before.assignments)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", [FaultKind.DENY, FaultKind.EXPIRED])
def test_who_may_not_read_is_told_so_and_sees_no_absence(
    sandbox: Sandbox, target: IdentityCenter, operation: str, kind: FaultKind
) -> None:
    site(sandbox)
    sandbox.faults.add(kind, f"sso-admin.{operation}", count=None)

    with pytest.raises(Denied, match=operation):
        target.read()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_service_that_fails_for_good_ends_the_read(
    sandbox: Sandbox, target: IdentityCenter, operation: str
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.ERROR, f"sso-admin.{operation}", count=None)

    with pytest.raises(ServiceError, match=operation):
        target.read()


@pytest.mark.parametrize(
    "operation",
    [name for name in OPERATIONS if name not in
     ("ListPermissionSets", "DescribePermissionSet", "GetPermissionsBoundaryForPermissionSet")],
)  # fmt: skip
def test_a_part_that_is_not_found_of_what_is_there_ends_the_read(
    sandbox: Sandbox, target: IdentityCenter, operation: str
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.NOT_FOUND, f"sso-admin.{operation}", count=None)

    with pytest.raises(IncompleteRead, match=r"not found, and yet"):
        target.read()


def test_group_by_group_a_group_that_is_not_found_leads_to_every_pair(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.NOT_FOUND, "sso-admin.ListAccountAssignmentsForPrincipal", nth=2)

    live = target.read(BY_GROUP)

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert live.gaps == ()


def test_where_an_account_cannot_be_asked_the_sets_are(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=9, groups=2, grants=GRANTS)
    sandbox.faults.add(FaultKind.NOT_FOUND, "sso-admin.ListPermissionSetsProvisionedToAccount", nth=2)

    live = target.read()

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert operations(sandbox)["ListAccountsForProvisionedPermissionSet"] >= 9


@pytest.mark.parametrize("what", ["Users", "Groups"])
def test_principals_of_whom_a_page_was_lost_are_no_orphans(
    sandbox: Sandbox, target: IdentityCenter, what: str
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, f"identitystore.List{what}")

    live = target.read()

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert live.users.keys() == {raw["UserId"] for raw in sandbox.store.users().values()}
    assert live.groups.keys() == live.members.keys()
    assert live.groups.keys() == {raw["GroupId"] for raw in sandbox.store.groups().values()}


@pytest.mark.parametrize("what", ["Users", "Groups"])
def test_principals_of_whom_a_page_stays_lost_end_the_read(
    sandbox: Sandbox, target: IdentityCenter, what: str
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.LOSE_PAGE, f"identitystore.List{what}", count=None)

    with pytest.raises(IncompleteRead, match="not even in a second one"):
        target.read()


def test_a_lost_page_of_roles_is_noticed_by_those_that_lag_behind(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, sets=1, groups=1, grants=[("s0", ONE, "g0"), ("s0", TWO, "g0")])
    sandbox.store.attach_policy("s0", READ_ONLY, provision=False)
    operation = "sso-admin.ListAccountsForProvisionedPermissionSet"
    sandbox.faults.add(FaultKind.SHORT_PAGE, operation)
    sandbox.faults.add(FaultKind.LOSE_PAGE, operation, nth=2)

    live = target.read()

    assert live.permission_sets[set_arns(sandbox)["s0"]].provisioned == {ONE, TWO}


def test_group_by_group_what_a_lost_page_of_sets_had_is_noticed(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    site(sandbox)
    sandbox.faults.add(FaultKind.SHORT_PAGE, "sso-admin.ListPermissionSets")
    sandbox.faults.add(FaultKind.LOSE_PAGE, "sso-admin.ListPermissionSets", nth=2)
    fill_more(sandbox)

    live = target.read(BY_GROUP)

    assert {one.name for one in live.permission_sets.values()} == set(sandbox.store.permission_sets())


def fill_more(sandbox: Sandbox) -> None:
    """So many pairs of the first set that asking group by group is cheaper."""
    for number in range(5):
        account = f"9{number:011}"
        sandbox.store.create_account(account, account)
        sandbox.store.put_assignment(account, "s0", group="g0")


# Others who work at the same time.


class Meanwhile(Silent):
    """Does something the first time that so many of `what` are read."""

    def __init__(self, what: str, action: Callable[[], object]) -> None:
        self.what, self.action, self.done = what, action, False

    def reading(self, target: str, what: str, done: int, total: int | None) -> None:
        if what == self.what and total is not None and not self.done:
            self.done = True
            self.action()


def delete_set(sandbox: Sandbox) -> None:
    for account, name, _, principal in sandbox.store.assignments():
        if name == "s0":
            sandbox.store.remove_assignment(account, "s0", group=principal)
    sandbox.store.delete_permission_set("s0")


@pytest.mark.parametrize("moment", ["permission sets", "assignments"])
@pytest.mark.parametrize("request_", [EVERYTHING, BY_GROUP], ids=["whole", "by group"])
def test_a_set_that_is_deleted_while_it_is_read_is_gone(
    sandbox: Sandbox, moment: str, request_: ReadRequest
) -> None:
    site(sandbox)

    live = center(sandbox, observer=Meanwhile(moment, lambda: delete_set(sandbox))).read(request_)

    assert {one.name for one in live.permission_sets.values()} == {"s1"}
    assert {arn for _, arn in live.assignments} == {set_arns(sandbox)["s1"]}


def test_a_set_that_is_made_while_the_accounts_are_asked_is_read_whole(sandbox: Sandbox) -> None:
    fill(sandbox, sets=9, groups=2, grants=GRANTS)

    def make() -> None:
        sandbox.store.create_permission_set("new", managed_policies=[READ_ONLY])
        sandbox.store.put_assignment(TWO, "new", group="g1")

    live = center(sandbox, observer=Meanwhile("permission sets", make)).read()

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert {one.name for one in live.permission_sets.values()} >= {"new"}


def test_a_group_that_is_made_and_assigned_meanwhile_is_known_in_the_end(sandbox: Sandbox) -> None:
    site(sandbox)

    def make() -> None:
        sandbox.store.add_group("late")
        sandbox.store.add_user("new")
        sandbox.store.add_member("late", "new")
        sandbox.store.put_assignment(ONE, "s0", group="late")

    live = center(sandbox, observer=Meanwhile("assignments", make)).read()

    assert assigned(sandbox, live) == sandbox.store.assignments()
    late = sandbox.store.groups()["late"]["GroupId"]
    assert live.members[late].keys() == {sandbox.store.users()["new"]["UserId"]}
    assert live.members[late].keys() <= live.users.keys()


def test_nothing_asked_for_is_no_call(sandbox: Sandbox, target: IdentityCenter) -> None:
    target.identity()
    sandbox.requests.clear()

    live = target.read(NOTHING)

    assert (operations(sandbox), live.assignments, live.calls) == ({}, {}, {})

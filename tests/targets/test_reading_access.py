"""Permission sets, where they are provisioned, and who is assigned them, as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.model.address import Kind
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import Live
from reconciler.sandbox import Caller, FaultKind, Sandbox
from reconciler.targets.base import EVERYTHING, NOTHING
from reconciler.targets.identity_center.target import IdentityCenter
from tests.support.pairs import pair_of
from tests.targets.access import ACCOUNTS, ONE, TWO, assigned, fill, operations, set_arns

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
BY_GROUP = replace(EVERYTHING, by_group=True)


def test_a_permission_set_is_read_with_all_its_fields(sandbox: Sandbox, target: IdentityCenter) -> None:
    arn = sandbox.store.create_permission_set(
        "Admin",
        description="Full control",
        session_duration="PT4H",
        relay_state="https://example.com/home",
        managed_policies=[READ_ONLY, BILLING],
        customer_policies=["/zebra", "/ci/deploy"],
        inline_policy='{"Version": "2012-10-17",\n "Statement": [{"Sid": "\\u00e9", "Effect": "Deny"}]}',
        tags={"owner": "platform", "aws:x": ""},
    )
    sandbox.store.set_boundary("Admin", "/ci/limit")

    live = target.read().permission_sets[arn]

    assert (live.id, live.name) == (arn, "Admin")
    assert live.attributes == {
        "name": "Admin",
        "description": "Full control",
        "session_duration": "PT4H",
        "relay_state": "https://example.com/home",
        "managed_policies": (READ_ONLY, BILLING),
        "customer_managed_policies": ("/ci/deploy", "/zebra"),
        "permissions_boundary": "/ci/limit",
        "inline_policy": '{"Statement":[{"Effect":"Deny","Sid":"\\u00e9"}],"Version":"2012-10-17"}',
        "tags.owner": "platform",
        "tags.aws:x": "",
    }
    assert (live.provisioned, live.outdated) == (frozenset(), frozenset())


def test_what_is_not_set_is_absent(sandbox: Sandbox, target: IdentityCenter) -> None:
    arn = sandbox.store.create_permission_set("Bare")

    assert target.read().permission_sets[arn].attributes == {"name": "Bare", "session_duration": "PT1H"}


def test_a_boundary_of_aws_is_its_arn(sandbox: Sandbox, target: IdentityCenter) -> None:
    arn = sandbox.store.create_permission_set("Admin")
    sandbox.store.set_boundary("Admin", READ_ONLY)

    assert target.read().permission_sets[arn].attributes["permissions_boundary"] == READ_ONLY


@pytest.mark.parametrize("sets", [1, 6], ids=["by set", "by account"])
def test_where_a_set_is_provisioned_and_where_its_role_lags_behind(
    sandbox: Sandbox, target: IdentityCenter, sets: int
) -> None:
    fill(sandbox, sets=sets, groups=1, grants=[("s0", ONE, "g0"), ("s0", TWO, "g0")])
    sandbox.store.attach_policy("s0", READ_ONLY, provision=False)
    sandbox.store.provision("s0", TWO)

    live = target.read().permission_sets[set_arns(sandbox)["s0"]]

    assert (set(live.provisioned), set(live.outdated)) == ({ONE, TWO}, {ONE})


EVERYBODY = [
    ("s0", ONE, "g0"), ("s0", ONE, "g1"), ("s0", TWO, "g0"), ("s1", ONE, "g1"), ("s1", TWO, "g1"),
    ("s2", TWO, "ada"), ("s2", ONE, "ada"), ("s2", ONE, "g0"),
]  # fmt: skip


@pytest.mark.parametrize("sets", [3, 9], ids=["by set", "by account"])
def test_every_assignment_is_read(sandbox: Sandbox, target: IdentityCenter, sets: int) -> None:
    fill(sandbox, sets=sets, groups=2, grants=EVERYBODY)

    live = target.read()

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert live.gaps == ()
    assert all(live.assignments.values())


def test_more_accounts_and_principals_than_fit_a_page(sandbox: Sandbox, target: IdentityCenter) -> None:
    accounts = [f"9{number:011}" for number in range(130)]
    for account in accounts:
        sandbox.store.create_account(account, account)
    grants = [("s0", account, "g0") for account in accounts]
    grants += [("s1", ONE, f"u{number}") for number in range(120)]
    for number in range(120):
        sandbox.store.add_user(f"u{number}")
    fill(sandbox, sets=120, groups=1, grants=grants)

    live = target.read(replace(EVERYTHING, tags=False))

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert len(live.permission_sets) == 120


def test_pages_of_few_and_empty_ones_change_nothing(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=3, groups=2, grants=EVERYBODY)
    for operation in ("ListPermissionSets", "ListAccountAssignments", "ListAccountsForProvisioned*"):
        sandbox.faults.add(FaultKind.SHORT_PAGE, f"sso-admin.{operation}", count=None)
        sandbox.faults.add(FaultKind.EMPTY_PAGE, f"sso-admin.{operation}")

    live = target.read()

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert len(live.permission_sets) == 3


def test_an_orphan_is_read_as_it_is(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=1, groups=2, grants=[("s0", ONE, "g0"), ("s0", ONE, "g1"), ("s0", TWO, "ada")])
    gone = sandbox.store.groups()["g1"]["GroupId"], sandbox.store.users()["ada"]["UserId"]
    sandbox.store.remove_group("g1")
    sandbox.store.remove_user("ada")

    live = target.read()

    principals = {principal for each in live.assignments.values() for principal in each}
    assert Principal(Kind.GROUP, gone[0]) in principals
    assert Principal(Kind.USER, gone[1]) in principals
    assert not {*gone} & {*live.users, *live.groups}


# How many calls.


def test_it_takes_the_fewest_calls_that_show_everything(sandbox: Sandbox, target: IdentityCenter) -> None:
    """C6, S2: ceil(P/100) + min(P, N) + Q, seven calls a set; a set in no account needs no second look."""
    fill(sandbox, sets=4, groups=2, grants=EVERYBODY)

    target.read()

    pairs = {(name, account) for name, account, _ in EVERYBODY}
    assert operations(sandbox) == {
        "ListInstances": 1,
        "ListPermissionSets": 1,
        "ListAccountsForProvisionedPermissionSet": 4 + 3,
        "ListAccountAssignments": len(pairs),
        "DescribePermissionSet": 4,
        "GetInlinePolicyForPermissionSet": 4,
        "ListManagedPoliciesInPermissionSet": 4,
        "ListCustomerManagedPolicyReferencesInPermissionSet": 4,
        "GetPermissionsBoundaryForPermissionSet": 4,
        "ListTagsForResource": 4,
    }


def test_with_fewer_accounts_than_sets_the_accounts_are_asked(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, sets=9, groups=2, grants=EVERYBODY)

    target.read(replace(EVERYTHING, permission_sets=()))

    counts = operations(sandbox)
    assert "ListAccountsForProvisionedPermissionSet" not in counts
    assert counts["ListPermissionSetsProvisionedToAccount"] == len(ACCOUNTS)
    assert "DescribePermissionSet" not in counts


def test_by_group_it_takes_one_call_a_group_and_one_for_each_pair_that_no_group_explains(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, sets=4, groups=2, grants=EVERYBODY)

    target.read(BY_GROUP)

    counts = operations(sandbox)
    assert counts["ListAccountAssignmentsForPrincipal"] == 2
    assert counts["ListAccountAssignments"] == 1


def test_many_pairs_are_looked_at_again_by_one_call_each(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=3, groups=2, grants=EVERYBODY)
    live = target.read()
    sandbox.requests.clear()

    again = target.read(replace(NOTHING, assignments=tuple(live.assignments)))

    assert again.assignments == live.assignments
    assert operations(sandbox) == {"ListAccountAssignments": len(live.assignments)}


def test_a_set_is_looked_at_again_by_eight_calls(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=3, groups=2, grants=EVERYBODY)
    live = target.read()
    sandbox.requests.clear()
    arn = set_arns(sandbox)["s1"]

    again = target.read(replace(NOTHING, permission_sets=(arn,)))

    assert again.permission_sets == {arn: live.permission_sets[arn]}
    assert sum(operations(sandbox).values()) == 8


def test_by_id_what_is_gone_is_absent(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=2, groups=1, grants=[("s1", ONE, "g0")])
    arns = set_arns(sandbox)
    sandbox.store.delete_permission_set("s0")
    pairs: tuple[Pair, ...] = (pair_of(ONE, arns["s0"]), pair_of(ONE, arns["s1"]), pair_of(TWO, arns["s1"]))

    live = target.read(replace(NOTHING, permission_sets=tuple(arns.values()), assignments=pairs))

    assert live.permission_sets.keys() == {arns["s1"]}
    assert live.assignments.keys() == {(ONE, arns["s1"])}
    assert live.gaps == ()


# Group by group.


def group_rows(live: Live) -> Mapping[Pair, frozenset[Principal]]:
    rows = {
        pair: frozenset(each for each in principals if each.kind is Kind.GROUP)
        for pair, principals in live.assignments.items()
    }
    return {pair: groups for pair, groups in rows.items() if groups}


@pytest.mark.parametrize("sets", [3, 9], ids=["by set", "by account"])
def test_group_by_group_shows_the_same_groups_and_names_what_it_does_not_show(
    sandbox: Sandbox, target: IdentityCenter, sets: int
) -> None:
    fill(sandbox, sets=sets, groups=2, grants=EVERYBODY)

    whole, cheap = target.read(), target.read(BY_GROUP)

    assert group_rows(cheap) == group_rows(whole)
    assert [(gap.kind, gap.scope) for gap in cheap.gaps] == [(Kind.ASSIGNMENT, "users")]
    # What no group explains was looked at: ada is alone there.
    arn = set_arns(sandbox)["s2"]
    assert cheap.assignments[pair_of(TWO, arn)] == whole.assignments[pair_of(TWO, arn)]
    assert cheap.permission_sets == whole.permission_sets


def test_group_by_group_finds_orphans_where_they_are_alone(sandbox: Sandbox, target: IdentityCenter) -> None:
    grants = [("s0", ONE, "g0"), ("s0", TWO, "g0"), ("s1", ONE, "g1"), ("s1", TWO, "g0")]
    fill(sandbox, sets=2, groups=2, grants=grants)
    gone = sandbox.store.groups()["g1"]["GroupId"]
    sandbox.store.remove_group("g1")

    live = target.read(BY_GROUP)

    assert live.assignments[pair_of(ONE, set_arns(sandbox)["s1"])] == {Principal(Kind.GROUP, gone)}


def test_where_it_is_not_cheaper_every_pair_is_read_and_nothing_is_missing(
    sandbox: Sandbox, target: IdentityCenter
) -> None:
    fill(sandbox, sets=2, groups=9, grants=EVERYBODY[:5])

    live = target.read(BY_GROUP)

    assert live.gaps == ()
    assert "ListAccountAssignmentsForPrincipal" not in operations(sandbox)


def test_a_delegate_who_may_not_ask_so_reads_every_pair(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=3, groups=2, grants=EVERYBODY)
    sandbox.circumstances.caller = Caller.DELEGATED

    live = target.read(BY_GROUP)

    assert assigned(sandbox, live) == sandbox.store.assignments()
    assert live.gaps == ()
    assert operations(sandbox)["ListAccountAssignmentsForPrincipal"] == 1


def test_a_delegate_who_may_ask_so_does(sandbox: Sandbox, target: IdentityCenter) -> None:
    fill(sandbox, sets=3, groups=2, grants=EVERYBODY)
    sandbox.circumstances.caller = Caller.DELEGATED
    sandbox.circumstances.lists_for_principal = True

    assert [gap.scope for gap in target.read(BY_GROUP).gaps] == ["users"]

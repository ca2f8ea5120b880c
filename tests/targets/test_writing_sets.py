"""Permission sets are made, edited and deleted as wished, once, whatever becomes of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.model.change import Action
from reconciler.model.report import Status
from reconciler.model.resources import Value
from reconciler.sandbox.access.terms import Caller, Durations, Quotas
from reconciler.sandbox.faults import FaultKind
from tests.targets.desks import (
    BILLING,
    MANAGEMENT,
    ONE,
    OTHER,
    POLICY,
    READ_ONLY,
    TEAM,
    TWO,
    VIEW,
    Desk,
    assignment,
    desk,
    set_address,
    set_step,
)

WHOLE: dict[str, Value] = {
    "description": "Everything",
    "session_duration": "PT4H",
    "relay_state": "https://console.aws.amazon.com/s3",
    "managed_policies": (READ_ONLY, BILLING),
    "customer_managed_policies": ("/ci/deploy", "/plain"),
    "permissions_boundary": "/limits/most",
    "inline_policy": POLICY,
    "tags.team": "platform",
    "tags.empty": "",
}
AS_STORED: dict[str, Any] = {
    "Description": "Everything",
    "SessionDuration": "PT4H",
    "RelayState": "https://console.aws.amazon.com/s3",
    "ManagedPolicies": [READ_ONLY, BILLING],
    "CustomerManagedPolicies": ["/ci/deploy", "/plain"],
    "InlinePolicy": POLICY,
    "PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "most", "Path": "/limits/"}},
    "Tags": {"team": "platform", "empty": ""},
    "Accounts": {},
}
CREATE = set_step("Admin", Action.CREATE, WHOLE)
# Every write that making a whole set takes.
WRITES = (
    "CreatePermissionSet",
    "PutPermissionsBoundaryToPermissionSet",
    "PutInlinePolicyToPermissionSet",
    "AttachManagedPolicyToPermissionSet",
    "AttachCustomerManagedPolicyReferenceToPermissionSet",
)
LOST = (
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.ERROR,
    FaultKind.ERROR_AFTER,
    FaultKind.GARBAGE,
)


@pytest.fixture
def at() -> Iterator[Desk]:
    with desk() as opened:
        yield opened


def stored(at: Desk, name: str = "Admin") -> dict[str, Any]:
    """The set as it is, with what has no order sorted."""
    found = dict(at.set(name))
    found.pop("PermissionSetArn")
    found["ManagedPolicies"].sort()
    found["CustomerManagedPolicies"].sort()
    return found


def test_a_set_is_made_whole(at: Desk) -> None:
    outcome = at.one(CREATE)

    assert (outcome.status, outcome.message) == (Status.DONE, "")
    assert outcome.remote_id == at.set("Admin")["PermissionSetArn"]
    assert stored(at) == AS_STORED
    # Nothing is read that was only just made.
    assert sum(at.aws.calls.values()) == 7


def test_a_set_of_nothing_but_its_name_is_made(at: Desk) -> None:
    outcome = at.one(set_step("Admin", Action.CREATE))

    assert outcome.status is Status.DONE
    assert stored(at)["SessionDuration"] == "PT1H"
    assert stored(at)["Description"] is None


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("write", WRITES)
def test_a_set_whose_answers_are_lost_is_made_once_and_whole(at: Desk, write: str, kind: FaultKind) -> None:
    at.sandbox.faults.add(kind, f"sso-admin.{write}")

    outcome = at.one(CREATE)

    assert at.sandbox.faults.pending() == ()
    assert (outcome.status, outcome.remote_id) == (Status.DONE, at.set("Admin")["PermissionSetArn"])
    assert stored(at) == AS_STORED
    assert list(at.sandbox.store.permission_sets()) == ["Admin"]


def test_a_set_that_is_there_exactly_as_wished_is_adopted(at: Desk) -> None:
    arn = at.known("Admin", description="Everything", managed_policies=[READ_ONLY], tags={"a": "1"})
    fields: dict[str, Value] = {"description": "Everything", "managed_policies": (READ_ONLY,), "tags.a": "1"}

    outcome = at.one(set_step("Admin", Action.CREATE, fields))

    assert (outcome.status, outcome.remote_id) == (Status.DONE, arn)
    assert "adopted" in outcome.message


@pytest.mark.parametrize(
    "extra", [{"managed_policies": [BILLING]}, {"description": "theirs"}, {"tags": {"x": "y"}}]
)
def test_a_set_of_somebody_else_by_that_name_is_left_alone(at: Desk, extra: dict[str, Any]) -> None:
    at.known("Admin", **extra)
    before = stored(at)

    outcome = at.one(set_step("Admin", Action.CREATE, {"session_duration": "PT1H"}))

    assert (outcome.status, outcome.remote_id) == (Status.FAILED, "")
    assert "is there already" in outcome.message
    assert stored(at) == before


def test_a_set_of_somebody_else_that_only_lacks_policies_is_not_finished_for_them(at: Desk) -> None:
    at.known("Admin", description="Everything")

    outcome = at.one(
        set_step("Admin", Action.CREATE, {"description": "Everything", "managed_policies": (VIEW,)})
    )

    assert outcome.status is Status.FAILED
    assert "differs in managed_policies" in outcome.message
    assert stored(at)["ManagedPolicies"] == []


def test_a_lost_create_does_not_take_over_what_somebody_else_made(at: Desk) -> None:
    at.known("Admin", description="Everything", managed_policies=[VIEW])
    at.sandbox.faults.add(FaultKind.DROP_BEFORE, "sso-admin.CreatePermissionSet")

    outcome = at.one(set_step("Admin", Action.CREATE, {"description": "Everything"}))

    assert outcome.status is Status.FAILED
    assert stored(at)["ManagedPolicies"] == [VIEW]


def test_a_set_that_was_made_in_part_says_what_is_missing(at: Desk) -> None:
    at.sandbox.faults.add(FaultKind.DENY, "sso-admin.AttachManaged*", count=None)

    outcome = at.one(CREATE)

    assert (outcome.status, outcome.stop, outcome.wrote) == (Status.PARTLY, True, True)
    assert outcome.remote_id == at.set("Admin")["PermissionSetArn"]
    assert (
        "done: create the permission set, put the permissions boundary, put the inline policy"
        in outcome.message
    )
    assert f"not done: attach {READ_ONLY}" in outcome.message or f"attach {BILLING}" in outcome.message
    assert stored(at)["ManagedPolicies"] == []


@pytest.mark.parametrize(
    ("fields", "stored_as"),
    [
        ({"description": "new"}, {"Description": "new"}),
        ({"description": None}, {"Description": " "}),
        ({"session_duration": "PT12H"}, {"SessionDuration": "PT12H"}),
        ({"session_duration": None}, {"SessionDuration": "PT1H"}),
        ({"relay_state": "https://other"}, {"RelayState": "https://other"}),
        ({"relay_state": None}, {"RelayState": None}),
        ({"managed_policies": (VIEW, READ_ONLY)}, {"ManagedPolicies": [READ_ONLY, VIEW]}),
        ({"managed_policies": None}, {"ManagedPolicies": []}),
        ({"customer_managed_policies": ("/new",)}, {"CustomerManagedPolicies": ["/new"]}),
        ({"customer_managed_policies": ()}, {"CustomerManagedPolicies": []}),
        ({"permissions_boundary": VIEW}, {"PermissionsBoundary": {"ManagedPolicyArn": VIEW}}),
        ({"permissions_boundary": None}, {"PermissionsBoundary": None}),
        ({"inline_policy": OTHER}, {"InlinePolicy": OTHER}),
        ({"inline_policy": None}, {"InlinePolicy": None}),
        ({"tags.team": "other", "tags.more": "1"}, {"Tags": {"team": "other", "empty": "", "more": "1"}}),
        ({"tags.team": None}, {"Tags": {"empty": ""}}),
    ],
)
@pytest.mark.parametrize("kind", [None, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER])
def test_one_attribute_changes_and_nothing_else_does(
    at: Desk, fields: dict[str, Value], stored_as: dict[str, Any], kind: FaultKind | None
) -> None:
    """Whether or not the answer to any of its writes is lost."""
    arn = at.one(CREATE).remote_id
    at.ids[set_address("Admin")] = arn
    for write in ("Update", "Attach", "Detach", "Put", "Delete", "Tag", "Untag") if kind else ():
        assert kind is not None
        at.sandbox.faults.add(kind, f"sso-admin.{write}*")

    outcome = at.one(set_step("Admin", Action.UPDATE, fields))

    assert outcome.status is Status.DONE
    assert stored(at) == {**AS_STORED, **stored_as}


def test_everything_changes_at_once(at: Desk) -> None:
    at.known("Admin", relay_state="https://x", managed_policies=[VIEW], customer_policies=["/old"])

    outcome = at.one(set_step("Admin", Action.UPDATE, WHOLE))

    assert outcome.status is Status.DONE
    assert stored(at) == AS_STORED


def test_a_set_that_is_as_wished_already_is_not_written(at: Desk) -> None:
    at.ids[set_address("Admin")] = at.one(CREATE).remote_id
    before = dict(at.aws.calls)

    outcome = at.one(set_step("Admin", Action.UPDATE, WHOLE))

    assert outcome.status is Status.UNNECESSARY
    written = {name for name, count in at.aws.calls.items() if count != before.get(name, 0)}
    assert not [name for name in written if not name.split(".")[1].startswith(("List", "Get", "Describe"))]


def test_policies_are_exchanged_although_there_is_no_room_for_both() -> None:
    with desk(quotas=Quotas(policies_per_set=2)) as at:
        at.known("Admin", managed_policies=[READ_ONLY, BILLING])

        outcome = at.one(set_step("Admin", Action.UPDATE, {"managed_policies": (VIEW, READ_ONLY)}))

        assert outcome.status is Status.DONE
        assert sorted(stored(at)["ManagedPolicies"]) == sorted([VIEW, READ_ONLY])


def test_a_quota_is_told_with_what_was_done() -> None:
    with desk(quotas=Quotas(policies_per_set=1)) as at:
        at.known("Admin")

        outcome = at.one(set_step("Admin", Action.UPDATE, {"managed_policies": (READ_ONLY, VIEW)}))

        assert (outcome.status, outcome.stop, outcome.wrote) == (Status.PARTLY, False, True)
        assert f"done: attach {READ_ONLY}" in outcome.message
        assert f"not done: attach {VIEW}" in outcome.message
        assert stored(at)["ManagedPolicies"] == [READ_ONLY]


@pytest.mark.parametrize("operation", ["DescribePermissionSet", "ListManagedPoliciesInPermissionSet"])
def test_what_was_done_is_told_also_where_the_look_behind_it_fails(at: Desk, operation: str) -> None:
    at.known("Admin")
    at.sandbox.faults.add(FaultKind.CONFLICT, "sso-admin.Attach*", nth=2, count=1)
    # The second look, after the conflict.
    at.sandbox.faults.add(FaultKind.DENY, f"sso-admin.{operation}", nth=2, count=None)

    outcome = at.one(set_step("Admin", Action.UPDATE, {"managed_policies": (READ_ONLY, BILLING)}))

    assert (outcome.status, outcome.wrote) == (Status.PARTLY, True)
    assert f"done: attach {READ_ONLY}" in outcome.message
    assert f"not done: attach {BILLING}" in outcome.message


def test_a_set_of_which_nothing_was_written_failed_and_is_not_partly_done(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.faults.add(FaultKind.DENY, "sso-admin.Attach*", count=None)

    outcome = at.one(set_step("Admin", Action.UPDATE, {"managed_policies": (READ_ONLY, VIEW)}))

    assert (outcome.status, outcome.wrote) == (Status.FAILED, False)
    assert "; done:" not in outcome.message


def test_conflicts_of_writes_that_have_not_spread_are_borne(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.faults.add(FaultKind.CONFLICT, "sso-admin.Attach*", count=2)
    at.sandbox.faults.add(FaultKind.NOT_FOUND, "sso-admin.Put*", count=1)

    outcome = at.one(set_step("Admin", Action.UPDATE, WHOLE))

    assert outcome.status is Status.DONE
    assert stored(at) == AS_STORED


def test_a_set_that_is_gone_is_not_made_anew(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.store.delete_permission_set("Admin")

    outcome = at.one(set_step("Admin", Action.UPDATE, {"description": "x"}))

    assert outcome.status is Status.FAILED
    assert "is gone" in outcome.message
    assert at.sandbox.store.permission_sets() == {}


@pytest.mark.parametrize("kind", [None, *LOST])
def test_a_set_is_deleted(at: Desk, kind: FaultKind | None) -> None:
    at.known("Admin")
    at.known("Other")
    if kind:
        at.sandbox.faults.add(kind, "sso-admin.DeletePermissionSet")

    outcome = at.one(set_step("Admin", Action.DELETE))

    assert outcome.status is Status.DONE
    assert list(at.sandbox.store.permission_sets()) == ["Other"]


def test_a_set_that_is_gone_already_need_not_be_deleted(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.store.delete_permission_set("Admin")

    assert at.one(set_step("Admin", Action.DELETE)).status is Status.UNNECESSARY


def test_deletion_waits_for_the_accounts_that_take_their_roles_back() -> None:
    with desk(durations=Durations(deprovisioning=60)) as at:
        arn = at.known("Admin")
        at.sandbox.store.put_assignment(ONE, "Admin", group="Team")
        assert at.one(assignment(ONE, "Admin", TEAM, Action.DELETE)).status is Status.DONE
        outcome = at.one(set_step("Admin", Action.DELETE))

        assert outcome.status is Status.DONE
        assert at.calls("DeletePermissionSet") > 1
        assert arn not in {each["PermissionSetArn"] for each in at.sandbox.store.permission_sets().values()}


def test_a_set_that_others_are_assigned_stays_and_it_is_said_where(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.store.put_assignment(TWO, "Admin", group="Team")

    outcome = at.one(set_step("Admin", Action.DELETE))

    assert (outcome.status, outcome.stop) == (Status.FAILED, False)
    assert f"still assigned in {TWO}" in outcome.message
    assert at.calls("DeletePermissionSet") == 3
    assert "Admin" in at.sandbox.store.permission_sets()


def test_whoever_may_not_write_at_all_is_stopped(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.faults.add(FaultKind.DENY, "sso-admin.Update*", count=None)

    outcome = at.one(set_step("Admin", Action.UPDATE, {"description": "x"}))

    assert (outcome.status, outcome.stop) == (Status.FAILED, True)


def test_a_delegated_administrator_is_only_refused_what_touches_the_management_account(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.store.put_assignment(MANAGEMENT, "Admin", group="Team")
    at.sandbox.circumstances.caller = Caller.DELEGATED

    outcome = at.one(set_step("Admin", Action.UPDATE, {"description": "x"}))

    assert (outcome.status, outcome.stop) == (Status.FAILED, False)
    assert "management account" in outcome.message


def test_a_set_that_cannot_be_looked_at_after_a_lost_answer_is_unknown(at: Desk) -> None:
    at.known("Admin")
    at.sandbox.faults.add(FaultKind.DROP_AFTER, "sso-admin.Update*")
    at.sandbox.faults.add(FaultKind.DENY, "sso-admin.DescribePermissionSet", nth=2, count=None)

    outcome = at.one(set_step("Admin", Action.UPDATE, {"description": "x"}))

    assert outcome.status is Status.UNKNOWN

"""Looks that lag behind, and time that runs out: permission sets and assignments, scripted call by call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.targets.identity_center.access.api import Sso
from reconciler.targets.identity_center.access.writing import AccessWriter
from reconciler.wire.aws import Aws
from tests.targets.desks import (
    MANAGEMENT,
    ONE,
    READ_ONLY,
    TEAM,
    assignment,
    provisioning,
    set_address,
    set_step,
)
from tests.wire.clocks import FakeClock
from tests.wire.scripted import DROP, Reply, Script, error, serve

INSTANCE = "arn:aws:sso:::instance/ssoins-1111111111111111"
ARN = "arn:aws:sso:::permissionSet/ssoins-1111111111111111/ps-1111111111111111"
GROUP = "1111111111-11111111-1111-1111-1111-111111111111"
IDS: dict[Address, str] = {set_address("Admin"): ARN, TEAM: GROUP}
ABSENT, TAKEN = error("ResourceNotFoundException"), error("ConflictException", "there already")
LOST = Reply(DROP)
GRANT, REMOVAL = assignment(ONE, "Admin", TEAM), assignment(ONE, "Admin", TEAM, Action.DELETE)
NONE = Reply({"AccountAssignments": []})
THERE = Reply(
    {
        "AccountAssignments": [
            {"AccountId": ONE, "PermissionSetArn": ARN, "PrincipalType": "GROUP", "PrincipalId": GROUP}
        ]
    }
)


def request_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def started(number: int = 1) -> Reply:
    return Reply(
        {"AccountAssignmentCreationStatus": {"RequestId": request_id(number), "Status": "IN_PROGRESS"}}
    )


def status(expected: str, number: int = 1, **more: str) -> Reply:
    return Reply(
        {"AccountAssignmentCreationStatus": {"RequestId": request_id(number), "Status": expected, **more}}
    )


def brief(expected: str, *numbers: int, token: str | None = None) -> Reply:
    rows = [{"RequestId": request_id(number), "Status": expected} for number in numbers]
    return Reply({"AccountAssignmentsCreationStatus": rows, **({"NextToken": token} if token else {})})


@dataclass
class Scripted:
    writer: AccessWriter
    script: Script
    clock: FakeClock

    def submit(self, step: Step) -> Outcome | Pending:
        return self.writer.submit(step, IDS, {})

    def pending(self, step: Step) -> Pending:
        answer = self.submit(step)
        assert isinstance(answer, Pending)
        return answer

    def poll_for(self, pending: Pending, seconds: float) -> Outcome | Pending:
        """Every two seconds, until it ends or the time is over."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            self.clock.sleep(2)
            (answer,) = self.writer.poll([pending])
            if isinstance(answer, Outcome):
                return answer
            pending = answer
        return pending

    @property
    def asked(self) -> list[str]:
        return [operation for operation, _ in self.script.asked]


@contextmanager
def scripted(**replies: list[Reply]) -> Iterator[Scripted]:
    """These answers by operation, the last of each repeated."""

    def answer(operation: str, params: Mapping[str, Any]) -> Reply:
        only = params.get("Filter", {}).get("Status")
        rest = replies.get(f"{operation}_{only}") or replies[operation]
        return rest.pop(0) if len(rest) > 1 else rest[0]

    clock = FakeClock()
    with serve(answer=answer) as script:
        aws = Aws("aws", region="eu-central-1", endpoint_url=script.url, clock=clock, sandbox=True)
        sso = Sso(aws, lambda: INSTANCE)
        yield Scripted(
            AccessWriter(sso, clock=clock, speed=lambda: aws.speed, management=lambda: MANAGEMENT),
            script,
            clock,
        )


def test_a_lost_grant_that_shows_late_is_not_sent_again() -> None:
    with scripted(
        CreateAccountAssignment=[LOST],
        ListAccountAssignmentCreationStatus=[brief("IN_PROGRESS")],
        ListAccountAssignments=[NONE, NONE, THERE],
    ) as at:
        outcome = at.submit(GRANT)

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.DONE
        assert at.asked.count("CreateAccountAssignment") == 1


def test_a_lost_grant_of_another_group_that_is_under_way_is_not_taken_for_ours() -> None:
    other = {"PermissionSetArn": ARN, "TargetId": ONE, "PrincipalType": "GROUP", "PrincipalId": "2" * 36}
    with scripted(
        CreateAccountAssignment=[LOST, started(7)],
        ListAccountAssignmentCreationStatus=[brief("IN_PROGRESS", 5)],
        DescribeAccountAssignmentCreationStatus=[status("IN_PROGRESS", 5, **other)],
        ListAccountAssignments=[NONE],
    ) as at:
        pending = at.pending(GRANT)

        assert pending.token["request_id"] == request_id(7)


def test_a_removal_is_unnecessary_only_when_the_list_says_so_too() -> None:
    with scripted(DeleteAccountAssignment=[ABSENT], ListAccountAssignments=[THERE]) as at:
        outcome = at.submit(REMOVAL)

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.FAILED


def test_a_request_that_no_list_shows_yet_is_asked_about() -> None:
    with scripted(
        CreateAccountAssignment=[started(1), started(2)],
        ListAccountAssignmentCreationStatus=[brief("IN_PROGRESS", 2)],
        DescribeAccountAssignmentCreationStatus=[status("IN_PROGRESS")],
    ) as at:
        pendings = [at.pending(GRANT), at.pending(GRANT)]

        assert all(isinstance(answer, Pending) for answer in at.writer.poll(pendings))


def test_successes_that_are_listed_oldest_first_are_asked_for_once_and_no_more() -> None:
    with scripted(
        CreateAccountAssignment=[started(number) for number in range(1, 7)],
        ListAccountAssignmentCreationStatus_IN_PROGRESS=[brief("IN_PROGRESS")],
        ListAccountAssignmentCreationStatus_SUCCEEDED=[brief("SUCCEEDED", 900, 901, token="more")],
        DescribeAccountAssignmentCreationStatus=[status("SUCCEEDED")],
    ) as at:
        pendings = [at.pending(GRANT) for _ in range(6)]
        outcomes = [*at.writer.poll(pendings[:3]), *at.writer.poll(pendings[3:])]

        assert [each.status for each in outcomes if isinstance(each, Outcome)] == [Status.DONE] * 6
        assert at.asked.count("ListAccountAssignmentCreationStatus") == 3
        assert at.asked.count("DescribeAccountAssignmentCreationStatus") == 6


def test_an_assignment_may_take_five_minutes_and_no_more() -> None:
    with scripted(
        CreateAccountAssignment=[started()],
        DescribeAccountAssignmentCreationStatus=[status("IN_PROGRESS")],
    ) as at:
        pending = at.poll_for(at.pending(GRANT), 298)
        assert isinstance(pending, Pending)

        outcome = at.poll_for(pending, 10)

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.request_id) == (Status.UNKNOWN, request_id(1))


def test_provisioning_of_many_accounts_may_take_longer_than_that_of_one() -> None:
    running = Reply(
        {"PermissionSetProvisioningStatus": {"RequestId": request_id(1), "Status": "IN_PROGRESS"}}
    )
    accounts = Reply({"AccountIds": [f"{number:012d}" for number in range(60)]})
    with scripted(
        ProvisionPermissionSet=[running],
        DescribePermissionSetProvisioningStatus=[running],
        ListAccountsForProvisionedPermissionSet=[accounts],
    ) as at:
        one = at.poll_for(at.pending(provisioning("Admin", ONE)), 610)
        every = at.poll_for(at.pending(provisioning("Admin")), 850)

        assert isinstance(one, Outcome)
        assert one.status is Status.UNKNOWN
        assert isinstance(every, Pending)
        assert isinstance(at.poll_for(every, 100), Outcome)


def test_what_an_earlier_run_left_long_ago_is_looked_at_before_it_is_given_up() -> None:
    with scripted(
        CreateAccountAssignment=[started()],
        DescribeAccountAssignmentCreationStatus=[status("IN_PROGRESS"), status("SUCCEEDED")],
    ) as at:
        pending = at.pending(GRANT)
        at.clock.sleep(86_400)

        outcome = at.poll_for(pending, 10)

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.DONE


def test_a_principal_that_is_not_known_yet_is_sent_again_after_a_while_and_not_before() -> None:
    unknown = "Received a 404 status error: the GROUP assignee x was not found in directory d-1"
    with scripted(
        CreateAccountAssignment=[started(1), TAKEN, TAKEN, started(2)],
        DescribeAccountAssignmentCreationStatus=[
            status("FAILED", FailureReason=unknown), status("SUCCEEDED", 2)
        ],
    ) as at:  # fmt: skip
        pending = at.poll_for(at.pending(GRANT), 4)
        assert isinstance(pending, Pending)
        assert at.asked.count("CreateAccountAssignment") == 1

        outcome = at.poll_for(pending, 60)

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.request_id) == (Status.DONE, request_id(2))
        # Whoever polls is not kept waiting: it only ever slept between two polls.
        assert max(at.clock.slept) <= 2


def test_credentials_that_expired_stop_everything_also_in_the_management_account() -> None:
    with scripted(CreateAccountAssignment=[error("ExpiredTokenException", status=400)]) as at:
        outcome = at.submit(assignment(MANAGEMENT, "Admin", TEAM))

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.stop) == (Status.FAILED, True)


# Permission sets.

MADE = {"PermissionSetArn": ARN, "Name": "Admin", "SessionDuration": "PT1H"}
WITH_POLICY = set_step("Admin", Action.CREATE, {"managed_policies": (READ_ONLY,)})
NO_POLICIES = Reply({"AttachedManagedPolicies": []})
POLICIES = Reply({"AttachedManagedPolicies": [{"Name": "ReadOnlyAccess", "Arn": READ_ONLY}]})


def test_a_set_that_is_not_visible_right_after_it_was_made_gets_its_policies_later() -> None:
    with scripted(
        CreatePermissionSet=[Reply({"PermissionSet": MADE})],
        AttachManagedPolicyToPermissionSet=[ABSENT, Reply()],
        DescribePermissionSet=[ABSENT, Reply({"PermissionSet": MADE})],
        ListManagedPoliciesInPermissionSet=[NO_POLICIES],
    ) as at:
        outcome = at.submit(WITH_POLICY)

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.remote_id) == (Status.DONE, ARN)
        assert at.asked.count("CreatePermissionSet") == 1


def test_a_policy_that_was_attached_and_shows_late_is_not_a_failure() -> None:
    with scripted(
        CreatePermissionSet=[Reply({"PermissionSet": MADE})],
        AttachManagedPolicyToPermissionSet=[LOST, TAKEN],
        DescribePermissionSet=[Reply({"PermissionSet": MADE})],
        ListManagedPoliciesInPermissionSet=[NO_POLICIES, POLICIES],
    ) as at:
        outcome = at.submit(WITH_POLICY)

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.DONE


def test_a_lost_create_that_shows_late_makes_no_second_set() -> None:
    with scripted(
        CreatePermissionSet=[LOST, TAKEN],
        ListPermissionSets=[Reply({"PermissionSets": []}), Reply({"PermissionSets": [ARN]})],
        DescribePermissionSet=[Reply({"PermissionSet": MADE})],
        ListManagedPoliciesInPermissionSet=[POLICIES],
        ListCustomerManagedPolicyReferencesInPermissionSet=[Reply({"CustomerManagedPolicyReferences": []})],
        GetInlinePolicyForPermissionSet=[Reply({"InlinePolicy": ""})],
        GetPermissionsBoundaryForPermissionSet=[ABSENT],
        ListTagsForResource=[Reply({"Tags": []})],
    ) as at:
        outcome = at.submit(WITH_POLICY)

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.remote_id) == (Status.DONE, ARN)
        assert at.asked.count("CreatePermissionSet") == 2


def test_an_answer_about_another_set_is_no_answer() -> None:
    with scripted(
        DescribePermissionSet=[Reply({"PermissionSet": {**MADE, "PermissionSetArn": ARN[:-1] + "2"}})]
    ) as at:
        outcome = at.submit(set_step("Admin", Action.UPDATE, {"description": "x"}))

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.FAILED
        assert "asked for" in outcome.message


def test_a_deletion_has_minutes_of_patience() -> None:
    with scripted(
        DeletePermissionSet=[TAKEN] * 8 + [Reply()],
        ListAccountsForProvisionedPermissionSet=[Reply({"AccountIds": [ONE]})],
        ListAccountAssignments=[NONE],
    ) as at:
        outcome = at.submit(set_step("Admin", Action.DELETE))

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.DONE
        assert at.clock.monotonic() > 120


def test_a_deletion_that_never_gets_through_says_what_holds_it() -> None:
    with scripted(
        DeletePermissionSet=[TAKEN],
        ListAccountsForProvisionedPermissionSet=[Reply({"AccountIds": [ONE]})],
        ListAccountAssignments=[NONE],
    ) as at:
        outcome = at.submit(set_step("Admin", Action.DELETE))

        assert isinstance(outcome, Outcome)
        assert outcome.status is Status.FAILED
        assert "roles back" in outcome.message

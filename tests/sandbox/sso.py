"""sso-admin as most tests use it: one instance, a clock that stands until it is pushed, short calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reconciler.sandbox import Sandbox
from reconciler.sandbox.clock import SandboxClock
from tests.sandbox.aws import Aws, connected, refusal

ONE, TWO, THREE = "222222222222", "333333333333", "444444444444"
MANAGEMENT = "111111111111"
POLICY = '{"Version": "2012-10-17", "Statement": []}'
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"


class StillClock(SandboxClock):
    """A clock that stands until it is pushed."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self.at = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def push(self, seconds: float) -> None:
        self.at += seconds


class Sso:
    """A sandbox with three accounts beside the management account, a user and a group."""

    def __init__(self, sandbox: Sandbox, aws: Aws, clock: StillClock) -> None:
        self.sandbox, self.aws, self.clock = sandbox, aws, clock
        for account in (ONE, TWO, THREE):
            sandbox.store.create_account(account, f"a{account[0]}")
        self.user = sandbox.store.add_user("ada")
        self.group = sandbox.store.add_group("Platform")

    def __call__(self, operation: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.aws.sso, operation)(
            InstanceArn=self.sandbox.instance_arn, **params
        )
        answer.pop("ResponseMetadata")
        return answer

    def refused(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return refusal(self, operation, **params)

    def make(self, name: str = "Admin", **more: Any) -> str:
        arn: str = self("create_permission_set", Name=name, **more)["PermissionSet"]["PermissionSetArn"]
        return arn

    def describe(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self("describe_permission_set", PermissionSetArn=arn)["PermissionSet"]
        return found

    def grant(self, arn: str, account: str = ONE, principal: str | None = None) -> dict[str, Any]:
        """The parameters of an assignment; the group, where no principal is named."""
        principal = principal or self.group
        return {
            "PermissionSetArn": arn,
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": "USER" if principal == self.user else "GROUP",
            "PrincipalId": principal,
        }

    def assign(self, arn: str, account: str = ONE, principal: str | None = None) -> str:
        answer = self("create_account_assignment", **self.grant(arn, account, principal))
        status = answer["AccountAssignmentCreationStatus"]
        assert status["Status"] == "IN_PROGRESS"
        identifier: str = status["RequestId"]
        return identifier

    def unassign(self, arn: str, account: str = ONE, principal: str | None = None) -> str:
        answer = self("delete_account_assignment", **self.grant(arn, account, principal))
        status = answer["AccountAssignmentDeletionStatus"]
        assert status["Status"] == "IN_PROGRESS"
        identifier: str = status["RequestId"]
        return identifier

    def provision(self, arn: str, account: str | None = None) -> str:
        target = {"TargetType": "AWS_ACCOUNT", "TargetId": account} if account else {
            "TargetType": "ALL_PROVISIONED_ACCOUNTS"
        }  # fmt: skip
        answer = self("provision_permission_set", PermissionSetArn=arn, **target)
        identifier: str = answer["PermissionSetProvisioningStatus"]["RequestId"]
        return identifier

    def creation(self, request: str) -> dict[str, Any]:
        answer = self(
            "describe_account_assignment_creation_status", AccountAssignmentCreationRequestId=request
        )
        found: dict[str, Any] = answer["AccountAssignmentCreationStatus"]
        return found

    def deletion(self, request: str) -> dict[str, Any]:
        answer = self(
            "describe_account_assignment_deletion_status", AccountAssignmentDeletionRequestId=request
        )
        found: dict[str, Any] = answer["AccountAssignmentDeletionStatus"]
        return found

    def provisioning(self, request: str) -> dict[str, Any]:
        answer = self("describe_permission_set_provisioning_status", ProvisionPermissionSetRequestId=request)
        found: dict[str, Any] = answer["PermissionSetProvisioningStatus"]
        return found

    def rows(self, arn: str, account: str = ONE) -> list[tuple[str, str]]:
        """Type and id of the principals that a set is assigned to in an account."""
        answer = self("list_account_assignments", AccountId=account, PermissionSetArn=arn)
        return [(row["PrincipalType"], row["PrincipalId"]) for row in answer["AccountAssignments"]]

    def accounts(self, arn: str, *, latest: bool | None = None) -> list[str]:
        """Accounts that have the role of a set: all, those of the latest version, or those behind."""
        more = {} if latest is None else {"ProvisioningStatus": status(latest=latest)}
        answer = self("list_accounts_for_provisioned_permission_set", PermissionSetArn=arn, **more)
        return list(answer["AccountIds"])


def status(*, latest: bool) -> str:
    return "LATEST_PERMISSION_SET_PROVISIONED" if latest else "LATEST_PERMISSION_SET_NOT_PROVISIONED"


@contextmanager
def identity_center(*, checked: bool = True, speed: float = 1.0, **options: Any) -> Iterator[Sso]:
    """A sandbox in memory whose time stands still."""
    clock = StillClock(speed)
    with (
        Sandbox(throttling=False, latency=0, clock=clock, **options) as sandbox,
        connected(sandbox, checked=checked) as aws,
    ):
        yield Sso(sandbox, aws, clock)

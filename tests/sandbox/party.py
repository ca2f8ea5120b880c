"""One side of a comparison between the sandbox and moto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.sandbox.aws import Aws

# What moto leaves out of its answers (row 18), and what differs from one service to the next by nature.
UNEQUAL = frozenset(
    (
        "ResponseMetadata",
        "RequestId",
        "IdentityStoreId",
        "UserArn",
        "GroupArn",
        "MembershipArn",
        "Revision",
        "UserStatus",
        "ExternalIds",
        "CreatedAt",
        "CreatedBy",
        "UpdatedAt",
        "UpdatedBy",
        "NextToken",
        "ResourceId",  # moto never names it
        "CreatedDate",
        "JoinedTimestamp",
        "JoinedMethod",
        "Paths",
        "Path",
        "State",
        "AvailablePolicyTypes",
        "PolicyTypes",
    )
)


class Party:
    """One of the two, and what a scenario saw of it, with ids replaced by the order of their appearance.

    `wait` lets what is under way end.
    """

    def __init__(self, aws: Aws, wait: Callable[[], None] = lambda: None) -> None:
        self.aws = aws
        self.seen: list[Any] = []
        self.wait = wait
        self._ids: dict[str, str] = {}
        self._instance = ""

    def id(self, identifier: str) -> str:
        self._ids.setdefault(identifier, f"<{len(self._ids) + 1}>")
        return identifier

    def see(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call the Identity Store and note the answer, or the refusal."""
        return self.note(lambda: self.aws(operation, **params))

    def manage(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call sso-admin on the one instance, and note the answer, or the refusal."""
        return self.note(lambda: getattr(self.aws.sso, operation)(InstanceArn=self.instance, **params))

    @property
    def instance(self) -> str:
        """The ARN of the one instance."""
        if not self._instance:
            self._instance = self.aws.sso.list_instances()["Instances"][0]["InstanceArn"]
        return self._instance

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call AWS Organizations and note the answer, or the refusal."""
        return self.note(lambda: getattr(self.aws.organizations, operation)(**params))

    def note(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            answer = call()
        except ClientError as error:
            response: dict[str, Any] = dict(error.response)
            refused = {"Code": response["Error"]["Code"], "Message": response["Error"]["Message"]}
            more = {key: response[key] for key in ("Reason", "ResourceType") if response.get(key)}
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            self.seen.append({"refused": self._plain(refused | more), "status": status})
            return {}
        for key in ("UserId", "GroupId", "MembershipId"):
            if key in answer:
                self.id(answer[key])
        made = answer.get("PermissionSet", {}).get("PermissionSetArn")
        if made:
            # The ARN, whose shape differs (row 9), and the short id that messages hold.
            self.id(made)
            self.id(made.rpartition("/")[2])
        self.seen.append(self._plain(answer))
        return answer

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            # moto answers with empty lists and empty texts for what is not set.
            found = {key: self._plain(item) for key, item in value.items() if key not in UNEQUAL}
            return {key: item for key, item in found.items() if item not in ("", [], {}, None)}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, str):
            # Ids also stand inside ARNs.
            for identifier, name in self._ids.items():
                value = value.replace(identifier, name)
        return value

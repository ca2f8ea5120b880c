"""The AWS Organizations API, one method an operation that we use; answers are the API's own JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.errors import IncompleteRead, NotFound, Rejected
from reconciler.wire.aws import Aws

Raw = Mapping[str, Any]
_SERVICE = "organizations"
# The largest page of every list that takes MaxResults (service model).
_PAGE = 20
_NOT_IN_USE = "AWSOrganizationsNotInUseException"


class Policy(NamedTuple):
    """A policy of the organization: its type, its document as JSON, and its ARN."""

    kind: str
    content: str
    arn: str = ""


class Organizations:
    """The organization of the calling account. Thread-safe; raises ServiceError in its kinds."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def management_account(self) -> str | None:
        """DescribeOrganization: the id of the management account; None outside of any organization.

        It is the one operation that every member account may call.
        """
        try:
            found = self._read("DescribeOrganization", "Organization")
        except Rejected as error:
            if error.code == _NOT_IN_USE:
                return None
            raise
        account = found.get("MasterAccountId")
        if not (isinstance(account, str) and account):
            raise self._incomplete("DescribeOrganization", "the answer names no management account")
        return account

    def accounts(self) -> Iterator[Sequence[Raw]]:
        """ListAccounts: all of them, in whatever state."""
        return self._list("ListAccounts", "Accounts")

    def accounts_below(self, parent: str) -> Iterator[Sequence[Raw]]:
        """ListAccountsForParent: directly below a root or a unit. Raises NotFound for no such parent."""
        return self._list("ListAccountsForParent", "Accounts", ParentId=parent)

    def account(self, identifier: str) -> Raw | None:
        """DescribeAccount; None when it is not in the organization."""
        try:
            found = self._read("DescribeAccount", "Account", AccountId=identifier)
        except NotFound:
            return None
        if found.get("Id") != identifier:
            raise self._incomplete(
                "DescribeAccount", f"asked for {identifier}, answered about {found.get('Id')}"
            )
        return found

    def roots(self) -> Iterator[Sequence[Raw]]:
        """ListRoots: there is one."""
        return self._list("ListRoots", "Roots")

    def units_below(self, parent: str) -> Iterator[Sequence[Raw]]:
        """ListOrganizationalUnitsForParent: Id and Name of each. Raises NotFound for no such parent."""
        return self._list("ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent)

    def parents(self, account: str) -> Iterator[Sequence[Raw]]:
        """ListParents: the root or unit directly above, which is one. Raises NotFound for no account."""
        return self._list("ListParents", "Parents", ChildId=account)

    def tags(self, account: str) -> Iterator[Sequence[Raw]]:
        """ListTagsForResource: Key and Value of each. Raises NotFound for no account."""
        return self._aws.pages(
            _SERVICE, "ListTagsForResource", "Tags", lambda item: item.get("Key"), ResourceId=account
        )

    def policy(self, identifier: str) -> Policy:
        """DescribePolicy. Raises NotFound for no such policy."""
        found = self._read("DescribePolicy", "Policy", PolicyId=identifier)
        summary = found.get("PolicySummary") or {}
        content = found.get("Content")
        if not isinstance(content, str) or summary.get("Id") != identifier:
            raise self._incomplete("DescribePolicy", f"the answer has no content of {identifier}")
        return Policy(str(summary.get("Type", "")), content, str(summary.get("Arn", "")))

    def update_policy(self, identifier: str, content: str) -> None:
        """UpdatePolicy: replaces the document. Raises OutcomeUnknown where the answer was lost."""
        self._aws.call(_SERVICE, "UpdatePolicy", mutates=True, PolicyId=identifier, Content=content)

    def policy_targets(self, identifier: str) -> Iterator[Sequence[Raw]]:
        """ListTargetsForPolicy: TargetId and Type of each root, unit and account that it is attached to."""
        return self._aws.pages(
            _SERVICE, "ListTargetsForPolicy", "Targets", lambda item: item.get("TargetId"),
            MaxResults=_PAGE, PolicyId=identifier,
        )  # fmt: skip

    def _list(self, operation: str, key: str, **params: Any) -> Iterator[Sequence[Raw]]:
        return self._aws.pages(
            _SERVICE, operation, key, lambda item: item.get("Id"), MaxResults=_PAGE, **params
        )

    def _read(self, operation: str, key: str, **params: Any) -> Raw:
        found: Raw = self._aws.call(_SERVICE, operation, mutates=False, expects=(key,), **params)[key]
        return found

    def _incomplete(self, operation: str, message: str) -> IncompleteRead:
        return IncompleteRead(message, target=self._aws.target, request=f"{_SERVICE}.{operation}")

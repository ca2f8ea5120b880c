"""The Identity Store API, one method an operation that we use; answers are the API's own JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import IncompleteRead, NotFound
from reconciler.targets.identity_center.directory.mapping import ENTERPRISE
from reconciler.wire.aws import Aws

Raw = Mapping[str, Any]
_SERVICE = "identitystore"
# The largest page of every list (service model; pages that say 50 are stale).
_PAGE = 100


class Directory:
    """Users, groups and memberships of one identity store. Thread-safe; raises ServiceError in its kinds."""

    def __init__(self, aws: Aws, identity_store_id: Callable[[], str]) -> None:
        self._aws, self._store = aws, identity_store_id
        # What the installed service model knows, asked once.
        self.versions = all(
            aws.takes(_SERVICE, operation, "Revision")
            for operation in ("UpdateUser", "UpdateGroup", "DeleteUser", "DeleteGroup")
        )
        self._enterprise = {
            operation: {"Extensions": [ENTERPRISE]} if aws.takes(_SERVICE, operation, "Extensions") else {}
            for operation in ("ListUsers", "DescribeUser")
        }

    # Lists, page by page.

    def users(self) -> Iterator[Sequence[Raw]]:
        """ListUsers, enterprise attributes included."""
        return self._list("ListUsers", "Users", "UserId", **self._enterprise["ListUsers"])

    def groups(self) -> Iterator[Sequence[Raw]]:
        """ListGroups."""
        return self._list("ListGroups", "Groups", "GroupId")

    def memberships_of(self, group: str) -> Iterator[Sequence[Raw]]:
        """ListGroupMemberships of one group. Raises NotFound when there is no such group."""
        return self._list("ListGroupMemberships", "GroupMemberships", "MembershipId", GroupId=group)

    def memberships_for(self, user: str) -> Iterator[Sequence[Raw]]:
        """ListGroupMembershipsForMember of one user. Raises NotFound when there is no such user."""
        return self._list(
            "ListGroupMembershipsForMember", "GroupMemberships", "MembershipId", MemberId={"UserId": user}
        )

    # One object by what it is known by; None when there is none.

    def user(self, identifier: str) -> Raw | None:
        """DescribeUser, enterprise attributes included."""
        return self._describe("DescribeUser", "UserId", identifier, **self._enterprise["DescribeUser"])

    def group(self, identifier: str) -> Raw | None:
        """DescribeGroup."""
        return self._describe("DescribeGroup", "GroupId", identifier)

    def user_id(self, path: str, value: str) -> str | None:
        """GetUserId by `userName` or `emails.value`."""
        return self._get("GetUserId", "UserId", AlternateIdentifier=_unique(path, value))

    def group_id(self, display_name: str) -> str | None:
        """GetGroupId by display name."""
        return self._get("GetGroupId", "GroupId", AlternateIdentifier=_unique("displayName", display_name))

    def membership_id(self, group: str, user: str) -> str | None:
        """GetGroupMembershipId; None also where the group or the user is gone."""
        return self._get("GetGroupMembershipId", "MembershipId", GroupId=group, MemberId={"UserId": user})

    # Writes. Raise OutcomeUnknown when the answer was lost.

    def create_user(self, body: Raw) -> Raw:
        """CreateUser; the answer has UserId, and Revision where the service tells it."""
        return self._write("CreateUser", "UserId", **body)

    def create_group(self, body: Raw) -> Raw:
        """CreateGroup; the answer has GroupId, and Revision where the service tells it."""
        return self._write("CreateGroup", "GroupId", **body)

    def create_membership(self, group: str, user: str) -> Raw:
        """CreateGroupMembership; the answer has MembershipId."""
        return self._write("CreateGroupMembership", "MembershipId", GroupId=group, MemberId={"UserId": user})

    def update(self, what: str, identifier: str, operations: Sequence[Raw], revision: str | None) -> Raw:
        """UpdateUser or UpdateGroup (`what` is "User" or "Group"), only on `revision` where it is given."""
        return self._write(
            f"Update{what}", "", **{f"{what}Id": identifier}, Operations=operations, **self._on(revision)
        )

    def delete(self, what: str, identifier: str, revision: str | None) -> None:
        """DeleteUser or DeleteGroup (`what` is "User" or "Group"), only on `revision` where it is given."""
        self._write(f"Delete{what}", "", **{f"{what}Id": identifier}, **self._on(revision))

    def delete_membership(self, identifier: str) -> None:
        """DeleteGroupMembership."""
        self._write("DeleteGroupMembership", "", MembershipId=identifier)

    def _on(self, revision: str | None) -> dict[str, str]:
        return {"Revision": revision} if revision and self.versions else {}

    def _list(self, operation: str, key: str, identifier: str, **params: Any) -> Iterator[Sequence[Raw]]:
        return self._aws.pages(
            _SERVICE,
            operation,
            key,
            lambda item: item.get(identifier),
            IdentityStoreId=self._store(),
            MaxResults=_PAGE,
            **params,
        )

    def _describe(self, operation: str, member: str, identifier: str, **params: Any) -> Raw | None:
        params = {member: identifier, **params}
        try:
            answer = self._read(operation, member, **params)
        except NotFound:
            return None
        if answer[member] != identifier:
            raise IncompleteRead(
                f"asked for {identifier}, answered about {answer[member]}",
                target=self._aws.target,
                request=f"{_SERVICE}.{operation}",
            )
        return answer

    def _get(self, operation: str, member: str, **params: Any) -> str | None:
        try:
            return str(self._read(operation, member, **params)[member])
        except NotFound:
            return None

    def _read(self, operation: str, member: str, **params: Any) -> dict[str, Any]:
        return self._aws.call(
            _SERVICE, operation, mutates=False, expects=(member,), IdentityStoreId=self._store(), **params
        )

    def _write(self, operation: str, member: str, **params: Any) -> dict[str, Any]:
        expects = (member,) if member else ()
        return self._aws.call(
            _SERVICE, operation, mutates=True, expects=expects, IdentityStoreId=self._store(), **params
        )


def _unique(path: str, value: str) -> dict[str, Any]:
    return {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}

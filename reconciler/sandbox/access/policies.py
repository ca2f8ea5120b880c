"""What a permission set allows: managed policies, customer-managed policies, an inline policy, a boundary."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.access import aws_policies
from reconciler.sandbox.access.sets import PermissionSets, exceeded, missing
from reconciler.sandbox.access.terms import Quotas
from reconciler.sandbox.answers import ApiError, invalid

AWS, CUSTOMER = "aws", "customer"
_LARGEST = 32_768  # bytes of an inline policy


class Policies:
    """Every method runs inside a transaction of its caller, and raises ResourceNotFoundException for no set.

    A policy is its ARN where AWS manages it, and its path and name (`/ci/deploy`) where the customer does.
    """

    def __init__(self, db: sqlite3.Connection, sets: PermissionSets, quotas: Quotas) -> None:
        self._db, self._sets, self._quotas = db, sets, quotas

    def attach(self, arn: str, kind: str, policy: str) -> None:
        """Attach one.

        Raises ConflictException where it is attached already, ResourceNotFoundException where AWS has no
        such policy, or the quota's exception.
        """
        found = self._sets.get(arn)
        if kind == AWS and not aws_policies.has(self._db, policy):
            raise missing(_absent(kind, policy))
        attached = self._db.execute(
            "SELECT kind, policy FROM set_policies WHERE set_id = ?", (arn,)
        ).fetchall()
        if (kind, policy) in attached:
            raise ApiError("ConflictException", _attached(found.short_id, kind, policy))
        if len(attached) >= self._quotas.policies_per_set:
            raise exceeded("ManagedPolicy", self._quotas.policies_per_set, found.short_id)
        self._db.execute(
            "INSERT INTO set_policies (set_id, kind, policy) VALUES (?, ?, ?)", (arn, kind, policy)
        )
        self._sets.touch(arn)

    def detach(self, arn: str, kind: str, policy: str) -> None:
        """Detach one. Raises ResourceNotFoundException where it is not attached."""
        self._sets.get(arn)
        gone = self._db.execute(
            "DELETE FROM set_policies WHERE set_id = ? AND kind = ? AND policy = ?", (arn, kind, policy)
        ).rowcount
        if not gone:
            raise missing(_absent(kind, policy))
        self._sets.touch(arn)

    def page(self, arn: str, kind: str, after: int = 0, limit: int = -1) -> list[tuple[int, str]]:
        """At most `limit` attached policies of one kind behind row `after`, in the order of attachment."""
        self._sets.get(arn)
        return self._db.execute(
            "SELECT seq, policy FROM set_policies WHERE set_id = ? AND kind = ? AND seq > ?"
            " ORDER BY seq LIMIT ?",
            (arn, kind, after, limit),
        ).fetchall()

    def put_inline(self, arn: str, document: str) -> None:
        """Replace the inline policy. Raises ValidationException, ServiceQuotaExceededException."""
        self._sets.get(arn)
        if len(document.encode()) > _LARGEST:
            raise invalid(f"The inline policy is larger than {_LARGEST} bytes")
        characters = sum(not character.isspace() for character in document)
        if characters > self._quotas.inline_policy_characters:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"The inline policy has {characters} characters without white space; the quota is"
                f" {self._quotas.inline_policy_characters}",
            )
        try:
            policy = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise invalid("The inline policy document is not valid: it is not JSON") from error
        if not isinstance(policy, dict) or "Statement" not in policy:
            raise invalid("The inline policy document is not valid: it has no Statement")
        self._sets.set_inline_policy(arn, document)

    def delete_inline(self, arn: str) -> None:
        """Take the inline policy out; where there is none, nothing happens."""
        if self._sets.get(arn).inline_policy is not None:
            self._sets.set_inline_policy(arn, None)

    def put_boundary(self, arn: str, boundary: Mapping[str, Any]) -> None:
        """Replace the boundary: CustomerManagedPolicyReference or ManagedPolicyArn. ValidationException."""
        self._sets.get(arn)
        given = {name: value for name, value in boundary.items() if value is not None}
        if len(given) != 1:
            raise invalid(
                "PermissionsBoundary must have either a CustomerManagedPolicyReference or a ManagedPolicyArn"
            )
        reference = given.get("CustomerManagedPolicyReference")
        if reference is not None:
            given = {"CustomerManagedPolicyReference": {"Name": reference["Name"], "Path": _path(reference)}}
        self._sets.set_boundary(arn, json.dumps(given))

    def boundary(self, arn: str) -> Mapping[str, Any]:
        """The boundary. Raises ResourceNotFoundException where there is none."""
        found = self._sets.get(arn)
        if found.boundary is None:
            raise missing(f"PermissionsBoundary does not exist for PermissionSet with id {found.short_id}")
        content: Mapping[str, Any] = json.loads(found.boundary)
        return content

    def delete_boundary(self, arn: str) -> None:
        """Take the boundary out. Raises ResourceNotFoundException where there is none."""
        self.boundary(arn)
        self._sets.set_boundary(arn, None)

    def customer_policies(self, arn: str) -> list[str]:
        """The customer-managed policies that every account must have, that of the boundary included."""
        found = [policy for _, policy in self.page(arn, CUSTOMER)]
        boundary = json.loads(self._sets.get(arn).boundary or "{}").get("CustomerManagedPolicyReference")
        return found + ([customer_policy(boundary)] if boundary else [])


def customer_policy(reference: Mapping[str, Any]) -> str:
    """`/ci/deploy` of {"Name": "deploy", "Path": "/ci/"}; the path is `/` where none is given."""
    return f"{_path(reference)}{reference['Name']}"


def reference_to(policy: str) -> dict[str, str]:
    """{"Name": "deploy", "Path": "/ci/"} of `/ci/deploy`."""
    path, _, name = policy.rpartition("/")
    return {"Name": name, "Path": f"{path}/"}


def _path(reference: Mapping[str, Any]) -> str:
    return str(reference.get("Path") or "/")


def _attached(set_id: str, kind: str, policy: str) -> str:
    # Both texts with the spelling and the spaces that the service is known for.
    if kind == AWS:
        return (
            f"Permission set with id {set_id} already has a typed link attachment to a manged policy with"
            f" {policy}"
        )
    named = reference_to(policy)
    return (
        f"Given customer managed policy with name: {named['Name']}  and path {named['Path']} already attached"
    )


def _absent(kind: str, policy: str) -> str:
    if kind == AWS:
        return f"Could not find ManagedPolicy with arn {policy}"
    named = reference_to(policy)
    return (
        f"Given managed policy with name: {named['Name']}  and path {named['Path']} does not exist on"
        " PermissionSet"
    )

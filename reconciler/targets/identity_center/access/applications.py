"""Who is assigned to which application of the instance: read for reports, never planned or written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import IncompleteRead
from reconciler.model.address import Kind
from reconciler.model.pairs import Principal
from reconciler.targets.base import ApplicationAssignment
from reconciler.wire.aws import Aws

_SERVICE = "sso-admin"
_KINDS = {"USER": Kind.USER, "GROUP": Kind.GROUP}


def application_assignments(aws: Aws, instance_arn: Callable[[], str]) -> Sequence[ApplicationAssignment]:
    """Every assignment of every application, to the end; one call an application beside the list.

    Raises ServiceError, Denied where the caller may not list them (ListApplications and
    ListApplicationAssignments, IAM Identity Center API reference).
    """
    found = []
    for application in _pages(aws, "ListApplications", "Applications", _arn, InstanceArn=instance_arn()):
        arn = application["ApplicationArn"]
        name = application.get("Name")
        label = name if isinstance(name, str) and name else arn
        rows = _pages(aws, "ListApplicationAssignments", "ApplicationAssignments", _row, ApplicationArn=arn)
        found += [ApplicationAssignment(label, arn, _principal(aws, row)) for row in rows]
    return found


def _pages(
    aws: Aws, operation: str, key: str, id_of: Callable[[Mapping[str, Any]], object], **params: Any
) -> Iterator[Mapping[str, Any]]:
    for page in aws.pages(_SERVICE, operation, key, id_of, **params):
        yield from page


def _arn(item: Mapping[str, Any]) -> object:
    return item.get("ApplicationArn")


def _row(item: Mapping[str, Any]) -> object:
    kind, identifier = item.get("PrincipalType"), item.get("PrincipalId")
    return f"{kind} {identifier}" if kind and identifier else None


def _principal(aws: Aws, row: Mapping[str, Any]) -> Principal:
    kind, identifier = _KINDS.get(str(row["PrincipalType"])), row["PrincipalId"]
    if kind is None or not isinstance(identifier, str):
        raise IncompleteRead(
            f"{row['PrincipalType']} is not a kind of principal that is known",
            target=aws.target,
            request=f"{_SERVICE}.ListApplicationAssignments",
        )
    return Principal(kind, identifier)

"""The services as botocore describes them: which operations exist, what they take and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from reconciler.sandbox.shapes import Checker

SERVICES = ("identitystore", "sso-admin", "organizations", "cloudtrail")

# Errors that any JSON service may answer with; they stand in no operation's list.
COMMON_ERRORS = frozenset(
    (
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InternalFailure",
        "MissingAuthenticationTokenException",
        "SerializationException",
        "ServiceUnavailable",
        "ThrottlingException",
        "UnknownOperationException",
        "UnrecognizedClientException",
    )
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `list_key` is the member of the answer that holds a page's items, if it pages."""

    service: str
    name: str
    input: str | None
    output: str | None
    errors: frozenset[str]
    list_key: str | None

    @property
    def label(self) -> str:
        """`identitystore.ListUsers`, as log, counts and faults call it."""
        return f"{self.service}.{self.name}"


@dataclass(frozen=True)
class ServiceModel:
    """One service of botocore's data. `target_prefix` is "" where the address says what is asked."""

    name: str
    target_prefix: str
    signing_name: str
    operations: Mapping[str, Operation]
    requests: Checker = field(repr=False)
    responses: Checker = field(repr=False)


@cache
def service_model(name: str) -> ServiceModel:
    """The newest model of `name` that the installed botocore has."""
    from botocore.loaders import Loader

    model = Loader().load_service_model(name, "service-2")
    metadata, shapes = model["metadata"], model["shapes"]
    return ServiceModel(
        name=name,
        target_prefix=metadata.get("targetPrefix", ""),
        signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
        operations={
            operation: _operation(name, operation, raw, shapes)
            for operation, raw in model["operations"].items()
        },
        requests=Checker(shapes, strict=False),
        responses=Checker(shapes, strict=True),
    )


@cache
def has_service(name: str) -> bool:
    """Whether the installed botocore has a service."""
    from botocore.loaders import Loader

    return name in Loader().list_available_services("service-2")


@cache
def by_target_prefix() -> Mapping[str, ServiceModel]:
    """Every service that the sandbox serves, by the first part of X-Amz-Target."""
    return {model.target_prefix: model for model in map(service_model, SERVICES)}


def _operation(
    service: str, name: str, raw: Mapping[str, Any], shapes: Mapping[str, Mapping[str, Any]]
) -> Operation:
    output = raw.get("output", {}).get("shape")
    members = shapes[output].get("members", {}) if output else {}
    lists = [key for key, value in members.items() if shapes[value["shape"]]["type"] == "list"]
    return Operation(
        service=service,
        name=name,
        input=raw.get("input", {}).get("shape"),
        output=output,
        errors=frozenset(error["shape"] for error in raw.get("errors", ())),
        list_key=lists[0] if len(lists) == 1 and "NextToken" in members else None,
    )

"""What the sandbox refuses with: errors in the services' own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An error that a service answers with.

    `code` is the name of the exception shape, `members` further members of it (Reason, ResourceType, …),
    `status` the HTTP status. JSON 1.1 services answer errors of the caller with 400, also where the
    Smithy model names another status (seen for AccessDeniedException and ThrottlingException of
    identitystore), and faults of their own with 500.
    """

    def __init__(
        self, code: str, message: str, *, status: int = 400, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.members = dict(members or {})


class SandboxBug(Exception):
    """The sandbox was about to answer what the service model forbids: answered with 500, never hidden."""


def not_found(resource: str, identifier: str = "", message: str = "") -> ApiError:
    """The Identity Store's ResourceNotFoundException; `resource` is a ResourceType of the model."""
    members = {"ResourceType": resource} | ({"ResourceId": identifier} if identifier else {})
    return ApiError("ResourceNotFoundException", message or f"{resource} not found.", members=members)


def duplicate(what: str) -> ApiError:
    """The Identity Store's ConflictException for a name that is taken: `Duplicate UserName`."""
    members = {"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}
    return ApiError("ConflictException", f"Duplicate {what}", members=members)


def moved(what: str) -> ApiError:
    """The Identity Store's ConflictException for an object that changed since its Revision was read."""
    message = f"The {what} was modified by another request: the revision does not match."
    return ApiError("ConflictException", message, members={"Reason": "CONCURRENT_MODIFICATION"})


def invalid(message: str) -> ApiError:
    """A ValidationException."""
    return ApiError("ValidationException", message)

"""What the endpoint answers with: SCIM errors in AWS's form, and the faults that only SCIM has.

The form was seen in the field: both `schema` and `schemas`, `status` as text, and never a scimType.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.faulty_replies import Reply

JSON = "application/json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
UNPARSABLE = "Request is unparsable, syntactically incorrect, or violates schema."
DUPLICATE = "Refused to create a new, duplicate resource."

STATUS: Mapping[str, int] = {
    "ValidationException": 400,
    "UnauthorizedException": 401,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "ThrottlingException": 429,
    "InternalServerException": 500,
}
# What the rules of the store say of a value that breaks a length or a pattern.
_SHAPE = re.compile(r"\d+ validation errors? detected: ")
_OTHER_API = b'{"schemas":["urn:example:params:api:1.0:Collection"],"kind":"collection","items":[]}'
_ELSEWHERE = "https://elsewhere.invalid/scim/v2/"


class ScimError(ApiError):
    """An error of this endpoint; `status` is its own, where none is given."""

    def __init__(
        self, code: str, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(code, message, status=status or STATUS[code])
        self.retry_after = retry_after


def refused(message: str) -> ScimError:
    """A 400 ValidationException."""
    return ScimError("ValidationException", message)


def throttled(seconds: float | None = None) -> ScimError:
    """The refusal of a call that comes too fast. AWS documents no Retry-After; `seconds` gives one."""
    return ScimError("ThrottlingException", "Rate exceeded", retry_after=seconds)


@dataclass(frozen=True, slots=True)
class Words:
    """How the endpoint puts what goes wrong into words."""

    clock: SandboxClock

    def refused(self, error: ApiError, request_id: str) -> Reply:
        """The error's body."""
        found = error if isinstance(error, ScimError) else _translated(error)
        at = datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        body = {
            "schema": [ERROR],
            "schemas": [ERROR],
            "detail": found.message,
            "status": str(found.status),
            "exceptionRequestId": request_id,
            "timeStamp": at,
        }
        reply = answered(found.status, body)
        reply.code = found.code
        if found.retry_after is not None:
            reply.headers["Retry-After"] = str(max(1, round(found.retry_after)))
        return reply

    def broken(self, message: str) -> ApiError:
        """What is said when the sandbox itself is at fault."""
        return ScimError("InternalServerException", message)

    def failed(self, fault: Fault) -> ApiError:
        """The service's own failure."""
        return ScimError(
            "InternalServerException", "An internal service error occurred.", status=fault.status
        )


def answered(status: int, body: Mapping[str, Any] | None = None) -> Reply:
    """An answer with a JSON body, or with none."""
    data = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, data, content_type=JSON)


def refusal(operation: str, fault: Fault) -> ApiError | None:
    """What a fault refuses with before anything is done; None for a fault of another kind."""
    writes = operation.startswith(("Create", "Put", "Patch", "Delete"))
    match fault.kind:
        case FaultKind.THROTTLE:
            return throttled(fault.seconds)
        case FaultKind.ERROR:
            return ScimError("InternalServerException", "An internal service error occurred.")
        case FaultKind.DENY:
            return ScimError("AccessDeniedException", "Access denied.")
        case FaultKind.EXPIRED:
            return unauthorized()
        case FaultKind.CONFLICT if writes:
            return ScimError("ConflictException", DUPLICATE)
        case FaultKind.NOT_FOUND if operation.endswith(("User", "Group")) and "Create" not in operation:
            return ScimError("ResourceNotFoundException", "Resource not found.")
    return None


def unauthorized() -> ScimError:
    """Missing, wrong or expired token, or a directory that is not the token's."""
    return ScimError("UnauthorizedException", "The access token is missing, invalid or expired.")


def redirected(faults: Sequence[Fault]) -> Reply | None:
    """What somebody in between answers who sends the request elsewhere; None where nobody does."""
    for fault in faults:
        if fault.kind is FaultKind.REDIRECT:
            headers = {"Location": fault.reason or _ELSEWHERE}
            return Reply(HTTPStatus.FOUND, b"", content_type="text/html", headers=headers)
    return None


def of_another_api(reply: Reply, faults: Sequence[Fault]) -> Reply:
    """`reply`, or JSON of some other API where a fault wants it and there is a body to swap."""
    if reply.body and any(fault.kind is FaultKind.WRONG_SCHEMA for fault in faults):
        return Reply(reply.status, _OTHER_API, content_type=JSON)
    return reply


def _translated(error: ApiError) -> ScimError:
    """An error of the store, which names the same exceptions, in this endpoint's words."""
    if error.code == "ConflictException":
        return ScimError(error.code, DUPLICATE)
    if error.code == "ServiceQuotaExceededException":
        return refused(error.message)
    if error.code == "SerializationException" or _SHAPE.match(error.message):
        return refused(UNPARSABLE)
    return ScimError(error.code, error.message, status=STATUS.get(error.code, 500))

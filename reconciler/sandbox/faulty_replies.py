"""How the faults that are switched on stop a request, or apply_faults its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.sandbox.access.requests import in_conflict
from reconciler.sandbox.answers import ApiError, moved
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.models import Operation

JSON_TYPE = "application/x-amz-json-1.1"
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass(slots=True)
class Reply:
    """What goes back. `dropped`: nothing at all; `sent`: only so many bytes of the body, then the end."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False
    sent: int | None = None
    code: str = ""


def throttled(operation: Operation, seconds: float | None = None) -> ApiError:
    """The refusal of a call that comes too fast, in the words of its service; `seconds` to wait."""
    if operation.service == "organizations":
        return ApiError("TooManyRequestsException", "Rate exceeded", members={"Type": "RATE_LIMIT"})
    # Only the Identity Store's model has the member (sso-admin's has not).
    members = (
        {"RetryAfterSeconds": max(1, round(seconds or 1))} if operation.service == "identitystore" else {}
    )
    return ApiError("ThrottlingException", "Rate exceeded", members=members)


def before(faults: Sequence[Fault], refusal: Callable[[Fault], ApiError | None]) -> None:
    """Stop the request where a fault says so; `refusal` words it. Raises ApiError, or Dropped."""
    for fault in faults:
        if fault.kind is FaultKind.DROP_BEFORE:
            raise Dropped
        error = refusal(fault)
        if error is not None:
            error.status = fault.status or error.status
            error.members |= {"Reason": fault.reason} if fault.reason else {}
            raise error


def refusal(operation: Operation, fault: Fault) -> ApiError | None:
    """What a JSON service refuses with before anything is done; None for a fault of another kind."""
    match fault.kind:
        case FaultKind.THROTTLE:
            return throttled(operation, fault.seconds)
        case FaultKind.ERROR:
            return server_error(operation, fault.status)
        case FaultKind.DENY:
            action = f"{'sso' if operation.service == 'sso-admin' else operation.service}:{operation.name}"
            return ApiError(
                "AccessDeniedException",
                "User: arn:aws:sts::000000000000:assumed-role/ApiCaller/sandbox is not authorized to"
                f" perform: {action} because no identity-based policy allows the {action} action",
            )
        case FaultKind.NETWORK:
            action = f"{'sso' if operation.service == 'sso-admin' else operation.service}:{operation.name}"
            return ApiError(
                "AccessDeniedException",
                "User: arn:aws:sts::000000000000:assumed-role/ApiCaller/sandbox is not authorized to"
                f" perform: {action} because no VPC endpoint policy allows the {action} action",
            )
        case FaultKind.EXPIRED:
            return ApiError("ExpiredTokenException", "The security token included in the request is expired")
        case FaultKind.CONFLICT if "ConflictException" in operation.errors:
            # The Identity Store gives a Reason; sso-admin's exception has no such member.
            return moved("resource") if operation.service == "identitystore" else in_conflict()
        case FaultKind.NOT_FOUND if "ResourceNotFoundException" in operation.errors:
            return ApiError("ResourceNotFoundException", "Resource not found.")
    return None


def apply_faults(reply: Reply, faults: Sequence[Fault], failure: Callable[[Fault], Reply]) -> Reply:
    """The answer as the faults leave it. What was refused stays as it is; `failure` words a 5xx."""
    if not 200 <= reply.status < 300:
        return reply
    for fault in faults:
        match fault.kind:
            case FaultKind.ERROR_AFTER:
                return failure(fault)
            case FaultKind.DROP_AFTER:
                return Reply(0, b"", dropped=True)
            case FaultKind.CUT_OFF if reply.body:
                reply.sent = len(reply.body) // 2
            case FaultKind.TRUNCATED:
                # At least one byte is lost, also of "{}".
                reply.body = reply.body[: len(reply.body) // 2]
            case FaultKind.EMPTY:
                reply.body = b""
            case FaultKind.HTML:
                return Reply(200, _PAGE, content_type="text/html")
            case FaultKind.GARBAGE if reply.body:
                reply.body = b"\x00\xff not json"
            case FaultKind.WRONG_TYPE if reply.body:
                reply.body = _wrong_type(reply.body)
            case FaultKind.MISSING_KEY if reply.body:
                reply.body = b"{}"
            case _:
                pass
    return reply


def server_error(operation: Operation | None, status: int | None) -> ApiError:
    """A fault of the service's own, by the name that its model has for it."""
    names = {500: "InternalServerException", 503: "ServiceUnavailable"}
    code = names.get(status or 500, "InternalFailure")
    if operation and operation.service == "organizations" and code == "InternalServerException":
        code = "ServiceException"
    return ApiError(
        code, "The request processing has failed because of an unknown error.", status=status or 500
    )


def _wrong_type(body: bytes) -> bytes:
    if body.startswith(b"<"):
        return b"<unexpected/>"
    answer = json.loads(body)
    spoilt = {key: "unexpected" if isinstance(value, list | dict) else value for key, value in answer.items()}
    return json.dumps(spoilt).encode()

"""What botocore raises, translated once into this project's own tree, most specific first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import (
    Conflict,
    Denied,
    IncompleteRead,
    NotFound,
    OutcomeUnknown,
    Rejected,
    ServiceError,
    Throttled,
)
from reconciler.wire.answers import CutOffError, MalformedError
from reconciler.wire.retry import Failure, RetryDecision, asked_to_wait

_THROTTLED = frozenset(
    ("ThrottlingException", "Throttling", "ThrottledException", "RequestThrottledException",
     "RequestThrottled", "TooManyRequestsException", "RequestLimitExceeded",
     "BandwidthLimitExceeded", "SlowDown", "RateExceeded")
)  # fmt: skip
_CREDENTIALS: Mapping[str, str] = {
    "ExpiredToken": "the credentials have expired; sign in again",
    "ExpiredTokenException": "the credentials have expired; sign in again",
    "RequestExpired": "the credentials have expired, or this machine's clock is wrong",
    "InvalidSignatureException": "the signature is wrong, because the secret key or this machine's clock is",
    "SignatureDoesNotMatch": "the signature is wrong, because the secret key or this machine's clock is",
    "InvalidClientTokenId": "the credentials are not known to AWS; sign in again",
    "UnrecognizedClientException": "the credentials are not known to AWS; sign in again",
    "MissingAuthenticationToken": "the request carried no credentials",
    "MissingAuthenticationTokenException": "the request carried no credentials",
    "IncompleteSignature": "the request was not signed as AWS wants it",
    "IncompleteSignatureException": "the request was not signed as AWS wants it",
    "OptInRequired": "the account is not subscribed to this service, or not in this Region",
}
_DENIED = frozenset(
    ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "UnauthorizedException",
     "NotAuthorizedException", "AuthorizationErrorException")
)  # fmt: skip
# The last two: Amazon S3, conditional requests (412 and 409).
_CONFLICT = frozenset(
    ("ConflictException", "ConcurrentModificationException", "PreconditionFailed",
     "ConditionalRequestConflict")
)  # fmt: skip
_REJECTED = frozenset(
    ("ValidationException", "ValidationError", "ServiceQuotaExceededException", "SerializationException",
     "InvalidInputException", "ConstraintViolationException", "UnknownOperationException", "InvalidAction",
     "UnsupportedOperation", "NoSuchBucket")
)  # fmt: skip
# What Organizations, IAM and S3 say where others say ResourceNotFoundException (API references, errors).
_ABSENT = frozenset(
    ("AccountNotFoundException", "ParentNotFoundException", "ChildNotFoundException",
     "TargetNotFoundException", "OrganizationalUnitNotFoundException", "PolicyNotFoundException",
     "NoSuchEntity", "NoSuchKey")
)  # fmt: skip
# As in: User … is not authorized to perform: identitystore:ListUsers on resource …
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z0-9*]+)")
_IAM_PREFIX = {"sso-admin": "sso", "accessanalyzer": "access-analyzer"}


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Whom was asked what: `endpoint` is the address that botocore chose, "" where it got none."""

    target: str
    service: str
    operation: str
    mutates: bool
    endpoint: str = ""

    @property
    def label(self) -> str:
        """`service.Operation`; "" where nobody is asked yet."""
        return f"{self.service}.{self.operation}" if self.service else ""

    @property
    def action(self) -> str:
        """The IAM action that the call needs (Service Authorization Reference)."""
        return f"{_IAM_PREFIX.get(self.service, self.service)}:{self.operation}"


def botocore_errors() -> tuple[type[Exception], ...]:
    """What botocore raises, and what `answers.check` raises through it."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return (ClientError, BotoCoreError, ResponseParserError, MalformedError, CutOffError)


def translate(error: Exception, asked: RequestInfo) -> Failure:
    """`error`, one of `botocore_errors`, as this project says it."""
    import botocore.exceptions as b
    from botocore.parsers import ResponseParserError

    if isinstance(error, MalformedError):
        return _malformed(error, asked)
    if isinstance(error, b.ClientError):
        return _answered(error.response, asked)
    if isinstance(error, (b.ParamValidationError, b.UnknownParameterError)):
        return Failure(_error(Rejected, f"the request is not valid: {error}", asked), RetryDecision.FINAL)
    if isinstance(error, (b.EndpointConnectionError, b.ConnectTimeoutError, b.ProxyConnectionError)):
        message = f"{asked.endpoint or 'AWS'} cannot be reached; check the region, the network and the proxy"
        return Failure(_error(ServiceError, message, asked), RetryDecision.UNSENT)
    if isinstance(error, b.SSLError):
        message = f"no trusted connection to {asked.endpoint}: {error}; check the proxy and AWS_CA_BUNDLE"
        return Failure(_error(ServiceError, message, asked), RetryDecision.FINAL)
    if isinstance(error, (b.HTTPClientError, b.IncompleteReadError, CutOffError)):
        return _lost("the connection ended, or the answer did not come in time", asked)
    if isinstance(error, ResponseParserError):
        return _malformed(MalformedError(f"the answer cannot be read: {error}", 200), asked)
    return Failure(configuration(error, asked), RetryDecision.FINAL)


def configuration(error: Exception, asked: RequestInfo) -> ServiceError:
    """What is wrong before any request can be sent."""
    import botocore.exceptions as b

    if isinstance(error, (b.NoCredentialsError, b.PartialCredentialsError)):
        message = f"{error}; sign in (aws sso login), or set AWS_PROFILE or the AWS_ACCESS_KEY_ID pair"
        return _error(Denied, message, asked)
    if isinstance(
        error,
        (b.CredentialRetrievalError, b.SSOError, b.TokenRetrievalError, b.MetadataRetrievalError,
         b.RefreshWithMFAUnsupportedError, b.InfiniteLoopConfigError),
    ):  # fmt: skip
        return _error(Denied, f"the credentials cannot be had: {error}; sign in again (aws sso login)", asked)
    if isinstance(error, (b.ProfileNotFound, b.ConfigParseError, b.ConfigNotFound)):
        return _error(Rejected, f"{error}; check AWS_PROFILE and ~/.aws/config", asked)
    if isinstance(error, (b.NoRegionError, b.InvalidRegionError)):
        return _error(Rejected, f"{error}; set `region` of the target in reconciler.yaml", asked)
    return _error(ServiceError, str(error), asked)


def _answered(response: Mapping[str, Any], asked: RequestInfo) -> Failure:
    """A ClientError: an answer with a code."""
    details = response.get("Error", {})
    code, text = str(details.get("Code", "")), str(details.get("Message", ""))
    reason = str(response.get("Reason") or "")
    meta = response.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    request_id = str(meta.get("RequestId", ""))

    def fail(kind: type[ServiceError], message: str, fate: RetryDecision = RetryDecision.FINAL) -> Failure:
        error = _error(kind, message, asked, code=code, reason=reason, request_id=request_id)
        return Failure(error, fate, _retry_after(response) if fate is not RetryDecision.FINAL else None)

    if code in _THROTTLED or status == 429:
        return fail(Throttled, text or "the service asks for fewer calls", RetryDecision.THROTTLED)
    if reason.upper().startswith("KMS"):
        hint = "the instance's customer-managed KMS key cannot be used; check its state and key policy"
        return fail(Denied, f"{hint}: {text}")
    if code in _CREDENTIALS:
        return fail(Denied, f"{_CREDENTIALS[code]} ({text})" if text else _CREDENTIALS[code])
    if code in _DENIED or status in (401, 403):
        found = _ACTION.search(text)
        action = found[1] if found else asked.action
        return fail(
            Denied, f"not allowed: the caller needs the IAM action {action} ({text or 'no reason given'})"
        )
    if code in _CONFLICT:
        return fail(Conflict, text or "the object exists already, or changed meanwhile")
    if code == "ResourceNotFoundException":
        kind = str(response.get("ResourceType") or "")
        if kind == "IDENTITY_STORE":
            # No absence of whom we asked for: we asked in the wrong place.
            return fail(Rejected, f"this identity store does not exist in this Region ({text})")
        return fail(NotFound, text or f"{kind or 'the object'} does not exist")
    if code in _ABSENT:
        return fail(NotFound, text or "it does not exist")
    if code in _REJECTED:
        return fail(Rejected, text or "the service refuses the request")
    if status >= 500 or status == 408 or code in ("InternalServerException", "ServiceUnavailable"):
        kind_of = OutcomeUnknown if asked.mutates else ServiceError
        return fail(kind_of, f"the service failed (HTTP {status}): {text}", RetryDecision.LOST)
    return fail(Rejected if status == 400 else ServiceError, text or f"HTTP {status}")


def _malformed(error: MalformedError, asked: RequestInfo) -> Failure:
    """An answer that is none of AWS's: by its status, what can be said of the request."""
    status = error.status
    if status == 429:
        return Failure(
            _error(Throttled, "something on the way asks for fewer calls", asked), RetryDecision.THROTTLED
        )
    if status >= 500 or status == 408:
        return _lost(f"HTTP {status}: {error}", asked)
    if status in (401, 403, 407):
        return Failure(
            _error(Denied, f"refused on the way to AWS (HTTP {status}): {error}", asked), RetryDecision.FINAL
        )
    if status >= 300:
        message = (
            f"something that is not AWS answered (HTTP {status}): {error}; check the endpoint and the proxy"
        )
        return Failure(_error(ServiceError, message, asked), RetryDecision.FINAL)
    if asked.mutates:
        return Failure(_error(OutcomeUnknown, str(error), asked), RetryDecision.LOST)
    return Failure(_error(IncompleteRead, str(error), asked), RetryDecision.FINAL)


def _lost(message: str, asked: RequestInfo) -> Failure:
    return Failure(
        _error(OutcomeUnknown if asked.mutates else ServiceError, message, asked), RetryDecision.LOST
    )


def _error(
    kind: type[ServiceError],
    message: str,
    asked: RequestInfo,
    *,
    code: str = "",
    reason: str = "",
    request_id: str = "",
) -> ServiceError:
    return kind(
        message, target=asked.target, request=asked.label, code=code, reason=reason, request_id=request_id
    )


def _retry_after(response: Mapping[str, Any]) -> float | None:
    """Seconds to wait: the Identity Store's RetryAfterSeconds, or the header."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    named = asked_to_wait({"retry-after": str(response.get("RetryAfterSeconds", ""))})
    return named if named is not None else asked_to_wait(headers)

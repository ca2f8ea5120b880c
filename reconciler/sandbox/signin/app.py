"""From the bytes of a request to `signin` to the bytes of an answer (REST with JSON)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import sts, tokens
from reconciler.sandbox.answers import ApiError, SandboxBug
from reconciler.sandbox.faults import PAGE_FAULTS, Fault, FaultKind
from reconciler.sandbox.faulty_replies import Reply, before, refusal, server_error
from reconciler.sandbox.models import Operation, ServiceModel, has_service, service_model
from reconciler.sandbox.serving import Service
from reconciler.sandbox.shapes import describe
from reconciler.sandbox.signin import sessions
from reconciler.sandbox.signing import key_of, signed_region

SERVICE = "signin"
_TYPE = "application/json"
_PATHS = {
    "/list-sessions": "ListSessions",
    "/get-session": "GetSession",
    "/batch-revoke-sessions": "BatchRevokeSessions",
}
# What the errors of this service say of themselves beside their names.
_WORDS = {
    "AccessDeniedException": "INSUFFICIENT_PERMISSIONS",
    "ResourceNotFoundException": "RESOURCE_NOT_FOUND",
    "TooManyRequestsError": "rate_exceeded",
    "InternalServerException": "server_error",
}
_STATUS = {"AccessDeniedException": 403, "ResourceNotFoundException": 404, "TooManyRequestsError": 429}
_PAGE = 100
Handler = Callable[["SigninApp", "_Call"], dict[str, Any]]


def is_meant(path: str) -> bool:
    """Whether a request for `path` is one for this service, which the installed botocore may not know."""
    return path in _PATHS and has_service(SERVICE)


@dataclass(frozen=True, slots=True)
class _Call:
    operation: Operation
    params: Mapping[str, Any]
    account: str
    faults: Sequence[Fault]


@dataclass(slots=True)
class SigninApp(Service):
    """The three operations on sessions. No page has more than `largest_page` items."""

    largest_page: int | None = None

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Carry out one request. Nothing is raised: what goes wrong is an answer."""
        model = service_model(SERVICE)
        operation = model.operations[_PATHS[path]]

        def work(faults: Sequence[Fault], _: str) -> Reply:
            signed_region(model.signing_name, headers)
            before(faults, lambda fault: _refusal(operation, fault))
            if self.throttle and not self.throttle.admits(operation):
                raise ApiError("TooManyRequestsError", "Rate exceeded", status=429)
            call = _Call(operation, _params(model, operation, body), self._account(headers), faults)
            with self.world.store.transaction():
                answer = _HANDLERS[operation.name](self, call)
            assert operation.output is not None
            if violations := model.responses.check(operation.output, answer):
                raise SandboxBug(describe(violations))
            return Reply(200, json.dumps(answer).encode(), content_type=_TYPE)

        return self.serve(operation.label, _Words(operation), work)

    def list(self, call: _Call) -> dict[str, Any]:
        """ListSessions."""
        after, token = 0, call.params.get("nextToken")
        self._check(call)
        if token:
            redeemed = tokens.redeem(call.operation.label, _bound(call.params), token)
            if redeemed is None:
                raise ApiError("ValidationException", "The token is not valid.")
            after = redeemed
        wrong = {fault.kind for fault in call.faults} & PAGE_FAULTS
        size = min(call.params.get("maxResults", _PAGE), self.largest_page or _PAGE)
        size = 1 if FaultKind.SHORT_PAGE in wrong else size
        with self.world.store.transaction() as db:
            found = sessions.listed(db, call.account, call.params, after, size + 1)
        answer: dict[str, Any] = {"items": [item for _, item in found[:size]]}
        if len(found) > size:
            answer["nextToken"] = self._token(call, found[size - 1][0])
        if FaultKind.LOOP in wrong or FaultKind.REPEAT_PAGE in wrong:
            answer["nextToken"] = token or self._token(call, after)
        return answer

    def get(self, call: _Call) -> dict[str, Any]:
        """GetSession: nothing in it names the person behind a role."""
        principal = self._check(call)
        with self.world.store.transaction() as db:
            row = sessions.one(db, call.account, principal, call.params["sessionArn"])
        if row is None:
            raise ApiError("ResourceNotFoundException", "The session was not found.", status=404)
        return {**sessions.summary(row), "issuedInRegion": row[7], "userAgent": "aws-cli"}

    def revoke(self, call: _Call) -> dict[str, Any]:
        """BatchRevokeSessions: each one by itself."""
        principal = self._check(call)
        revoked, errors = [], []
        with self.world.store.transaction() as db:
            for arn in call.params["sessionArns"]:
                refused = next((one for one in call.faults if one.kind is FaultKind.FAIL), None)
                if refused is not None or sessions.one(db, call.account, principal, arn) is None:
                    why = (refused.reason if refused else "") or "The session was not found."
                    errors.append({"sessionArn": arn, "code": "ResourceNotFoundException", "message": why})
                    continue
                sessions.revoke(db, arn, call.params.get("reason", ""))
                revoked.append({"sessionArn": arn})
        return {"revokedSessions": revoked, "errors": errors}

    def _account(self, headers: Mapping[str, str]) -> str:
        key, management = key_of(headers), self.world.store.meta()["management_account"]
        with self.world.store.transaction() as db:
            return sts.of_key(key) or sts.caller_account(db, management, self.world.circumstances.caller)

    def _check(self, call: _Call) -> str:
        """Whose sessions are meant, "" the caller's own; another account is never asked about."""
        principal = str(call.params.get("principalArn", ""))
        if principal and principal.split(":")[4] != call.account:
            raise ApiError("AccessDeniedException", "The identity is in another account.", status=403)
        return principal

    @staticmethod
    def _token(call: _Call, after: int) -> str:
        return tokens.issue(call.operation.label, _bound(call.params), after)


_HANDLERS: Mapping[str, Handler] = {
    "ListSessions": SigninApp.list,
    "GetSession": SigninApp.get,
    "BatchRevokeSessions": SigninApp.revoke,
}


def _bound(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a token is bound to."""
    return {name: value for name, value in params.items() if name not in ("nextToken", "maxResults")}


def _params(model: ServiceModel, operation: Operation, body: bytes) -> Mapping[str, Any]:
    try:
        params = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("ValidationException", "The request is not valid JSON.") from error
    assert operation.input is not None
    if violations := model.requests.check(operation.input, params):
        raise ApiError("ValidationException", describe(violations))
    return {name: value for name, value in params.items() if value is not None}


def _refusal(operation: Operation, fault: Fault) -> ApiError | None:
    if fault.kind is FaultKind.THROTTLE:
        return ApiError("TooManyRequestsError", "Rate exceeded", status=429)
    return refusal(operation, fault)


@dataclass(frozen=True, slots=True)
class _Words:
    """Errors as REST services with JSON have them: the name in a header."""

    operation: Operation

    def refused(self, error: ApiError, request_id: str) -> Reply:
        del request_id  # it is in a header
        says = {"error": _WORDS.get(error.code, "INVALID_REQUEST"), "message": error.message}
        status = error.status if error.status != 400 else _STATUS.get(error.code, 400)
        return Reply(
            status,
            json.dumps(says).encode(),
            content_type=_TYPE,
            headers={"x-amzn-errortype": error.code},
            code=error.code,
        )

    def broken(self, message: str) -> ApiError:
        return ApiError("InternalServerException", message, status=500)

    def failed(self, fault: Fault) -> ApiError:
        return server_error(self.operation, fault.status)

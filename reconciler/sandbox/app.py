"""From the bytes of a request to the bytes of an answer: target, faults, throttle, checks, transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from reconciler.sandbox import cloudtrail, identitystore, organizations, sso_admin, sts
from reconciler.sandbox.access import aws_policies
from reconciler.sandbox.answers import ApiError, SandboxBug
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.cloudtrail.recording import Actor
from reconciler.sandbox.directory.records import Hand
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.faulty_replies import JSON_TYPE, Reply, before, refusal, server_error, throttled
from reconciler.sandbox.models import COMMON_ERRORS, Operation, ServiceModel, by_target_prefix, service_model
from reconciler.sandbox.serving import Service
from reconciler.sandbox.shapes import Violation, describe
from reconciler.sandbox.signing import key_of, signed_region

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "identitystore": identitystore.OPERATIONS,
    "sso-admin": sso_admin.OPERATIONS,
    "organizations": organizations.OPERATIONS,
    "cloudtrail": cloudtrail.OPERATIONS,
}

# What the service answers although its model forbids it (seen in the field): no inline policy is "".
_SEEN = frozenset((("GetInlinePolicyForPermissionSet", "inlinePolicy"),))

# What the client signs with where the sandbox is embedded; a workflow names its session so.
_SESSIONS = {"sandbox": "reconciler-sandbox"}


@dataclass(slots=True)
class App(Service):
    """The JSON services, and STS beside them.

    No page has more than `largest_page` items (None: as many as the operation allows).
    """

    handlers: Mapping[str, Mapping[str, Handler]] = field(default_factory=lambda: HANDLERS)
    largest_page: int | None = None

    def answer(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Carry out one request. Nothing is raised: what goes wrong is an answer."""
        prefix, _, name = headers.get("x-amz-target", "").rpartition(".")
        model = by_target_prefix().get(prefix)
        operation = model.operations.get(name) if model else None
        service = model.name if model else "unknown"
        if query := sts.is_meant(headers):
            name, operation = sts.asked(body)
            service = operation.service if operation else sts.SERVICE

        def work(faults: Sequence[Fault], request_id: str) -> Reply:
            if query:
                return self._query(operation, headers, body, faults, request_id)
            return Reply(200, _dump(self._carry_out(model, operation, prefix, name, headers, body, faults)))

        return self.serve(f"{service}.{name or 'Unknown'}", _Json(operation, query=query), work)

    def _carry_out(
        self,
        model: ServiceModel | None,
        operation: Operation | None,
        prefix: str,
        name: str,
        headers: Mapping[str, str],
        body: bytes,
        faults: Sequence[Fault],
    ) -> Answer:
        if model is None or operation is None:
            raise ApiError("UnknownOperationException", f"There is no operation {prefix}.{name}.")
        region = signed_region(model.signing_name, headers)
        before(faults, lambda fault: refusal(operation, fault))
        if self.throttle and not self.throttle.admits(operation):
            raise throttled(operation)
        handler = self.handlers[model.name].get(name)
        if handler is None:
            raise ApiError(
                "UnknownOperationException",
                f"The sandbox does not have {operation.label} yet; {model.name} has "
                f"{', '.join(sorted(self.handlers[model.name]))}.",
            )
        params = _params(model, operation, body)
        actor = self._actor(headers)
        with self.world.store.acting(actor):
            return self._transact(model, operation, handler, params, region, faults, actor.by)

    def _actor(self, headers: Mapping[str, str]) -> Actor:
        """Who calls: the session is named by the key that signed, as AWS names it by the role session."""
        key = key_of(headers)
        account = self.world.store.meta()["management_account"]
        session = _SESSIONS.get(key, key) or "unknown"
        arn = f"arn:aws:sts::{account}:assumed-role/ApiCaller/{session}"
        return Actor("api", arn, key, headers.get("user-agent", ""))

    def _account(self, db: sqlite3.Connection) -> str:
        """The account that calls."""
        management = self.world.store.meta()["management_account"]
        return sts.caller_account(db, management, self.world.circumstances.caller)

    def _denies(self, action: str) -> bool:
        """Whether a fault that is switched on denies an IAM action."""
        prefix, _, name = action.partition(":")
        label = f"{'sso-admin' if prefix == 'sso' else prefix}.{name}"
        return any(
            one.kind is FaultKind.DENY and fnmatchcase(label, one.operation) for one in self.faults.pending()
        )

    def _query(
        self,
        operation: Operation | None,
        headers: Mapping[str, str],
        body: bytes,
        faults: Sequence[Fault],
        request_id: str,
    ) -> Reply:
        """What STS and IAM answer."""
        if operation is None:
            raise ApiError("InvalidAction", "Could not find operation.")
        signed_region(operation.service, headers)
        before(faults, lambda fault: refusal(operation, fault))
        with self.world.store.transaction() as db:
            answer: sts.Members
            if operation.name == "SimulatePrincipalPolicy":
                answer = sts.simulation(body, self._denies)
            elif operation.name == "AssumeRole":
                until = datetime.fromtimestamp(self.clock.now() + 900, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                here = self.world.circumstances
                answer = sts.assumed(body, here.account_role, until, without=here.accounts_without_role)
            elif operation.service == sts.IAM:
                arn = sts.given(body, "PolicyArn")
                account = sts.of_key(self._actor(headers).key) or self._account(db)
                if not (aws_policies.has(db, arn) or aws_policies.is_of(db, arn, account)):
                    raise ApiError("NoSuchEntity", f"Policy {arn} was not found.", status=404)
                answer = sts.policy(arn)
            else:
                session = self._actor(headers).by.rpartition("/")[2]
                answer = sts.identity(self._account(db), session)
        return Reply(200, sts.answer_body(operation, answer, request_id), content_type=sts.XML_TYPE)

    def _transact(
        self,
        model: ServiceModel,
        operation: Operation,
        handler: Handler,
        params: Mapping[str, Any],
        region: str,
        faults: Sequence[Fault],
        by: str,
    ) -> Answer:
        """Run the handler; what it wrote is kept only if its answer is one that the model allows."""
        with self.world.store.transaction() as db:
            meta, now = self.world.store.meta(), self.clock.now()
            call = Call(
                operation=operation,
                params=params,
                region=region,
                db=db,
                meta=meta,
                directory=self.world.directory(db),
                access=self.world.access(db, now),
                hand=Hand(by, now),
                faults=faults,
                largest_page=self.largest_page,
            )
            try:
                answer = handler(call)
            except ApiError as error:
                _check_error(model, operation, error)
                raise
            violations = model.responses.check(operation.output, answer) if operation.output else []
            violations = [found for found in violations if (operation.name, found.path) not in _SEEN]
            if violations:
                raise SandboxBug(describe(violations))
            return answer


def _params(model: ServiceModel, operation: Operation, body: bytes) -> Mapping[str, Any]:
    """The parameters, checked against the model. Raises SerializationException, ValidationException."""
    try:
        params = json.loads(body or b"{}")
        # A lone surrogate is valid JSON and no text: no database and no answer can hold it.
        json.dumps(params, ensure_ascii=False).encode()
    except ValueError as error:
        raise ApiError("SerializationException", "The request is not valid JSON in UTF-8.") from error
    if operation.input is None:
        return {}
    violations = model.requests.check(operation.input, params)
    if violations:
        raise _refusal(operation, violations)
    return {name: value for name, value in params.items() if value is not None}


_REASONS = {
    "required": "INPUT_REQUIRED",
    "pattern": "INVALID_PATTERN",
    "enum": "INVALID_ENUM",
    "min-length": "MIN_LENGTH_EXCEEDED",
    "max-length": "MAX_LENGTH_EXCEEDED",
    "min-value": "MIN_VALUE_EXCEEDED",
    "max-value": "MAX_VALUE_EXCEEDED",
}


def _refusal(operation: Operation, violations: list[Violation]) -> ApiError:
    """AWS Organizations answers InvalidInputException, with a Reason, instead of ValidationException."""
    if operation.service == "organizations":
        members = {"Reason": _REASONS[violations[0].rule]}
        return ApiError("InvalidInputException", describe(violations), members=members)
    return ApiError("ValidationException", describe(violations))


def _check_error(model: ServiceModel, operation: Operation, error: ApiError) -> None:
    """An error, too, must be one that the operation may answer, with the members that its shape has."""
    if error.code not in operation.errors:
        if error.code in COMMON_ERRORS:
            return
        raise SandboxBug(f"{operation.label} may not answer {error.code}") from error
    body = {"Message": error.message, **error.members}
    # Every error carries a message, also where its shape has no member for it (CloudTrail).
    violations = [one for one in model.responses.check(error.code, body) if one.path != "Message"]
    if violations:
        raise SandboxBug(describe(violations)) from error


@dataclass(frozen=True, slots=True)
class _Json:
    """Errors as AWS JSON 1.1 has them, or as the query protocol has (`query`)."""

    operation: Operation | None
    query: bool = field(kw_only=True)

    def refused(self, error: ApiError, request_id: str) -> Reply:
        if self.query:
            body, kind = sts.error_body(error, request_id), sts.XML_TYPE
        else:
            body, kind = _error_body(error, self.operation, request_id), JSON_TYPE
        return Reply(error.status, body, content_type=kind, code=error.code)

    def broken(self, message: str) -> ApiError:
        return ApiError("InternalFailure", message, status=500)

    def failed(self, fault: Fault) -> ApiError:
        return server_error(self.operation, fault.status)


def _error_body(error: ApiError, operation: Operation | None, request_id: str) -> bytes:
    body: dict[str, Any] = {"__type": error.code, "Message": error.message, **error.members}
    if operation and error.code in operation.errors:
        responses = service_model(operation.service).responses
        if "RequestId" in responses.members(error.code):
            body["RequestId"] = request_id
    return _dump(body)


def _dump(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()

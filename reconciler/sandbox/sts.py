"""The query protocol, in which forms go in and XML comes out: what AWS STS and IAM are asked here."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from reconciler.sandbox.access.terms import Caller
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.models import Operation

SERVICE, IAM = "sts", "iam"
XML_TYPE = "text/xml"
ROLE = "arn:aws:sts::{account}:assumed-role/ApiCaller/{session}"
_FORM = "application/x-www-form-urlencoded"
_NAMESPACES = {
    SERVICE: "https://sts.amazonaws.com/doc/2011-06-15/",
    IAM: "https://iam.amazonaws.com/doc/2010-05-08/",
}
# What the key of a session in another account begins with; its twelve digits follow.
ASSUMED = "ASIASANDBOX"
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(.+)", re.ASCII)
# A caller from an account that the organisation does not have.
_STRANGER = "000000000001"
_OPERATIONS = {
    name: Operation(service, name, None, None, frozenset(), None)
    for service, name in (
        (SERVICE, "GetCallerIdentity"),
        (SERVICE, "AssumeRole"),
        (IAM, "GetPolicy"),
        (IAM, "SimulatePrincipalPolicy"),
    )
}
Members = Mapping[str, "str | Members | Sequence[Members]"]


def is_meant(headers: Mapping[str, str]) -> bool:
    """Whether a request speaks the query protocol, which no other service here does."""
    return "x-amz-target" not in headers and headers.get("content-type", "").startswith(_FORM)


def asked(body: bytes) -> tuple[str, Operation | None]:
    """The name of the operation that a form asks for ("" where it names none), and the operation."""
    name = given(body, "Action")
    return name, _OPERATIONS.get(name)


def caller_account(db: sqlite3.Connection, management: str, caller: Caller) -> str:
    """The account that calls: the management account, or the first beside it that there is."""
    if caller is Caller.MANAGEMENT:
        return management
    row = db.execute("SELECT id FROM accounts WHERE id <> ? ORDER BY seq LIMIT 1", (management,)).fetchone()
    return str(row[0]) if row else _STRANGER


def identity(account: str, session: str) -> dict[str, str]:
    """GetCallerIdentity."""
    arn = ROLE.format(account=account, session=session)
    return {"Arn": arn, "UserId": f"AROASANDBOXSANDBOX00:{session}", "Account": account}


def of_key(key: str) -> str:
    """The account in which a key of `assumed` is; "" for any other key."""
    return key.removeprefix(ASSUMED) if key.startswith(ASSUMED) else ""


def assumed(body: bytes, wanted: str, until: str, *, without: Collection[str] = ()) -> Members:
    """AssumeRole: credentials by which the account of the role is known again.

    Only the role by the name `wanted` trusts who calls here, and the accounts `without` have none. Raises
    ApiError for any other.
    """
    arn = given(body, "RoleArn")
    found = _ROLE_ARN.fullmatch(arn)
    if found is None or not wanted or found[2] != wanted or found[1] in without:
        message = f"User is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise ApiError("AccessDenied", message, status=403)
    key = f"{ASSUMED}{found[1]}"
    session = f"arn:aws:sts::{found[1]}:assumed-role/{found[2]}/{given(body, 'RoleSessionName')}"
    return {
        "Credentials": {
            "AccessKeyId": key, "SecretAccessKey": "nothing", "SessionToken": "token", "Expiration": until
        },
        "AssumedRoleUser": {"AssumedRoleId": f"AROASANDBOXSANDBOX00:{key}", "Arn": session},
    }  # fmt: skip


def simulation(body: bytes, denied: Callable[[str], bool]) -> Members:
    """SimulatePrincipalPolicy: allowed is what the faults that are switched on do not deny."""
    form = parse_qs(body.decode("utf-8", "replace"))
    names = [values[0] for key, values in form.items() if key.startswith("ActionNames.member.")]
    results = [
        {
            "EvalActionName": name,
            "EvalResourceName": "*",
            "EvalDecision": "implicitDeny" if denied(name) else "allowed",
        }
        for name in names
    ]
    return {"EvaluationResults": results, "IsTruncated": "false"}


def policy(arn: str) -> Members:
    """GetPolicy, for a policy of AWS that there is."""
    return {"Policy": {"PolicyName": arn.rpartition("/")[2], "Arn": arn, "IsAttachable": "true"}}


def given(body: bytes, name: str) -> str:
    """A parameter of a form; "" where it is not given."""
    return parse_qs(body.decode("utf-8", "replace")).get(name, [""])[0]


def answer_body(operation: Operation, answer: Members, request_id: str) -> bytes:
    """An answer as XML."""
    name, namespace = operation.name, _NAMESPACES[operation.service]
    return (
        f'<{name}Response xmlns="{namespace}"><{name}Result>{_xml(answer)}</{name}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def _xml(members: Members) -> str:
    return "".join(
        f"<{name}>{escape(value) if isinstance(value, str) else _inner(value)}</{name}>"
        for name, value in members.items()
    )


def _inner(value: Members | Sequence[Members]) -> str:
    if isinstance(value, Mapping):
        return _xml(value)
    return "".join(f"<member>{_xml(one)}</member>" for one in value)


def error_body(error: ApiError, request_id: str) -> bytes:
    """An error as XML."""
    fault = "Receiver" if error.status >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{_NAMESPACES[SERVICE]}"><Error><Type>{fault}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()

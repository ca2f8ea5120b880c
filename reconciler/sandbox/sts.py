"""AWS STS, the little of it that tells callers who they are: forms go in, XML comes out (query protocol)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from reconciler.sandbox.access.terms import Caller
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.models import Operation

SERVICE = "sts"
XML_TYPE = "text/xml"
ROLE = "arn:aws:sts::{account}:assumed-role/ApiCaller/sandbox"
_FORM = "application/x-www-form-urlencoded"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# Whoever calls from an account that the organisation does not have.
_STRANGER = "000000000001"
_OPERATIONS = {"GetCallerIdentity": Operation(SERVICE, "GetCallerIdentity", None, None, frozenset(), None)}


def is_meant(headers: Mapping[str, str]) -> bool:
    """Whether a request speaks the query protocol, which no other service here does."""
    return "x-amz-target" not in headers and headers.get("content-type", "").startswith(_FORM)


def asked(body: bytes) -> tuple[str, Operation | None]:
    """The name of the operation that a form asks for ("" where it names none), and the operation."""
    name = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    return name, _OPERATIONS.get(name)


def caller_account(db: sqlite3.Connection, management: str, caller: Caller) -> str:
    """The account that calls: the management account, or the first beside it that there is."""
    if caller is Caller.MANAGEMENT:
        return management
    row = db.execute("SELECT id FROM accounts WHERE id <> ? ORDER BY seq LIMIT 1", (management,)).fetchone()
    return str(row[0]) if row else _STRANGER


def identity(account: str) -> dict[str, str]:
    """GetCallerIdentity."""
    return {"Arn": ROLE.format(account=account), "UserId": "AROASANDBOXSANDBOX00:sandbox", "Account": account}


def answer_body(operation: Operation, answer: Mapping[str, str], request_id: str) -> bytes:
    """An answer as XML."""
    members = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in answer.items())
    name = operation.name
    return (
        f'<{name}Response xmlns="{_NAMESPACE}"><{name}Result>{members}</{name}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def error_body(error: ApiError, request_id: str) -> bytes:
    """An error as XML."""
    fault = "Receiver" if error.status >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>{fault}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()

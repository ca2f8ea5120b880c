"""Sign-in sessions as the table has them. Whose a session of a role really is, no answer of the API says."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

ACTIVE, REVOKED = "ACTIVE", "REVOKED"
# Seconds: the longest session of the console.
LASTS = 12 * 3600
_ALL = re.compile(r"arn:aws:iam::(\d{12}):\*", re.ASCII)
_COLUMNS = "seq, arn, principal, status, issued_at, expires_at, client, region, reason"


def role_arn(account: str, permission_set: str) -> str:
    """The role of a set in an account, as `signin` writes it: without its path."""
    suffix = hashlib.sha256(f"{account}/{permission_set}".encode()).hexdigest()[:16]
    return f"arn:aws:iam::{account}:role/AWSReservedSSO_{permission_set}_{suffix}"


def open_one(
    db: sqlite3.Connection, account: str, principal: str, person: str, *, client: str, region: str, now: float
) -> str:
    """Make a session; its ARN."""
    arn = f"arn:aws:signin:{region}:{account}:session/{uuid.uuid4()}"
    db.execute(
        "INSERT INTO signin_sessions"
        " (arn, account, principal, person, status, issued_at, expires_at, client, region)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (arn, account, principal, person, ACTIVE, int(now), int(now) + LASTS, client, region),
    )
    return arn


def listed(
    db: sqlite3.Connection, account: str, params: Mapping[str, Any], after: int, limit: int
) -> Sequence[tuple[int, dict[str, Any]]]:
    """Rows of one account behind `after`, as ListSessions filters them; without a principal, none."""
    conditions, values = ["account = ?", "seq > ?"], [account, after]
    principal = params.get("principalArn", "")
    if _ALL.fullmatch(principal) is None:
        conditions.append("principal = ?")
        values.append(principal)
    for name, condition in (
        ("status", "status = ?"), ("issuedAfter", "issued_at >= ?"), ("issuedBefore", "issued_at < ?")
    ):  # fmt: skip
        if name in params:
            conditions.append(condition)
            values.append(params[name])
    query = f"SELECT {_COLUMNS} FROM signin_sessions WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT ?"  # noqa: S608  # conditions of this file
    return [(row[0], summary(row)) for row in db.execute(query, (*values, limit)).fetchall()]


def one(db: sqlite3.Connection, account: str, principal: str, arn: str) -> tuple[Any, ...] | None:
    """A session by its ARN, if it belongs to the principal, which may be everybody in the account."""
    row: tuple[Any, ...] | None = db.execute(
        f"SELECT {_COLUMNS} FROM signin_sessions WHERE account = ? AND arn = ?",  # noqa: S608  # a constant
        (account, arn),
    ).fetchone()
    return row if row is not None and (_ALL.fullmatch(principal) or row[2] == principal) else None


def revoke(db: sqlite3.Connection, arn: str, reason: str) -> None:
    """Revoke a session; a second time changes nothing."""
    db.execute(
        "UPDATE signin_sessions SET status = ?, reason = ? WHERE arn = ? AND status = ?",
        (REVOKED, reason, arn, ACTIVE),
    )


def summary(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row as ListSessions shows it."""
    _, arn, principal, status, issued, expires, client, _, _ = row
    return {
        "sessionArn": arn,
        "principalArn": principal,
        **({"role": principal} if ":role/" in principal else {}),
        "status": status,
        "issuedAt": int(issued),
        "expiresAt": int(expires),
        "clientId": "arn:aws:signin:::devtools/same-device",
        "clientType": client,
    }

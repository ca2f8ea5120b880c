"""Bearer tokens: at most two, for one year, made and deleted at the console only.

(IAM Identity Center user guide: "Rotate an access token", "access token expiry".) The store has their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass

from reconciler.errors import ReconcilerError
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.store import Store

MOST = 2
_YEAR = 365 * 24 * 3600.0
# 520 characters of base64: "about 500 to 620 characters" (seen in the field).
_BYTES = 390
# Where the file keeps the token that runs on the sandbox itself use.
_OWN = "scim_token"


@dataclass(frozen=True, slots=True)
class Token:
    """What the console shows of a token. Times are seconds since the epoch."""

    id: str
    created_at: float
    expires_at: float


def create(db: sqlite3.Connection, now: float) -> str:
    """A new token, which nobody can read again. Raises ApiError where there are two."""
    if len(listed(db)) >= MOST:
        raise ApiError(
            "ServiceQuotaExceededException",
            f"A directory has {MOST} access tokens at most, expired ones included; delete one first.",
        )
    token = base64.b64encode(secrets.token_bytes(_BYTES)).decode()
    db.execute(
        "INSERT INTO scim_tokens (id, hash, created_at, expires_at) VALUES (?, ?, ?, ?)",
        (str(uuid.uuid4()), _hash(token), now, now + _YEAR),
    )
    return token


def listed(db: sqlite3.Connection) -> list[Token]:
    """All tokens, the oldest first."""
    rows = db.execute("SELECT id, created_at, expires_at FROM scim_tokens ORDER BY seq")
    return [Token(*row) for row in rows]


def delete(db: sqlite3.Connection, identifier: str) -> None:
    """End a token at once. Raises ApiError where there is none with this id."""
    if not db.execute("DELETE FROM scim_tokens WHERE id = ?", (identifier,)).rowcount:
        raise ApiError("ResourceNotFoundException", f"There is no access token {identifier}.")


def valid(db: sqlite3.Connection, token: str, now: float) -> bool:
    """Whether `token` is one of the directory's, and has not expired by `now`."""
    row = db.execute("SELECT expires_at FROM scim_tokens WHERE hash = ?", (_hash(token),)).fetchone()
    return row is not None and now < row[0]


def own(store: Store, now: float) -> str:
    """A token for runs on the sandbox itself, the same for as long as it is valid.

    It is the one token that the file has in clear, because the next run must find it again. Raises
    ReconcilerError where two others were made at the console.
    """
    with store.transaction() as db:
        # Not from store.meta(), which remembers: another process over the same file may have made it since.
        row = db.execute("SELECT value FROM meta WHERE key = ?", (_OWN,)).fetchone()
        if row is not None:
            if valid(db, row[0], now):
                return str(row[0])
            db.execute("DELETE FROM scim_tokens WHERE hash = ?", (_hash(row[0]),))
        try:
            token = create(db, now)
        except ApiError as error:
            raise ReconcilerError(f"the sandbox has no SCIM token for itself: {error.message}") from error
        store.remember(_OWN, token)
        return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Service control policies as the tables have them: documents, where they are attached, and whom they deny.

Nothing here decides on requests of people. What it answers is which users of the identity store a policy
denies everything to by `identitystore:UserId`, and in which accounts.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.sandbox.answers import ApiError

SCP = "SERVICE_CONTROL_POLICY"
FULL_ACCESS = "p-FullAWSAccess"
# Bytes of a document, policies on one target, and documents in all (Organizations user guide, quotas).
LARGEST, _ATTACHED, _POLICIES = 10_240, 10, 10_000
_FULL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_SID = re.compile(r"[A-Za-z0-9]*", re.ASCII)
_PARTS = (("Action", "NotAction"), ("Resource", "NotResource"))
_KEY = "identitystore:userid"


def prepare(db: sqlite3.Connection, root: str) -> None:
    """What every organization has from the beginning: the policy that allows everything, at the root."""
    found = db.execute("SELECT 1 FROM scps WHERE id = ?", (FULL_ACCESS,)).fetchone()
    if found is None:
        put(db, FULL_ACCESS, "FullAWSAccess", "Allows access to every operation", _FULL)
        db.execute("INSERT INTO scp_targets (policy, target) VALUES (?, ?)", (FULL_ACCESS, root))


def new_id() -> str:
    """An id as Organizations makes it."""
    return "p-" + "".join(secrets.choice(_ALPHABET) for _ in range(12))


def put(db: sqlite3.Connection, identifier: str, name: str, description: str, content: str) -> None:
    """Make a policy, and check its document. Raises ApiError."""
    check(content)
    if db.execute("SELECT count(*) FROM scps").fetchone()[0] >= _POLICIES:
        raise _exceeded("POLICY_NUMBER_LIMIT_EXCEEDED", "You have too many policies.")
    try:
        db.execute("INSERT INTO scps (id, name, description, content) VALUES (?, ?, ?, ?)",
                   (identifier, name, description, content))  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise ApiError("DuplicatePolicyException", "A policy with the same name already exists.") from error


def get(db: sqlite3.Connection, identifier: str) -> tuple[str, str, str, str]:
    """Id, name, description and document. Raises PolicyNotFoundException."""
    row: tuple[str, str, str, str] | None = db.execute(
        "SELECT id, name, description, content FROM scps WHERE id = ?", (identifier,)
    ).fetchone()
    if row is None:
        raise ApiError("PolicyNotFoundException", "We can't find a policy with the PolicyId you specified.")
    return row


def attach(db: sqlite3.Connection, identifier: str, target: str) -> None:
    """Attach a policy to a root, a unit or an account that is there. Raises ApiError."""
    get(db, identifier)
    there = db.execute("SELECT target FROM scp_targets WHERE policy = ?", (identifier,)).fetchall()
    if (target,) in there:
        raise ApiError("DuplicatePolicyAttachmentException", "The policy is attached there already.")
    count = db.execute("SELECT count(*) FROM scp_targets WHERE target = ?", (target,)).fetchone()[0]
    if count >= _ATTACHED:
        raise _exceeded("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "Too many policies are attached there.")
    db.execute("INSERT INTO scp_targets (policy, target) VALUES (?, ?)", (identifier, target))


def detach(db: sqlite3.Connection, identifier: str, target: str) -> None:
    """Take a policy from a target. Raises ApiError where it is not attached, or is the last one there."""
    count = db.execute("SELECT count(*) FROM scp_targets WHERE target = ?", (target,)).fetchone()[0]
    if target.startswith("r-") and count == 1:
        raise _exceeded("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "A root needs a policy.")
    done = db.execute("DELETE FROM scp_targets WHERE policy = ? AND target = ?", (identifier, target))
    if not done.rowcount:
        raise ApiError("PolicyNotAttachedException", "The policy isn't attached to the specified target.")


def check(content: str) -> None:
    """Raise MalformedPolicyDocumentException, or ConstraintViolationException where it is too large."""
    if len(content.encode()) > LARGEST:
        raise _exceeded("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size.")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(document, dict) or not set(document) <= {"Version", "Id", "Statement"}:
        raise _malformed()
    statements = list(_statements(document))
    sids = [one["Sid"] for one in statements if isinstance(one, dict) and "Sid" in one]
    if not statements or len(set(map(str, sids))) != len(sids) or not all(map(_is_statement, statements)):
        raise _malformed()


def denied(db: sqlite3.Connection, root: str, management: str, user: str) -> frozenset[str]:
    """The accounts in which policies deny a user's sessions everything: never the management account."""
    policies = {
        identifier
        for identifier, content in db.execute("SELECT id, content FROM scps")
        if user in _cut(json.loads(content))
    }
    places = {
        target
        for policy, target in db.execute("SELECT policy, target FROM scp_targets")
        if policy in policies
    }
    parents = dict(db.execute("SELECT id, parent FROM units").fetchall())
    found = set()
    for account, parent in db.execute("SELECT id, parent FROM accounts").fetchall():
        above, chain = parent, {account, root}
        while above in parents:
            chain.add(above)
            above = parents[above]
        if account != management and chain & places:
            found.add(account)
    return frozenset(found)


def _cut(document: Mapping[str, Any]) -> frozenset[str]:
    """The users to whom a document denies everything, and nothing but by their id."""
    found: set[str] = set()
    for one in _statements(document):
        condition = one.get("Condition")
        if (
            one.get("Effect") != "Deny"
            or not isinstance(condition, dict)
            or set(condition) != {"StringEquals"}
        ):
            continue
        values = {str(key).lower(): value for key, value in condition["StringEquals"].items()}
        if set(values) == {_KEY} and _all(one.get("Action")) and _all(one.get("Resource")):
            people = values[_KEY]
            found.update([people] if isinstance(people, str) else people)
    return frozenset(found)


def _all(value: object) -> bool:
    return value in ("*", ["*"])


def _statements(document: Mapping[str, Any]) -> Iterator[Any]:
    found = document.get("Statement")
    yield from found if isinstance(found, list) else [found]


def _is_statement(one: object) -> bool:
    if not isinstance(one, dict) or one.get("Effect") not in ("Allow", "Deny"):
        return False
    if not all(sum(name in one for name in names) == 1 for names in _PARTS):
        return False
    known = {"Sid", "Effect", "Condition", *(name for names in _PARTS for name in names)}
    sid = one.get("Sid", "")
    if not set(one) <= known or not isinstance(sid, str) or not _SID.fullmatch(sid):
        return False
    condition = one.get("Condition", {})
    return isinstance(condition, dict) and all(isinstance(each, dict) for each in condition.values())


def _malformed() -> ApiError:
    message = "The provided policy document does not meet the requirements of the specified policy type."
    return ApiError("MalformedPolicyDocumentException", message)


def _exceeded(reason: str, message: str) -> ApiError:
    return ApiError("ConstraintViolationException", message, members={"Reason": reason})

"""The managed policies that AWS has here: those of a dated list, and those that a test declares beside it."""

from __future__ import annotations

import re
import sqlite3

from reconciler.loading import lists

# The account in the ARN of a policy that AWS manages; in `account_policies` it stands for AWS itself.
AWS_ACCOUNT = "aws"
_ARN = re.compile(r"arn:aws[a-z-]*:iam::aws:policy(/.+)", re.ASCII)
_OWN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):policy(/.+)", re.ASCII)


def has(db: sqlite3.Connection, arn: str) -> bool:
    """Whether AWS has a managed policy by this ARN."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return False
    if found[1].removeprefix("/") in lists.managed_policy_paths():
        return True
    query = "SELECT 1 FROM account_policies WHERE account = ? AND policy = ?"
    return db.execute(query, (AWS_ACCOUNT, found[1])).fetchone() is not None


def is_of(db: sqlite3.Connection, arn: str, account: str) -> bool:
    """Whether an account has a policy of its own by this ARN."""
    found = _OWN.fullmatch(arn)
    if found is None or found[1] != account:
        return False
    query = "SELECT 1 FROM account_policies WHERE account = ? AND policy = ?"
    return db.execute(query, (account, found[2])).fetchone() is not None

"""The managed policies that AWS has here: those of a dated list, and those that a test declares beside it."""

from __future__ import annotations

import re
import sqlite3

from reconciler.loading import lists

# The account in the ARN of a policy that AWS manages; in `account_policies` it stands for AWS itself.
AWS_ACCOUNT = "aws"
_ARN = re.compile(r"arn:aws[a-z-]*:iam::aws:policy(/.+)", re.ASCII)


def has(db: sqlite3.Connection, arn: str) -> bool:
    """Whether AWS has a managed policy by this ARN."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return False
    if found[1].removeprefix("/") in lists.managed_policy_paths():
        return True
    query = "SELECT 1 FROM account_policies WHERE account = ? AND policy = ?"
    return db.execute(query, (AWS_ACCOUNT, found[1])).fetchone() is not None

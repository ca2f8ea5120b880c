"""Hashes of what a change finds and leaves: equal inputs, equal bytes, on every machine.

Maps are sorted, sequences are not, absent and null are the same (RFC 7643 section 2.5).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

from reconciler.model.resources import Attributes


def canonical(value: object) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces, ASCII (so that any string has bytes)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)


def digest(value: object) -> str:
    """SHA-256 of the canonical spelling, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def object_state(
    identifier: str | None, attributes: Attributes, names: Iterable[str], *, active: bool | None = None
) -> str:
    """The hash of one user or group: its remote id (None: not known yet), status, and named attributes."""
    values = {name: attributes[name] for name in names if attributes.get(name) is not None}
    return digest({"id": identifier, "active": active, "attributes": values})


def absent(kind: str, name: str) -> str:
    """The hash of an object that is not there: what a create finds."""
    return digest({"absent": kind, "name": name})


def gone(identifier: str) -> str:
    """The hash of what a deletion leaves."""
    return digest({"gone": identifier})


def pair_state(first: str | None, second: str | None, *, present: bool) -> str:
    """The hash of a membership, by the remote ids of its ends (None: not created yet)."""
    return digest({"ends": [first, second], "present": present})


def assignment_state(
    account: str, permission_set: str | None, principal: str | None, *, present: bool
) -> str:
    """The hash of an assignment: account id, the set's ARN and the principal's id (None: not created yet)."""
    return digest({"account": account, "ends": [permission_set, principal], "present": present})


def end_state(identifiers: Iterable[str | None], end: str | None) -> str:
    """The hash of when a pair ends (None: never), by the account and the remote ids that make the pair."""
    return digest({"of": list(identifiers), "until": end})


def provisioning_state(permission_set: str, account: str, *, outdated: bool) -> str:
    """The hash of one set's role in one account: the set's ARN, and whether the role lags behind it."""
    return digest({"provisioned": permission_set, "account": account, "outdated": outdated})


def denial_state(identifier: str, state: str) -> str:
    """The hash of one entry of the policy of denials: the user's id, and how they stand there."""
    return digest({"denied": identifier, "state": state})


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(value))
    raise TypeError(f"{type(value).__name__} has no canonical spelling")

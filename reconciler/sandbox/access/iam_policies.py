"""What IAM in an account says of an inline policy, which only there is read as a policy.

The words are those of MalformedPolicyDocument, as IAM answers PutRolePolicy with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_VENDOR = re.compile(r"[A-Za-z0-9.\-]+", re.ASCII)
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_SYNTAX = "Syntax errors in policy."
_ELEMENTS = frozenset(
    (
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Principal",
        "NotPrincipal",
    )
)


def malformed(document: str) -> str | None:
    """Why IAM refuses a policy (JSON text); None where it takes it."""
    policy = json.loads(document)
    written = policy.get("Statement")
    statements = written if isinstance(written, list) else [written]
    if not all(isinstance(one, dict) for one in statements):
        return _SYNTAX
    sids = [one["Sid"] for one in statements if one.get("Sid")]
    if len(set(map(str, sids))) < len(sids):
        return "Statement IDs (SID) in a single policy must be unique."
    return next((wrong for one in statements if (wrong := _statement(one))), None)


def _statement(statement: Mapping[str, Any]) -> str | None:
    if statement.keys() - _ELEMENTS or statement.get("Effect") not in ("Allow", "Deny"):
        return _SYNTAX
    if "Principal" in statement or "NotPrincipal" in statement:
        return "Policy document should not specify a principal."
    if not _SID.fullmatch(str(statement.get("Sid", ""))):
        return "Statement IDs (SID) must be alpha-numeric."
    actions, resources = _either(statement, "Action"), _either(statement, "Resource")
    if not actions:
        return "Policy statement must contain actions."
    if not resources:
        return "Policy statement must contain resources."
    if not all(isinstance(each, str) for each in (*actions, *resources)):
        return _SYNTAX
    return _action(actions) or next(
        (
            f'Resource {each} must be in ARN format or "*".'
            for each in resources
            if each != "*" and not each.startswith("arn:")
        ),
        None,
    )


def _action(actions: Iterable[str]) -> str | None:
    for each in actions:
        vendor, colon, name = each.partition(":")
        if each == "*":
            continue
        if not colon:
            return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        if ":" in name:
            return "Actions/Condition can contain only one colon."
        if not _VENDOR.fullmatch(vendor):
            return f"Vendor {vendor} is not valid"
    return None


def _either(statement: Mapping[str, Any], name: str) -> list[Any]:
    found = [statement[each] for each in (name, f"Not{name}") if each in statement]
    if len(found) != 1:
        return []
    return found[0] if isinstance(found[0], list) else found

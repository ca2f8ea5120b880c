"""Whether an edit of a permission set leaves its holders at least what they had, provably.

What a policy says that is only named here (a customer-managed one, most of AWS's own) may be a Deny, so that
adding it proves nothing. A Deny wins over every Allow (IAM user guide, "Policy evaluation logic").
"""

from __future__ import annotations

import json
import re
from typing import Any

from reconciler.model.change import Change, FieldChange
from reconciler.model.durations import seconds_of
from reconciler.model.resources import DEFAULT_DURATION, Value, several

# Of AWS's own policies those that are known to have no Deny (AWS managed policy reference guide).
_ALLOW_ONLY = frozenset(
    {
        "AdministratorAccess",
        "IAMFullAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "SecurityAudit",
        "job-function/ViewOnlyAccess",
    }
)
_AWS_POLICY = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/(?P<path>.+)")


def is_wider(change: Change) -> bool:
    """Whether the update of a permission set provably takes nothing away."""
    return all(map(_is_wider, change.fields))


def _is_wider(each: FieldChange) -> bool:
    if each.name == "managed_policies":
        added = several(each.after) - several(each.before)
        return several(each.before) <= several(each.after) and all(map(_only_allows, added))
    if each.name == "customer_managed_policies":
        return several(each.before) == several(each.after)
    if each.name == "inline_policy":
        return _inline_wider(each.before, each.after)
    if each.name == "permissions_boundary":
        return each.after is None
    if each.name == "session_duration":
        before, after = (seconds_of(value or DEFAULT_DURATION) for value in (each.before, each.after))
        return before is not None and after is not None and before <= after
    # Names and tags give and take no rights of their holders.
    return True


def _only_allows(policy: Value) -> bool:
    found = _AWS_POLICY.fullmatch(str(policy))
    return (found["path"] if found else str(policy)) in _ALLOW_ONLY


def _inline_wider(before: Value, after: Value) -> bool:
    """Whether every Allow stays as it is, and no Deny comes; where a policy is not read, it is not."""
    try:
        old, new = _statements(before), _statements(after)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return False
    if old is None or new is None:
        return False
    (old_version, old_allow, old_deny), (new_version, new_allow, new_deny) = old, new
    if not old_allow:
        return new_deny <= old_deny and (old_version == new_version or not new_deny)
    return old_version == new_version and old_allow <= new_allow and new_deny <= old_deny


_Statements = tuple[str, frozenset[str], frozenset[str]]


def _statements(policy: Value) -> _Statements | None:
    """The version, what is allowed and what is denied, each statement as text without its name."""
    if policy is None:
        return "", frozenset(), frozenset()
    document: Any = json.loads(str(policy))
    listed = document.get("Statement", [])
    kinds: dict[str, set[str]] = {"Allow": set(), "Deny": set()}
    for one in listed if isinstance(listed, list) else [listed]:
        if one.get("Effect") not in kinds:
            return None
        kinds[one["Effect"]].add(json.dumps({k: v for k, v in one.items() if k != "Sid"}, sort_keys=True))
    # Without a version a policy is read as the old one.
    return document.get("Version", "2008-10-17"), frozenset(kinds["Allow"]), frozenset(kinds["Deny"])

"""What is odd in the policies of permission sets, offline. Pure, apart from reading two dated lists.

IAM grows faster than any list, so nothing that is found here refuses anything. What IAM is certain to
reject is in policy_rules.py. What else there is to say of a policy (condition keys, resources that an action
does not work on) IAM Access Analyzer says at plan time.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from reconciler.files.characters import describe, show
from reconciler.files.documents import suggest
from reconciler.loading import lists
from reconciler.loading.sets import managed_policy_path
from reconciler.model.patterns import name_matches
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import PermissionSet

_VERSION = "2012-10-17"
# What gives its holder any other permission, where it is allowed on everything of its kind ("AWS IAM
# Privilege Escalation Methods", Rhino Security Labs).
_ESCALATIONS: tuple[tuple[str, ...], ...] = (
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:AddUserToGroup",),
    ("iam:AttachRolePolicy", "sts:AssumeRole"),
    ("iam:PutRolePolicy", "sts:AssumeRole"),
    ("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"),
    ("iam:PassRole", "ec2:RunInstances"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    ("iam:PassRole", "glue:CreateDevEndpoint"),
    ("iam:PassRole", "cloudformation:CreateStack"),
    ("iam:PassRole", "datapipeline:CreatePipeline"),
)
# A resource that is everything of its kind: "*", or an ARN that ends in a wildcard of its own.
_ALL_OF_A_KIND = re.compile(r"\*|.*[:/]\*", re.DOTALL)
_NAMED = 3  # actions or ways that a line names before it only counts

# One thing found: how loud, where in the policy, and what.
Remark = tuple[Severity, str]
Statement = Mapping[str, Any]


def lint(sets: Iterable[PermissionSet]) -> list[Finding]:
    """What is odd in the policies of `sets`: findings of each set that has anything, by name."""
    found: list[Finding] = []
    for one in sorted(sets, key=lambda each: each.key):
        inline = remarks(one.inline_policy) if one.inline_policy is not None else ()
        if inline:
            found.append(_finding(one, inline))
        if unknown := unlisted(one):
            found.append(_unknown(one, unknown))
    return found


def unlisted(one: PermissionSet) -> Sequence[str]:
    """The AWS-managed policies of a set that the list does not know, each by its path."""
    boundary = (one.permissions_boundary,) if isinstance(one.permissions_boundary, str) else ()
    paths = dict.fromkeys(map(managed_policy_path, (*one.managed_policies, *boundary)))
    return [path for path in paths if lists.managed_policy(path) is None]


def _finding(one: PermissionSet, found: tuple[Remark, ...]) -> Finding:
    loud = any(severity is Severity.WARNING for severity, _ in found)
    count = len(found)
    return Finding(
        code="policy-lint",
        severity=Severity.WARNING if loud else Severity.NOTE,
        message=f"the inline policy of permission set {one.key} has {count} {_things(count)} worth a look",
        origin=one.origin,
        fix="correct the statement, or leave it where it is meant so: this does not block",
        details=tuple(text for _, text in found),
        count=count,
    )


def _unknown(one: PermissionSet, paths: Sequence[str]) -> Finding:
    known = lists.managed_policies()
    near = [f"{path}: {suggest(path, known) or 'nothing like it is known'}" for path in paths]
    return Finding(
        code="managed-policy-unknown",
        severity=Severity.WARNING,
        message=(
            f"permission set {one.key} names AWS-managed policies that were not there on"
            f" {lists.managed_policies_date()}: {', '.join(paths)}"
        ),
        origin=one.origin,
        fix="correct the name, or leave it where the policy is newer: AWS attaches none that is not there",
        details=tuple(near),
        count=len(paths),
    )


def _things(count: int) -> str:
    return "thing" if count == 1 else "things"


@lru_cache(maxsize=4096)
def remarks(policy: str) -> tuple[Remark, ...]:
    """What is odd in one policy (JSON text), warnings first. What IAM rejects anyhow is passed over."""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(document, dict):
        return ()
    unique = dict.fromkeys(_remarks(document))
    return tuple(sorted(unique, key=lambda one: one[0] is not Severity.WARNING))


def _remarks(document: Mapping[str, Any]) -> Iterator[Remark]:
    if document.get("Version") != _VERSION:
        yield (
            Severity.NOTE,
            f"the policy: a Version before {_VERSION} has no policy variables; write that one",
        )
    statements = [one for one in _listed(document.get("Statement")) if isinstance(one, dict)]
    everything = False
    for number, statement in enumerate(statements, 1):
        sid = statement.get("Sid")
        where = f"statement {number} ({sid})" if isinstance(sid, str) and sid else f"statement {number}"
        for text in _odd(statement):
            yield Severity.WARNING, f"{where}: {text}"
        if _allows_everything(statement):
            everything = True
            yield Severity.WARNING, f"{where}: allows every action on every resource"
    if not everything:
        yield from _escalations(statements)


def _odd(statement: Statement) -> Iterator[str]:
    for action in (*_texts(statement, "Action"), *_texts(statement, "NotAction")):
        service, colon, name = action.partition(":")
        known = lists.actions(service)
        if not colon or "*" in service:
            continue
        if known is None:
            near = suggest(service, lists.services())
            yield (
                f"{action}: a service that was not there on {lists.actions_date()}: misspelled, or newer"
                + (f" ({near})" if near else "")
            )
        elif not lists.has_action(service, name):
            near = None if "*" in name or "?" in name else suggest(name, known)
            yield (
                f"{action}: {service} had no such action on {lists.actions_date()}: misspelled, or newer"
                + (f" ({near})" if near else "")
            )
    for resource in (*_texts(statement, "Resource"), *_texts(statement, "NotResource")):
        stray = next((each for each in resource if unicodedata.category(each) == "Pd" and each != "-"), None)
        if stray is not None:
            yield f"{show(resource)} has the character {describe(stray)}, which looks like a hyphen"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(statement: Statement, name: str) -> tuple[str, ...]:
    return tuple(each for each in _listed(statement.get(name)) if isinstance(each, str))


def _allows_everything(statement: Statement) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and any(action in ("*", "*:*") for action in _texts(statement, "Action"))
        and "*" in _texts(statement, "Resource")
    )


def _escalations(statements: Iterable[Statement]) -> Iterator[Remark]:
    wide = [each for each in statements if each.get("Effect") == "Allow" and _is_wide(each)]
    if not wide:
        return
    allowed = {
        action
        for action in {action for actions in _ESCALATIONS for action in actions}
        if any(_covers(each, action) for each in wide)
    }
    denied = [each for each in statements if each.get("Effect") == "Deny" and not each.get("Condition")]
    allowed -= {action for action in allowed if any(_denies(each, action) for each in denied)}
    ways = [actions for actions in _ESCALATIONS if allowed.issuperset(actions)]
    if ways:
        shown = "; ".join(" with ".join(actions) for actions in ways[:_NAMED])
        more = f"; {len(ways) - _NAMED} more ways" if len(ways) > _NAMED else ""
        says = "who has this can give themselves any other permission"
        yield Severity.WARNING, f"the statements together: {says} ({shown}{more})"


def _is_wide(statement: Statement) -> bool:
    """Whether a statement is about everything of some kind."""
    if "NotResource" in statement:
        return True
    return any(_ALL_OF_A_KIND.fullmatch(each) for each in _texts(statement, "Resource"))


def _denies(statement: Statement, action: str) -> bool:
    return "*" in _texts(statement, "Resource") and _covers(statement, action)


def _covers(statement: Statement, action: str) -> bool:
    """Whether an action is one of those that a statement is about."""
    if "NotAction" in statement:
        return not _any(_texts(statement, "NotAction"), action)
    return _any(_texts(statement, "Action"), action)


def _any(patterns: Iterable[str], action: str) -> bool:
    return name_matches(action, patterns)

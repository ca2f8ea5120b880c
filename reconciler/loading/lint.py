"""What is odd in the inline policies of permission sets, offline. Pure, apart from loading the linter.

parliament knows the actions, resources and condition keys of IAM as of its own release (April 2025 for
1.6.4). IAM grows faster, so nothing that is found here refuses anything.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import PermissionSet

# What is worth a look but does no harm; all other kinds of finding are warnings.
_STYLE = frozenset(
    ("INVALID_SID", "NO_VERSION", "OLD_VERSION", "RESOURCE_STAR", "RESOURCE_EFFECTIVELY_STAR",
     "MISMATCHED_TYPE_BUT_USABLE")
)  # fmt: skip
_SAYS: Mapping[str, str] = {
    "EXCEPTION": "the linter cannot read this, and perhaps IAM cannot",
    "MALFORMED": "IAM does not take this",
    "DUPLICATE_SID": "IAM takes every Sid once only",
    "INVALID_SID": "a Sid has letters and digits only",
    "UNKNOWN_ACTION": "not known to the linter: misspelled, or newer than its data",
    "UNKNOWN_PREFIX": "a service not known to the linter: misspelled, or newer than its data",
    "UNKNOWN_CONDITION_FOR_ACTION": "a condition key not documented for this action never matches",
    "UNKNOWN_OPERATOR": "there is no such condition operator",
    "MISMATCHED_TYPE": "the condition compares different types",
    "MISMATCHED_TYPE_BUT_USABLE": "the condition compares an ARN as text; write ArnLike or ArnEquals",
    "MISMATCHED_TYPE_OPERATION_TO_NULL": "Bool compares with true or false only",
    "BAD_PATTERN_FOR_MFA": "this does not enforce MFA",
    "INVALID_ARN": "this is no ARN of a resource",
    "RESOURCE_MISMATCH": "no resource of the statement is one that the action works on, so it allows nothing",
    "RESOURCE_STAR": 'Resource "*" could name resources',
    "RESOURCE_EFFECTIVELY_STAR": 'these resources are as many as "*"',
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "whoever may write a bucket's policy may give themselves more",
    "NO_VERSION": "without Version it is of 2008, which has no policy variables; write 2012-10-17",
    "OLD_VERSION": "the Version of 2008 has no policy variables; write 2012-10-17",
    "INVALID_VERSION": "IAM knows Version 2012-10-17 and 2008-10-17 only",
}  # fmt: skip
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
_DANGEROUS = frozenset(action.lower() for actions in _ESCALATIONS for action in actions)
# A resource that is everything of its kind: "*", or an ARN that ends in a wildcard of its own.
_ALL_OF_A_KIND = re.compile(r"\*|.*[:/]\*", re.DOTALL)
_OF_ACTIONS = frozenset(("RESOURCE_STAR", "RESOURCE_EFFECTIVELY_STAR"))
_NAMED = 3  # actions that a line names before it only counts

# One thing found: how loud, where in the policy, and what.
Remark = tuple[Severity, str]


def lint(sets: Iterable[PermissionSet]) -> list[Finding]:
    """What is odd in the inline policies of `sets`: one finding for each set that has anything, by name."""
    return [
        finding
        for one in sorted(sets, key=lambda each: each.key)
        if one.inline_policy is not None and (finding := _finding(one, remarks(one.inline_policy)))
    ]


def _finding(one: PermissionSet, found: tuple[Remark, ...]) -> Finding | None:
    if not found:
        return None
    loud = any(severity is Severity.WARNING for severity, _ in found)
    count = len(found)
    return Finding(
        code="policy-lint",
        severity=Severity.WARNING if loud else Severity.NOTE,
        message=f"the inline policy of permission set {one.key} has {count} {_things(count)} worth a look",
        origin=one.origin,
        fix="correct the statement, or leave it where it is meant so: nothing waits for it",
        details=tuple(text for _, text in found),
        count=count,
    )


def _things(count: int) -> str:
    return "thing" if count == 1 else "things"


@lru_cache(maxsize=4096)
def remarks(policy: str) -> tuple[Remark, ...]:
    """What is odd in one policy (JSON text), warnings first; the linter's own failure is such a remark."""
    try:
        found = list(_remarks(policy))
    except Exception as error:  # noqa: BLE001  # on strange policies the linter raises whatever comes
        text = f"the linter cannot read this policy, and perhaps IAM cannot ({_short(error)})"
        found = [(Severity.WARNING, text)]
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda one: one[0] is not Severity.WARNING))


def _remarks(policy: str) -> Iterator[Remark]:
    parsed = _parliament().analyze_policy_string(policy, ignore_private_auditors=True)
    for finding in parsed._findings:  # noqa: SLF001  # the public list loses which statement each is of
        yield _remark(finding, "the policy", ())
    everything = False
    for number, statement in enumerate(parsed.statements, 1):
        where = _where(number, statement)
        actions = _texts(statement, "Action")
        for finding in _telling(statement.findings, actions):
            yield _remark(finding, where, actions)
        if "Principal" in statement.stmt or "NotPrincipal" in statement.stmt:
            yield Severity.WARNING, f"{where}: a policy of a permission set takes no Principal"
        if _allows_everything(statement, actions):
            everything = True
            yield Severity.WARNING, f"{where}: allows every action on every resource"
    if not everything and parsed.is_valid and any(map(_may_escalate, parsed.statements)):
        yield from _escalations(parsed)


def _telling(findings: Iterable[Any], actions: tuple[str, ...]) -> Iterator[Any]:
    """Without what a wildcard brings along: of `s3:Get*`, some actions never fit the resource, or the key."""
    written = {action.lower() for action in actions}
    for finding in findings:
        if not actions and finding.issue in _OF_ACTIONS:
            continue  # the linter takes NotAction for Action here
        if finding.issue == "RESOURCE_MISMATCH":
            finding.detail = [one["action"] for one in finding.detail if one["action"].lower() in written]
            if not finding.detail:
                continue
        if finding.issue == "UNKNOWN_CONDITION_FOR_ACTION":
            action = str(finding.detail).rpartition(" ")[2].lower()
            if action not in written:
                continue
        yield finding


def _remark(finding: Any, where: str, actions: tuple[str, ...]) -> Remark:
    severity = Severity.NOTE if finding.issue in _STYLE else Severity.WARNING
    says = _SAYS.get(finding.issue, str(finding.issue).replace("_", " ").lower())
    detail = finding.detail
    if isinstance(detail, list):
        detail = _some(detail, actions)
    if finding.issue == "INVALID_ARN":
        detail = f"{finding.location.get('string', '')}: {detail}"
    return severity, f"{where}: {says}" + (f" ({detail})" if detail else "")


def _some(names: list[str], written: tuple[str, ...]) -> str:
    """Actions in one line: those that somebody wrote if any are, else the first few and how many more."""
    lowered = {action.lower() for action in written}
    shown = [name for name in names if name.lower() in lowered] or names
    more = len(shown) - _NAMED
    return ", ".join(shown[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _where(number: int, statement: Any) -> str:
    return f"statement {number} ({statement.sid})" if statement.sid else f"statement {number}"


def _texts(statement: Any, name: str) -> tuple[str, ...]:
    if name not in statement.stmt:
        return ()
    from parliament.misc import make_list

    return tuple(str(one.value) for one in make_list(statement.stmt[name]))


def _allows_everything(statement: Any, actions: tuple[str, ...]) -> bool:
    return (
        statement.effect_allow
        and "Condition" not in statement.stmt
        and any(action in ("*", "*:*") for action in actions)
        and "*" in _texts(statement, "Resource")
    )


def _may_escalate(statement: Any) -> bool:
    """Whether it is worth a closer look: it allows all but something, or an action that escalates."""
    patterns = [action.lower() for action in _texts(statement, "Action")]
    return statement.effect_allow and (
        not patterns or any(fnmatchcase(action, pattern) for pattern in patterns for action in _DANGEROUS)
    )


def _escalations(parsed: Any) -> Iterator[Remark]:
    allowed: Counter[str] = Counter()
    for action in sorted({action for actions in _ESCALATIONS for action in actions}):
        service, _, name = action.partition(":")
        resources = parsed.get_allowed_resources(service, name)
        allowed[action] = sum(_ALL_OF_A_KIND.fullmatch(one) is not None for one in resources)
    ways = [actions for actions in _ESCALATIONS if all(allowed[action] for action in actions)]
    if ways:
        shown = "; ".join(" with ".join(actions) for actions in ways[:_NAMED])
        more = f"; {len(ways) - _NAMED} more ways" if len(ways) > _NAMED else ""
        says = "whoever has this can give themselves any other permission"
        yield Severity.WARNING, f"the statements together: {says} ({shown}{more})"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


@cache
def _parliament() -> Any:
    """The linter, loaded once: its data are 10 MB of JSON.

    It still asks pkg_resources for the path of its data, which setuptools has dropped and new
    environments lack; so for the time of its import that one function is there. Its own old escape
    sequences warn when it is compiled. Its comparison of wildcards tries all combinations, so what was
    compared once is remembered: a policy with many stars would hang it. What it knows of an action it
    looks for in all of its data, each time, and so that is remembered too.
    """
    known = sys.modules.get("pkg_resources")
    if known is None:
        stand_in: Any = ModuleType("pkg_resources")
        stand_in.resource_filename = _path
        sys.modules["pkg_resources"] = stand_in
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import parliament
            from parliament import statement
    finally:
        if known is None:
            del sys.modules["pkg_resources"]
    parliament.is_glob_match = lru_cache(maxsize=65536)(parliament.is_glob_match)
    statement.get_privilege_info = lru_cache(maxsize=None)(statement.get_privilege_info)
    return parliament


def _path(package: str, name: str) -> str:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(package)
    return str(Path(spec.origin).with_name(name))

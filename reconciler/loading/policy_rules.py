"""What IAM is certain to reject in a policy of a permission set, and where. Pure.

Rules: IAM User Guide, "Grammar of the IAM JSON policy language" and the pages of its elements; the words of
IAM's own MalformedPolicyDocument, where the guide is silent. Names that IAM may yet come to know (actions,
services, condition keys) are not judged here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.files.characters import describe, show
from reconciler.files.documents import Loc, suggest

_TOP = ("Version", "Id", "Statement")
_VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_PRINCIPALS = ("Principal", "NotPrincipal")
_EFFECTS = ("Allow", "Deny")
_OPERATORS = (
    *(f"String{name}" for name in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like",
                                   "NotLike")),
    *(f"{kind}{name}" for kind in ("Numeric", "Date") for name in (
        "Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")),
    "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike",
    "Null",
)  # fmt: skip
_QUANTIFIERS = ("ForAllValues:", "ForAnyValue:")
_IF_EXISTS = "IfExists"
# IAM: "Vendor … is not valid" for any other character; a wildcard stands for all services, or for none.
_SERVICE = re.compile(r"[A-Za-z0-9.\-]+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_*?.\-]+", re.ASCII)
_SID = re.compile(r"[A-Za-z0-9]*", re.ASCII)
# IAM: 'Resource … must be in ARN format or "*"', 'Partition "…" is not valid', "Resource vendor must be fully
# qualified".
_ARN = re.compile(r"arn:(?:aws[a-z\-]*|[^:]*[*?$][^:]*):[^:]+:.*|arn:.*\*.*", re.ASCII | re.DOTALL)


class Flaw(NamedTuple):
    """One thing that IAM rejects: where in the policy, a predicate, and the fix.

    With `key`, it stands at the key of what is at `loc`.
    """

    loc: Loc
    says: str
    fix: str
    key: bool = False


def flaws(policy: Mapping[str, Any]) -> Iterator[Flaw]:
    """Everything that IAM is certain to reject in a policy that has a Statement."""
    yield from _unknown(policy, _TOP, ())
    version = policy.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        yield Flaw(("Version",), f"is {_shown(version)}, which IAM does not know", f"write {_VERSIONS[0]}")
    if not isinstance(policy.get("Id", ""), str):
        yield Flaw(("Id",), "must be text", "write text, or delete it")
    written = policy["Statement"]
    if isinstance(written, dict):
        yield from _statement(written, ("Statement",))
        return
    if not isinstance(written, list):
        yield Flaw(
            ("Statement",), f"is {_shown(written)}; IAM takes statements", "write a list of statements"
        )
        return
    if not written:
        yield Flaw(("Statement",), "has no statement", "write one, or delete the policy")
    sids: dict[str, int] = {}
    for number, statement in enumerate(written):
        at: Loc = ("Statement", number)
        if not isinstance(statement, dict):
            fix = "write Effect, Action and Resource"
            yield Flaw(at, f"is {_shown(statement)}, and no statement", fix)
            continue
        yield from _statement(statement, at)
        sid = statement.get("Sid")
        if isinstance(sid, str) and sid:
            if sid in sids:
                says = f"is {show(sid)}, as that of statement {sids[sid] + 1}; IAM takes every Sid once only"
                yield Flaw((*at, "Sid"), says, "rename one of the two, or delete it")
            sids.setdefault(sid, number)


def _statement(statement: Mapping[str, Any], at: Loc) -> Iterator[Flaw]:
    yield from _unknown(statement, (*_ELEMENTS, *_PRINCIPALS), at)
    for name in _PRINCIPALS:
        if name in statement:
            says = "is not allowed: a policy of a permission set applies to the people who have the set"
            yield Flaw((*at, name), says, "delete it", key=True)
    if "Effect" not in statement:
        yield Flaw(at, "has no Effect", "add Effect: Allow, or Deny")
    elif statement["Effect"] not in _EFFECTS:
        effect = statement["Effect"]
        fix = suggest(effect, _EFFECTS) if isinstance(effect, str) else None
        yield Flaw(
            (*at, "Effect"), f"is {_shown(effect)}; IAM takes Allow or Deny", fix or "write one of these"
        )
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        yield Flaw((*at, "Sid"), f"is {_shown(sid)}; a Sid has letters (A to Z) and digits only", "rename it")
    yield from _one_of(statement, ("Action", "NotAction"), _action, "s3:GetObject", at)
    yield from _one_of(statement, ("Resource", "NotResource"), _resource, 'an ARN, or "*"', at)
    if "Condition" in statement:
        yield from _condition(statement["Condition"], (*at, "Condition"))


def _unknown(there: Mapping[str, Any], known: Sequence[str], at: Loc) -> Iterator[Flaw]:
    for name in there:
        if name not in known:
            fix = suggest(name, known) or f"IAM knows {', '.join(known)}"
            yield Flaw((*at, name), "is an element that IAM does not know", fix, key=True)


def _one_of(
    statement: Mapping[str, Any], names: tuple[str, str], wrong: Any, example: str, at: Loc
) -> Iterator[Flaw]:
    """Exactly one of two elements, whose items are text for which `wrong` says nothing."""
    there = [name for name in names if name in statement]
    if not there:
        yield Flaw(at, f"has no {names[0]}", f"add {names[0]}: {example}")
    if len(there) == 2:
        yield Flaw(
            (*at, names[1]), f"stands beside {names[0]}; IAM takes one of the two", "delete one", key=True
        )
    for name in there:
        value = statement[name]
        if value in ([], ""):
            yield Flaw((*at, name), "is empty", f"write {example}")
            continue
        for loc, item in _items(value, (*at, name)):
            if not isinstance(item, str):
                yield Flaw(loc, f"is {_shown(item)}; IAM takes text", f"write {example}")
            elif found := wrong(item):
                yield Flaw(loc, f"is {show(item)}, {found[0]}", found[1])


def _items(value: Any, at: Loc) -> Iterable[tuple[Loc, Any]]:
    return (
        [((*at, number), item) for number, item in enumerate(value)]
        if isinstance(value, list)
        else [(at, value)]
    )


def _action(action: str) -> tuple[str, str] | None:
    """Why this is not an action, and what to write; None where it may be one."""
    if action == "*":
        return None
    service, colon, name = action.partition(":")
    for part, allowed in ((service, _SERVICE), (name, _NAME)):
        stray = next((each for each in part if not allowed.fullmatch(each)), None)
        if stray is not None and not (part == service and not colon):
            return f"and no action has the character {_named(stray)}", _fix(action, stray)
    if not colon:
        return "and not the action of a service", "write it as s3:GetObject, or *"
    if not service or not name:
        return "and no action", "write it as s3:GetObject, or s3:*"
    return None


def _resource(resource: str) -> tuple[str, str] | None:
    if resource == "*" or _ARN.fullmatch(resource):
        return None
    return "and no ARN", 'write an ARN, such as arn:aws:s3:::bucket/*, or "*"'


def _condition(value: Any, at: Loc) -> Iterator[Flaw]:
    if not isinstance(value, dict):
        yield Flaw(
            at, f"is {_shown(value)}; IAM takes operators with keys and values", "write {Bool: {key: true}}"
        )
        return
    for operator, keys in value.items():
        if not isinstance(keys, dict):
            yield Flaw(
                (*at, operator), f"is {_shown(keys)}; IAM takes keys with values", "write {key: value}"
            )
            continue
        if keys and _plain_operator(operator) not in _OPERATORS:
            fix = suggest(_plain_operator(operator), _OPERATORS) or f"IAM knows {', '.join(_OPERATORS)}"
            yield Flaw((*at, operator), "is a condition operator that IAM does not know", fix, key=True)
        for key, values in keys.items():
            if ":" not in key:
                fix = "write it with its service, such as aws:PrincipalOrgID"
                yield Flaw((*at, operator, key), "is not a condition key", fix, key=True)
            for loc, item in _items(values, (*at, operator, key)):
                if item is None or isinstance(item, (dict, list)):
                    yield Flaw(loc, f"is {_shown(item)}; IAM compares text", "write text, or a list of texts")


def _plain_operator(operator: str) -> str:
    for quantifier in _QUANTIFIERS:
        operator = operator.removeprefix(quantifier)
    return operator.removesuffix(_IF_EXISTS)


def _named(character: str) -> str:
    return f"{show(character)}" if character.isascii() and character.isprintable() else describe(character)


def _fix(action: str, stray: str) -> str:
    """The action with the character that this one looks like, where there is such."""
    if unicodedata.category(stray) == "Pd" or "HYPHEN" in unicodedata.name(stray, ""):
        return f"write it with a plain hyphen: {action.replace(stray, '-')}"
    if stray.isspace():
        return f"write it without the blank: {''.join(action.split())}"
    plain = unicodedata.normalize("NFKC", stray)
    if plain != stray and plain.isascii():
        return f"write it as {unicodedata.normalize('NFKC', action)}"
    return "write it as s3:GetObject, with the letters A to Z, digits, * and ?"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    return show(value) if isinstance(value, str) else str(value).lower()

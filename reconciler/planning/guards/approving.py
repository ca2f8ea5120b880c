"""Approvals of guards: what a person writes in git to let a refusal pass, and whether one in force does.

An approval lifts exactly the guard, the kind, the group or account, and the number that it names: what it
leaves out, the refusal must not have. Only where a guard speaks of things one by one (a group that is
emptied, something protected) one without a group counts them together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval
from reconciler.model.removed import BLOCKED

# Each critical thing is a refusal of its own; what lifts those of one code and kind counts them together.
_TOGETHER = frozenset({"protected", "min-members", "set-emptied"})
_GROUP, _ACCOUNT = "group:", "account:"
# So long the approvals hold that a refusal proposes.
_HOLDS = timedelta(days=7)
# What YAML takes for text without quotes.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def approval(code: str, count: int, kind: Kind | None, scope: str = "") -> str:
    """How to approve `count` of what the guard `code` refuses: the fix of its finding."""
    return (
        f"if it is meant, add under `approvals:` in identities/approvals/: <name>: {{guard: {code},"
        f"{_named(kind, scope)} count: {count}, until: <date>, reason: <why>}}"
    )


def _named(kind: Kind | None, scope: str) -> str:
    """The fields that say of what an approval is, as YAML."""
    if scope == BLOCKED:
        return f" kind: {BLOCKED},"
    named = f" kind: {kind.replace('-', '_')}s," if kind else ""
    if scope.startswith(_GROUP):
        named += f" group: {_text(unquote(scope.removeprefix(_GROUP)))},"
    elif scope.startswith(_ACCOUNT):
        named += f" account: {_text(scope.removeprefix(_ACCOUNT))},"
    return named


def _text(value: str) -> str:
    plain = _BARE.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)


def lifted(
    refusals: Sequence[Finding],
    approvals: Iterable[Approval],
    target: str,
    now: datetime,
    account_id: Callable[[str], str] = str,
) -> list[Finding]:
    """The refusals, each with a note in its place where an approval for `target` is in force at `now`.

    `account_id` tells the id of an account that an approval names by its key.
    """
    usable = [(one, _scope(one, account_id)) for one in approvals if one.target in (None, target)]
    left = []
    for refusal in (replace(one, liftable=True) for one in refusals):
        fitting = [one for one, scope in usable if scope == refusal.scope]
        alone = refusal.code not in _TOGETHER or refusal.scope
        left.append(_lifted(refusal, fitting, now, refusal.count) if alone else refusal)
    loose = [one for one, scope in usable if not scope]
    together: dict[tuple[str, Kind | None], int] = {}
    for one in left:
        if one.code in _TOGETHER and one.severity is Severity.REFUSAL:
            together[one.code, one.kind] = together.get((one.code, one.kind), 0) + one.count
    return [
        _lifted(one, loose, now, together[one.code, one.kind])
        if one.code in _TOGETHER and one.severity is Severity.REFUSAL
        else one
        for one in left
    ]


def _scope(one: Approval, account_id: Callable[[str], str]) -> str:
    if one.blocked:
        return BLOCKED
    if one.group is not None:
        return _GROUP + quote(one.group, safe="@+~:")
    return "" if one.account is None else _ACCOUNT + account_id(one.account)


def _lifted(refusal: Finding, approvals: Sequence[Approval], now: datetime, count: int) -> Finding:
    """The refusal, or a note in its place where an approval in force covers `count` of its sort."""
    if count != refusal.count and not refusal.scope:
        refusal = replace(refusal, fix=approval(refusal.code, count, refusal.kind))
    fitting = [one for one in approvals if one.guard == refusal.code and one.kind is refusal.kind]
    for one in fitting:
        if now < one.until and count <= one.count:
            return replace(
                refusal,
                severity=Severity.NOTE,
                message=f"{refusal.message}: approved by {one.key} ({one.reason})",
                fix=None,
                origin=one.origin,
                covers=None,
            )
    if fitting:
        best = max(fitting, key=lambda one: (one.until > now, one.count))
        why = "has expired" if now >= best.until else f"allows only {best.count}"
        return replace(refusal, fix=f"the approval {best.key} {why}; {refusal.fix}")
    return refusal


def proposed(
    refusals: Iterable[Finding], target: str, now: datetime, taken: AbstractSet[str]
) -> tuple[str, ...]:
    """The narrowest approvals that lift `refusals`, as lines of one YAML document; nothing where none does.

    `taken` are the names of approvals that there are.
    """
    wanted: dict[tuple[str, Kind | None, str], int] = {}
    for one in refusals:
        if one.severity is not Severity.REFUSAL or not one.liftable:
            continue
        key = one.code, one.kind, one.scope
        wanted[key] = wanted.get(key, 0) + one.count if one.code in _TOGETHER else one.count
    return tuple(_lines(wanted, target, now, set(taken))) if wanted else ()


def _lines(
    wanted: dict[tuple[str, Kind | None, str], int], target: str, now: datetime, taken: set[str]
) -> Iterator[str]:
    until = (now + _HOLDS).date()
    yield "approvals:"
    for (code, kind, scope), count in wanted.items():
        words = [code, BLOCKED if scope == BLOCKED else f"{kind}s" if kind else "", scope.partition(":")[2]]
        name = base = re.sub(r"[^A-Za-z0-9]+", "-", "-".join([*filter(None, words), f"{until}"]))
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        yield (
            f"  {name}: {{guard: {code},{_named(kind, scope)} count: {count}, target: {target}, "
            f'until: {until}, reason: "<why>"}}'
        )

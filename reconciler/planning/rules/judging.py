"""Rules judge the access that a plan leaves behind: everybody's, by every way, from git or not.

What a plan breaks is a refusal, and no approval lifts it: only a change of the files or of the rule does,
reviewed like any other. What was broken before and what the plan changes nothing of is a warning, so that a
new rule stops neither the plan that mends it nor a leaver's. A plan that only takes away is never refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.model.rules import Deny, Disjoint, MaxHolders, Require, Restrict, Rule, access_of
from reconciler.model.state import Identities, Remembered
from reconciler.planning.consequences import Consequences
from reconciler.planning.rules.access import denied, disjoint, holders
from reconciler.planning.rules.context import RuleContext, Violation
from reconciler.planning.rules.files import required, restricted
from reconciler.planning.wording import many

# What of a reading rules rest on: who is a member, and who is assigned.
_SEEN = (Kind.MEMBERSHIP, Kind.ASSIGNMENT)
_CODES: Mapping[type[Rule], str] = {
    Deny: "rule-deny",
    Disjoint: "rule-disjoint",
    Require: "rule-require",
    Restrict: "rule-restrict",
    MaxHolders: "rule-max-holders",
}


def judge(consequences: Consequences, identities: Identities, remembered: Remembered) -> list[Finding]:
    """A finding for every rule of the policy that a plan with these consequences breaks, or leaves broken.

    `remembered` tells what git newly declares badly, also
    where that changes nothing yet.
    """
    rules = consequences.context.policy.rules
    if not rules:
        return []
    base = remembered.base.identities if remembered.base is not None else None
    rule_context = RuleContext(consequences, identities, base)
    findings = [finding for rule in rules for finding in _judged(rule_context, rule)]
    return [*findings, *_blind(rule_context, rules)]


def _violations(rule_context: RuleContext, rule: Rule) -> Iterable[Violation]:
    match rule:
        case Deny():
            return denied(rule_context, rule)
        case Disjoint():
            return disjoint(rule_context, rule)
        case Require():
            return required(rule_context, rule)
        case Restrict():
            return restricted(rule_context, rule)
        case MaxHolders():
            return holders(rule_context, rule)


def _judged(rule_context: RuleContext, rule: Rule) -> Iterator[Finding]:
    for violation in _violations(rule_context, rule):
        yield Finding(
            code=_CODES[type(rule)],
            severity=Severity.REFUSAL if violation.caused else Severity.WARNING,
            message=_message(rule, violation),
            origin=violation.origin,
            fix=violation.fix,
            details=violation.details,
            count=violation.count,
        )


def _message(rule: Rule, violation: Violation) -> str:
    """The rule's name, what is wrong, and what those who wrote the rule want people to read."""
    return f"{rule.name}: {violation.says}" + (f" ({rule.message})" if rule.message else "")


def _blind(rule_context: RuleContext, rules: Iterable[Rule]) -> Iterator[Finding]:
    """What rules cannot see: places that the organization does not have, and what was not read."""
    live = rule_context.context.live
    for rule in rules:
        accounts = access_of(rule).accounts
        if not accounts:
            continue
        found = rule_context.places.select(accounts)
        lacking = {*found.unknown, *found.ambiguous, *found.unreachable}
        described = any(selector.account is None for selector in accounts)
        if lacking or (described and not live.organization.accounts):
            yield Finding(
                code="rule-selects-nothing",
                severity=Severity.WARNING,
                message=f"{rule.name}: the rule names accounts or units that are not there",
                fix="correct the path or the id in reconciler.yaml; a path is written from the top",
                details=tuple(sorted(lacking)) or ("the accounts of the organization were not read",),
                count=len(lacking) or 1,
            )
    unread = [gap for gap in live.gaps if gap.kind in _SEEN]
    if unread:
        yield Finding(
            code="rules-partial",
            severity=Severity.NOTE,
            message=f"{many(len(list(rules)), 'rule')} judged by what was read, which was not everything",
            fix="plan again with everything read",
            details=tuple(f"{gap.kind} {gap.scope}: {gap.reason}" for gap in unread),
            count=len(unread),
        )

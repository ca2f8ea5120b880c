"""What the files of one commit give to whom, with accounts as rules: no account has to be known for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.access.privilege import Privilege
from reconciler.model.access import AccessRule, Direction
from reconciler.model.address import Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.patterns import path_matches
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Account, Assignment, Selector
from reconciler.model.state import Desired, Identities
from reconciler.planning.comparing.set_values import declared_values
from reconciler.planning.desired.project import project
from reconciler.planning.windows import text

_PARTITION = "aws"
# Everything of a target that assigns: nobody is asked what it can do.
_EVERYTHING = Capabilities(kinds=frozenset(Kind))


def declared_rules(identities: Identities, policy: TargetPolicy, now: datetime) -> tuple[AccessRule, ...]:
    """The rules that hold at `now` (an aware instant) or will, privileged ones first.

    People who are blocked, inactive, or not provisioned to the target are left out.
    """
    desired = project(identities, policy, now, _EVERYTHING)
    rules = [
        rule
        for entry in identities.assignments.values()
        if path_matches(entry.origin.path, policy.paths) and not entry.window.over(now)
        for rule in _rules(entry, desired, identities.accounts, policy)
    ]
    return tuple(sorted(rules, key=_position))


def rules_between(before: Iterable[AccessRule], after: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
    """What `after` gives and `before` does not, and the other way round, person by person, in order.

    A rule that only moved to another entry gives the same.
    """
    then, now = _by_content(before), _by_content(after)
    changes = []
    for direction, mine, others in ((Direction.GAIN, now, then), (Direction.LOSE, then, now)):
        for content, rule in mine.items():
            known = others.get(content)
            people = tuple(each for each in rule.people if known is None or each not in known.people)
            if people or (known is None and rule.members_unknown):
                changes.append(replace(rule, people=people, direction=direction))
    return tuple(sorted(changes, key=_position))


def _position(one: AccessRule) -> tuple[object, ...]:
    direction = "" if one.direction is None else str(one.direction)
    return not one.privileged, direction, one.permission_set, one.entry, one.group, one.people


def _by_content(rules: Iterable[AccessRule]) -> Mapping[AccessRule, AccessRule]:
    """Rules by what they give, apart from who gets it and which entry says so."""
    found: dict[AccessRule, AccessRule] = {}
    for one in rules:
        content = replace(one, entry="", people=())
        known = found.get(content)
        people = one.people if known is None else tuple(sorted({*known.people, *one.people}))
        found[content] = replace(one if known is None else known, people=people)
    return found


def _rules(
    entry: Assignment, desired: Desired, accounts: Mapping[str, Account], policy: TargetPolicy
) -> Iterator[AccessRule]:
    privilege = Privilege(policy.guards.privileged)
    named, never = _named(entry.accounts, accounts), _named(entry.excluded, accounts)
    selects = any(one.account is None for one in entry.accounts)
    own = _privileged_accounts(policy, accounts)
    for name in entry.permission_sets:
        declared = desired.permission_sets.get(name)
        if declared is None:
            continue
        marked = privilege.marks(name, (declared_values(declared, {}, _PARTITION),))
        shape = AccessRule(
            entry=entry.key,
            permission_set=name,
            group="",
            people=(),
            # Accounts that are named come first: `except` must not be read as if it spoke of them.
            accounts=tuple(
                spelled_selector(one, accounts)
                for one in sorted(entry.accounts, key=lambda one: one.account is None)
            ),
            excepted=tuple(spelled_selector(one, accounts) for one in entry.excluded),
            named=named,
            never=never,
            selects=selects,
            # Which accounts it selects is not known here, so that none of those may be ruled out.
            privileged=marked
            or not own.isdisjoint(named)
            or (selects and bool(policy.guards.privileged.accounts)),
            start=text(entry.window.start),
            until=text(entry.window.end),
        )
        for group in entry.groups:
            if group in desired.groups:
                members = desired.members.get(group)
                people = tuple(sorted(members)) if members is not None else ()
                if people or members is None:
                    yield replace(shape, group=group, people=people, members_unknown=members is None)
        people = tuple(sorted(user for user in entry.users if desired.wants(user)))
        if people:
            yield replace(shape, people=people)


def _privileged_accounts(policy: TargetPolicy, accounts: Mapping[str, Account]) -> frozenset[str]:
    """Ids of accounts that the guards call privileged one by one."""
    return frozenset(_named(policy.guards.privileged.accounts, accounts))


def _named(selectors: Iterable[Selector], accounts: Mapping[str, Account]) -> tuple[str, ...]:
    """The ids of accounts that stand there one by one."""
    return tuple(sorted(_id(one.account, accounts) for one in selectors if one.account))


def _id(written: str, accounts: Mapping[str, Account]) -> str:
    known = accounts.get(written)
    return written if known is None else known.id


def spelled_selector(one: Selector, accounts: Mapping[str, Account]) -> str:
    """`prod (210000000020)`, `accounts in Workloads/Prod with env=prod`."""
    if one.account is not None:
        known = accounts.get(one.account)
        return one.account if known is None else f"{one.account} ({known.id})"
    parts = []
    if one.ou:
        below = " directly" if one.direct else ""
        parts.append(f"{below} in {' or '.join(one.ou)}".strip())
    for key, values in sorted(one.tag.items()):
        parts.append(f"with {key}={' or '.join(values)}")
    return f"accounts {' '.join(parts)}" if parts else "every active account except the management account"

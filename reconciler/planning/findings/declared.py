"""Findings on what git declares: keys of other people, ends that are past, approvals that lift nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from reconciler.model.address import Kind
from reconciler.model.catalogue import CATALOGUE
from reconciler.model.change import Action, Change
from reconciler.model.names import fold
from reconciler.model.patterns import path_matches
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import Approval
from reconciler.model.resources import Grant, Group, Origin, User, Window
from reconciler.model.state import Identities, Remembered
from reconciler.planning.windows import text
from reconciler.planning.wording import many


def by_what(user: User) -> tuple[str, object]:
    """By what a user is found at a service."""
    return fold(str(user.attributes.get("user_name"))), user.attributes.get("external_id")


def others(now: Mapping[str, User], then: Mapping[str, User]) -> frozenset[str]:
    """The keys under which git declares users now that are found otherwise than `then`."""
    return frozenset(key for key in now.keys() & then.keys() if by_what(now[key]) != by_what(then[key]))


def other_people(
    identities: Identities, base: Identities | None, changes: Iterable[Change]
) -> Iterable[Finding]:
    """Who gains something under the key of somebody else; a rename of the user says that itself.

    `base` is what git declared at the last whole apply.
    """
    found = others(identities.users, {} if base is None else base.users)
    if base is None or not found:
        return
    changes = list(changes)
    shown = {change.address.own_key for change in changes if change.address.kind is Kind.USER}
    gaining = {_person(change) for change in changes if change.action is Action.CREATE}
    keys = sorted((found - shown) & gaining)
    if keys:
        was = {key: base.users[key].attributes.get("user_name") for key in keys}
        now = {key: identities.users[key].attributes.get("user_name") for key in keys}
        yield Finding(
            code="other-person",
            severity=Severity.WARNING,
            message=f"{many(len(keys), 'user')} gaining something goes by the key of another person",
            fix="look whether that person is meant; a new person is better given a new key",
            details=tuple(f"{key} is {now[key]}, and was {was[key]}" for key in keys),
            count=len(keys),
            origin=identities.users[keys[0]].origin,
        )


def _person(change: Change) -> str | None:
    if change.address.kind is Kind.MEMBERSHIP:
        return change.address.user.own_key
    if change.address.kind is Kind.ASSIGNMENT:
        principal = change.address.principal
        return principal.own_key if principal.kind is Kind.USER else None
    return None


# What it is, whose, and when it is over: equal where git says the same at two commits.
_Entry = tuple[str, str, datetime | None]


def past(
    identities: Identities, remembered: Remembered, paths: Sequence[str], now: datetime
) -> Iterator[Finding]:
    """One finding on all `until` that are past at `now` and that no remembered state says.

    `paths` are the patterns of the files that the target takes its declarations from.
    """
    ended = _ended(identities, now)
    found = {entry: origin for entry, origin in ended if path_matches(origin.path, paths)}
    if not found:
        return
    states = [one.identities for one in (remembered.base, *remembered.since) if one is not None]
    known = {entry for state in states for entry, _ in _ended(state, now)}
    new = {entry: origin for entry, origin in found.items() if entry not in known}
    if new:
        yield Finding(
            code="until-past",
            severity=Severity.WARNING,
            message=f"{len(new):,} new `until` {'lies' if len(new) == 1 else 'lie'} in the past already",
            origin=min(new.values()),
            fix="correct the date, or delete the entry",
            details=tuple(f"{what} {key}: until {text(end)}" for what, key, end in sorted(new, key=_order)),
            count=len(new),
        )


def _order(entry: _Entry) -> tuple[str, str, str]:
    return entry[0], entry[1], text(entry[2]) or ""


def _ended(identities: Identities, now: datetime) -> Iterator[tuple[_Entry, Origin]]:
    def over(window: Window | None) -> bool:
        return window is not None and window.over(now)

    for key, user in identities.users.items():
        if over(user.window):
            yield ("user", key, user.window.end), user.origin
    for key, override in identities.overrides.items():
        if override.window is not None and over(override.window):
            yield ("override of", key, override.window.end), override.origin
    for entry in identities.assignments.values():
        if over(entry.window):
            yield ("entry", entry.key, entry.window.end), entry.origin
    for group in identities.groups.values():
        yield from _in_group(group, now)


def _in_group(group: Group, now: datetime) -> Iterator[tuple[_Entry, Origin]]:
    for user, grant in (group.members or {}).items():
        if type(grant) is Grant and grant.window.over(now):
            origin = Origin(group.origin.path, grant.node)
            yield ("member", f"{user} of {group.key}", grant.window.end), origin
    for include in group.include or ():
        if include.window.over(now):
            origin = Origin(group.origin.path, include.node)
            yield ("include", f"{include.group} in {group.key}", include.window.end), origin


_OF_GROUPS = ("max-removals", "set-emptied")


def idle_approvals(approvals: Iterable[Approval], now: datetime) -> Iterator[Finding]:
    """A warning for each approval that holds at `now` and that nothing fits.

    Before an approval named the kind, one without it lifted every kind.
    """
    for one in approvals:
        if now < one.until and (why := _why(one)) is not None:
            yield Finding(
                code="approval-lifts-nothing",
                severity=Severity.WARNING,
                message=f"the approval {one.key} lifts nothing: {why}",
                origin=one.origin,
                fix="write it as the refusal proposes it, or delete it",
            )


def _why(one: Approval) -> str | None:
    kinds = CATALOGUE[one.guard].lifted_by
    if one.kind not in kinds:
        if one.kind is None:
            return f"it names no kind, and {one.guard} always speaks of one"
        return f"{one.guard} does not speak of the kind that it names"
    if one.blocked and one.guard != "max-removals":
        return f"{one.guard} does not count blocks"
    if one.group is not None and not (one.guard in _OF_GROUPS and one.kind is Kind.MEMBERSHIP):
        return f"{one.guard} speaks of one group only of `kind: memberships`, or never"
    if one.account is not None and not (one.guard == "max-removals" and one.kind is Kind.ASSIGNMENT):
        return "only max-removals with `kind: assignments` speaks of one account"
    if one.group is not None and one.account is not None:
        return "it names a group and an account, and no guard speaks of both"
    return None

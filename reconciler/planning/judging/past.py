"""Entries that are new in git and whose time is over already: a wrong year, mostly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.model.patterns import path_matches
from reconciler.model.plan import Finding, Severity
from reconciler.model.resources import Grant, Group, Origin, Window
from reconciler.model.state import Identities, Remembered
from reconciler.planning.windows import text

# What it is, whose, and when it is over: equal where git says the same at two commits.
_Said = tuple[str, str, datetime | None]


def past(
    identities: Identities, remembered: Remembered, paths: Sequence[str], now: datetime
) -> Iterator[Finding]:
    """One finding on all `until` that are past at `now` and that no remembered state says.

    `paths` are the patterns of the files that the target takes its declarations from.
    """
    ended = _ended(identities, now)
    found = {said: origin for said, origin in ended if path_matches(origin.path, paths)}
    if not found:
        return
    states = [one.identities for one in (remembered.base, *remembered.since) if one is not None]
    known = {said for state in states for said, _ in _ended(state, now)}
    new = {said: origin for said, origin in found.items() if said not in known}
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


def _order(said: _Said) -> tuple[str, str, str]:
    return said[0], said[1], text(said[2]) or ""


def _ended(identities: Identities, now: datetime) -> Iterator[tuple[_Said, Origin]]:
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


def _in_group(group: Group, now: datetime) -> Iterator[tuple[_Said, Origin]]:
    for user, grant in (group.members or {}).items():
        if type(grant) is Grant and grant.window.over(now):
            origin = Origin(group.origin.path, grant.node)
            yield ("member", f"{user} of {group.key}", grant.window.end), origin
    for include in group.include or ():
        if include.window.over(now):
            origin = Origin(group.origin.path, include.node)
            yield ("include", f"{include.group} in {group.key}", include.window.end), origin

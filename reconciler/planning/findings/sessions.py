"""Until when the sessions of people may live who are out: what nothing that is taken away cuts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Kind
from reconciler.model.change import Action, Change
from reconciler.model.denials import OPEN, render
from reconciler.model.durations import LONGEST_SESSION, longest_session
from reconciler.model.plan import Finding, Severity
from reconciler.planning.context import PlanContext
from reconciler.planning.denying import DECLARED, why_out


def sessions_live_on(
    context: PlanContext,
    access: Sequence[AccessChange],
    changes: Collection[Change],
    undenied: Sequence[tuple[Change, str]],
) -> Iterator[Finding]:
    """A note with each person, account and set of which a session may be open: all of what they lose now.

    A denial cuts them everywhere but in the management account. Who is denied is in `changes`.
    """
    ids = {
        key: identifier
        for identifier, key in context.users.pairing.keys.items()
        if (why := why_out(context, identifier)) is not None and why.cause in DECLARED
    }
    if not ids:
        return
    management = context.live.organization.management
    denied = {one.address.own_key for one in changes if _denies(one)}
    if context.live.denials is not None:
        denied |= {key for key, identifier in ids.items() if identifier in context.live.denials.entries}
    denied -= {one.address.own_key for one, _ in undenied}
    rows: list[tuple[str, str, str, str]] = []
    for one in access:
        if one.direction is not Direction.LOSE:
            continue
        end = context.now + _duration(context, one.permission_set)
        for key in one.people:
            for account in one.accounts:
                if key in ids and (key not in denied or account == management):
                    at = f"{end:%Y-%m-%dT%H:%M:%SZ}"
                    rows.append((key, one.permission_set, context.account_name(account), at))
    if not rows:
        return
    people = sorted({key for key, *_ in rows})
    cut = sorted({ids[key] for key in people} - {ids[key] for key in people if key in denied})
    details = [f"{key}: {name} on {account} until {at}" for key, name, account, at in sorted(set(rows))]
    yield Finding(
        code="sessions-live-on",
        severity=Severity.NOTE,
        message=f"sessions of {'1 person' if len(people) == 1 else f'{len(people)} people'} may live on when "
        "the access is gone: " + ("no policy ends them" if cut else "no policy binds the management account"),
        fix="attach the last line as a service control policy, and set `deny_policy` (docs/out-at-once.md)"
        if cut
        else "end them in the management account by hand, where that matters (docs/out-at-once.md)",
        details=(*details, render(dict.fromkeys(cut, OPEN))) if cut else tuple(details),
        count=len(people),
    )


def _denies(change: Change) -> bool:
    return change.address.kind is Kind.DENIAL and change.action is not Action.DELETE


def _duration(context: PlanContext, name: str) -> timedelta:
    """How long a session of a permission set lasts at most; the longest where it is not known."""
    for one in context.live.permission_sets.values():
        if one.name == name:
            return longest_session(one.attributes.get("session_duration"))
    return LONGEST_SESSION

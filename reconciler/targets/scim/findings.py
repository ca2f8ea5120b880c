"""What a reviewer must know of the reading of a SCIM service and of its token. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from reconciler.model.plan import Finding, Severity

# As many as make a cause recognisable.
_SHOWN = 20


def listed_twice(what: str, ids: Sequence[str]) -> Finding:
    """The service lists `what` ("user", "group") more than once."""
    return Finding(
        code="duplicate-listing",
        severity=Severity.NOTE,
        message=f"the service lists {_many(len(ids), what)} more than once; each counts once",
        details=_some(ids),
        count=len(ids),
    )


def dangling(pairs: Sequence[str]) -> Finding:
    """Groups name members who do not exist: `pairs` are "group: id"."""
    return Finding(
        code="dangling-members",
        severity=Severity.NOTE,
        message=f"groups still name {_many(len(pairs), 'member')} who no longer exist; they are left out",
        details=_some(pairs),
        count=len(pairs),
    )


def nested(pairs: Sequence[str]) -> Finding:
    """Groups are members of groups: `pairs` are "group: group"."""
    return Finding(
        code="nested-groups",
        severity=Severity.WARNING,
        message=(
            f"{_many(len(pairs), 'group')} stand in groups as members; whom that makes members is not seen, "
            "and they stay"
        ),
        fix="list people themselves; write `include` in git for a group inside a group",
        details=_some(pairs),
        count=len(pairs),
    )


def member_twice(groups: Sequence[str]) -> Finding:
    """Groups list a member more than once."""
    return Finding(
        code="duplicate-member",
        severity=Severity.NOTE,
        message=f"{_many(len(groups), 'group')} name a member more than once; each counts once",
        details=_some(groups),
        count=len(groups),
    )


def disagree(pairs: Sequence[str]) -> Finding:
    """Users say that they are in groups that do not say so: `pairs` are "group: user"."""
    return Finding(
        code="membership-mismatch",
        severity=Severity.WARNING,
        message=f"{_many(len(pairs), 'membership')} stand with the user and not with the group, which counts",
        fix="look at the service which of the two is true",
        details=_some(pairs),
        count=len(pairs),
    )


def unreadable(reason: str) -> Finding:
    """Members cannot be read at all."""
    return Finding(
        code="members-unreadable",
        severity=Severity.WARNING,
        message=f"memberships cannot be read ({reason}); none is added or removed in groups that exist",
        fix="choose the profile of the service, or write one (docs/scim.md)",
    )


def hidden_users(ids: Sequence[str]) -> Finding:
    """Users who are in no list, and who answer when they are asked for by id."""
    return Finding(
        code="hidden-users",
        severity=Severity.NOTE,
        message=f"{_many(len(ids), 'disabled user')} are in no list and still members of groups; they count",
        details=_some(ids),
        count=len(ids),
    )


def schema_untrue(names: Sequence[str]) -> Finding:
    """The schema lacks attributes that users have."""
    return Finding(
        code="schema-mismatch",
        severity=Severity.NOTE,
        message=f"the service's schema lacks {', '.join(names)}, which its users have; it is not used",
        count=len(names),
    )


def _some(details: Sequence[str]) -> tuple[str, ...]:
    more = (f"and {len(details) - _SHOWN:,} more",) if len(details) > _SHOWN else ()
    return (*sorted(details)[:_SHOWN], *more)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


_SOON, _NOW = timedelta(days=60), timedelta(days=7)
_FIX = "make the next one, put it where `token_next` points, and delete this one once it is in use"


def token_ends(target: str, now: datetime, expires: datetime | None, *, next_ready: bool) -> list[Finding]:
    """A warning within 60 days of the end, a louder one within 7; none while the next token is there."""
    if expires is None or expires - now > _SOON or (next_ready and expires > now):
        return []
    left = expires - now
    # The last day on which it is good, as people write it.
    day = (expires - timedelta(microseconds=1)).date().isoformat()
    if left <= timedelta(0):
        message = f"the token of {target} has ended on {day}"
        message += "; the next one is used" if next_ready else ": nothing can be read or written with it"
    elif left <= _NOW:
        message = f"the token of {target} ends on {day}, within {_days(left)}: RENEW IT NOW"
    else:
        message = f"the token of {target} ends on {day}, in {_days(left)}"
    return [Finding(code="token-expires", severity=Severity.WARNING, message=message, fix=_FIX)]


def ends_within(now: datetime, seconds: float, expires: datetime | None) -> bool:
    """Whether the token ends before so many seconds are over."""
    return expires is not None and now + timedelta(seconds=seconds) >= expires


def _days(left: timedelta) -> str:
    days = left.days + 1
    return "a day" if days == 1 else f"{days} days"

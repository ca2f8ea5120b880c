"""What is to be said of the token of a SCIM service before it ends. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.model.plan import Finding, Severity

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

"""How long a session of a permission set lasts, as AWS spells it (sso-admin, `SessionDuration`: ISO 8601)."""

from __future__ import annotations

import re
from datetime import timedelta

from reconciler.model.resources import DEFAULT_DURATION

# The most that AWS takes (IAM Identity Center user guide, "Set session duration for AWS accounts").
LONGEST_SESSION = timedelta(hours=12)
# As AWS takes it (sso-admin, `Duration`): years and months have no length in seconds, but none of them has.
# Python does not read numbers of thousands of digits.
_DURATION = re.compile(
    r"P(?:0+Y)?(?:0+M)?(?:(\d{1,9})W|(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.0+)?S)?)?",
    re.ASCII,
)


def seconds_of(duration: object) -> int | None:
    """The seconds of a duration; None where it is not one."""
    found = _DURATION.fullmatch(str(duration))
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


def longest_session(duration: object) -> timedelta:
    """How long a session lives at most: one hour by default, 12 hours where the text is not understood."""
    seconds = seconds_of(duration or DEFAULT_DURATION)
    most = int(LONGEST_SESSION.total_seconds())
    return timedelta(seconds=most if seconds is None else min(seconds, most))

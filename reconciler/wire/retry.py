"""How long to wait before a call is sent again, and when to give up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reconciler.errors import ServiceError
from reconciler.wire.dates import http_date


class RetryDecision(Enum):
    """What is known of a request that was not answered well."""

    FINAL = "final"  # the service said no; saying it again changes nothing
    THROTTLED = "throttled"  # the service did not look at it: it came too fast
    UNSENT = "unsent"  # it never left, because nobody could be reached
    LOST = "lost"  # it left, and whether it was carried out is not known


@dataclass(frozen=True, slots=True)
class Failure:
    """An error in our own words, what became of the request, and what the service says of trying again."""

    error: ServiceError
    fate: RetryDecision
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How often in all a request is sent, and for how many seconds it may take from first to last."""

    attempts: int
    seconds: float


# A minute of being throttled is long, and ten attempts at a halved rate are past any burst of others;
# nobody behind an address that cannot be reached will be there after the third try.
LIMITS = {
    RetryDecision.THROTTLED: Limits(attempts=10, seconds=120.0),
    RetryDecision.LOST: Limits(attempts=6, seconds=90.0),
    RetryDecision.UNSENT: Limits(attempts=3, seconds=30.0),
}
_BASE, _CAP = 0.4, 20.0


def retryable(fate: RetryDecision, *, mutates: bool) -> bool:
    """Whether sending again cannot do anything twice: a lost write is looked up instead."""
    return fate in (RetryDecision.THROTTLED, RetryDecision.UNSENT) or (
        fate is RetryDecision.LOST and not mutates
    )


def delay(
    fate: RetryDecision, attempt: int, elapsed: float, retry_after: float | None, chance: float
) -> float | None:
    """Seconds to wait after the `attempt`-th try (from 1) failed; None to give up.

    `elapsed` is in seconds since the first try, `retry_after` what the service asked for, `chance` a
    random number from 0 to 1. Exponential with full jitter (AWS Architecture Blog, "Exponential Backoff
    And Jitter"), on top of what the service asked for.
    """
    limits = LIMITS.get(fate)
    if limits is None or attempt >= limits.attempts:
        return None
    seconds = (retry_after or 0.0) + chance * min(_CAP, _BASE * 2.0**attempt)
    return seconds if elapsed + seconds <= limits.seconds else None


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a Retry-After header asks for, in either form (RFC 9110, section 10.2.3).

    `headers` have names in lower case. None where nothing is asked that can be understood.
    """
    asked = headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        pass
    else:
        return seconds if 0 <= seconds < float("inf") else None
    # A date is held against the server's own clock, not against ours.
    until, sent = http_date(asked), http_date(headers.get("date", ""))
    return None if until is None or sent is None else max(0.0, (until - sent).total_seconds())

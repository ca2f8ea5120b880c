"""Faults that can be switched on: what networks and services do to a client on a bad day."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    """What goes wrong. None of them hangs."""

    # Nothing is done.
    THROTTLE = "throttle"  # "Rate exceeded"; organizations says TooManyRequestsException
    ERROR = "error"  # a 5xx (`status`) before anything is done
    DROP_BEFORE = "drop-before"  # the connection ends before anything is done
    DENY = "deny"  # AccessDeniedException; `status` 401 or 403 where the caller wants to see those
    NETWORK = "network"  # AccessDeniedException by the policy of a VPC endpoint, not by one of the caller
    EXPIRED = "expired"  # ExpiredTokenException: the credentials ran out
    CONFLICT = "conflict"  # ConflictException CONCURRENT_MODIFICATION
    NOT_FOUND = "not-found"  # ResourceNotFoundException: what was just made is not seen everywhere yet
    REDIRECT = "redirect"  # SCIM only: 302 to `reason`, an address on another host
    # The request is carried out, and the answer is lost or spoilt.
    ERROR_AFTER = "error-after"  # a 5xx (`status`)
    DROP_AFTER = "drop-after"  # the connection ends: a lost response
    CUT_OFF = "cut-off"  # the connection ends in the middle of the body
    TRUNCATED = "truncated"  # half a body that claims to be whole
    EMPTY = "empty"  # 200 without a body
    HTML = "html"  # 200 with a proxy's page
    GARBAGE = "garbage"  # 200 with bytes that are not JSON
    WRONG_TYPE = "wrong-type"  # lists become strings
    MISSING_KEY = "missing-key"  # 200 with {}
    WRONG_SCHEMA = "wrong-schema"  # SCIM only: JSON of another API, whole and well-formed
    # Pages.
    LOSE_PAGE = "lose-page"  # the page is skipped, and the next one stands in its place
    REPEAT_PAGE = "repeat-page"  # the token leads to the same page once more
    EMPTY_PAGE = "empty-page"  # no items, and a token: legal, and nothing is lost
    SHORT_PAGE = "short-page"  # one item, and a token: legal, and nothing is lost
    LOOP = "loop"  # the token is the one that was sent
    # What is accepted, and goes wrong later (sso-admin's asynchronous calls).
    FAIL = "fail"  # it ends FAILED, with `reason` as its FailureReason
    STALL = "stall"  # it takes `seconds`, an hour where none are given
    # Time.
    LATENCY = "latency"  # `seconds` more


PAGE_FAULTS = frozenset(
    (FaultKind.LOSE_PAGE, FaultKind.REPEAT_PAGE, FaultKind.EMPTY_PAGE, FaultKind.SHORT_PAGE, FaultKind.LOOP)
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and the calls that it hits.

    `operation` is a pattern over `service.Operation` (`identitystore.Create*`, `scim.*`). Of the calls that
    match, counted from the moment the fault was added, it hits the `nth` (from 1) and the following, `count`
    of them, or all where `count` is None. `seconds` is sandbox time: the latency added, or the
    RetryAfterSeconds of a throttled answer (for SCIM the header Retry-After, which it has only then).
    `status` replaces the HTTP status of an error, and `reason` is put into its Reason (`KMS_ACCESS_DENIED`
    of a denied instance with a key of its own); for FAIL it is the FailureReason, for REDIRECT the address.
    What an operation or a service does not have is not a fault there.
    """

    kind: FaultKind
    operation: str = "*"
    nth: int = 1
    count: int | None = 1
    seconds: float | None = None
    status: int | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.nth < 1:
            raise ValueError(f"nth counts from 1, so it cannot be {self.nth}")
        if self.count is not None and self.count < 1:
            raise ValueError(f"count is at least 1, or None for all, not {self.count}")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError(f"status is that of an error, 400 to 599, not {self.status}")


class Faults:
    """The faults that are switched on. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, list[int]]] = []

    def add(
        self,
        kind: FaultKind | str,
        operation: str = "*",
        *,
        nth: int = 1,
        count: int | None = 1,
        seconds: float | None = None,
        status: int | None = None,
        reason: str | None = None,
    ) -> Fault:
        """Switch a fault on; see Fault. Raises ValueError for a kind that does not exist."""
        fault = Fault(FaultKind(kind), operation, nth, count, seconds, status, reason)
        with self._lock:
            self._faults.append((fault, [0]))
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> Sequence[Fault]:
        """The faults that can still hit a call."""
        with self._lock:
            return tuple(fault for fault, seen in self._faults if not _spent(fault, seen[0]))

    def hit(self, operation: str) -> Sequence[Fault]:
        """The faults that this call runs into, counting it."""
        hits: list[Fault] = []
        with self._lock:
            for fault, seen in self._faults:
                if not fnmatchcase(operation, fault.operation):
                    continue
                seen[0] += 1
                if seen[0] >= fault.nth and not _spent(fault, seen[0] - 1):
                    hits.append(fault)
        return hits


def _spent(fault: Fault, seen: int) -> bool:
    """Whether `fault` is over once `seen` matching calls have come."""
    return fault.count is not None and seen >= fault.nth + fault.count - 1

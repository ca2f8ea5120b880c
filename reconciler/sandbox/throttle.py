"""How many calls a second each API takes: token buckets, by the documented quotas.

identitystore: 20 a second and operation; sso-admin: 20 a second together (IAM Identity Center user guide,
quotas). organizations publishes no table; 5 a second is the rate that is safe in the field.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.models import Operation

# Calls per sandbox second; a full bucket holds one second's worth.
RATES: Mapping[str, float] = {"identitystore": 20, "sso-admin": 20, "organizations": 5}


class Throttle:
    """One bucket per API family, identitystore one per operation. Thread-safe."""

    def __init__(self, clock: SandboxClock, rates: Mapping[str, float] | None = None) -> None:
        self._clock, self._rates = clock, dict(rates or RATES)
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def admits(self, operation: Operation) -> bool:
        """Whether one more call fits now; if so, it is counted."""
        rate = self._rates.get(operation.service)
        if rate is None:
            return True
        key = operation.label if operation.service == "identitystore" else operation.service
        with self._lock:
            now = self._clock.elapsed()
            level, since = self._buckets.get(key, (rate, now))
            level = min(rate, level + (now - since) * rate)
            admitted = level >= 1
            self._buckets[key] = (level - 1 if admitted else level, now)
            return admitted

"""How many calls a second each API takes: token buckets, by the documented quotas.

identitystore: 20 a second and operation; sso-admin: 20 a second together; SCIM: 40 a second and reading
operation, 25 a second and writing operation, and 25 changes of memberships a second, in all requests that
come in (IAM Identity Center user guide, quotas; that the last limit is 25 too is the sandbox's reading of
it). organizations publishes no table; 5 a second is the rate that is safe in the field.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from reconciler.sandbox.clock import SandboxClock
from reconciler.sandbox.models import Operation

# Calls per sandbox second; a full bucket holds one second's worth.
RATES: Mapping[str, float] = {
    "identitystore": 20,
    "sso-admin": 20,
    "organizations": 5,
    "scim-read": 40,
    "scim-write": 25,
    "scim-membership": 25,
}


class Throttle:
    """One bucket per API family; identitystore and SCIM have one per operation. Thread-safe."""

    def __init__(self, clock: SandboxClock, rates: Mapping[str, float] | None = None) -> None:
        self._clock, self._rates = clock, dict(rates or RATES)
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def admits(self, operation: Operation) -> bool:
        """Whether one more call fits now; if so, it is counted."""
        each = operation.service == "identitystore"
        return self.takes(operation.service, operation.label if each else operation.service)

    def takes(self, family: str, bucket: str, weight: float = 1) -> bool:
        """Whether one more request fits into `bucket`, which has the rate of `family`; if so, it is counted.

        A request of more `weight` than the bucket holds is let in by a bucket that is not empty, which is in
        debt afterwards: 100 changes at 25 a second keep what follows waiting for nearly four seconds.
        """
        rate = self._rates.get(family)
        if rate is None:
            return True
        with self._lock:
            now = self._clock.elapsed()
            level, since = self._buckets.get(bucket, (rate, now))
            level = min(rate, level + (now - since) * rate)
            admitted = level >= 1
            self._buckets[bucket] = (level - weight if admitted else level, now)
            return admitted

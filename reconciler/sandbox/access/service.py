"""Everything that the access service keeps, for the length of one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from reconciler.sandbox.access.grants import Grants, Roles
from reconciler.sandbox.access.policies import Policies
from reconciler.sandbox.access.requests import Requests
from reconciler.sandbox.access.sets import PermissionSets
from reconciler.sandbox.access.settling import Settling
from reconciler.sandbox.access.terms import Circumstances, Durations, Quotas


@dataclass(frozen=True, slots=True)
class Access:
    """Permission sets, their policies, assignments, roles, and what is under way."""

    sets: PermissionSets
    policies: Policies
    grants: Grants
    roles: Roles
    requests: Requests
    settling: Settling
    circumstances: Circumstances

    @classmethod
    def of(
        cls,
        db: sqlite3.Connection,
        meta: Mapping[str, str],
        *,
        now: float,
        speed: float,
        quotas: Quotas,
        durations: Durations,
        circumstances: Circumstances,
    ) -> Self:
        """Over an open transaction on `db`, at `now` seconds since the epoch."""
        sets = PermissionSets(db, meta["instance_arn"], quotas)
        policies, grants, roles = Policies(db, sets, quotas), Grants(db), Roles(db)
        requests = Requests(db, now, speed, quotas, durations)
        settling = Settling(sets, policies, grants, roles, requests, circumstances, meta)
        return cls(sets, policies, grants, roles, requests, settling, circumstances)

"""Who has what where: account ids, ARNs and principals, on the side of the service and on that of git."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.model.address import AccountId, Arn, Kind

# What is assigned at the service: account and permission set, as in Live and in a ledger.
Pair = tuple[AccountId, Arn]


class Principal(NamedTuple):
    """Who has a permission set: `kind` is USER or GROUP, `id` the remote id."""

    kind: Kind
    id: str

"""Who has what where, by remote ids."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.model.address import Kind


class Principal(NamedTuple):
    """Who has a permission set: `kind` is USER or GROUP, `id` the remote id."""

    kind: Kind
    id: str


# Account id and permission set: by its key in Desired, by its ARN in Live and in a ledger.
Pair = tuple[str, str]

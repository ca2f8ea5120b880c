"""The Identity Store API (AWSIdentityStore), as its reference and service model describe it."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox.call import Handler
from reconciler.sandbox.identitystore import groups, memberships, stores, users

OPERATIONS: Mapping[str, Handler] = {
    **users.OPERATIONS,
    **groups.OPERATIONS,
    **memberships.OPERATIONS,
    **stores.OPERATIONS,
}

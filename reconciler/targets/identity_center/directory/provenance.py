"""Which users and groups another directory provisions, as the Identity Store itself tells.

Only SCIM and the synchronization of Active Directory write external ids: CreateUser and CreateGroup take
none. Those of SCIM have an issuer of their own. Without an external id, CreatedBy tells that SCIM made it
(Identity Store API reference, ExternalId and User).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.provenance import BY_SCIM, Provenance
from reconciler.targets.identity_center.directory.api import Directory
from reconciler.targets.identity_center.directory.mapping import SCIM_ISSUER

# The service that writes in the name of a client of SCIM (user guide, "Logging SCIM API calls").
_SCIM_WRITER = "identitystore-scim"


def provenance(directory: Directory, *, own_scim: bool) -> Provenance:
    """Who provisions what, by two lists. `own_scim` says that SCIM is our own channel. ServiceError."""
    return Provenance(
        users=_told(directory.users(), "UserId", own_scim=own_scim),
        groups=_told(directory.groups(), "GroupId", own_scim=own_scim),
    )


def _told(
    pages: Iterable[Sequence[Mapping[str, Any]]], identifier: str, *, own_scim: bool
) -> Mapping[str, str]:
    found = {}
    for page in pages:
        for raw in page:
            by = _by(raw)
            if by and not (own_scim and by == BY_SCIM):
                found[str(raw[identifier])] = by
    return found


def _by(raw: Mapping[str, Any]) -> str:
    issuers = [str(each.get("Issuer") or "") for each in raw.get("ExternalIds") or ()]
    others = sorted(one for one in issuers if not one.startswith(SCIM_ISSUER))
    if others:
        return others[0] or "another directory"
    made = str(raw.get("CreatedBy") or "")
    return BY_SCIM if issuers or _SCIM_WRITER in made.lower() else ""

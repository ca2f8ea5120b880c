"""Which users and groups another directory provisions. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Who provisions, where a client of SCIM does.
BY_SCIM = "SCIM"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Users and groups by remote id, each with who provisions it: `SCIM`, or the issuer of its external id.

    Who is absent was made at the service itself, as far as it tells.
    """

    users: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


NO_PROVENANCE = Provenance()

"""The organization around a target: its accounts, where they lie, and how they are tagged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """An AWS account. `state` is the service's word (Organizations API, Account.State).

    `units` are the ids of the organizational units around it, from the top down, without the root;
    `tags` is None where nobody asked.
    """

    id: str
    name: str
    state: str = "ACTIVE"
    units: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None

    @property
    def active(self) -> bool:
        """Whether access can be assigned there."""
        return self.state == "ACTIVE"


@dataclass(frozen=True, slots=True)
class LiveUnit:
    """An organizational unit; `names` are those of the units around it, from the top down, and its own."""

    id: str
    names: tuple[str, ...]

    @property
    def path(self) -> str:
        """Names with / between: `Workloads/Prod`. Two units can share it, as names may have slashes."""
        return "/".join(self.names)


@dataclass(frozen=True, slots=True)
class Organization:
    """Accounts and units by id. `management` is the id of the management account ("" where unknown)."""

    accounts: Mapping[str, LiveAccount] = field(default_factory=dict)
    units: Mapping[str, LiveUnit] = field(default_factory=dict)
    root: str = ""
    management: str = ""


NO_ORGANIZATION = Organization()

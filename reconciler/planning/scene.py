"""Everything that comparing needs, in one place: both sides, the memory, whose is what, and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.address import Address, Kind, remote
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Change
from reconciler.model.plan import Finding
from reconciler.model.policy import TargetPolicy
from reconciler.model.state import Desired, Inactive, Live
from reconciler.planning.memory import Memory
from reconciler.planning.ownership import Ownership


@dataclass(frozen=True, slots=True)
class Scene:
    """The inputs of a comparison; nothing in here changes while comparing."""

    desired: Desired
    live: Live
    memory: Memory
    policy: TargetPolicy
    capabilities: Capabilities
    now: datetime
    users: Ownership
    groups: Ownership
    # Remote ids of live users who must have no access, and why.
    inactive: Mapping[str, Inactive]

    @property
    def target(self) -> str:
        """The target's name."""
        return self.desired.target

    def user_key(self, identifier: str) -> str:
        """The key of a live user: the one in git, or its remote id behind a tilde."""
        return self.users.pairing.keys.get(identifier) or remote(identifier)

    def group_key(self, identifier: str) -> str:
        """The key of a live group: the one in git, or its remote id behind a tilde."""
        return self.groups.pairing.keys.get(identifier) or remote(identifier)

    def user_address(self, key: str) -> Address:
        """The address of a user of this target."""
        return Address.of(self.target, Kind.USER, key)

    def group_address(self, key: str) -> Address:
        """The address of a group of this target."""
        return Address.of(self.target, Kind.GROUP, key)

    def live_user_name(self, identifier: str) -> str:
        """What people call a live user."""
        user = self.live.users.get(identifier)
        return str(user.attributes.get("user_name") or identifier) if user else identifier


@dataclass(slots=True)
class Draft:
    """What comparing finds.

    `ids`, `versions` and `owned` speak of the addresses that changes touch: remote ids (of a membership:
    the membership id), versions as read, and the attributes that the before and after hashes cover.
    `creating` are the keys of users to be created, `spared` memberships that stay although their person
    should have none.
    """

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ids: dict[Address, str] = field(default_factory=dict)
    versions: dict[Address, str] = field(default_factory=dict)
    owned: dict[Address, tuple[str, ...]] = field(default_factory=dict)
    unchanged: dict[Kind, int] = field(default_factory=dict)
    creating: set[str] = field(default_factory=set)
    spared: list[str] = field(default_factory=list)
    # Declared things that cannot be planned now: nothing counts as wholly applied while there are any.
    waiting: int = 0
    # Live memberships of groups whose membership git manages: what percentages are of.
    managed_memberships: int = 0
    unmanaged_memberships: int = 0

    def touch(self, address: Address, identifier: str, version: str | None) -> None:
        """Note the remote id and version of something that a change writes to or refers to."""
        self.ids[address] = identifier
        if version is not None:
            self.versions[address] = version

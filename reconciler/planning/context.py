"""Everything that comparing needs, in one place: both sides, the memory, whose is what, and the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.address import Address, Kind, SetName, remote
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Change
from reconciler.model.pairs import Principal
from reconciler.model.plan import Finding
from reconciler.model.policy import TargetPolicy
from reconciler.model.state import Desired, Holder, Inactive, Live
from reconciler.planning.desired.prior import PriorState
from reconciler.planning.dropped import KEEPS_ALL, DroppedAttributes
from reconciler.planning.ownership.objects import Ownership
from reconciler.planning.ownership.sets import NO_SETS, SetOwnership
from reconciler.planning.standing import Standing


@dataclass(frozen=True, slots=True)
class PlanContext:
    """The inputs of a comparison; nothing in here changes while comparing."""

    desired: Desired
    live: Live
    memory: PriorState
    policy: TargetPolicy
    capabilities: Capabilities
    now: datetime
    users: Ownership
    groups: Ownership
    # Remote ids of live users who must have no access, and why.
    inactive: Mapping[str, Inactive]
    sets: SetOwnership = NO_SETS
    # What git calls accounts, by id.
    account_keys: Mapping[str, str] = field(default_factory=dict)
    # What the service was seen not to keep.
    unkept: DroppedAttributes = KEEPS_ALL

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

    def set_name(self, arn: str) -> SetName:
        """The name of a live permission set, which is its key."""
        return self.sets.names.get(arn) or SetName(arn)

    def holder(self, principal: Principal) -> Holder:
        """A live principal in git's words, or by its remote id behind a tilde."""
        key = self.user_key if principal.kind is Kind.USER else self.group_key
        return Holder(principal.kind, key(principal.id))

    def account_name(self, identifier: str) -> str:
        """What people call an account: by its key in git, else by its own name, else by its id."""
        live = self.live.organization.accounts.get(identifier)
        return self.account_keys.get(identifier) or (live.name if live else "") or identifier

    def closed(self, accounts: Iterable[str]) -> frozenset[str]:
        """Those of some accounts in which nothing can be provisioned: not active, or not in the organization.

        Where the organization was not read, none is known to be closed.
        """
        known = self.live.organization.accounts
        return frozenset(one for one in accounts if known and (one not in known or not known[one].active))

    def user_address(self, key: str) -> Address:
        """The address of a user of this target."""
        return Address.of(self.target, Kind.USER, key)

    def group_address(self, key: str) -> Address:
        """The address of a group of this target."""
        return Address.of(self.target, Kind.GROUP, key)

    def set_address(self, name: str) -> Address:
        """The address of a permission set of this target."""
        return Address.of(self.target, Kind.PERMISSION_SET, name)

    def holder_address(self, holder: Holder) -> Address:
        """The address of the user or group that an assignment is for."""
        return Address.of(self.target, holder.kind, holder.key)

    def assignment_address(self, account: str, name: str, holder: Holder) -> Address:
        """The address of an assignment of this target."""
        return Address.of(self.target, Kind.ASSIGNMENT, account, name, str(holder))

    def principal_name(self, principal: Principal) -> str:
        """What people call a live principal; its id where there is none any more."""
        if principal.kind is Kind.USER:
            return self.live_user_name(principal.id)
        group = self.live.groups.get(principal.id)
        return str(group.attributes.get("display_name") or principal.id) if group else principal.id

    def live_user_name(self, identifier: str) -> str:
        """What people call a live user."""
        user = self.live.users.get(identifier)
        return str(user.attributes.get("user_name") or identifier) if user else identifier


@dataclass(slots=True)
class Diff:
    """What comparing finds.

    `ids`, `versions` and `owned` speak of the addresses that changes touch: remote ids (of a membership:
    the membership id), versions as read, and the attributes that the before and after hashes cover.
    `creating` are the keys of users to be created, `spared` memberships and assignments that stay although
    their person should have none.
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
    # Those of them that are in groups whose members git declares: group id, user id.
    members_of_others: list[tuple[str, str]] = field(default_factory=list)
    # Live assignments that are ours: what percentages are of.
    managed_assignments: int = 0
    ignored_assignments: int = 0
    # Live assignments that stay although git does not say them, and nobody says to leave them alone: account
    # id, ARN, principal; and such as have no principal any more.
    unmanaged_assignments: list[tuple[str, str, Principal]] = field(default_factory=list)
    orphans: list[Address] = field(default_factory=list)
    # Live assignments that differ, in accounts where nothing can be assigned now: account id to how many.
    out_of_reach: dict[str, int] = field(default_factory=dict)
    # Live assignments that no entry says, and that one may mean whose selector names what is not known.
    unresolved_assignments: list[Address] = field(default_factory=list)
    # Declared assignments of which nobody looked whether they are there.
    unseen_assignments: int = 0
    # Keys of people who have just left git, and who can still sign in: the channel disables nobody.
    still_signing_in: list[str] = field(default_factory=list)
    # Who cannot be entered in the policy of denials, each with why; who never is; whom it holds.
    undenied: list[tuple[Change, str]] = field(default_factory=list)
    never_denied: Mapping[str, str] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    # What must not be deleted, because an assignment of it stays.
    held_in_place: set[Address] = field(default_factory=set)

    def touch(self, address: Address, identifier: str, version: str | None) -> None:
        """Note the remote id and version of something that a change writes to or refers to."""
        self.ids[address] = identifier
        if version is not None:
            self.versions[address] = version

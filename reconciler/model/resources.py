"""What people declare: users, groups, permission sets, accounts, assignments.

A resource keeps only what was written: an attribute that nobody declared is absent from the map, and
one declared as `null` is None there and means "clear it". (Slots and plain maps instead of models,
because 100,000 users with thirty optional fields each must fit beside their live counterparts.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

# JSON values, read-only: text, truth, numbers, None, tuples and maps of them.
Value = str | bool | int | float | None | tuple["Value", ...] | Mapping[str, "Value"]
Attributes = Mapping[str, Value]

# Names of attributes, in the order in which they are shown. Identity Store API, User and Name.
USER_ATTRIBUTES = (
    "user_name",
    "external_id",
    "given_name",
    "middle_name",
    "family_name",
    "formatted_name",
    "honorific_prefix",
    "honorific_suffix",
    "display_name",
    "nick_name",
    "email",
    "phone_number",
    "address",
    "user_type",
    "title",
    "role",
    "preferred_language",
    "locale",
    "timezone",
    "profile_url",
    "photos",
    "website",
    "birthdate",
    "employee_number",
    "cost_center",
    "organization",
    "division",
    "department",
    "manager",
)
ENTERPRISE_ATTRIBUTES = frozenset(
    ("employee_number", "cost_center", "organization", "division", "department", "manager")
)
ADDRESS_PARTS = ("formatted", "street_address", "locality", "region", "postal_code", "country")
GROUP_ATTRIBUTES = ("display_name", "external_id", "description")
# Not an attribute of the service's: which live object bears the name that git gave to another one.
REMOTE_ID = "remote_id"
# A permission set's, beside one `tags.<key>` for each tag (IAM Identity Center API, PermissionSet).
SET_ATTRIBUTES = (
    "description",
    "session_duration",
    "relay_state",
    "managed_policies",
    "customer_managed_policies",
    "permissions_boundary",
    "inline_policy",
)
TAG_PREFIX = "tags."
# What `defaults` makes of other attributes of a user.
BY_DEFAULT = ("display_name", "email")
# CreatePermissionSet, SessionDuration: "By default, the session duration is one hour".
DEFAULT_DURATION = "PT1H"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where something was declared: a file, and the node's number in the order of its YAML events."""

    path: str
    node: int


@dataclass(frozen=True, slots=True)
class Window:
    """When something holds: from `start` (inclusive) to `end` (exclusive), aware instants or open."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies inside."""
        return not self.early(now) and not self.over(now)

    def early(self, now: datetime) -> bool:
        """Whether `now` lies before the start."""
        return self.start is not None and now < self.start

    def over(self, now: datetime) -> bool:
        """Whether `now` lies at or past the end."""
        return self.end is not None and now >= self.end


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class User:
    """A person. `active` is None where git does not say; `attributes` holds names of USER_ATTRIBUTES."""

    key: str
    attributes: Attributes
    origin: Origin
    external: bool = False
    active: bool | None = None
    window: Window = ALWAYS
    previously: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A membership with more to it than its place: a time window, a reason."""

    node: int
    window: Window = ALWAYS
    reason: str | None = None


# A plain member is only its node in the group's file: no object exists per membership.
Members = Mapping[str, int | Grant]


@dataclass(frozen=True, slots=True)
class Include:
    """Members of `group` are members here, while the window holds."""

    group: str
    node: int
    window: Window = ALWAYS
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A set of people. `members` and `include` are None where git says nothing of them.

    `unmanaged` is written `members: unmanaged`: git lets go of the membership, and both are None.
    """

    key: str
    attributes: Attributes
    origin: Origin
    external: bool = False
    members: Members | None = None
    include: tuple[Include, ...] | None = None
    shared: bool | None = None
    previously: tuple[str, ...] = ()
    unmanaged: bool = False


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """A customer-managed policy, by name and path, as it must exist in every account."""

    name: str
    path: str = "/"


class Sharing(StrEnum):
    """Whether others may assign a permission set beside us."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """What people may do in an account. `declared` names the fields that git says something of.

    `session_duration` is ISO 8601 (`PT4H`), `inline_policy` canonical JSON text (`policy_file` is its file,
    where it has one of its own), `managed_policies` names, paths or ARNs as written.
    """

    key: str
    origin: Origin
    declared: frozenset[str] = frozenset()
    description: str | None = None
    session_duration: str | None = None
    relay_state: str | None = None
    managed_policies: tuple[str, ...] = ()
    customer_managed_policies: tuple[PolicyReference, ...] = ()
    permissions_boundary: str | PolicyReference | None = None
    inline_policy: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    assignments: Sharing | None = None
    previously: tuple[str, ...] = ()
    policy_file: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Account:
    """A name for an account id (twelve digits)."""

    key: str
    id: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Selector:
    """Accounts by description. Keys inside are AND; the items of one key are OR.

    `account` is a key of `accounts` or a twelve-digit id and stands alone; `ou` holds paths or `ou-…`
    ids, recursive unless `direct`; `tag` maps a tag's key to the values that match.
    """

    node: int
    account: str | None = None
    ou: tuple[str, ...] = ()
    direct: bool = False
    tag: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """Principals times permission sets times accounts, minus `excluded` (written `except`)."""

    key: str
    origin: Origin
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    accounts: tuple[Selector, ...] = ()
    excluded: tuple[Selector, ...] = ()
    window: Window = ALWAYS
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A person who must have no access, even where other entries grant it, from `since` on (None: always)."""

    key: str
    origin: Origin
    since: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Leaver:
    """That the user of this key and external id is inactive, or ends; of another user it says nothing."""

    key: str
    origin: Origin
    external_id: str
    active: bool | None = None
    end: datetime | None = None

    def means(self, user: User) -> bool:
        """Whether the user of this key is the one who left."""
        return user.attributes.get("external_id") == self.external_id

    def laid_on(self, user: User) -> User:
        """The user as they are by this. An end that they have, and that is earlier, stays."""
        if not self.means(user):
            return user
        ends = [end for end in (user.window.end, self.end) if end is not None]
        window = replace(user.window, end=min(ends)) if ends else user.window
        return replace(user, active=False if self.active is False else user.active, window=window)


@dataclass(frozen=True, slots=True)
class Override:
    """Fields laid over a user that an import owns; absent means "as imported"."""

    key: str
    origin: Origin
    attributes: Attributes = field(default_factory=dict)
    active: bool | None = None
    window: Window | None = None


def texts_in(value: Value) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from texts_in(each)


def several(value: Value) -> frozenset[Value]:
    """The entries of an attribute that is a list; none of any other value."""
    return frozenset(value) if isinstance(value, tuple) else frozenset()


def defaults(attributes: Attributes) -> dict[str, Value]:
    """What a create adds where git says nothing (docs/identities.md, "People"); null counts as said.

    The display name comes from both names, the address from a user name that is one.
    """
    given, family = attributes.get("given_name"), attributes.get("family_name")
    name = attributes.get("user_name")
    found: dict[str, Value] = {}
    if given and family and "display_name" not in attributes:
        found["display_name"] = f"{given} {family}"
    if isinstance(name, str) and "@" in name.strip("@") and "email" not in attributes:
        found["email"] = name
    return found


def to_ask_for(missing: Sequence[str], attributes: Attributes) -> list[str]:
    """Those of the `missing` attributes that people must write: not what a default makes of the others."""
    names = ("given_name", "family_name")
    by_default = "display_name" not in attributes and all(
        name in missing or attributes.get(name) for name in names
    )
    return [name for name in missing if name != "display_name" or not by_default]

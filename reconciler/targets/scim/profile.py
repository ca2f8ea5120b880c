"""What is particular about one SCIM service, as data. A service is one file in `profiles/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Kind
from reconciler.model.scim import GROUP_PATHS, USER_PATHS


class Paging(StrEnum):
    """How a list is read to its end."""

    # By index, unless the service says otherwise of itself (ServiceProviderConfig, or a nextCursor).
    AUTO = "auto"
    INDEX = "index"  # RFC 7644 section 3.4.2.4
    CURSOR = "cursor"  # RFC 9865
    NONE = "none"  # all of it with one answer


class Memberships(StrEnum):
    """Where the members of a group are to be read."""

    IN_GROUP = "in-group"  # `members` of the group
    BY_FILTER = "by-filter"  # users by `groups.value`, or groups by `members.value`
    IN_USER = "in-user"  # `groups` of the user
    NOWHERE = "nowhere"  # they can be written, and never be read


class Removal(StrEnum):
    """How a PATCH names the members that leave a group."""

    BY_PATH = "by-path"  # one operation each, on `members[value eq "…"]` (RFC 7644 section 3.5.2.2)
    # One operation on `members` with a list of values. By the RFC that removes everybody: only for services
    # that are documented to take it so.
    BY_VALUE = "by-value"


# All that RFC 7643 has (sections 4.1 to 4.3), what every service takes, and the extension for enterprises.
STANDARD_USER = frozenset(USER_PATHS)
STANDARD_GROUP = frozenset(GROUP_PATHS)
NAMES = frozenset(("user_name", "external_id", "given_name", "family_name", "display_name", "email"))
ENTERPRISE = frozenset(
    ("employee_number", "cost_center", "organization", "division", "department", "manager")
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How one service keeps to the standard, and where it does not.

    `title` is what people call the service; `evidence` says in one line how all this is known ("documented
    only" or "seen live", when, and from what). Rates are requests a second, by family: "read" and "write",
    and where the service counts them apart "membership" (each single change is one) and "user-write". With
    `per_api` each of the service's operations has a rate of its own. A service that was not told of in a
    line keeps to the RFCs there, but for what may be written, which each names.
    """

    name: str
    title: str
    evidence: str
    # What may be written, by our names, extensions apart: everything else is never sent.
    user_attributes: frozenset[str]
    group_attributes: frozenset[str]
    quirks: tuple[str, ...] = ()
    # What is known beside these fields, as a receipt names it (see Habits).
    habits: tuple[str, ...] = ()

    # Lists. `page_size` None asks for no count. `first` stands in the query of a first page by cursor.
    paging: Paging = Paging.AUTO
    page_size: int | None = 100
    first: str = ""
    # Whether `totalResults` may be held against what came, and ends a list without another look.
    total_counts: bool = True
    total_trusted: bool = False

    # Filters that work on users and groups (`eq`), and whether finding nothing by them means that nothing is.
    user_filters: frozenset[str] = frozenset(("userName", "externalId"))
    group_filters: frozenset[str] = frozenset(("displayName", "externalId"))
    filters_trusted: bool = False

    # Memberships.
    memberships: Memberships = Memberships.IN_GROUP
    removal: Removal = Removal.BY_PATH
    # How many may enter a group with one request, and how many may leave it.
    additions: int = 100
    removals: int = 100

    # What may be sent.
    patch: bool = True
    put_users: bool = True
    put_groups: bool = True
    bulk: bool = True
    required: tuple[str, ...] = ("user_name",)
    # Whether `emails`, `phoneNumbers`, `addresses` take one value only, and `roles` as well.
    single_values: bool = False
    # The sub-attribute of `manager` that holds the id (RFC 7643 section 4.3: `value`).
    manager_value: str = "value"
    # Whether a user cannot be created without a password; a random one is sent, which nobody ever sees.
    password: bool = False
    # What a new group must have beside what git says of it, extensions by their URN.
    group_template: Mapping[str, object] = field(default_factory=dict)

    # Discovery. Where it is not trusted, nothing is asked.
    discovery: bool = True
    etag: bool = True
    users_path: str = "Users"
    groups_path: str = "Groups"

    # People.
    deactivation: str = ""
    deletion: str = ""
    # What it shows otherwise of whoever is disabled.
    disguised: frozenset[str] = frozenset()
    # Whether a deleted user is gone. Otherwise deleting is no more than disabling.
    deletes_users: bool = True
    safe_deletion: bool = True

    rates: Mapping[str, float] = field(default_factory=lambda: {"read": 25.0, "write": 25.0})
    per_api: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def puts(self, kind: Kind) -> bool:
        """Whether the service has PUT of users, or of groups."""
        return self.put_users if kind is Kind.USER else self.put_groups

    def rate(self, family: str) -> float:
        """Requests a second of one family, as `pace` names them."""
        return self.rates.get(family.partition(":")[0], self.rates["write"])

    def pace(self, api: str, *, mutates: bool, memberships: int = 0) -> tuple[tuple[str, float], ...]:
        """The families that a request counts in, each with how many it counts for.

        `api` is the operation ("PatchGroup"), `memberships` how many single changes of them it carries.
        """
        kind = "write" if mutates else "read"
        found = [(f"{kind}:{api}" if self.per_api else kind, 1.0)]
        if mutates and memberships and "membership" in self.rates:
            found.append(("membership", float(memberships)))
        if mutates and api.endswith("User") and "user-write" in self.rates:
            found.append(("user-write", 1.0))
        return tuple(found)

    @property
    def writes_per_second(self) -> float:
        """The rate that bounds most writes, for estimates."""
        return min(rate for family, rate in self.rates.items() if family != "read")

"""The kinds of things that are planned, and the addresses by which changes, findings and steps speak of them.

`aws/user/ada.lovelace`, `aws/membership/platform/ada.lovelace`. What has no key in git, because nobody
declared it, goes by its remote id behind a tilde: `aws/user/~906739fc-20c1-…`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, NewType
from urllib.parse import quote, unquote

from reconciler.model.resources import GROUP_ATTRIBUTES, SET_ATTRIBUTES, USER_ATTRIBUTES

# The twelve digits of an account, never its key in git.
AccountId = NewType("AccountId", str)
# The ARN of a permission set, never its name; of a set that a plan creates, the token that stands for it.
Arn = NewType("Arn", str)
# The name of a permission set, which is its key in git.
SetName = NewType("SetName", str)
# What git assigns: account and permission set (model/pairs.py has the same by ARN).
DeclaredPair = tuple[AccountId, SetName]

# ":" separates a principal's type from its key and "~" marks a remote id; neither may stand in a key.
_PLAIN = "@+~:"
# What the parts of an address are, in the words of KindFacts.parts.
_USER, _GROUP, _SET, _ACCOUNT, _PRINCIPAL = "user", "group", "permission_set", "account", "principal"


class Kind(StrEnum):
    """The kinds of things that are planned, in the order in which they are shown."""

    USER = "user"
    GROUP = "group"
    MEMBERSHIP = "membership"
    PERMISSION_SET = "permission-set"
    # The role of one permission set in one account, where it lags behind the definition.
    PROVISIONING = "provisioning"
    ASSIGNMENT = "assignment"
    # A person in the policy that denies everything to its people (model/denials.py).
    DENIAL = "denial"

    @property
    def facts(self) -> KindFacts:
        """The row of the kind in KINDS."""
        return KINDS[self]


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What is true of every object of one kind.

    `form` is how an address of the kind is written behind its target, and `parts` names what its key is made
    of. `ends` are the two parts that a pair connects. `name` is the attribute by which the service's users
    know an object, `unique` are those that no two objects may share, `attributes` those that plans show, in
    order. A `container` holds pairs, and is deleted after them. `of` is the kind whose content this one only
    brings up to date: it has the mode of that kind, and git neither gives nor takes it on its own.

    `outstanding` is how many of its requests may be under way where the service finishes them on its own
    time (0: no limit), one below the quota, so that another caller's request fits in too; `shared_rate` names
    the API whose calls share one rate ("": each operation has its own). Source of both: IAM Identity Center
    user guide, limits (15 assignments, 3 provisionings, 20 calls a second).
    """

    noun: str
    plural: str
    title: str
    form: str
    parts: tuple[str, ...]
    ends: tuple[str, ...] = ()
    name: str = ""
    unique: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    container: bool = False
    of: Kind | None = None
    outstanding: int = 0
    shared_rate: str = ""

    @property
    def pair(self) -> bool:
        """Whether it connects two objects."""
        return bool(self.ends)


KINDS: Mapping[Kind, KindFacts] = {
    Kind.USER: KindFacts(
        "user",
        "users",
        "Users",
        form="user/KEY",
        parts=(_USER,),
        name="user_name",
        unique=("user_name", "email"),
        attributes=("active", *USER_ATTRIBUTES),
    ),
    Kind.GROUP: KindFacts(
        "group",
        "groups",
        "Groups",
        form="group/KEY",
        parts=(_GROUP,),
        name="display_name",
        unique=("display_name",),
        attributes=GROUP_ATTRIBUTES,
        container=True,
    ),
    Kind.MEMBERSHIP: KindFacts(
        "membership",
        "memberships",
        "Memberships",
        form="membership/GROUP/USER",
        parts=(_GROUP, _USER),
        ends=(_GROUP, _USER),
    ),
    Kind.PERMISSION_SET: KindFacts(
        "permission set",
        "permission sets",
        "Permission sets",
        form="permission-set/NAME",
        parts=(_SET,),
        name="name",
        attributes=SET_ATTRIBUTES,
        container=True,
        shared_rate="sso-admin",
    ),
    Kind.PROVISIONING: KindFacts(
        "provisioned role",
        "provisioned roles",
        "Provisioning",
        form="provisioning/NAME/ACCOUNT",
        parts=(_SET, _ACCOUNT),
        attributes=SET_ATTRIBUTES,
        of=Kind.PERMISSION_SET,
        outstanding=2,
        shared_rate="sso-admin",
    ),
    Kind.ASSIGNMENT: KindFacts(
        "assignment",
        "assignments",
        "Assignments",
        form="assignment/ACCOUNT/NAME/group:KEY (or user:KEY)",
        parts=(_ACCOUNT, _SET, _PRINCIPAL),
        ends=(_PRINCIPAL, _SET),
        outstanding=14,
        shared_rate="sso-admin",
    ),
    Kind.DENIAL: KindFacts(
        "denial",
        "denials",
        "Denied at once",
        form="denial/KEY",
        parts=(_USER,),
        attributes=("end",),
    ),
}
PAIRS = tuple(kind for kind, facts in KINDS.items() if facts.pair)
_KINDS_OF = {_USER: Kind.USER, _GROUP: Kind.GROUP, _SET: Kind.PERMISSION_SET}


def remote(identifier: str) -> str:
    """The key of something that git does not know: its remote id behind a tilde."""
    return "~" + identifier


class Address(NamedTuple):
    """Target, kind and key; `key` is percent-encoded, with `/` between its parts (KindFacts.parts).

    The properties raise ValueError where the kind has no such part. `account` alone may be missing: the
    address of a step that provisions a permission set in all its accounts names none.
    """

    target: str
    kind: Kind
    key: str

    @classmethod
    def of(cls, target: str, kind: Kind, *parts: str) -> Address:
        """The address of `parts` (raw keys, or remote ids made by `remote`)."""
        return cls(target, kind, "/".join(quote(part, safe=_PLAIN) for part in parts))

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address written as `text`; ValueError when it is not one."""
        target, _, rest = text.partition("/")
        kind, _, key = rest.partition("/")
        if not (target and key):
            raise ValueError(f"{text!r} is not a valid address; one looks like aws/user/ada.lovelace")
        return cls(target, Kind(kind), key)

    @property
    def parts(self) -> tuple[str, ...]:
        """The raw keys, decoded."""
        # Plain keys, of which there may be a million, need no decoding.
        parts = self.key.split("/")
        return tuple(map(unquote, parts)) if "%" in self.key else tuple(parts)

    @property
    def own_key(self) -> str:
        """The decoded key of an object that is not a pair: as git has it, or a remote id behind a tilde."""
        (key,) = self.parts
        return key

    @property
    def ends(self) -> tuple[Address, Address]:
        """What a pair connects: group and user of a membership, principal and set of an assignment."""
        first, second = KINDS[self.kind].ends
        return self._end(first), self._end(second)

    @property
    def group(self) -> Address:
        """The group of a membership."""
        return self._end(_GROUP)

    @property
    def user(self) -> Address:
        """The user of a membership."""
        return self._end(_USER)

    @property
    def principal(self) -> Address:
        """The user or group of an assignment."""
        return self._end(_PRINCIPAL)

    @property
    def permission_set(self) -> Address:
        """The permission set of an assignment or a provisioning; a permission set is its own."""
        return self._end(_SET)

    @property
    def account(self) -> AccountId:
        """The id of the account of an assignment or a provisioning; "" where it names none."""
        parts = self.key.split("/")
        place = KINDS[self.kind].parts.index(_ACCOUNT)
        return AccountId(unquote(parts[place]) if place < len(parts) else "")

    @property
    def declared_pair(self) -> DeclaredPair:
        """The account and the name of the permission set of an assignment or a provisioning."""
        return self.account, SetName(self.permission_set.own_key)

    def has(self, part: str) -> bool:
        """Whether addresses of this kind have a part of that name (KindFacts.parts)."""
        return part in KINDS[self.kind].parts

    def _end(self, part: str) -> Address:
        key = self.key.split("/")[KINDS[self.kind].parts.index(part)]
        if part != _PRINCIPAL:
            return Address(self.target, _KINDS_OF[part], key)
        kind, _, key = key.partition(":")
        return Address(self.target, Kind(kind), key)

    def __str__(self) -> str:
        return f"{self.target}/{self.kind}/{self.key}"

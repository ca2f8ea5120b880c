"""What adopting decides: what is declared under which key, and what is left out and why. Pure data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.model.address import AccountId, Arn
from reconciler.model.state import Holder


class Users(StrEnum):
    """Which users are declared: nobody, those that groups or assignments name, or all."""

    NONE = "none"
    REFERENCED = "referenced"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object to declare: its key, its fields as they are written, and remarks for a comment.

    `remarks` are words of our own, which hold no text of the service.
    """

    key: str
    fields: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is not declared. `what` is a kind in words, `name` text of the service."""

    what: str
    name: str
    why: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A permission set that `ignore` names, and why."""

    name: str
    why: str


Granted = Mapping[tuple[AccountId, str], frozenset[Holder]]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a service has, sorted into what git will declare and what not.

    `user_keys`, `group_keys` map remote ids to keys, `set_names` ARNs to names, of what is declared.
    `members` has the members of declared groups, by keys, where every one of them is declared or the group
    tolerates others. `granted` are the grants to be declared: account id and name of the set to holders.
    """

    users: Sequence[Entry]
    groups: Sequence[Entry]
    permission_sets: Sequence[Entry]
    policies: Mapping[str, str]
    accounts: Sequence[Entry]
    user_keys: Mapping[str, str]
    group_keys: Mapping[str, str]
    set_names: Mapping[Arn, str]
    members: Mapping[str, frozenset[str]]
    granted: Granted
    ignored: Sequence[Ignored] = ()
    left: Sequence[Left] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `assignments`: keys, and accounts as they are written.

    `widens` says that a selector finds accounts that join later as well, `notes` what a reader must know.
    """

    key: str
    groups: tuple[str, ...]
    users: tuple[str, ...]
    permission_sets: tuple[str, ...]
    accounts: tuple[Any, ...]
    excluded: tuple[Any, ...] = ()
    widens: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What files have already; empty at the first run.

    Keys are folded; `account_ids` are ids that have a name, `files` paths in lower case.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    assignments: frozenset[str] = frozenset()
    account_ids: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


NOTHING_TAKEN = Taken()

"""What a plan does to people's access: who gains, loses, or has altered, which permission set where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """What happens to the access.

    ALTER is a permission set whose own content changes; LONGER and SHORTER is access that is kept, and that
    ends at another time.
    """

    GAIN = "gain"
    LOSE = "lose"
    ALTER = "alter"
    LONGER = "longer"
    SHORTER = "shorter"


@dataclass(frozen=True, slots=True)
class AccessChange:
    """Each of `people` gains (loses, has altered) `permission_set` on each of `accounts`.

    People are keys (remote ids behind a tilde for people whom git does not know), accounts ids, `groups` the
    keys of the groups through which; "" among them is a direct assignment. All are sorted. Of LONGER and
    SHORTER, `was_until` and `until` are when it ended before and ends then (UTC; None: never).
    """

    direction: Direction
    permission_set: str
    people: tuple[str, ...]
    accounts: tuple[str, ...]
    groups: tuple[str, ...] = ()
    privileged: bool = False
    was_until: str | None = None
    until: str | None = None
    # It counts as privileged because nobody here knows what its customer-managed policies say.
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """Each of `people` has `permission_set` on each of `accounts`; all are spelled as in AccessChange.

    `groups` are the ways: keys of groups, "" for a direct assignment. `entries` are the keys of the entries
    of `assignments` that say so, "" for a way that no entry of git gives. `until` is when it ends (UTC; None:
    never), by the way that lasts longest.
    """

    permission_set: str
    people: tuple[str, ...]
    accounts: tuple[str, ...]
    groups: tuple[str, ...]
    entries: tuple[str, ...] = ()
    privileged: bool = False
    unknown: bool = False
    until: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationGrant:
    """A user or a group is assigned to an application of the instance; people are spelled as in AccessChange.

    `group` is the key of the group through which, "" for a person's own assignment; then it is the one in
    `people`. A principal that is gone leaves `people` empty.
    """

    application: str
    arn: str
    people: tuple[str, ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What an entry of `assignments` gives, with its accounts as the files select them, not as they are.

    Each of `people` gets `permission_set` by `group` ("" for a person's own assignment) on `accounts` except
    on `excepted`: selectors as sentences. `named` are the ids of accounts that are named one by one, `never`
    of those that are excepted so; `selects` says that others may be meant, which nobody was asked for.
    `start` and `until` are in UTC, None is open. Of a group whose members git does not declare, `people` is
    empty and `members_unknown` says so. `direction` is GAIN or LOSE between two commits, None otherwise.
    """

    entry: str
    permission_set: str
    group: str
    people: tuple[str, ...]
    accounts: tuple[str, ...]
    excepted: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    selects: bool = False
    privileged: bool = False
    start: str | None = None
    until: str | None = None
    members_unknown: bool = False
    direction: Direction | None = None

"""What an import comes to: people and groups as YAML values, and what is worth a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something about one entry of the directory; `dn` is its distinguished name, `code` its kind."""

    code: str
    dn: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Imported:
    """One user or group: its key, its objectGUID, and its fields as the YAML has them.

    `gone` says that the directory does not show it any more.
    """

    key: str
    guid: str
    fields: Mapping[str, Any]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier imports wrote, by objectGUID. `left` are leavers whom `users` has no more."""

    users: Mapping[str, Imported] = field(default_factory=dict)
    groups: Mapping[str, Imported] = field(default_factory=dict)
    left: Mapping[str, Imported] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """What files that people write hold already: keys and names, in the form that `skeleton` gives them.

    `mentioned` is every text in those files, among them the keys of those whom they give something.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    user_names: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    display_names: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be written, sorted by key, and the remarks, sorted.

    `left` are those who are written as leavers, and not among `users` (any more); `deleted` has the
    objectGUIDs of what the directory shows as deleted on purpose.
    """

    users: Sequence[Imported]
    groups: Sequence[Imported]
    remarks: Sequence[Remark]
    left: Sequence[Imported] = ()
    deleted: frozenset[str] = frozenset()

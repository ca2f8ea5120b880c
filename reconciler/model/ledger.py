"""What git gave at one target, by live ids: the part of the memory that no commit can tell.

Keys and names change on both sides; a remote id does not. So whose an object, a membership or an assignment
is stands here by id: `given` means that an apply ran with it declared and that it was live afterwards.
A token is a remote id, or a key behind a plus for an object that a run was about to make when it was marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.pairs import Pair, Principal

# What stands before the key of an object that has no remote id yet.
UNBORN = "+"


@dataclass(frozen=True, slots=True)
class GivenObject:
    """A user, group or permission set that git made or adopted.

    `key` is its key in git at the last apply, `name` what it was called then (user name, display name, or the
    name of the set). `attributes` are the names of the attributes that git set, sorted. `inactive` says of a
    user that git took the access away (disabled, blocked, expired, left), `left` that the key is gone from
    git and that this was carried out. `sure` is False where a run was about to do it and nobody saw the end.
    `external` objects are others': git only refers to them.
    """

    key: str
    name: str = ""
    attributes: tuple[str, ...] = ()
    inactive: bool = False
    left: bool = False
    external: bool = False
    sure: bool = True


@dataclass(frozen=True, slots=True)
class GivenAssignment:
    """How git gave an assignment: `selected` where its account was found by place, tag or `all`."""

    selected: bool = False
    sure: bool = True


_NO_OBJECTS: Mapping[str, GivenObject] = {}


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that git gave at one target and that was not seen to be gone since, nor released.

    `users`, `groups` and `sets` go by token, `members` maps a group's token to the tokens of its members;
    those in `unsure` as well are as `sure=False`. `assignments` go by account id and the set's token.
    """

    users: Mapping[str, GivenObject] = field(default_factory=dict)
    groups: Mapping[str, GivenObject] = field(default_factory=dict)
    sets: Mapping[str, GivenObject] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unsure: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assignments: Mapping[Pair, Mapping[Principal, GivenAssignment]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.users or self.groups or self.sets or self.members or self.assignments)

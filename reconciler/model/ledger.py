"""What git gave at one target, by live ids: the part of the memory that no commit can tell.

Keys and names change on both sides; a remote id does not. So whose an object, a membership or an assignment
is stands here by id: `given` means that an apply ran with it declared and that it was live afterwards.
A token is a remote id, or a name behind a plus for an object that a run was about to make when it was marked:
by its name it can be found, and two runs may know one key by two names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.model.pairs import Pair, Principal

# What stands before the name of an object that has no remote id yet.
UNBORN = "+"


@dataclass(frozen=True, slots=True)
class GivenObject:
    """A user, group or permission set that git made or adopted.

    `key` is its key in git at the last apply, `name` what it was called then (user name, display name, or the
    name of the set). `attributes` are the names of the attributes that git set, sorted. `inactive` says of a
    user that git took the access away (disabled, blocked, expired, left), `left` that the key is gone from
    git and that this was carried out. `sure` is False where a run was about to do it and nobody saw the end.
    `denied` says of a user that git's entry in the policy of denials has not run out yet. `external_id` is
    what git said of it ("": nothing), also where the service keeps none.
    """

    key: str
    name: str = ""
    attributes: tuple[str, ...] = ()
    inactive: bool = False
    left: bool = False
    sure: bool = True
    denied: bool = False
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class GivenAssignment:
    """How git gave an assignment: `selected` where its account was found by place, tag or `all`.

    `end` is when it ends by what was reviewed and applied (an aware instant; None: never).
    """

    selected: bool = False
    sure: bool = True
    end: datetime | None = None


_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that git gave at one target and that was not seen to be gone since, nor released.

    `users`, `groups` and `sets` go by token, `members` maps a group's token to the tokens of its members;
    those in `unsure` as well are as `sure=False`. `ends` has when memberships end by what was reviewed and
    applied (aware instants), of those only that end. `assignments` go by account id and the set's token.
    """

    users: Mapping[str, GivenObject] = field(default_factory=dict)
    groups: Mapping[str, GivenObject] = field(default_factory=dict)
    sets: Mapping[str, GivenObject] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unsure: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assignments: Mapping[Pair, Mapping[Principal, GivenAssignment]] = field(default_factory=dict)
    ends: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.users or self.groups or self.sets or self.members or self.assignments)


def united(*ledgers: Ledger) -> Ledger:
    """All that any of `ledgers` says: what one of them is sure of is sure.

    The first that has an object names it, and the first that has a membership or an assignment says when it
    ends.
    """
    objects: list[dict[str, GivenObject]] = [{}, {}, {}]
    members: dict[str, frozenset[str]] = {}
    sure: dict[str, frozenset[str]] = {}
    assignments: dict[Pair, dict[Principal, GivenAssignment]] = {}
    ends: dict[str, dict[str, datetime]] = {}
    for one in ledgers:
        for group, until in one.ends.items():
            earlier_members = members.get(group, _NOBODY)
            if new := {user: end for user, end in until.items() if user not in earlier_members}:
                ends.setdefault(group, {}).update(new)
        for found, more in zip(objects, (one.users, one.groups, one.sets), strict=True):
            for token, entry in more.items():
                known = found.get(token)
                found[token] = entry if known is None else _both(known, entry)
        for group, theirs in one.members.items():
            known_members = members.get(group)
            members[group] = theirs if known_members is None else known_members | theirs
            certain = theirs - one.unsure.get(group, _NOBODY)
            known_sure = sure.get(group)
            sure[group] = certain if known_sure is None else known_sure | certain
        for pair, held in one.assignments.items():
            mine = assignments.setdefault(pair, {})
            for principal, how in held.items():
                earlier = mine.get(principal)
                if earlier is None:
                    mine[principal] = how
                else:
                    mine[principal] = replace(earlier, sure=earlier.sure or how.sure)
    unsure = {group: left for group, theirs in members.items() if (left := theirs - sure[group])}
    users, groups, sets = objects
    return Ledger(users, groups, sets, members, unsure, assignments, ends)


def ends_of(ledger: Ledger, members: Mapping[str, frozenset[str]]) -> Mapping[str, Mapping[str, datetime]]:
    """When such of the ledger's memberships end as are in `members`, too."""
    found = {
        group: {user: end for user, end in until.items() if user in members.get(group, _NOBODY)}
        for group, until in ledger.ends.items()
    }
    return {group: until for group, until in found.items() if until}


def difference(ledger: Ledger, before: Ledger) -> Ledger:
    """What `ledger` says and `before` does not, none of it sure."""
    users, groups, sets = (
        {token: replace(one, sure=False) for token, one in found.items() if known.get(token) != one}
        for found, known in (
            (ledger.users, before.users),
            (ledger.groups, before.groups),
            (ledger.sets, before.sets),
        )
    )
    members = {
        group: left
        for group, theirs in ledger.members.items()
        if (left := theirs - before.members.get(group, _NOBODY))
    }
    assignments: dict[Pair, Mapping[Principal, GivenAssignment]] = {}
    for pair, held in ledger.assignments.items():
        mine = before.assignments.get(pair, {})
        more = {who: replace(how, sure=False) for who, how in held.items() if who not in mine}
        if more:
            assignments[pair] = more
    return Ledger(users, groups, sets, members, members, assignments, ends_of(ledger, members))


def _both(known: GivenObject, more: GivenObject) -> GivenObject:
    """One object by two accounts: what either of them set, and either of them took away."""
    return replace(
        known,
        attributes=tuple(sorted({*known.attributes, *more.attributes})),
        inactive=known.inactive or more.inactive,
        left=known.left and more.left,
        sure=known.sure or more.sure,
        denied=known.denied or more.denied,
    )

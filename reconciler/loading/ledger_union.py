"""Ledgers laid over each other: open marks over what is known, and two applies that ended at the same time.

Neither ever loses an entry that one side added, so that what two runs gave is remembered, in
every order of their ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from reconciler.model.ledger import GivenAssignment, GivenObject, Ledger
from reconciler.model.ledger import united as laid
from reconciler.model.pairs import Pair, Principal

Key = TypeVar("Key")
Given = TypeVar("Given")
_NOBODY: frozenset[str] = frozenset()
_NOTHING: Mapping[Principal, GivenAssignment] = {}
_NEVER: Mapping[str, datetime] = {}
_EMPTY = Ledger()


def united(known: Ledger, *intents: Ledger) -> Ledger:
    """`known`, and what `intents` add to it, as something that nobody saw the end of.

    What only says of an object what is set on it (`left`) adds to objects that are known, and to no others.
    """
    return laid(known, *(_unsure(one, (known, *intents)) for one in intents))


def merged(theirs: Ledger, ours: Ledger, base: Ledger, wrote: Ledger = _EMPTY) -> Ledger:
    """`theirs`, with what `ours` has and `base`, from which ours began, has not, or has otherwise.

    What ours took away from the base stays where theirs has it: it may have been given again meanwhile, and
    what is no longer live is dropped by the next plan anyway. `wrote` is what our run meant to write: what
    ours has of that is ours anew, although the base has it, since theirs may have let go of it before.
    """
    base = _without(base, wrote)
    return Ledger(
        users=_objects(theirs.users, ours.users, base.users, wrote.users),
        groups=_objects(theirs.groups, ours.groups, base.groups, wrote.groups),
        sets=_objects(theirs.sets, ours.sets, base.sets, wrote.sets),
        members={
            group: theirs.members.get(group, _NOBODY)
            | (ours.members.get(group, _NOBODY) - base.members.get(group, _NOBODY))
            for group in dict.fromkeys([*theirs.members, *ours.members])
            if group in theirs.members
            or ours.members[group] - base.members.get(group, _NOBODY)
            or group not in base.members
        },
        unsure=_unsure_of_both(theirs, ours, base),
        assignments=_assigned(
            theirs.assignments,
            {
                pair: _changed({}, given, base.assignments.get(pair, _NOTHING))
                for pair, given in ours.assignments.items()
            },
            ours_wins=True,
        ),
        ends=_ends(theirs, ours, base),
    )


def _without(ledger: Ledger, written: Ledger) -> Ledger:
    """A ledger without the memberships and assignments in `written`."""
    members = {group: users - written.members.get(group, _NOBODY) for group, users in ledger.members.items()}
    assignments = {
        pair: {who: how for who, how in held.items() if who not in written.assignments.get(pair, _NOTHING)}
        for pair, held in ledger.assignments.items()
    }
    return replace(ledger, members=members, assignments=assignments)


def _objects(
    theirs: Mapping[str, GivenObject],
    ours: Mapping[str, GivenObject],
    base: Mapping[str, GivenObject],
    wrote: Mapping[str, GivenObject],
) -> Mapping[str, GivenObject]:
    """The objects of theirs, each with what is otherwise in ours than in the base, or was written by us."""
    found = dict(theirs)
    for token, our in ours.items():
        their, then, written = theirs.get(token), base.get(token), wrote.get(token)
        if their is None:
            # What both knew and theirs has not is gone or somebody else's by now, also
            # where ours set attributes on it.
            if then is None:
                found[token] = our
        elif our != their and (our != then or written is not None):
            found[token] = _object(their, our, then, written)
    return found


def _object(
    their: GivenObject, our: GivenObject, then: GivenObject | None, written: GivenObject | None
) -> GivenObject:
    """One object of both: field by field as ours where that is otherwise than `then`."""
    known = then.attributes if then is not None else ()
    again = written.attributes if written is not None else ()
    mine = set(our.attributes).difference(known) | set(our.attributes).intersection(again)
    changed = {
        name: getattr(our, name)
        for name in ("key", "name", "inactive", "left", "denied", "external_id")
        if then is None or getattr(our, name) != getattr(then, name)
    }
    attributes = tuple(sorted(mine.union(their.attributes)))
    return replace(their, attributes=attributes, sure=their.sure or our.sure, **changed)


def _ends(theirs: Ledger, ours: Ledger, base: Ledger) -> Mapping[str, Mapping[str, datetime]]:
    """When memberships end: as ours says where it says otherwise than the base, else as theirs does."""
    found: dict[str, dict[str, datetime]] = {}
    for group in dict.fromkeys([*theirs.ends, *ours.ends, *base.ends]):
        their, our, then = (one.ends.get(group, _NEVER) for one in (theirs, ours, base))
        until = dict(their)
        has = theirs.members.get(group, _NOBODY)
        for user in ours.members.get(group, _NOBODY) & (our.keys() | then.keys()):
            end = our.get(user)
            known = user in base.members.get(group, _NOBODY)
            if known and end == then.get(user):
                continue
            if not known and user in has:
                continue  # both gave it, and theirs was first
            if end is None:
                until.pop(user, None)
            else:
                until[user] = end
        if until:
            found[group] = until
    return found


def _unsure(ledger: Ledger, everything: Sequence[Ledger]) -> Ledger:
    """The same, with the end of nothing seen, and without objects that nothing makes known."""

    def objects(of: Callable[[Ledger], Mapping[str, GivenObject]]) -> Mapping[str, GivenObject]:
        known = list(map(of, everything))
        return {
            token: replace(one, sure=False)
            for token, one in of(ledger).items()
            if not one.left
            or token in known[0]
            or any(token in each and not each[token].left for each in known[1:])
        }

    return Ledger(
        users=objects(lambda one: one.users),
        groups=objects(lambda one: one.groups),
        sets=objects(lambda one: one.sets),
        members=ledger.members,
        unsure=_some(ledger.members),
        assignments={
            pair: {who: replace(how, sure=False) for who, how in given.items()}
            for pair, given in ledger.assignments.items()
        },
        ends=ledger.ends,
    )


def _some(groups: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    return {group: users for group, users in groups.items() if users}


def _unsure_of_both(theirs: Ledger, ours: Ledger, base: Ledger) -> Mapping[str, frozenset[str]]:
    """Of each side its own doubts: theirs of what they have, ours of what only ours has."""
    unsure = {}
    for group in dict.fromkeys([*theirs.unsure, *ours.unsure]):
        added = ours.members.get(group, _NOBODY) - base.members.get(group, _NOBODY)
        new = added - theirs.members.get(group, _NOBODY)
        unsure[group] = theirs.unsure.get(group, _NOBODY) | (ours.unsure.get(group, _NOBODY) & new)
    return _some(unsure)


def _changed(
    theirs: Mapping[Key, Given], ours: Mapping[Key, Given], base: Mapping[Key, Given]
) -> Mapping[Key, Given]:
    return {**theirs, **{key: one for key, one in ours.items() if base.get(key) != one}}


def _assigned(
    known: Mapping[Pair, Mapping[Principal, GivenAssignment]],
    more: Mapping[Pair, Mapping[Principal, GivenAssignment]],
    *,
    ours_wins: bool,
) -> Mapping[Pair, Mapping[Principal, GivenAssignment]]:
    found = {}
    for pair in dict.fromkeys([*known, *more]):
        one, two = known.get(pair, _NOTHING), more.get(pair, _NOTHING)
        if one or two:
            found[pair] = {**one, **two} if ours_wins else {**two, **one}
    return found

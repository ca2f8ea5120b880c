"""Ledgers laid over each other: open marks over what is known, and two applies that ended at the same time.

Neither ever loses an entry that one side added, so that what two runs gave is remembered, whoever ends last.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def united(known: Ledger, *intents: Ledger) -> Ledger:
    """`known`, and what `intents` add to it, as something that nobody saw the end of."""
    return laid(known, *map(_unsure, intents))


def merged(theirs: Ledger, ours: Ledger, base: Ledger) -> Ledger:
    """`theirs`, with what `ours` has and `base`, from which ours began, has not, or has otherwise.

    What ours took away from the base stays where theirs has it: it may have been given again meanwhile, and
    what is no longer live is dropped by the next plan anyway.
    """
    return Ledger(
        users=_changed(theirs.users, ours.users, base.users),
        groups=_changed(theirs.groups, ours.groups, base.groups),
        sets=_changed(theirs.sets, ours.sets, base.sets),
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


def _unsure(ledger: Ledger) -> Ledger:
    """The same, with the end of nothing seen."""

    def objects(given: Mapping[str, GivenObject]) -> Mapping[str, GivenObject]:
        return {token: replace(one, sure=False) for token, one in given.items()}

    return Ledger(
        users=objects(ledger.users),
        groups=objects(ledger.groups),
        sets=objects(ledger.sets),
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

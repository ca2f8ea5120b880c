"""What a plan does to people, against what people read: the same changes may do more by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address, Kind
from reconciler.model.change import Change
from reconciler.model.plan import TargetPlan
from reconciler.planning.looking import Looking
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.windows import instant, later

# What was read as one of these covers the other, too.
_COVER = {
    Direction.GAIN: (Direction.GAIN, Direction.LONGER),
    Direction.LONGER: (Direction.LONGER, Direction.GAIN),
    Direction.ALTER: (Direction.ALTER, Direction.GAIN),
    Direction.LOSE: (Direction.LOSE,),
    Direction.SHORTER: (Direction.SHORTER, Direction.LOSE),
}
_SAYS = {
    Direction.GAIN: "would also be gained",
    Direction.LONGER: "would also be kept longer",
    Direction.ALTER: "would also be altered",
    Direction.LOSE: "would also be lost",
    Direction.SHORTER: "would also be kept less long",
}
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class More:
    """What nobody reviewed: what makes a plan stale, and what is only said."""

    stale: tuple[tuple[Address, str], ...] = ()
    notes: tuple[str, ...] = ()


NO_MORE = More()


def further(planned: PreparedPlan, changes: Sequence[Change], reviewed: Sequence[TargetPlan]) -> More:
    """What `changes` do to people that none of the reviewed plans did.

    More members of a group that is somebody else's are named; they count where the access is privileged.
    """
    if planned.looking is None or not changes:
        return NO_MORE
    whole = len(changes) == len(planned.plan.changes)
    access = planned.plan.access if whole else planned.looking.access(changes)
    known: dict[tuple[Direction, str], list[AccessChange]] = {}
    for part in reviewed:
        for row in part.access:
            known.setdefault((row.direction, row.permission_set), []).append(row)
    stale: list[tuple[Address, str]] = []
    notes: list[str] = []
    for row in access:
        read = [one for each in _COVER[row.direction] for one in known.get((each, row.permission_set), ())]
        read = [one for one in read if _covers(one, row)]
        for accounts, people in _left(row, read):
            row_text = _told(row, accounts, people, planned.looking)
            theirs = bool(row.groups) and all(map(planned.looking.is_external, row.groups))
            if theirs and not row.privileged:
                notes.append(f"{row.permission_set} {row_text}: the group is somebody else's, and grew")
            else:
                address = Address.of(planned.plan.target, Kind.PERMISSION_SET, row.permission_set)
                stale.append((address, f"{row_text}, which was not reviewed"))
    return More(tuple(stale), tuple(notes))


def _covers(read: AccessChange, row: AccessChange) -> bool:
    """Whether what was read is no less than a row, apart from its people and accounts."""
    if row.privileged and not read.privileged:
        return False
    if row.direction is Direction.LONGER and read.direction is Direction.LONGER:
        return not later(instant(row.until), instant(read.until))
    if row.direction is Direction.SHORTER and read.direction is Direction.SHORTER:
        return not later(instant(read.until), instant(row.until))
    return True


def _left(
    row: AccessChange, read: Sequence[AccessChange]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The accounts and people of a row that `read` does not have, alike ones together."""
    if any(one.people == row.people and one.accounts == row.accounts for one in read):
        return
    found: dict[tuple[str, ...], list[str]] = {}
    sets = [(frozenset(one.accounts), frozenset(one.people)) for one in read]
    for account in row.accounts:
        seen = frozenset[str]().union(*(people for accounts, people in sets if account in accounts))
        if people := tuple(one for one in row.people if one not in seen):
            found.setdefault(people, []).append(account)
    for people, accounts in found.items():
        yield tuple(accounts), people


def _told(row: AccessChange, accounts: Sequence[str], people: Sequence[str], looking: Looking) -> str:
    where = _some([looking.account(each) for each in accounts])
    until = f" until {row.until or 'never'}" if row.direction in (Direction.LONGER, Direction.SHORTER) else ""
    mark = "PRIVILEGED: " if row.privileged else ""
    return f"{mark}{_SAYS[row.direction]} by {_some(people)} on {where}{until}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")

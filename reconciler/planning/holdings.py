"""Who has what, on one side of a plan: not what changes, but all of it, with why and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from reconciler.access.compare import DIRECT, Row, reach
from reconciler.access.state import AccessState
from reconciler.model.access import Direction, Holding
from reconciler.model.address import AccountId, Arn, Kind, SetName
from reconciler.model.state import Holder
from reconciler.planning.consequences import Consequences
from reconciler.planning.windows import text

_Reason = tuple[tuple[str, ...], str | None]


class Side(StrEnum):
    """Which state is asked for: what is there now, or what will be when the plan is applied."""

    LIVE = "live"
    DESIRED = "desired"


def holdings(consequences: Consequences, side: Side) -> tuple[Holding, ...]:
    """All access of people who can sign in, on one side of the plan of `consequences`, in order.

    A person, a permission set and an account meet in at most one of them. What others gave is among it.
    """
    finder = _Finder(consequences, side)
    return tuple(sorted(finder.holdings(), key=_position))


def _position(one: Holding) -> tuple[object, ...]:
    return not one.privileged, one.permission_set, one.accounts, one.groups, one.people, one.until or ""


class _Finder:
    def __init__(self, consequences: Consequences, side: Side) -> None:
        self._consequences, self._after = consequences, side is Side.DESIRED
        both = consequences.sides
        self._state: AccessState = both.after if self._after else both.before
        self._direction = Direction.GAIN if self._after else Direction.LOSE

    def holdings(self) -> Iterator[Holding]:
        wanted: dict[str, None] = dict.fromkeys(name for _, name in self._state.holders)
        for row in reach(self._state, wanted):
            for (entries, until), people in self._apart(row).items():
                for accounts, persons in people.items():
                    part = Row(self._direction, row.permission_set, frozenset(persons), accounts, row.way)
                    for one in self._consequences.spelled([part]):
                        yield Holding(
                            one.permission_set,
                            one.people,
                            one.accounts,
                            one.groups,
                            entries,
                            privileged=one.privileged,
                            unknown=one.unknown,
                            until=until,
                        )

    def _apart(self, row: Row) -> Mapping[_Reason, Mapping[tuple[str, ...], list[str]]]:
        """The people of a row by what gives it and until when, then by the accounts of which that holds."""
        name = self._consequences.tokens.set_name(row.permission_set)
        alone = DIRECT in row.way
        common = {account: self._entries(row, account, name, "") for account in row.accounts}
        found: dict[str, dict[_Reason, list[str]]] = {}
        for person in sorted(row.people):
            for account in row.accounts:
                entries = self._entries(row, account, name, person) if alone else common[account]
                until = self._consequences.lasting.until(
                    self._state, (AccountId(account), Arn(row.permission_set)), person, after=self._after
                )
                found.setdefault(person, {}).setdefault((entries, text(until)), []).append(account)
        parts: dict[_Reason, dict[tuple[str, ...], list[str]]] = {}
        for person, reasons in found.items():
            for reason, accounts in reasons.items():
                parts.setdefault(reason, {}).setdefault(tuple(accounts), []).append(person)
        return parts

    def _entries(self, row: Row, account: str, name: str, person: str) -> tuple[str, ...]:
        given = self._consequences.context.desired.assignments.get((AccountId(account), SetName(name)), {})
        tokens = self._consequences.tokens
        entries = set()
        for way in row.way:
            if way == DIRECT:
                holder = Holder(Kind.USER, tokens.user_key(person)) if person else None
            else:
                holder = Holder(Kind.GROUP, tokens.group_key(way))
            why = given.get(holder) if holder is not None else None
            entries.add("" if why is None else why.entry)
        return tuple(sorted(entries))

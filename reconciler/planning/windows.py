"""When memberships and assignments end: as git says now, and as was reviewed and applied.

What was applied last holds until a change of it is reviewed and applied, too; where nobody remembers (no
ledger, or nothing given yet), what git says holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from reconciler.model.address import DeclaredPair
from reconciler.model.change import FROM, UNTIL, FieldChange
from reconciler.model.ledger import Ledger
from reconciler.model.pairs import Pair, Principal
from reconciler.model.state import End, Holder
from reconciler.planning.context import PlanContext

_NEVER: Mapping[str, End] = {}
_NOTHING: Mapping[str, datetime] = {}


def text(moment: datetime | None) -> str | None:
    """An instant as plans show it: in UTC, as RFC 3339 writes it. None is never."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(shown: object) -> datetime | None:
    """The instant that `text` made a field of."""
    return datetime.fromisoformat(shown) if isinstance(shown, str) else None


def at(end: End | None) -> datetime | None:
    """The instant of an end; None is never."""
    return None if end is None else end.at


def later(end: datetime | None, than: datetime | None) -> bool:
    """Whether `end` comes after `than`, where None is never."""
    return than is not None and (end is None or end > than)


def written(start: datetime | None, end: End | None) -> tuple[FieldChange, ...]:
    """The window of a grant as its fields; nothing where it has none."""
    sides = ((FROM, text(start)), (UNTIL, text(at(end))))
    return tuple(FieldChange(name, None, shown) for name, shown in sides if shown is not None)


class Windows:
    """The ends of one target's memberships and assignments, by keys and by remote ids."""

    def __init__(self, context: PlanContext) -> None:
        self._context = context
        self._ledger = context.memory.ledger or Ledger()

    def wanted_member(self, group: str, user: str) -> End | None:
        """When git says that a membership ends, by keys."""
        return self._context.desired.ends.get(group, _NEVER).get(user)

    def gives_more_time(self, tokens: Iterable[tuple[str, str]], end: End | None) -> bool:
        """Whether git lets a membership last longer than what was given.

        `tokens` are the remote ids that it has, and those that it had.
        """
        given = [
            self._ledger.ends.get(group, _NOTHING).get(user)
            for group, user in tokens
            if user in self._ledger.members.get(group, ())
        ]
        return bool(given) and all(later(at(end), each) for each in given)

    def member(self, group: str, user: str) -> datetime | None:
        """When a live membership ends by what was applied, or else by what git says; by remote ids."""
        if user in self._ledger.members.get(group, ()):
            return self._ledger.ends.get(group, _NOTHING).get(user)
        context = self._context
        end = self.wanted_member(context.group_key(group), context.user_key(user))
        return at(end)

    def assignment(self, pair: Pair, principal: Principal) -> datetime | None:
        """The same of a live assignment, by account id and ARN."""
        given = self._ledger.assignments.get(pair, {}).get(principal)
        if given is not None:
            return given.end
        context = self._context
        end = self.wanted_assignment((pair[0], context.set_name(pair[1])), context.holder(principal))
        return None if end is None else end.at

    def wanted_assignment(self, pair: DeclaredPair, holder: Holder) -> End | None:
        """When git says that an assignment ends, by account id, name of the set and key."""
        why = self._context.desired.assignments.get(pair, {}).get(holder)
        return None if why is None else self._context.desired.end_of(holder, why)

    def any_member_ends(self, group: str) -> bool:
        """Whether some membership of a group, by remote id, ends by what was applied or by git."""
        key = self._context.groups.declared.get(group)
        return group in self._ledger.ends or key in self._context.desired.ends

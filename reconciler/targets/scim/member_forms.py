"""In which forms members are asked to enter or leave a group, and which of them a service carries out.

Services answer a form that they do not know with success. So the first request of a run in a form that has
not been seen to work is followed by a look, and where nothing was done, the next form is tried. What works
is a habit of the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from reconciler.targets.scim import patching
from reconciler.targets.scim.habits import Habits
from reconciler.targets.scim.profile import Removal
from reconciler.wire.pool import Guarded

NO_FORM = "none"
# The habit of taking a removal of some for one of all (RFC 7644 section 3.5.2.2).
_VALUES, _EVERYBODY = "members-values", "everybody"


class Form(StrEnum):
    """How a request names who enters or leaves."""

    PATH = "path"  # a path: to `members`, or one operation each on `members[value eq "…"]`
    ONE = "one"  # the same, one request for each member
    PUT = "put"  # the whole group
    # One operation on `members` with a list of values: by RFC 7644 section 3.5.2.2 that removes everybody.
    VALUE = "value"


_ENTERING = (Form.PATH,)
# The list of values comes last: whoever takes it for everybody has to be given back the others.
_LEAVING = (Form.PATH, Form.ONE, Form.PUT, Form.VALUE)


class Forms:
    """The forms of one service. Thread-safe."""

    def __init__(self, habits: Habits, removal: Removal) -> None:
        self._habits, self._removal = habits, removal
        # Seen to work, and seen not to, in this run, by direction.
        self._proven: Guarded[set[tuple[bool, Form]]] = Guarded(set())
        self._useless: Guarded[set[tuple[bool, Form]]] = Guarded(set())

    def choices(self, *, enter: bool) -> list[Form]:
        """The forms that are worth a try, the best first."""
        known = self._habits.how(_what(enter=enter))
        first = [Form(known)] if known in set(Form) else []
        if not enter and self._removal is Removal.BY_VALUE:
            first.append(Form.VALUE)
        with self._useless as useless:
            order = dict.fromkeys((*first, *(_ENTERING if enter else _LEAVING)))
            found = [each for each in order if (enter, each) not in useless]
        if self._habits.how(_VALUES) == _EVERYBODY and not enter:
            found, order = [each for each in found if each is not Form.VALUE], dict.fromkeys((Form.PATH,))
        return found or list(order)

    def is_proven(self, form: Form, *, enter: bool) -> bool:
        """Whether the form was seen to work, now or in an earlier run, or by who wrote the profile."""
        if enter or (form is Form.VALUE and self._removal is Removal.BY_VALUE):
            # Who did not enter is told by the reading back.
            return True
        with self._proven as proven:
            return (enter, form) in proven or self._habits.how(_what(enter=enter)) == form

    def works(self, form: Form, *, enter: bool) -> None:
        """A request in this form did what it said."""
        with self._proven as proven:
            proven.add((enter, form))
        usual = Form.VALUE if not enter and self._removal is Removal.BY_VALUE else Form.PATH
        if form is not usual or self._habits.how(_what(enter=enter)):
            self._habits.learn(_what(enter=enter), form)

    def fails(self, form: Form, *, enter: bool) -> None:
        """A request in this form was answered with success, and nothing was done."""
        with self._useless as useless:
            useless.add((enter, form))

    def wipes(self) -> None:
        """The list of values was taken for everybody: never again, in this run or a later one."""
        self._habits.learn(_VALUES, _EVERYBODY)

    def none_works(self, *, enter: bool) -> None:
        """Every form was answered with success, and none was carried out."""
        self._habits.learn(_what(enter=enter), NO_FORM)


def _what(*, enter: bool) -> str:
    return "members-entry" if enter else "members-removal"


def operations(
    form: Form, *, users: Sequence[str], written: Sequence[str], enter: bool
) -> list[dict[str, Any]]:
    """The operations of a PATCH by which users enter, or leave as the group writes them."""
    if enter:
        return patching.additions(users)
    return patching.removals(written, Removal.BY_VALUE if form is Form.VALUE else Removal.BY_PATH)


def wiped(before: Mapping[str, str], after: Mapping[str, str], going: Sequence[str]) -> list[str]:
    """Who is in the group no more, and was not asked to leave."""
    return sorted(before.keys() - after.keys() - set(going))

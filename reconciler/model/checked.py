"""When a target was last seen to be as git says, object by object: what `drift` says beside a difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.address import Address

# More differences than this are not remembered one by one.
MOST = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """A comparison of a whole target that an apply made: `at` is an aware instant.

    `differing` has what still differed when that apply ended, by address as text, each with when it was last
    seen to be right (None: never, or not known). `many` says that there were too many to remember: then no
    object is known to have been right.
    """

    at: datetime
    differing: Mapping[str, datetime | None] = field(default_factory=dict)
    many: bool = False

    def right_at(self, address: Address) -> datetime | None:
        """When the object was last seen to be as git says; None where that is not known."""
        if self.many:
            return None
        return self.differing.get(str(address), self.at)


def checked_after(before: Checked | None, differing: Iterable[Address], at: datetime) -> Checked:
    """What a comparison at `at` teaches beyond the one before it; `differing` is what it left different."""
    found = {str(address): before.right_at(address) if before else None for address in sorted(differing)}
    return Checked(at, {}, many=True) if len(found) > MOST else Checked(at, found)


def newest(*found: Checked | None) -> Checked | None:
    """The latest of some comparisons, where there is one."""
    return max((one for one in found if one is not None), key=lambda one: one.at, default=None)

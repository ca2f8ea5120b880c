"""What a plan does to people's access: who gains, loses, or has altered, which permission set where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """What happens to the access; ALTER is a permission set whose own content changes."""

    GAIN = "gain"
    LOSE = "lose"
    ALTER = "alter"


@dataclass(frozen=True, slots=True)
class AccessChange:
    """Each of `people` gains (loses, has altered) `permission_set` on each of `accounts`.

    People are keys (remote ids behind a tilde for whoever git does not know), accounts ids, `groups` the
    keys of the groups through which; "" among them is a direct assignment. All are sorted.
    """

    direction: Direction
    permission_set: str
    people: tuple[str, ...]
    accounts: tuple[str, ...]
    groups: tuple[str, ...] = ()
    privileged: bool = False
    # It counts as privileged because nobody here knows what its customer-managed policies say.
    unknown: bool = False

"""How much an import may take away: a directory that answers half must not end anybody's access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.errors import Refused
from reconciler.sources.outcome import Before, Imported, Outcome

_PERCENT, _COUNT = 5.0, 10


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be lost of each kind, as a percentage or as a number.

    With neither: 5 % or 10, whichever is more, but less than half; a single one always.
    """

    percent: float | None = None
    count: int | None = None

    def allows(self, lost: int, of: int) -> bool:
        """Whether so many of so many may be lost, not counting those who were deleted on purpose."""
        if self.count is not None:
            return lost <= self.count
        if self.percent is not None:
            return lost * 100 <= self.percent * of
        return self.allows_deleted(lost, of) and (lost <= _COUNT or lost * 100 <= _PERCENT * of)

    def allows_deleted(self, lost: int, of: int) -> bool:
        """The same, those included whom the directory shows as deleted: a mistake there may be large too."""
        if self.count is not None or self.percent is not None:
            return self.allows(lost, of)
        # In a directory of two people, one who leaves is half of them.
        return lost <= 1 or lost * 2 < of

    def __str__(self) -> str:
        if self.count is not None:
            return f"{self.count:,}"
        if self.percent is not None:
            return f"{self.percent:g} %"
        return f"{_PERCENT:g} % or {_COUNT}, whichever is more, but less than half (a single one always)"


@dataclass(frozen=True, slots=True)
class Loss:
    """How many of a kind would be lost, of how many; `deleted` of those were deleted on purpose."""

    what: str
    lost: int
    of: int
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """What of a kind is lost, of what: by objectGUID, a membership by that of its group and a key."""

    what: str
    items: frozenset[object]
    of: frozenset[object]

    def without(self, others: frozenset[object]) -> Lost:
        """The same as if these had never been there."""
        return Lost(self.what, self.items - others, self.of - others)

    def loss(self, deleted: frozenset[str]) -> Loss:
        """The numbers, with those objectGUIDs `deleted` on purpose."""
        return Loss(self.what, len(self.items), len(self.of), len(self.items & deleted))


def losses(before: Before, after: Outcome) -> Sequence[Loss]:
    """How much an import takes away: people, groups, and memberships of people and groups that stay."""
    return [one.loss(after.deleted) for one in lost(before, after)]


def lost(before: Before, after: Outcome) -> Sequence[Lost]:
    """What an import takes away: people, groups, and memberships of people and groups that stay."""
    users = {one.guid: one for one in after.users}
    groups = {one.guid: one for one in after.groups}
    active = {one.key for one in before.users.values() if _is_active(one)}
    stay = {one.key for one in after.users if _is_active(one)} & active
    taken: set[object] = set()
    held: set[object] = set()
    alive = {guid: one for guid, one in before.groups.items() if _holds(one)}
    for guid, one in alive.items():
        after_ = groups.get(guid)
        if after_ is None or after_.gone:
            continue
        members = (set(one.fields.get("members", ())) & stay) | set(one.fields.get("include", ()))
        remain = {*after_.fields.get("members", ()), *after_.fields.get("include", ())}
        taken |= {(guid, member) for member in members - remain}
        held |= {(guid, member) for member in members}
    people = frozenset(guid for guid, one in before.users.items() if _is_active(one))
    left = frozenset(guid for guid in people if guid not in users or not _is_active(users[guid]))
    away = frozenset(guid for guid in alive if guid not in groups or groups[guid].gone)
    return (
        Lost("users", left, people),
        Lost("groups", away, frozenset(alive)),
        Lost("memberships", frozenset(taken), frozenset(held)),
    )


def present(state: Before) -> Mapping[str, frozenset[object]]:
    """Everything that can be lost of a state, by kind."""
    alive = {guid: one for guid, one in state.groups.items() if _holds(one)}
    pairs = {
        (guid, member)
        for guid, one in alive.items()
        for member in (*one.fields.get("members", ()), *one.fields.get("include", ()))
    }
    return {
        "users": frozenset(guid for guid, one in state.users.items() if _is_active(one)),
        "groups": frozenset(alive),
        "memberships": frozenset(pairs),
    }


def check(before: Before, after: Outcome, limit: Limit) -> None:
    """Raise Refused where more would be lost than the limit allows."""
    over = [loss for loss in losses(before, after) if loss.lost and not within(limit, loss)]
    if over:
        words = ", ".join(f"{loss.lost:,} of {loss.of:,} {loss.what}" for loss in over)
        raise Refused(
            f"Refused: {words} would lose their access or be gone, and the limit is {limit}. "
            "Nothing was written. Check that the directory answered whole; where this is meant, import again "
            "with --max-shrink, such as --max-shrink 30%."
        )


def within(limit: Limit, loss: Loss) -> bool:
    """Whether a loss is allowed, those included who were deleted on purpose."""
    return limit.allows_deleted(loss.lost, loss.of) and limit.allows(loss.lost - loss.deleted, loss.of)


def _is_active(one: Imported) -> bool:
    return not one.gone and one.fields.get("active") != "false"


def _holds(one: Imported) -> bool:
    return bool(one.fields.get("members") or one.fields.get("include"))

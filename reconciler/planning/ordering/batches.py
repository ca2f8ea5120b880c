"""Which steps may go in one request, and when it pays to wait for more of them.

Memberships of one group and direction go together, and so do creations of users, and of groups: as many as
the target takes. Creations and removals go with what is ready. A few grants wait for more of the same
group, as long as more can come and nothing waits for them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Container, Iterable, Sequence

from reconciler.model.address import Kind
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.planning.ordering.steps import writes_something

# Rank, kind, action, and the group of a membership.
Alike = tuple[int, Kind, Action, str]
# Rank, position in the plan, id.
Entry = tuple[int, int, str]


_ALL = 10_000


class Batches:
    """The ready steps that may go with others, by what makes them alike.

    `membership_batch` and `bulk` are those of the target's capabilities; at 1 no step is alike another.
    """

    def __init__(self, steps: Iterable[Step], *, membership_batch: int, bulk: int) -> None:
        self._limits = {
            Kind.MEMBERSHIP: membership_batch,
            Kind.USER: bulk,
            Kind.GROUP: bulk,
            # One document has them all.
            Kind.DENIAL: _ALL,
        }
        self._alike = {step.id: alike for step in steps if (alike := self._of(step)) is not None}
        self._ready: dict[Alike, list[Entry]] = {}
        # Alike steps whose turn comes without another word.
        self._queued: set[Alike] = set()
        self._waiting: Counter[Alike] = Counter()

    def alike(self, step: Step) -> Alike | None:
        """What the step has in common with those that may go along; None where it goes alone."""
        return self._alike.get(step.id)

    def _of(self, step: Step) -> Alike | None:
        kind, action = step.address.kind, step.action
        if self._limits.get(kind, 1) <= 1 or step.lane or not writes_something(step):
            return None
        if kind is Kind.DENIAL:
            return step.rank, kind, Action.UPDATE, ""
        if kind is Kind.MEMBERSHIP:
            return step.rank, kind, action, step.address.group.key
        return (step.rank, kind, action, "") if action is Action.CREATE else None

    def add(self, alike: Alike, entry: Entry) -> None:
        """One more is ready."""
        heapq.heappush(self._ready.setdefault(alike, []), entry)

    def first(self, alike: Alike) -> Entry | None:
        """The first that is ready, if any is."""
        ready = self._ready.get(alike)
        return ready[0] if ready else None

    def take(self, alike: Alike) -> Sequence[str]:
        """The ids of the next ones, as many as fit one request; they are ready no more."""
        ready = self._ready[alike]
        return [heapq.heappop(ready)[2] for _ in range(min(len(ready), self._limits[alike[1]]))]

    def queue(self, alike: Alike) -> bool:
        """Note that their turn comes; False where that was so."""
        if alike in self._queued:
            return False
        self._queued.add(alike)
        return True

    def unqueue(self, alike: Alike) -> None:
        """Note that their turn has come."""
        self._queued.discard(alike)

    def wait(self, step: Step) -> None:
        """Note that a step will be ready later, if all goes well."""
        if (alike := self.alike(step)) is not None:
            self._waiting[alike] += 1

    def wait_no_more(self, alike: Alike) -> None:
        """Note that a step of which `wait` was told became ready, or will not."""
        self._waiting[alike] -= 1

    def wants_more(self, alike: Alike, waited_for: Container[str]) -> bool:
        """Whether what is ready should wait for more of its like: grants that fill no request yet.

        What others wait for (`waited_for`, by id) never does: it would keep back a revocation. So nothing
        waits in a circle: what those who are to come wait for is running, or will be, without these.
        """
        _, kind, action, _ = alike
        ready = self._ready[alike]
        return (
            kind is Kind.MEMBERSHIP
            and action is Action.CREATE
            and self._waiting[alike] > 0
            and len(ready) < self._limits[kind]
            and not any(identifier in waited_for for _, _, identifier in ready)
        )

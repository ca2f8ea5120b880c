"""The memory of a story as receipts and marks carry it: the last ledger, and what open runs may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.loading.ledger_union import merged, united
from reconciler.model.address import Address
from reconciler.model.ledger import Ledger
from reconciler.model.report import Outcome, Status
from reconciler.planning.prepared import PreparedPlan

GOOD = (Status.DONE, Status.UNNECESSARY)


@dataclass
class Recall:
    """`earlier` counts the whole applies that a version without a ledger makes before this one takes over.

    `marks` are open runs with what they may give, `unpushed` ends that nobody but their clone has seen: the
    ledger with which they end and the one with which they began, by the run.
    """

    earlier: int = 0
    ledger: Ledger | None = None
    marks: dict[str, Ledger] = field(default_factory=dict)
    unpushed: dict[str, tuple[Ledger, Ledger | None]] = field(default_factory=dict)
    runs: int = 0

    def copy(self) -> Recall:
        """The same, to go on with alone."""
        return replace(self, marks=dict(self.marks), unpushed=dict(self.unpushed))

    @property
    def output(self) -> Ledger | None:
        """What is remembered by ids; None where nothing was published yet, or by an earlier version."""
        if self.earlier or (self.ledger is None and not self.marks):
            return None
        return united(self.ledger or Ledger(), *self.marks.values())

    def mark(self, intents: Ledger) -> str:
        """Publish what a run is about to give; its name."""
        self.runs += 1
        name = f"run {self.runs}"
        self.marks[name] = intents
        return name

    def merge(self, name: str, ours: Ledger, began: Ledger | None) -> None:
        """A run ends that began with the receipt `began`; others may have ended since."""
        intents = self.marks.pop(name)
        self.unpushed.pop(name, None)
        theirs = self.ledger
        alone = theirs is began or theirs is None
        self.ledger = ours if alone or theirs is None else merged(theirs, ours, began or Ledger(), intents)

    def unlock(self, name: str) -> None:
        """Somebody closes the mark of a run that is no more: what it may have given stays remembered."""
        self.ledger = united(self.ledger or Ledger(), self.marks.pop(name))


def given_after(planned: PreparedPlan, outcomes: Mapping[str, Outcome]) -> Ledger:
    """The ledger after an apply whose steps ended like that."""
    ids = dict(planned.ids)
    ended: dict[Address, Status] = {}
    for step in planned.steps:
        one = outcomes.get(step.id)
        if one is None:
            continue
        if one.remote_id:
            ids[step.address] = one.remote_id
        for address in step.changes:
            if ended.get(address, Status.DONE) in GOOD:
                ended[address] = one.status
    return planned.given_after(ended, ids)

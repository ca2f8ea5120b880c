"""A world with the memory of its applies: each ends with the next ledger, as receipts carry it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.loading.ledger_union import united
from reconciler.model.address import Address
from reconciler.model.capabilities import Capabilities
from reconciler.model.ledger import Ledger
from reconciler.model.policy import TargetPolicy
from reconciler.model.report import Outcome, Status
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from reconciler.planning.ordering.order import restricted
from reconciler.planning.prepared import PreparedPlan
from tests.planning.entitled import realm
from tests.planning.world import CAN_ALL, NOW, POLICY, World, codes, plan, summary


@dataclass
class Site:
    """One target over time. `marks` are what runs that never ended may have given."""

    world: World = field(default_factory=realm)
    ledger: Ledger | None = None
    base: Declared | None = None
    at: datetime = NOW
    policy: TargetPolicy = POLICY
    can: Capabilities = CAN_ALL
    marks: list[Ledger] = field(default_factory=list)

    @property
    def memory(self) -> Remembered:
        """What the last receipt and the open marks tell."""
        ledger = self.ledger
        if self.marks:
            ledger = united(ledger or Ledger(), *self.marks)
        receipt = Receipt("aws", {}, "", "", self.at) if self.base is not None else None
        return Remembered(receipt, self.base, ledger=ledger)

    def plan(self, declared: Identities, now: datetime = NOW) -> PreparedPlan:
        """The plan of this moment."""
        return plan(declared, self.world, self.memory, policy=self.policy, can=self.can, now=now)

    def shows(self, declared: Identities, now: datetime = NOW) -> list[str]:
        """The changes of that plan."""
        return summary(self.plan(declared, now))

    def says(self, declared: Identities, now: datetime = NOW) -> list[str]:
        """The codes of its findings."""
        return codes(self.plan(declared, now))

    def apply(
        self,
        declared: Identities,
        now: datetime = NOW,
        *,
        go: Collection[str] | None = None,
        killed_after: int | None = None,
        whole: bool = True,
    ) -> PreparedPlan:
        """Apply all of the plan, or the addresses in `go`; a killed run leaves a mark and no receipt."""
        planned = self.plan(declared, now)
        chosen = {each.address for each in planned.plan.changes if go is None or str(each.address) in go}
        steps = tuple(restricted(planned.steps, chosen))
        if killed_after is not None:
            self.marks.append(planned.intends(chosen))
            self.world.carry_out(replace(planned, steps=steps[:killed_after]))
            return planned
        outcomes = self.world.carry_out(replace(planned, steps=steps))
        self.remember(planned, outcomes)
        if whole and go is None:
            self.base, self.at = Declared("base", declared, self.policy), now
        return planned

    def remember(self, planned: PreparedPlan, outcomes: dict[str, Outcome]) -> None:
        """Take the next ledger for the memory."""
        ids = dict(planned.ids)
        ended: dict[Address, Status] = {}
        for step in planned.steps:
            if (outcome := outcomes.get(step.id)) is not None:
                if outcome.remote_id:
                    ids[step.address] = outcome.remote_id
                for address in step.changes:
                    ended[address] = outcome.status
        self.ledger = planned.given_after(ended, ids)

"""What an apply to one target has learned so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.address import Address, Kind, remote
from reconciler.model.plan import Step
from reconciler.model.report import Outcome
from reconciler.model.resources import Attributes
from reconciler.planning import user_values
from reconciler.planning.prepared import PreparedPlan


@dataclass(slots=True)
class Run:
    """What happened so far; `ids` and `versions` grow as objects are made, `made` has new users by id.

    `writes` counts what was sent and done; changes that went together are one. `stopped` says why nothing
    more may be written, where that is so.
    """

    ids: dict[Address, str]
    versions: dict[Address, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    stopped: str = ""
    writes: int = 0

    def learn(self, step: Step, outcome: Outcome) -> None:
        """Take in what a step that succeeded says of its object."""
        if outcome.remote_id:
            self.ids[step.address] = outcome.remote_id
            if step.address.kind is Kind.USER:
                self.made[outcome.remote_id] = step.address.own_key
        if outcome.version:
            self.versions[step.address] = outcome.version
        else:
            self.versions.pop(step.address, None)


def with_manager_key(attributes: Attributes, planned: PreparedPlan, run: Run) -> Attributes:
    """Live attributes with the manager by key, as hashes want them."""
    return user_values.with_manager_key(
        attributes, lambda one: planned.keys.get(one) or run.made.get(one) or remote(one)
    )

"""A target's plan with everything that apply needs of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.ledger import Ledger
from reconciler.model.plan import Step, TargetPlan
from reconciler.model.report import Status
from reconciler.planning.dropped import KEEPS_ALL, DroppedAttributes
from reconciler.planning.given.updating import LedgerUpdate
from reconciler.planning.looking import Looking
from reconciler.planning.unmanaged import Unmanaged
from reconciler.planning.withheld import NOTHING_WITHHELD, Withheld


@dataclass(frozen=True, slots=True)
class PreparedPlan:
    """A target's plan, and what apply needs beside it: steps, remote ids, versions, hashed attributes.

    `keys` maps remote ids of users to keys, which is how a live manager is compared. `waiting` counts what
    git declares and cannot be planned yet (two candidates, missing names). `uncovered` says whether a gap of
    the reading covers anything that git declares or remembers. `left_out` is what a plan by rule alone does
    not contain, and what waits for a review. `needed` maps removals from what is critical to the grants
    without which too few people would be left there. `unkept` is what the service was seen not to keep.
    `refused` are changes that a plan by rule alone leaves out, because a guard or rule refuses them, each
    with why; `tallies` the names by which limits count removals. `withheld` is what differs and cannot be
    made now; `unmanaged` what is live and nobody declares.
    """

    plan: TargetPlan
    steps: tuple[Step, ...]
    ids: Mapping[Address, str]
    versions: Mapping[Address, str]
    owned: Mapping[Address, tuple[str, ...]]
    keys: Mapping[str, str]
    waiting: int
    uncovered: bool = False
    left_out: tuple[Change, ...] = ()
    needed: Mapping[Address, tuple[Address, ...]] = field(default_factory=dict)
    unkept: DroppedAttributes = KEEPS_ALL
    ledger_update: LedgerUpdate | None = None
    looking: Looking | None = None
    refused: tuple[tuple[Change, str], ...] = ()
    tallies: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    # Keys that are blocked and that nobody has, neither in git nor at the target.
    blocks_nobody: frozenset[str] = frozenset()
    withheld: Withheld = NOTHING_WITHHELD
    unmanaged: Unmanaged | None = None
    # Who is to be denied at once and cannot be, each with why: it is not done, and it delays nothing.
    undenied: tuple[tuple[Change, str], ...] = ()
    # Whom no run ever denies, by remote id, each with why; who is denied and gone, with the key ("").
    never_denied: Mapping[str, str] = field(default_factory=dict)
    vanished: Mapping[str, str] = field(default_factory=dict)

    def given_after(self, ended: Mapping[Address, Status], ids: Mapping[Address, str]) -> Ledger:
        """What git gave, after an apply whose changes ended as `ended` says; see LedgerUpdate.after."""
        assert self.ledger_update is not None
        return self.ledger_update.after(ended, ids)

    def intends(self, go: Collection[Address]) -> Ledger:
        """What a run that is about to write the changes in `go` may give; see LedgerUpdate.intends."""
        assert self.ledger_update is not None
        return self.ledger_update.intends(go, self.ids)

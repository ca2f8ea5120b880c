"""One session: files, git, configuration, sandbox, targets and memory put together, to plan and to apply."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler import __version__
from reconciler.config import Config
from reconciler.config.targets import deny_policy
from reconciler.errors import UsageError
from reconciler.execution.carry_out import IN_FLIGHT
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.lock import Locks
from reconciler.files.characters import show
from reconciler.files.documents import suggest
from reconciler.files.tree import Tree
from reconciler.loading.load import Loaded
from reconciler.loading.memory import AppliedHistory
from reconciler.loading.position import GitPosition
from reconciler.loading.references import UNBLOCK
from reconciler.model.address import Address, Kind
from reconciler.model.denials import Denials
from reconciler.model.ledger import GivenObject, Ledger
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding, Plan, Severity
from reconciler.model.resources import Origin
from reconciler.model.snapshot import Snapshot
from reconciler.model.state import Identities, Live
from reconciler.planning.desired.needs import needs
from reconciler.planning.ordering.estimate import Estimate, estimate
from reconciler.planning.planner import plan_target, with_findings
from reconciler.planning.prepared import PreparedPlan
from reconciler.session.applying import Applied, apply_by_rule, apply_reviewed
from reconciler.session.approvals import Approvals
from reconciler.session.deny_policies import deny_policy_changed
from reconciler.session.linting import with_lint
from reconciler.session.memory_findings import as_planned, memory_findings
from reconciler.session.preconditions import check_moment, check_standing, may_apply, publishes
from reconciler.session.settings import Settings
from reconciler.session.snapshots import take_snapshots
from reconciler.targets.base import EVERYTHING, Denies, Learning, PolicyValidator, ReadRequest, Target
from reconciler.targets.registry import is_loopback_endpoint
from reconciler.wire.clock import Clock

# Seconds that a call to AWS takes, for estimates.
_LATENCY = 0.1
_BLOCKS_NOBODY = "blocked-unknown"


@dataclass(frozen=True, slots=True)
class Session:
    """All that is needed to plan and to apply. `sandbox` says whether AWS is only played."""

    settings: Settings
    clock: Clock
    now: datetime
    tree: Tree
    loaded: Loaded
    config: Config
    position: GitPosition | None
    targets: Mapping[str, Target]
    identities: Mapping[str, Mapping[str, str]]
    memories: Mapping[str, AppliedHistory]
    findings: tuple[Finding, ...]
    observer: Observer
    # Who runs this where, and an id unlike any other, by which locks and marks name it.
    run: Run
    sandbox: bool
    speed: float
    # Of all its targets, for a command that writes; of none for one that only plans.
    locks: Locks = field(default_factory=lambda: Locks(()))
    # Whether it was opened to write.
    may_write: bool = False

    def plan(
        self,
        only: Mapping[str, Sequence[Address]] | None = None,
        *,
        by_group: bool = False,
        by_rule: bool = False,
    ) -> tuple[Plan, Mapping[str, PreparedPlan]]:
        """Read every target and plan it; the plan is for people and files, the rest for apply.

        `only` restricts the targets that it names to these addresses; `by_group` reads assignments the
        cheaper way, and leaves alone what that cannot see; `by_rule` leaves out what waits for a review.
        """
        planned: dict[str, PreparedPlan] = {}
        # What a live user alone can tell is told below.
        whole = self.targets.keys() == self.config.targets.keys()
        notes = tuple(one for one in self.findings if not (whole and one.code == _BLOCKS_NOBODY))
        for name in self.targets:
            only_here = (only or {}).get(name, ())
            planned[name] = self.plan_one(name, only_here, notes, by_group=by_group, by_rule=by_rule)
            notes = ()  # what concerns no target in particular is said once
        if whole and planned and (refused := self._blocks_of_nobody(planned.values())):
            first = next(iter(planned))
            planned[first] = with_findings(planned[first], refused)
        plan = Plan(
            now=self.now,
            targets=tuple(one.plan for one in planned.values()),
            tool_version=__version__,
            tree=self.position.tree or "" if self.position else "",
        )
        return replace(plan, places=self.loaded.locate(_origins(plan))), planned

    def plan_one(
        self,
        name: str,
        only: Sequence[Address] = (),
        notes: Iterable[Finding] = (),
        *,
        by_group: bool = False,
        by_rule: bool = False,
    ) -> PreparedPlan:
        """Read one target and plan it, with `notes` of others; options as in `plan`. Raises ServiceError."""
        live = self.look(name, by_group=by_group)
        return self.plan_on(name, live, self.loaded.identities, only, notes, by_rule=by_rule)

    def look(
        self,
        name: str,
        *,
        by_group: bool = False,
        narrowed: Callable[[ReadRequest], ReadRequest] | None = None,
    ) -> Live:
        """Read one target, as a plan of it needs, or what `narrowed` makes of that. Raises ServiceError."""
        target, receipt = self.targets[name], self.memories[name].remembered.receipt
        if isinstance(target, Learning) and receipt is not None:
            target.recall(receipt.unkept)
        former: Sequence[Denials] = ()
        if isinstance(target, Denies):
            former = target.keep_policy(self.memories[name].remembered.deny_policy)
        request = self._request(name, by_group=by_group)
        live = target.read(request if narrowed is None else narrowed(request))
        return replace(live, former_denials=tuple(former)) if former else live

    def plan_on(
        self,
        name: str,
        live: Live,
        identities: Identities,
        only: Sequence[Address] = (),
        notes: Iterable[Finding] = (),
        *,
        by_rule: bool = False,
    ) -> PreparedPlan:
        """Plan one target by what was read of it, for identities that may not be written yet."""
        target, memory = self.targets[name], self.memories[name]
        planned = plan_target(
            identities,
            memory.remembered,
            replace(live, identity=self.identities[name]),
            self.config.targets[name].policy,
            target.capabilities,
            self.now,
            only=only,
            by_rule=by_rule,
            notes=(
                *notes,
                *memory_findings(name, memory, sandbox=self.sandbox),
                *target.notices(self.now),
            ),
        )
        said = self.loaded.config.targets.get(name)
        changed = deny_policy_changed(
            name, deny_policy(said) if said else "", deny_policy(self.config.targets[name]), live, planned
        )
        return as_planned(with_findings(planned, changed), memory)

    def snapshot(self, *, redacted: bool = False) -> Mapping[str, Snapshot]:
        """Read every target whole, with the units and tags of its accounts, and keep what is there.

        `redacted` leaves out values of people and groups that the files of git do not hold. Raises
        ServiceError where a target cannot be read whole.
        """
        return take_snapshots(self, redacted=redacted)

    def estimates(self, planned: Mapping[str, PreparedPlan]) -> Mapping[str, Estimate]:
        """The calls and seconds that applying takes, by target, as far as quotas tell."""
        found = {}
        for name, one in planned.items():
            can = self.targets[name].capabilities
            found[name] = estimate(
                one.steps,
                in_flight=IN_FLIGHT,
                per_second=can.writes_per_second * self.speed,
                latency=_LATENCY / self.speed,
                speed=self.speed,
                membership_batch=can.membership_batch,
                bulk=can.bulk,
            )
        return found

    def keys(self, target: str, kind: Kind) -> frozenset[str]:
        """The keys of users, groups or permission sets, declared now or since the last whole apply."""
        remembered = self.memories[target].remembered
        states = [self.loaded.identities, *(one.identities for one in remembered.since)]
        states += [remembered.base.identities] if remembered.base else []
        found: set[str] = set()
        for state in states:
            of = {
                Kind.USER: state.users,
                Kind.GROUP: state.groups,
                Kind.PERMISSION_SET: state.permission_sets,
            }
            found.update(of[kind])
        return frozenset(found)

    def apply(
        self,
        approvals: Approvals,
        *,
        first_apply: bool = False,
        push: bool = False,
        unpublished: bool = False,
        by_group: bool = False,
    ) -> Applied:
        """Plan again, and write what `approvals` cover and still holds.

        `first_apply` accepts that nothing was applied yet, `push` demands a remote to publish at (it is done
        without being asked where there is one), `unpublished` keeps the record in this clone. Raises
        UsageError, PlanFileError, RecordError, Refused, Locked, AppliedInPart, ServiceError.
        """
        self._require_locks()
        check_moment(self.settings, push=push, unpublished=unpublished)
        publish = publishes(self, push=push, unpublished=unpublished)
        session = may_apply(self, approvals, first_apply=first_apply, push=publish)
        return apply_reviewed(session, approvals, push=publish, by_group=by_group)

    def reconcile(self, *, push: bool = False, unpublished: bool = False, by_group: bool = False) -> Applied:
        """Write what the causes in `auto_apply` bring about, and nothing that needs a review.

        Takes and raises what `apply` does.
        """
        self._require_locks()
        check_moment(self.settings, push=push, unpublished=unpublished)
        publish = publishes(self, push=push, unpublished=unpublished)
        session = check_standing(self, first_apply=False, push=publish)
        return apply_by_rule(session, push=publish, by_group=by_group)

    def _require_locks(self) -> None:
        if not self.may_write:
            raise UsageError(
                "the session was opened to read: open it with `taking`, so that no other run writes meanwhile"
            )

    def linted(self, plan: Plan) -> Plan:
        """The plan with what there is to say of the policies of the permission sets that it writes."""
        return with_lint(
            plan, self.loaded.identities, self.loaded.locate, self.validators(), played=self.played
        )

    @property
    def played(self) -> bool:
        """Whether AWS is played by this machine, which has no Access Analyzer."""
        return self.sandbox or is_loopback_endpoint(os.environ)

    def validators(self) -> Mapping[str, PolicyValidator]:
        """The targets that check policies themselves."""
        return {name: one for name, one in self.targets.items() if isinstance(one, PolicyValidator)}

    def _request(self, name: str, *, by_group: bool) -> ReadRequest:
        """What must be read: names of units and tags of accounts only where a selector asks for them."""
        policy = self.config.targets[name].policy
        needed = needs(self.loaded.identities, self.memories[name].remembered, policy)
        ledger = self.memories[name].remembered.ledger or Ledger()
        return replace(
            EVERYTHING,
            units=needed.units,
            tags=needed.tags,
            by_group=by_group,
            known_users=_sure(ledger.users),
            known_groups=_sure(ledger.groups),
        )

    def _blocks_of_nobody(self, planned: Iterable[PreparedPlan]) -> Sequence[Finding]:
        """A refusal for each block that does nothing anywhere; it holds up nothing that goes by rule."""
        nobody = frozenset.intersection(*(one.blocks_nobody for one in planned))
        users = self.loaded.identities.users
        return [
            Finding(
                code="blocked-unknown",
                severity=Severity.REFUSAL,
                message=f"{show(key)} is blocked, and nobody has that key: the block does nothing",
                origin=self.loaded.identities.blocked[key].origin,
                fix=suggest(key, list(users)) or UNBLOCK,
                covers=(),
            )
            for key in sorted(nobody)
        ]


def _origins(plan: Plan) -> Iterable[Origin]:
    for part in plan.targets:
        for change in part.changes:
            if change.origin is not None:
                yield change.origin
        for finding in part.findings:
            if finding.origin is not None:
                yield finding.origin


def _sure(objects: Mapping[str, GivenObject]) -> tuple[str, ...]:
    """The remote ids of what was seen to be there, and was not taken back."""
    return tuple(sorted(one for one, given in objects.items() if given.sure and not given.left))

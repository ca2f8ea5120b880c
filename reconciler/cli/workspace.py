"""Puts the rooms together for one run: files, git, configuration, sandbox, targets, memory."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler import __version__
from reconciler.cli.common import Options
from reconciler.cli.connecting import SANDBOX_RECORD, choose, connect_all, sandbox_speed
from reconciler.cli.locking import Taking, locked
from reconciler.cli.remembering import as_planned, memory_findings
from reconciler.config import Config
from reconciler.errors import ServiceError
from reconciler.execution.carry_out import IN_FLIGHT
from reconciler.execution.locks.choose import this_run
from reconciler.execution.locks.lease import Run
from reconciler.execution.locks.lock import Locks
from reconciler.execution.record import read_record, remember_record
from reconciler.files.characters import show
from reconciler.files.documents import suggest
from reconciler.files.git import DEFAULT_REMOTE
from reconciler.files.tree import FolderTree, Tree
from reconciler.loading.first_apply import ask_remote
from reconciler.loading.forgotten import forgotten_targets
from reconciler.loading.load import Loaded, load
from reconciler.loading.memory import Memory, remember
from reconciler.loading.recalling import declarations, read_remembered
from reconciler.loading.references import UNBLOCK
from reconciler.loading.signatures import with_signing
from reconciler.loading.standing import Standing, stand
from reconciler.loading.trusted import trusted_config
from reconciler.loading.trusted_endpoints import still_said
from reconciler.model.address import Address, Kind
from reconciler.model.ledger import GivenObject, Ledger
from reconciler.model.observer import Observer
from reconciler.model.plan import Finding, Plan, Severity
from reconciler.model.resources import Origin
from reconciler.planning.desired.needs import needs
from reconciler.planning.judging.idle_approvals import idle_approvals
from reconciler.planning.ordering.estimate import Estimate, estimate
from reconciler.planning.planner import Planned, plan_target, with_findings
from reconciler.targets.base import EVERYTHING, Learning, PolicyValidator, ReadRequest, Target
from reconciler.targets.registry import is_loopback_endpoint, profiles
from reconciler.wire.clock import Clock, SystemClock

# Seconds that a call to AWS takes, for estimates.
_LATENCY = 0.1
_BLOCKS_NOBODY = "blocked-unknown"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that a command needs to plan and apply. `sandbox` says whether AWS is only played."""

    options: Options
    clock: Clock
    now: datetime
    tree: Tree
    loaded: Loaded
    config: Config
    standing: Standing | None
    targets: Mapping[str, Target]
    identities: Mapping[str, Mapping[str, str]]
    memories: Mapping[str, Memory]
    findings: tuple[Finding, ...]
    observer: Observer
    # Who runs this where, and an id unlike any other, by which locks and marks name it.
    run: Run
    sandbox: bool
    speed: float
    # Of all its targets, for a command that writes; of none for one that only plans.
    locks: Locks = field(default_factory=lambda: Locks(()))

    def plan(
        self,
        only: Mapping[str, Sequence[Address]] | None = None,
        *,
        by_group: bool = False,
        by_rule: bool = False,
    ) -> tuple[Plan, Mapping[str, Planned]]:
        """Read every target and plan it; the plan is for people and files, the rest for apply.

        `only` restricts the targets that it names to these addresses; `by_group` reads assignments the
        cheaper way, and leaves alone what that cannot see; `by_rule` leaves out what waits for a review.
        """
        planned: dict[str, Planned] = {}
        # What a live user alone can tell is told below.
        whole = self.targets.keys() == self.config.targets.keys()
        notes = tuple(one for one in self.findings if not (whole and one.code == _BLOCKS_NOBODY))
        for name, target in self.targets.items():
            receipt = self.memories[name].remembered.receipt
            if isinstance(target, Learning) and receipt is not None:
                target.recall(receipt.unkept)
            live = target.read(self._request(name, by_group=by_group))
            planned[name] = plan_target(
                self.loaded.identities,
                self.memories[name].remembered,
                replace(live, identity=self.identities[name]),
                self.config.targets[name].policy,
                target.capabilities,
                self.now,
                only=(only or {}).get(name, ()),
                by_rule=by_rule,
                notes=(
                    *notes,
                    *memory_findings(name, self.memories[name], sandbox=self.sandbox),
                    *target.notices(self.now),
                ),
            )
            planned[name] = as_planned(planned[name], self.memories[name])
            notes = ()  # what concerns no target in particular is said once
        if whole and planned and (refused := self._blocks_of_nobody(planned.values())):
            first = next(iter(planned))
            planned[first] = with_findings(planned[first], refused)
        plan = Plan(
            now=self.now,
            targets=tuple(one.part for one in planned.values()),
            tool_version=__version__,
            tree=self.standing.tree or "" if self.standing else "",
        )
        return replace(plan, places=self.loaded.locate(_origins(plan))), planned

    def estimates(self, planned: Mapping[str, Planned]) -> Mapping[str, Estimate]:
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

    def _blocks_of_nobody(self, planned: Iterable[Planned]) -> Sequence[Finding]:
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


@contextmanager
def workspace(
    options: Options,
    observer: Observer,
    among: Collection[str] | None = None,
    taking: Taking | None = None,
) -> Iterator[Workspace]:
    """Load, find the place in git, connect. Raises InputError, RecordError, ServiceError, UsageError.

    Only the targets in `among` are part of it, if it is given, and of those only the ones in the options. A
    command that is `taking` their locks has them from before the memory and the live state are read until it
    ends, however that is; Locked is raised where another run has one.
    """
    clock = SystemClock()
    tree = FolderTree(options.identities)
    loaded = load(tree, profiles())
    standing = None if options.sandbox else stand(options.identities, tree, options.trusted_ref)
    findings = [
        *loaded.findings,
        *idle_approvals(loaded.identities.approvals.values(), options.now or clock.now()),
    ]
    config = loaded.config
    still: Mapping[str, str] = {}
    if standing is not None:
        config, untrusted = trusted_config(config, loaded.identities.accounts, standing)
        findings.extend(untrusted)
        still = still_said(loaded.config, config, standing)
        standing = with_signing(standing, os.environ, demanded=config.signed)
        findings.extend(_standing_findings(standing))
        findings.extend(_forgotten(standing, loaded.config))
    chosen = choose(config, options, among)
    run = this_run(taking.command if taking else "plan", taking.plans if taking else {}, os.environ)
    with ExitStack() as stack:
        stack.enter_context(_resting_on(still))
        locks = Locks(())
        if taking is not None:
            locks = stack.enter_context(locked(chosen, options, config.lock, standing, clock, run))
        targets = connect_all(stack, chosen, options, clock, observer)
        identities = {name: target.identity() for name, target in targets.items()}
        yield Workspace(
            options=options,
            clock=clock,
            now=options.now or clock.now(),
            run=run,
            tree=tree,
            loaded=loaded,
            config=config,
            standing=standing,
            targets=targets,
            identities=identities,
            memories=_memories(options, tree, loaded, standing, identities),
            findings=tuple(findings),
            observer=observer,
            sandbox=options.sandbox,
            speed=sandbox_speed() if options.sandbox else 1.0,
            locks=locks,
        )


@contextmanager
def _resting_on(still: Mapping[str, str]) -> Iterator[None]:
    """Let an error of a target say by which configuration it was reached, where the files say another."""
    try:
        yield
    except ServiceError as error:
        error.rests_on = still.get(error.target, "")
        raise


def _memories(
    options: Options,
    tree: Tree,
    loaded: Loaded,
    standing: Standing | None,
    identities: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Memory]:
    planned = declarations(loaded)
    if options.sandbox:
        return remember_record(
            read_record(SANDBOX_RECORD),
            identities,
            read_remembered,
            tree=tree,
            identity=identities,
            planned=planned,
        )
    memories = remember(standing, identities, read_remembered, identity=identities, planned=planned)
    return ask_remote(standing, memories)


def _standing_findings(standing: Standing) -> Iterable[Finding]:
    if standing.trusts_head:
        yield Finding(
            code="head-trusted",
            severity=Severity.NOTE,
            message="HEAD itself is trusted: the guards and endpoints are those of what is checked out",
            fix="add a remote, or name the branch that people agreed on with --trusted-ref",
        )
    for problem in standing.problems():
        yield Finding(
            code="not-as-in-git",
            severity=Severity.NOTE,
            message=problem.message,
            fix=f"{problem.fix}; apply refuses until then" if problem.fix else None,
        )


def _forgotten(standing: Standing, config: Config) -> Iterable[Finding]:
    """Targets that were applied and that the configuration no longer has: nothing there is taken back."""
    for one in forgotten_targets(standing.repository, config.targets):
        yield Finding(
            code="target-not-configured",
            severity=Severity.WARNING,
            message=f"{one.target} was applied and is not configured any more, so nothing that git gave "
            f"there is taken back; {one.held}",
            fix=f"configure it again and remove what it shall not keep; or, where others look after it now, "
            f"delete its tags ({', '.join(one.tags)}) here and at {DEFAULT_REMOTE}",
        )


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

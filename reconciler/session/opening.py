"""Opens a session: loads the files, finds their place in git, takes the locks, connects, remembers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from reconciler.config import Config, TargetConfig
from reconciler.errors import ServiceError
from reconciler.execution.locks.choose import this_run
from reconciler.execution.locks.lock import Locks
from reconciler.execution.record import read_record, remember_record
from reconciler.files.git import DEFAULT_REMOTE
from reconciler.files.tree import FolderTree, Tree
from reconciler.loading.first_apply import ask_remote
from reconciler.loading.forgotten import forgotten_targets
from reconciler.loading.load import Loaded, load
from reconciler.loading.memory import AppliedHistory, remember
from reconciler.loading.position import GitPosition, stand
from reconciler.loading.recalling import declarations, read_remembered
from reconciler.loading.signatures import with_signing
from reconciler.loading.trusted import trusted_config
from reconciler.loading.trusted_endpoints import still_said
from reconciler.model.observer import SILENT, Observer
from reconciler.model.plan import Finding, Severity
from reconciler.planning.findings.declared import idle_approvals
from reconciler.session.connecting import SANDBOX_RECORD, choose, connect_all, sandbox_speed
from reconciler.session.locking import Taking, locked
from reconciler.session.session import Session
from reconciler.session.settings import Settings
from reconciler.session.snapshots import check_recorded, recorded_targets
from reconciler.wire.clock import SystemClock


@contextmanager
def open_session(
    settings: Settings,
    observer: Observer = SILENT,
    among: Collection[str] | None = None,
    taking: Taking | None = None,
) -> Iterator[Session]:
    """Load, find the place in git, connect. Raises InputError, RecordError, ServiceError, UsageError.

    Only the targets in `among` are part of it, if it is given, and of those only the ones in the settings. A
    command that is `taking` their locks has them from before the memory and the live state are read until it
    ends, however that is; Locked is raised where another run has one.
    """
    check_recorded(settings, writes=taking is not None)
    clock = SystemClock()
    tree = FolderTree(settings.identities)
    loaded = load(tree)
    position = None if settings.sandbox else stand(settings.identities, tree, settings.trusted_ref)
    findings: list[Finding] = []
    config = loaded.config
    still: Mapping[str, str] = {}
    if position is not None:
        config, untrusted = trusted_config(config, loaded.identities.accounts, position)
        findings.extend(untrusted)
        still = still_said(loaded.config, config, position)
        position = with_signing(position, os.environ, demanded=config.signed)
        findings.extend(_standing_findings(position))
        findings.extend(_forgotten(position, loaded.config))
    chosen = choose(config, settings, among)
    run = this_run(taking.command if taking else "plan", taking.plans if taking else {}, os.environ)
    with ExitStack() as stack:
        stack.enter_context(_resting_on(still))
        locks = Locks(())
        if taking is not None:
            locks = stack.enter_context(locked(chosen, settings, config.lock, position, clock, run))
        # Read once, and with the locks held: a run judges everything by one moment.
        now = settings.now or clock.now()
        if settings.live is not None:
            targets = recorded_targets(chosen, settings, position, now)
        else:
            targets = connect_all(stack, chosen, settings, clock, observer)
        identities = {name: target.identity() for name, target in targets.items()}
        yield Session(
            settings=settings,
            clock=clock,
            now=now,
            run=run,
            tree=tree,
            loaded=loaded,
            config=config,
            position=position,
            targets=targets,
            identities=identities,
            memories=_memories(settings, tree, loaded, position, identities),
            findings=(
                *loaded.findings,
                *idle_approvals(loaded.identities.approvals.values(), now),
                *findings,
            ),
            observer=observer,
            sandbox=settings.sandbox,
            speed=sandbox_speed() if settings.sandbox else 1.0,
            locks=locks,
            may_write=taking is not None,
        )


def open_files(settings: Settings) -> tuple[Loaded, Mapping[str, TargetConfig], GitPosition | None]:
    """The files, the targets that a session with these settings would have, and the place in git.

    No service is asked. Raises InputError, RecordError, UsageError.
    """
    tree = FolderTree(settings.identities)
    loaded = load(tree)
    position = None if settings.sandbox else stand(settings.identities, tree, settings.trusted_ref)
    config = loaded.config
    if position is not None:
        config, _ = trusted_config(config, loaded.identities.accounts, position)
    return loaded, choose(config, settings, None), position


@contextmanager
def _resting_on(still: Mapping[str, str]) -> Iterator[None]:
    """Let an error of a target say by which configuration it was reached, where the files say another."""
    try:
        yield
    except ServiceError as error:
        error.rests_on = still.get(error.target, "")
        raise


def _memories(
    settings: Settings,
    tree: Tree,
    loaded: Loaded,
    position: GitPosition | None,
    identities: Mapping[str, Mapping[str, str]],
) -> Mapping[str, AppliedHistory]:
    planned = declarations(loaded)
    if settings.sandbox:
        return remember_record(
            read_record(SANDBOX_RECORD),
            identities,
            read_remembered,
            tree=tree,
            identity=identities,
            planned=planned,
        )
    memories = remember(position, identities, read_remembered, identity=identities, planned=planned)
    return ask_remote(position, memories)


def _standing_findings(position: GitPosition) -> Iterable[Finding]:
    if position.trusts_head:
        yield Finding(
            code="head-trusted",
            severity=Severity.NOTE,
            message="HEAD itself is trusted: the guards and endpoints are those of what is checked out",
            fix="add a remote, or name the trusted branch with --trusted-ref",
        )
    for problem in position.problems():
        fix = f"{problem.fix}; apply refuses until then" if problem.fix else None
        if problem == position.unmerged:
            yield Finding(code="not-merged", severity=Severity.NOTE, message=problem.message, fix=fix)
        else:
            yield Finding(
                code="working-tree-differs", severity=Severity.NOTE, message=problem.message, fix=fix
            )


def _forgotten(position: GitPosition, config: Config) -> Iterable[Finding]:
    """Targets that were applied and that the configuration no longer has: nothing there is taken back."""
    for one in forgotten_targets(position.repository, config.targets):
        yield Finding(
            code="target-not-configured",
            severity=Severity.WARNING,
            message=f"{one.target} was applied and is not configured any more, so nothing that git gave "
            f"there is taken back; {one.held}",
            fix=f"configure it again and remove what it shall not keep; or, where others look after it now, "
            f"delete its tags ({', '.join(one.tags)}) here and at {DEFAULT_REMOTE}",
        )

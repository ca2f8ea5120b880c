"""One site to test against: a sandbox, the real client in front of it, and what git remembers.

`site` takes identities that a test builds, `files_site` a folder of files as people write them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from reconciler import __version__
from reconciler.config import TargetConfig
from reconciler.config.targets import connect
from reconciler.execution.apply import Job, apply
from reconciler.execution.record import read_record, remember_record, save_partial, save_whole
from reconciler.files.private import write_private
from reconciler.files.tree import FolderTree, Tree
from reconciler.loading.load import Loaded, load
from reconciler.loading.recalling import Declarations
from reconciler.model.change import Cause
from reconciler.model.observer import Silent
from reconciler.model.plan import TargetPlan
from reconciler.model.policy import TargetPolicy
from reconciler.model.report import Status, TargetReport
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from reconciler.planning.desired.needs import needs
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import Review, review
from reconciler.sandbox import Sandbox
from reconciler.targets.base import EVERYTHING, Target
from reconciler.targets.identity_center.type import IdentityCenterSettings
from reconciler.targets.scim.channel import Channel
from reconciler.targets.target_type import Played
from reconciler.wire.clock import Clock, SystemClock
from reconciler.wire.http import Endpoint
from reconciler.wire.tokens import TokenSource
from tests.support.organisation import describe, write_accounts
from tests.wire.clocks import SharedClock, clock_of, pool_by

# Faster than any test would wait for; the quotas still hold, only their windows are shorter.
SPEED = 1000.0
# Where the token of the sandbox's SCIM endpoint is found.
TOKEN = "RECONCILER_TEST_SANDBOX_TOKEN"
AUTO = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
# What a call takes, in seconds of the sandbox: nobody else moves its time on, and quotas count by it.
CALL = 0.06
_HOURS = count()


@dataclass
class Site:
    """What a test plans and applies with; `memory` moves as the command line would move it."""

    sandbox: Sandbox
    target: Target
    policy: TargetPolicy
    memory: Remembered = field(default_factory=Remembered)
    since: tuple[Identities, ...] = ()
    now: datetime = START

    def plan(self, git: Identities) -> PreparedPlan:
        """Read what the command line would read, and plan."""
        needed = needs(git, self.memory, self.policy)
        live = self.target.read(replace(EVERYTHING, units=needed.units, tags=needed.tags))
        return plan_target(git, self.memory, live, self.policy, self.target.capabilities, self.now)

    def apply(self, git: Identities, reviewed: Sequence[TargetPlan] | None = None) -> TargetReport:
        """Plan, take that or `reviewed` for what people saw, read and plan again, and write."""
        if reviewed is None:
            reviewed = [self.plan(git).plan]
        fresh = self.plan(git)
        assert fresh.plan.applyable, fresh.plan.findings
        verdict = review(fresh, reviewed, auto_apply=AUTO)
        assert verdict.stale == ()
        return self.carry_out(git, fresh, verdict)

    def carry_out(self, git: Identities, fresh: PreparedPlan, verdict: Review) -> TargetReport:
        """Write what a review lets through, and remember it."""
        job, clock = Job(self.target, fresh, verdict), clock_of(self.sandbox)
        (report,) = apply([job], pool=pool_by(clock), clock=clock, observer=Silent()).targets
        declared = Declared("state", git, self.policy)
        if report.whole:
            receipt = Receipt("aws", fresh.plan.identity, report.digest, "", self.now, unkept=report.unkept)
            self.memory = Remembered(receipt, declared, ())
        else:
            self.memory = replace(self.memory, since=(declared, *self.memory.since))
        return report

    def converge(self, git: Identities) -> TargetReport:
        """Apply, and expect the next plan to be empty."""
        report = self.apply(git)
        assert [result for result in report.results if str(result.status) != "done"] == []
        assert self.plan(git).plan.changes == ()
        return report


@contextmanager
def site(policy: TargetPolicy | None = None, **sandbox: object) -> Iterator[Site]:
    """A fresh sandbox in memory, with a client in front of it."""
    with Sandbox(None, clock=SharedClock(SPEED), latency=CALL, **sandbox) as running:  # type: ignore[arg-type]  # by name
        yield Site(running, client(running), policy or TargetPolicy("aws"))


def client(sandbox: Sandbox, *, by_scim: bool = False) -> Target:
    """The real client, in front of a sandbox that runs; `by_scim` writes people by its SCIM endpoint."""
    channel = Channel(Endpoint(url=sandbox.scim_url, token=TokenSource(env=TOKEN))) if by_scim else None
    settings = IdentityCenterSettings(channel=channel)
    return connect(
        TargetConfig("aws", TargetPolicy("aws"), settings=settings),
        clock_of(sandbox),
        Silent(),
        speed=sandbox.speed,
        played=played(sandbox),
    )


def played(sandbox: Sandbox) -> Played:
    """A sandbox that takes the place of AWS."""

    def token() -> Path:
        file = Path(tempfile.mkdtemp()) / "token"
        write_private(file, sandbox.scim_token())
        return file

    return Played(sandbox.url, sandbox.region, sandbox.scim_url, token)


@dataclass
class FedSite:
    """A target that is fed from a folder, and that remembers as the command line does on the sandbox.

    `folder` and `now` may be changed between two plans, as people and time do.
    """

    target: Target
    folder: Path
    record: Path
    now: datetime = START
    clock: Clock = field(default_factory=SystemClock, kw_only=True)

    def plan(self) -> PreparedPlan:
        """Load the files, read everything that they need, and plan."""
        return self._plan()[0]

    def apply(self, reviewed: Sequence[TargetPlan] | None = None) -> TargetReport:
        """Take a plan made now, or `reviewed`, for what people saw; read and plan again, and write.

        Fails where the plan is refused, or not what was reviewed.
        """
        if reviewed is None:
            reviewed = [self.plan().plan]
        fresh, loaded, tree = self._plan()
        assert fresh.plan.applyable, fresh.plan.findings
        verdict = review(fresh, reviewed, auto_apply=loaded.config.targets["aws"].policy.auto_apply)
        assert verdict.stale == ()
        identity = self.target.identity()
        if verdict.go:
            save_partial(self.record, "aws", identity, tree)
        job = Job(self.target, fresh, verdict)
        (report,) = apply([job], pool=pool_by(self.clock), clock=self.clock, observer=Silent()).targets
        if report.whole:
            receipt = Receipt("aws", identity, report.digest, __version__, self.now, unkept=report.unkept)
            save_whole(self.record, tree, receipt)
        return report

    def converge(self, reviewed: Sequence[TargetPlan] | None = None) -> TargetReport:
        """Apply, and expect everything to be done and the next plan to be empty."""
        report = self.apply(reviewed)
        assert [result for result in report.results if result.status is not Status.DONE] == []
        assert self.plan().plan.changes == ()
        return report

    def _plan(self) -> tuple[PreparedPlan, Loaded, Tree]:
        tree = FolderTree(self.folder, "identities")
        loaded = load(tree)
        identity = self.target.identity()
        memories = remember_record(
            read_record(self.record),
            ["aws"],
            lambda one: _declarations(load(one)),
            tree=tree,
            identity={"aws": identity},
            planned=_declarations(loaded),
        )
        policy, remembered = loaded.config.targets["aws"].policy, memories["aws"].remembered
        needed = needs(loaded.identities, remembered, policy)
        planned = plan_target(
            loaded.identities,
            remembered,
            self.target.read(replace(EVERYTHING, units=needed.units, tags=needed.tags)),
            policy,
            self.target.capabilities,
            self.now,
        )
        return planned, loaded, tree


@dataclass
class FilesSite(FedSite):
    """The same in front of a sandbox."""

    sandbox: Sandbox = field(kw_only=True)
    by_scim: bool = field(default=False, kw_only=True)


def _declarations(loaded: Loaded) -> Declarations:
    policies = {name: target.policy for name, target in loaded.config.targets.items()}
    return Declarations(loaded.identities, policies)


def later() -> datetime:
    """A moment after all that this process had: what was under way in a file of the sandbox has ended."""
    return START + next(_HOURS) * timedelta(hours=1)


@contextmanager
def files_site(
    folder: Path,
    home: Path,
    *,
    now: datetime = START,
    by_scim: bool = False,
    largest_page: int | None = None,
) -> Iterator[FilesSite]:
    """A sandbox over the data in `home` (made if absent), with a client in front of it, fed from `folder`.

    Where there are no data yet, the accounts that the files name are made, each in a unit and with tags.
    No page of its lists has more than `largest_page` items.
    """
    home.mkdir(parents=True, exist_ok=True)
    data = home / "sandbox.sqlite"
    accounts = None
    if folder.is_dir() and not data.exists():
        accounts = write_accounts(describe(folder), home / "accounts.json")
    shared = SharedClock(SPEED, later())
    with Sandbox(data, seed=accounts, clock=shared, latency=CALL, largest_page=largest_page) as running:
        yield FilesSite(
            client(running, by_scim=by_scim),
            folder,
            home / "record.json",
            now,
            clock=shared.ours,
            sandbox=running,
            by_scim=by_scim,
        )

"""One site to test against: a sandbox, the real client in front of it, and what git remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reconciler.execution.apply import Job, apply
from reconciler.model.change import Cause
from reconciler.model.observer import Silent
from reconciler.model.plan import TargetPlan
from reconciler.model.policy import TargetPolicy
from reconciler.model.report import TargetReport
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from reconciler.planning.planner import Planned, plan_target
from reconciler.planning.review import Review, review
from reconciler.sandbox import Sandbox
from reconciler.targets.base import Target
from reconciler.targets.registry import connect
from reconciler.wire.clock import SystemClock
from reconciler.wire.pool import Pool

# Faster than any test would wait for; the quotas still hold, only their windows are shorter.
SPEED = 1000.0
AUTO = frozenset({Cause.EXPIRY, Cause.BLOCK, Cause.LEAVER})


@dataclass(frozen=True)
class Settings:
    """A target's configuration, as the registry wants it."""

    region: str
    name: str = "aws"
    type: str = "identity-center"
    instance_arn: str | None = None
    identity_store_id: str | None = None


@dataclass
class Site:
    """What a test plans and applies with; `memory` moves as the command line would move it."""

    sandbox: Sandbox
    target: Target
    policy: TargetPolicy
    memory: Remembered = field(default_factory=Remembered)
    since: tuple[Identities, ...] = ()
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def plan(self, git: Identities) -> Planned:
        """Read everything and plan."""
        live = self.target.read()
        return plan_target(git, self.memory, live, self.policy, self.target.capabilities, self.now)

    def apply(self, git: Identities, reviewed: Sequence[TargetPlan] | None = None) -> TargetReport:
        """Plan, take that or `reviewed` for what people saw, read and plan again, and write."""
        if reviewed is None:
            reviewed = [self.plan(git).part]
        fresh = self.plan(git)
        assert fresh.part.applyable, fresh.part.findings
        verdict = review(fresh, reviewed, auto_apply=AUTO)
        assert verdict.stale == ()
        return self.carry_out(git, fresh, verdict)

    def carry_out(self, git: Identities, fresh: Planned, verdict: Review) -> TargetReport:
        """Write what a review lets through, and remember it."""
        job = Job(self.target, fresh, verdict)
        (report,) = apply([job], pool=Pool, clock=SystemClock(), observer=Silent()).targets
        declared = Declared("state", git, self.policy)
        if report.whole:
            self.memory = Remembered(
                Receipt("aws", fresh.part.identity, report.digest, "", self.now), declared, ()
            )
        else:
            self.memory = replace(self.memory, since=(declared, *self.memory.since))
        return report

    def converge(self, git: Identities) -> TargetReport:
        """Apply, and expect the next plan to be empty."""
        report = self.apply(git)
        assert [result for result in report.results if str(result.status) != "done"] == []
        assert self.plan(git).part.changes == ()
        return report


@contextmanager
def site(policy: TargetPolicy | None = None, **sandbox: object) -> Iterator[Site]:
    """A fresh sandbox in memory, with a client in front of it."""
    with Sandbox(None, speed=SPEED, latency=0.0, **sandbox) as running:  # type: ignore[arg-type]  # by name
        target = connect(
            Settings(running.region),
            clock=SystemClock(),
            observer=Silent(),
            endpoint_url=running.url,
            speed=SPEED,
            sandbox=True,
        )
        yield Site(running, target, policy or TargetPolicy("aws"))

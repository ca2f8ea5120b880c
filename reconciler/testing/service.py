"""One service under test: what git says, planned and applied against it, with a memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reconciler.execution.apply import Job, apply
from reconciler.model.address import Kind
from reconciler.model.observer import SILENT
from reconciler.model.plan import Severity
from reconciler.model.policy import Guards, Limit, MaxRemovals, OnRemoval, TargetPolicy
from reconciler.model.report import Status, TargetReport
from reconciler.model.resources import Group, Origin, User, Value
from reconciler.model.state import Declared, Identities, Receipt, Remembered
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from reconciler.targets.base import Target
from reconciler.wire.clock import Clock, SystemClock
from reconciler.wire.pool import Pool

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_HERE = Origin("people.yaml", 1)
_ANY = Limit(None, None)
# The suite is about the target: no guard stands in its way.
_UNLIMITED = Guards(
    max_removals=MaxRemovals(users=_ANY, groups=_ANY, memberships=_ANY, per_group=_ANY, total=_ANY)
)
GOOD = (Status.DONE, Status.UNNECESSARY)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that nobody else uses, with a target in front of it, and the means to trouble it.

    `lose_answer(carried_out)` lets the answer to the next write be lost, after the service has carried it out
    or before; the target must see what it would see then. `break_reads()` lets no list be read to its end
    from now on. `restore()` ends both. `clock` and `pool` are for services whose time runs faster.
    """

    target: Target
    lose_answer: Callable[[bool], None]
    break_reads: Callable[[], None]
    restore: Callable[[], None]
    clock: Clock = field(default_factory=SystemClock)
    pool: Callable[[int], Pool] = Pool


@dataclass(slots=True)
class World:
    """What git says and remembers of one service."""

    service: Service
    memory: Remembered = field(default_factory=Remembered)

    @property
    def target(self) -> Target:
        """The target in front of the service."""
        return self.service.target

    @property
    def policy(self) -> TargetPolicy:
        """Users are deleted where the service can do that and leaves nothing behind."""
        can = self.target.capabilities
        removal = OnRemoval.DELETE if can.deletes_users and can.safe_deletion else OnRemoval.DEACTIVATE
        return TargetPolicy(self.target.name, guards=_UNLIMITED, on_removal=removal)

    def plan(self, git: Identities) -> PreparedPlan:
        """Read and plan."""
        target = self.target
        return plan_target(git, self.memory, target.read(), self.policy, target.capabilities, NOW)

    def apply(self, git: Identities) -> TargetReport:
        """Plan, review what is planned, plan again, write, and remember."""
        reviewed, fresh = self.plan(git), self.plan(git)
        refusals = [str(one.message) for one in fresh.plan.findings if one.severity is Severity.REFUSAL]
        assert not refusals, f"the plan is refused: {refusals}"
        verdict = review(fresh, [reviewed.plan], auto_apply=())
        assert not verdict.stale, f"two reads of the same service differ: {verdict.stale}"
        service = self.service
        job = Job(self.target, fresh, verdict)
        (report,) = apply([job], pool=service.pool, clock=service.clock, observer=SILENT).targets
        if report.whole:
            identity = fresh.plan.identity
            receipt = Receipt(self.target.name, identity, report.digest, "", NOW, unkept=report.unkept)
            self.memory = Remembered(receipt, Declared("state", git, self.policy), ())
        return report

    def converge(self, git: Identities) -> None:
        """Apply; everything must be done, and the next plan must be empty."""
        report = self.apply(git)
        failed = [
            f"{one.address}: {one.status} {one.message}" for one in report.results if one.status not in GOOD
        ]
        assert not failed, f"not everything was done: {failed}"
        left = [f"{one.action} {one.address}" for one in self.plan(git).plan.changes]
        assert not left, f"the second plan is not empty: {left}"

    def names(self) -> list[str]:
        """The user names at the service, sorted; a name that two users have appears twice."""
        return sorted(str(one.attributes.get("user_name")) for one in self.target.read().users.values())

    def crews(self) -> Mapping[str, list[str]]:
        """Who is in which group, by names."""
        live = self.target.read()
        return {
            str(live.groups[group].attributes.get("display_name")): sorted(
                str(live.users[one].attributes.get("user_name")) for one in members
            )
            for group, members in live.members.items()
        }

    def user(self, key: str, **more: Value) -> User:
        """A user with all that the target requires."""
        can = self.target.capabilities
        required = {
            name: f"{key}@example.com" if name == "email" else f"{key} {name}" for name in can.required
        }
        named = {"user_name": key, "given_name": key.title(), "family_name": "Example"}
        known = {name: value for name, value in named.items() if name in can.user_attributes}
        return User(key, {**required, **known, "user_name": key, **more}, _HERE)

    def git(self, users: Iterable[User], groups: Mapping[str, Sequence[str]] | None = None) -> Identities:
        """Users, and groups with the keys of their members, as far as the target has those kinds."""
        kinds = self.target.capabilities.kinds
        made = {
            name: Group(
                name, {}, _HERE, members=dict.fromkeys(members, 1) if Kind.MEMBERSHIP in kinds else None
            )
            for name, members in (groups or {}).items()
            if Kind.GROUP in kinds
        }
        return Identities(users={one.key: one for one in users}, groups=made)

"""A service in memory that answers every write well, and keeps what it likes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.execution.apply import Job, apply
from reconciler.loading.receipt import parse_receipt, render_receipt
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.observer import Silent
from reconciler.model.plan import Finding, Step
from reconciler.model.policy import TargetPolicy
from reconciler.model.report import Outcome, Pending, Status, TargetReport
from reconciler.model.resources import Value
from reconciler.model.state import Declared, Identities, Live, Receipt, Remembered
from reconciler.planning.planner import plan_target
from reconciler.planning.prepared import PreparedPlan
from reconciler.planning.review import review
from reconciler.targets.base import EVERYTHING, ReadRequest
from reconciler.wire.pool import Guarded, Pool
from tests.planning.world import CAN_DISABLE, NOW, UNLIMITED, World
from tests.wire.clocks import FakeClock

MAY_DROP = replace(CAN_DISABLE, may_drop_attributes=True, required=("user_name",), membership_batch=3, bulk=2)


class Service(World):
    """A directory that implements Target.

    `drops` names attributes that it takes and does not keep (`user.title`), `lowers` those that it keeps in
    lower case; neither holds for the users in `spares`. With `hides_members` no read shows any member.
    """

    def __init__(
        self,
        *,
        drops: Iterable[str] = (),
        lowers: Iterable[str] = (),
        spares: Iterable[str] = (),
        hides_members: bool = False,
        capabilities: Capabilities = MAY_DROP,
    ) -> None:
        super().__init__()
        self.drops, self.lowers, self.spares = set(drops), set(lowers), set(spares)
        self.hides_members, self.capabilities = hides_members, capabilities
        self.name, self.calls = "aws", dict[str, int]()
        self.requests: list[list[str]] = []
        self._alone = Guarded(None)

    def identity(self) -> Mapping[str, str]:
        return self.live().identity

    def read(self, request: ReadRequest = EVERYTHING) -> Live:
        live = self.live()
        users, groups = set(live.users), set(live.groups)
        users = users if request.users is None else users & set(request.users)
        groups = groups if request.groups is None else groups & set(request.groups)
        wanted = set(live.members if request.members_of is None else request.members_of)
        return replace(
            live,
            users={each: live.users[each] for each in users},
            groups={each: live.groups[each] for each in groups},
            members={
                each: {} if self.hides_members else members
                for each, members in live.members.items()
                if each in wanted
            },
        )

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Sequence[Outcome | Pending]:
        with self._alone:
            self.requests.append([step.id for step in steps])
            return [self._carried_out(step, ids) for step in steps]

    def notices(self, now: datetime) -> Sequence[Finding]:
        return ()

    def ready(self, now: datetime, seconds: float) -> None:
        pass

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        raise AssertionError("nothing is ever pending here")

    def _carried_out(self, step: Step, ids: Mapping[Address, str]) -> Outcome:
        values: dict[str, Value] = {each.name: each.after for each in step.fields}
        if values.get("manager") is not None:
            values["manager"] = ids[step.refs["manager"]]
        if step.address.key not in self.spares:
            for name, value in list(values.items()):
                known = f"{step.address.kind}.{name}"
                if known in self.drops:
                    del values[name]
                elif known in self.lowers and isinstance(value, str):
                    values[name] = value.lower()
        if step.address.kind is Kind.MEMBERSHIP and step.action is Action.CREATE:
            group, user = ids[step.refs["group"]], ids[step.refs["user"]]
            self.members[group][user] = ""
            return Outcome(step.id, Status.DONE)
        return Outcome(step.id, Status.DONE, remote_id=self._write(step, values, ids))


@dataclass
class Home:
    """What a test plans and applies with; the memory moves as the command line moves it."""

    service: Service
    policy: TargetPolicy = field(default_factory=lambda: TargetPolicy("aws", guards=UNLIMITED))
    memory: Remembered = field(default_factory=Remembered)

    def plan(self, git: Identities) -> PreparedPlan:
        live = self.service.read()
        return plan_target(git, self.memory, live, self.policy, self.service.capabilities, NOW)

    def apply(self, git: Identities) -> TargetReport:
        """Plan, review, write, read back; a whole apply leaves a receipt, which goes through its text."""
        planned = self.plan(git)
        job = Job(self.service, planned, review(planned, [planned.plan], auto_apply=()))
        (report,) = apply([job], pool=Pool, clock=FakeClock(), observer=Silent()).targets
        declared = Declared("state", git, self.policy)
        if report.whole:
            receipt = Receipt("aws", planned.plan.identity, "d", "1", NOW, unkept=report.unkept)
            self.memory = Remembered(parse_receipt(render_receipt(receipt)), declared)
        else:
            self.memory = replace(self.memory, since=(declared, *self.memory.since))
        return report

    def converge(self, git: Identities) -> TargetReport:
        """Apply, and expect everything to be done and the next plan to be empty."""
        report = self.apply(git)
        assert [each for each in report.results if each.status is not Status.DONE] == []
        assert report.whole
        assert self.plan(git).plan.changes == ()
        return report

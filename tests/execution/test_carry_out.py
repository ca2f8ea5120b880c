"""What runs at once, what is pending, and what Ctrl-C leaves of it.

No service shows these on demand, so the target is a script; applies to the sandbox stand beside it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from reconciler.errors import Denied, ServiceError
from reconciler.execution.carry_out import MayWrite, always, carry_out
from reconciler.execution.run import Run
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.observer import SILENT, Observer, Silent
from reconciler.model.plan import Finding, Step, TargetPlan
from reconciler.model.report import Outcome, Pending, Status
from reconciler.model.state import Live
from reconciler.planning.prepared import PreparedPlan
from reconciler.targets.base import EVERYTHING, ReadRequest
from reconciler.wire.clock import SystemClock
from reconciler.wire.pool import Pool

Answer = Outcome | Pending | BaseException


def pending(name: str) -> Pending:
    return Pending(name, {"operation": "grant", "request_id": f"r-{name}"})


@dataclass
class Script:
    """A target that says what a test wants: `looks` gives the answers to one look after another."""

    looks: Callable[[int, Sequence[Pending]], Sequence[Outcome | Pending]]
    submitted: list[str] = field(default_factory=list)
    looked: int = 0
    # Most that was under way at once, by kind.
    most: dict[Kind, int] = field(default_factory=dict)
    name: str = "aws"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(poll_seconds=0.002))
    calls: Mapping[str, int] = field(default_factory=dict)

    def identity(self) -> Mapping[str, str]:
        return {}

    def read(self, request: ReadRequest = EVERYTHING) -> Live:
        return Live("aws")

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Sequence[Outcome | Pending]:
        return [self.submit_one(step) for step in steps]

    def submit_one(self, step: Step) -> Outcome | Pending:
        self.submitted.append(step.id)
        if step.address.kind is Kind.ASSIGNMENT:
            return pending(step.id)
        return Outcome(step.id, Status.DONE)

    def notices(self, now: datetime) -> Sequence[Finding]:
        return ()

    def ready(self, now: datetime, seconds: float) -> None:
        pass

    def poll(self, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        self.looked += 1
        self.most[Kind.ASSIGNMENT] = max(self.most.get(Kind.ASSIGNMENT, 0), len(pendings))
        return self.looks(self.looked, pendings)


def done(_: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
    return [Outcome(each.step, Status.DONE) for each in pendings]


def still(_: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
    return pendings


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def grant(number: int, *after: str, held_by: Sequence[str] = ()) -> Step:
    address = Address.of("aws", Kind.ASSIGNMENT, f"{number:012}", "Admin", "group:ops")
    return Step(f"a{number}", address, Action.CREATE, (address,), after=after, held_by=tuple(held_by))


def member(name: str, *after: str) -> Step:
    address = Address.of("aws", Kind.MEMBERSHIP, "ops", name)
    return Step(name, address, Action.CREATE, (address,), after=after)


def carried_out(
    target: Script, *steps: Step, may_write: MayWrite = always, observer: Observer = SILENT
) -> Run:
    part = TargetPlan("aws", {}, "", (), (), {}, "")
    planned = PreparedPlan(part, steps, {}, {}, {}, {}, 0)
    return carry_out(
        target, planned, steps, pool=Pool, clock=SystemClock(), observer=observer, may_write=may_write
    )


def statuses(run: Run) -> dict[str, Status]:
    return {name: outcome.status for name, outcome in run.outcomes.items()}


def test_as_many_as_the_quota_allows_are_pending_and_looked_at_together() -> None:
    ended = 0

    def looks(_: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        nonlocal ended
        if len(pendings) < min(14, 100 - ended):
            return pendings
        ended += len(pendings)
        return done(0, pendings)

    target = Script(looks)
    run = carried_out(target, *map(grant, range(100)))

    assert set(statuses(run).values()) == {Status.DONE}
    assert target.most[Kind.ASSIGNMENT] == 14


def test_what_is_pending_keeps_nothing_else_waiting() -> None:
    """Two hundred memberships end before the assignment does."""
    seen: list[int] = []

    def looks(_: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        members = sum(not name.startswith("a") for name in target.submitted)
        seen.append(members)
        return done(0, pendings) if members == 200 else pendings

    target = Script(looks)
    run = carried_out(target, grant(1), *(member(f"m{number}") for number in range(200)))

    assert set(statuses(run).values()) == {Status.DONE}
    assert seen[-1] == 200


def test_a_pending_one_that_was_asked_again_goes_by_its_new_name() -> None:
    def looks(number: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        (only,) = pendings
        if number == 1:
            return [Pending(only.step, {"request_id": "second"})]
        assert only.token == {"request_id": "second"}
        return done(0, pendings)

    assert statuses(carried_out(Script(looks), grant(1))) == {"a1": Status.DONE}


def test_what_needs_a_pending_one_waits_for_its_end() -> None:
    def looks(number: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        assert [each.step for each in pendings] == ["a1"]
        assert "later" not in target.submitted
        return [Outcome("a1", Status.FAILED, "no such policy", request_id="r")] if number > 2 else pendings

    target = Script(looks)
    run = carried_out(target, grant(1), member("later", "a1"), grant(2, held_by=["a1"]))

    assert statuses(run) == {"a1": Status.FAILED, "later": Status.SKIPPED, "a2": Status.HELD}
    assert target.submitted == ["a1"]


@pytest.mark.parametrize(
    "raised", [ServiceError("HTTP 503"), Denied("no right to look"), ValueError("a bug")]
)
def test_a_look_that_keeps_failing_ends_as_unknown_and_loses_nothing(raised: Exception) -> None:
    def looks(_: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        raise raised

    run = carried_out(Script(looks), grant(1), member("ada"), member("later", "a1"))

    assert statuses(run) == {"a1": Status.UNKNOWN, "ada": Status.DONE, "later": Status.SKIPPED}
    assert run.outcomes["a1"].request_id == "r-a1"
    assert "r-a1" in run.outcomes["a1"].message
    assert str(raised) in run.outcomes["a1"].message


def test_a_look_may_fail_now_and_then() -> None:
    def looks(number: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        if number % 3:
            raise ServiceError("HTTP 503")
        return done(0, pendings) if number > 20 else pendings

    assert statuses(carried_out(Script(looks), grant(1))) == {"a1": Status.DONE}


def test_ctrl_c_hands_out_nothing_more_and_lets_what_is_pending_end() -> None:
    def looks(number: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        if number == 1:
            interrupt()
        return done(0, pendings) if number > 3 else pendings

    target = Script(looks)
    # A look runs in a thread, and a signal is for the main thread, which takes it while it waits.
    run = carried_out(target, *map(grant, range(40)), member("later", "a0"))

    ended = statuses(run)
    assert run.interrupted
    assert sum(status is Status.DONE for status in ended.values()) == len(target.submitted) <= 14
    assert {status for name, status in ended.items() if name not in target.submitted} == {Status.STOPPED}
    assert len(ended) == 41


def test_after_ctrl_c_the_wait_for_what_is_pending_is_bounded() -> None:
    def looks(number: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        if number == 1:
            interrupt()
        return pendings

    target = Script(looks)
    run = carried_out(target, grant(1), grant(2, "a1"))

    assert statuses(run) == {"a1": Status.UNKNOWN, "a2": Status.SKIPPED}
    assert run.outcomes["a1"].request_id == "r-a1"
    assert 20 <= target.looked <= 40


@pytest.mark.parametrize("moment", range(1, 8))
def test_an_interruption_at_any_moment_loses_no_step_and_ends(moment: int) -> None:
    """Also one that comes between an answer and its reader, as no pool of ours lets it."""
    taken = 0

    class Interrupting(Silent):
        def ended(self, target: str, step: Step, outcome: Outcome) -> None:
            self.pending(target, 0)

        def pending(self, target: str, count: int) -> None:
            nonlocal taken
            taken += 1
            if taken == moment:
                raise KeyboardInterrupt

    steps = (grant(1), grant(2), member("ann"), member("bob", "a1"))
    run = carried_out(Script(done), *steps, observer=Interrupting())

    ended = statuses(run)
    assert run.interrupted
    assert set(ended) == {"a1", "a2", "ann", "bob"}
    assert Status.FAILED not in ended.values()


def test_a_second_ctrl_c_leaves_what_is_pending_with_its_name() -> None:
    def looks(number: int, pendings: Sequence[Pending]) -> Sequence[Outcome | Pending]:
        if number <= 2:
            interrupt()
        return pendings

    target = Script(looks)
    run = carried_out(target, grant(1), grant(2))

    assert statuses(run) == {"a1": Status.UNKNOWN, "a2": Status.UNKNOWN}
    assert "request r-a1" in run.outcomes["a1"].message
    assert "next plan" in run.outcomes["a1"].message
    assert target.looked <= 3


def test_a_target_that_refuses_everything_still_ends_what_is_pending() -> None:
    class Refusing(Script):
        def submit_one(self, step: Step) -> Outcome | Pending:
            if step.id == "a5":
                return Outcome(step.id, Status.FAILED, "AccessDenied", stop=True)
            return super().submit_one(step)

    target = Refusing(done)
    run = carried_out(target, *map(grant, range(30)))

    ended = statuses(run)
    assert ended["a5"] is Status.FAILED
    assert {ended[name] for name in target.submitted} == {Status.DONE}
    assert sum(status is Status.STOPPED for status in ended.values()) == 29 - len(target.submitted)


def test_who_may_write_no_more_stops_before_the_next_batch_and_sees_the_rest_through() -> None:
    target = Script(done)
    asked: list[int] = []

    def may_write() -> str | None:
        asked.append(len(target.submitted))
        return "the lock is lost" if target.submitted else None

    run = carried_out(target, *map(grant, range(100)), may_write=may_write)

    sent = set(target.submitted)
    assert 0 < len(sent) < 100
    assert {run.outcomes[each].status for each in sent} == {Status.DONE}
    rest = [outcome for name, outcome in run.outcomes.items() if name not in sent]
    assert {(each.status, each.message) for each in rest} == {(Status.STOPPED, "the lock is lost")}
    assert len(rest) + len(sent) == 100
    assert (run.stopped, run.interrupted) == ("the lock is lost", False)
    assert asked[0] == 0, "it is asked before the first batch"


def test_who_may_not_write_at_all_sends_nothing() -> None:
    target = Script(done)

    run = carried_out(target, grant(1), grant(2), may_write=lambda: "the lock is lost")

    assert target.submitted == []
    assert set(statuses(run).values()) == {Status.STOPPED}

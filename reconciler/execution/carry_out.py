"""Carries out the steps of one target: drives the schedule with threads, and looks after what is pending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from reconciler.errors import ServiceError
from reconciler.execution.before import submit
from reconciler.execution.run import Run
from reconciler.model.observer import Observer
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.planning.ordering.schedule import Schedule
from reconciler.planning.ordering.steps import writes_something
from reconciler.planning.prepared import PreparedPlan
from reconciler.targets.base import Target
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Cancelled, Pool

# How many requests run at once: the services' rates bound us long before this does.
IN_FLIGHT = 12
# Four more, so that what is only asked for, and finished by the service, finds a thread at any time.
_THREADS = IN_FLIGHT + 4
# By this name a look at what is pending comes back; no step has it.
_LOOK = ""
# How many looks in a row may fail before what is pending is left to the next plan.
_FAILED_LOOKS = 5
# Asked before each batch of writes: None to go on, else the reason to stop.
MayWrite = Callable[[], str | None]
_NO_ANSWER = "internal error: the target said nothing of it"
# How many looks what is pending gets after Ctrl-C: a minute of the service's time.
_LAST_LOOKS = 30


def always() -> str | None:
    """May be written at any time: where nothing keeps two applies apart."""
    return None


def carry_out(
    target: Target,
    planned: PreparedPlan,
    steps: Sequence[Step],
    *,
    pool: Callable[[int], Pool],
    clock: Clock,
    observer: Observer,
    may_write: MayWrite = always,
) -> Run:
    """Carry out `steps` of the plan; never raises for what a service says.

    `may_write` is asked before each batch is handed out. Its reason to stop leaves the rest STOPPED, and is
    noted in the answer; what was sent is followed to its end. It is not to raise.

    Ctrl-C hands out nothing more, and gives a bounded time to what is under way; a second one leaves what
    the service still carries out as UNKNOWN, with the id by which it can be found.
    """
    run = Run(dict(planned.ids), dict(planned.versions))
    if steps:
        observer.started(target.name, len(steps))
        with pool(_THREADS) as workers:
            _Driver(target, planned, steps, run, workers, clock, observer, may_write).drive()
    return run


class _Driver:
    """Turns a schedule into calls and their answers into outcomes, all from one thread."""

    def __init__(
        self,
        target: Target,
        planned: PreparedPlan,
        steps: Sequence[Step],
        run: Run,
        workers: Pool,
        clock: Clock,
        observer: Observer,
        may_write: MayWrite,
    ) -> None:
        self._may_write = may_write
        self._target, self._planned, self._run = target, planned, run
        self._workers, self._clock, self._observer = workers, clock, observer
        self._steps = {step.id: step for step in steps}
        self._changes = {change.address: change for change in planned.plan.changes}
        can = target.capabilities
        self._schedule = Schedule(
            steps, in_flight=IN_FLIGHT, membership_batch=can.membership_batch, bulk=can.bulk
        )
        # By the id of its first step: what is submitted together.
        self._units: dict[str, tuple[Step, ...]] = {}
        self._pending: dict[str, Pending] = {}
        self._looking = False
        # Moment of the clock before which nobody looks again.
        self._look_at = 0.0
        self._failed_looks = self._last_looks = 0

    def drive(self) -> None:
        """Until every step has an outcome."""
        while not self._schedule.over:
            try:
                self._advance()
            except KeyboardInterrupt:
                again = self._run.interrupted
                self._run.interrupted = True
                self._schedule.stop()
                if again:
                    self._give_up("interrupted while the service carries it out")
        reason = "interrupted" if self._run.interrupted else "nothing more is sent to this target"
        reason = self._run.stopped or reason
        for step in self._schedule.left():
            self._run.outcomes[step.id] = Outcome(step.id, Status.STOPPED, reason)

    def _advance(self) -> None:
        """Hand out what can be, then take one answer, or a look when it is time for one."""
        if not self._run.stopped and (why := self._may_write()) is not None:
            self._run.stopped = why
            self._schedule.stop()
            if self._schedule.over:
                return
        for unit in self._schedule.units():
            self._units[unit[0].id] = unit
            self._workers.submit(unit[0].id, self._submit, unit)
        if not self._pending or self._looking:
            finished = self._workers.next_done(None)
            if finished is None:
                self._lose_answers()
            else:
                self._take(finished)
            return
        left = self._look_at - self._clock.monotonic()
        finished = self._workers.next_done(left) if left > 0 else None
        if finished is not None:
            self._take(finished)
        elif self._run.interrupted:
            # A pool that was interrupted begins nothing any more.
            self._look_a_last_time()
        else:
            self._looking = True
            self._workers.submit(_LOOK, self._look)

    def _lose_answers(self) -> None:
        """No call is under way, and steps still count as handed out: an interruption lost their answers."""
        self._looking = False
        for step in self._schedule.handed_out():
            if step.id not in self._pending:
                message = "its answer was lost by an interruption; the next plan shows how it ended"
                self._settle(Outcome(step.id, Status.UNKNOWN, message))

    def _take(self, finished: tuple[str, object | BaseException]) -> None:
        identifier, result = finished
        if identifier == _LOOK:
            self._looking = False
            self._seen(result)
        else:
            answers = list(_answers(self._units.pop(identifier), result))
            self._count(answers)
            for answer in answers:
                if isinstance(answer, Pending):
                    self._wait_for(answer)
                else:
                    self._settle(answer)

    def _wait_for(self, pending: Pending) -> None:
        if not self._pending:
            self._look_later()
        self._pending[pending.step] = pending
        self._say_pending()

    def _submit(self, unit: tuple[Step, ...]) -> Sequence[Outcome | Pending]:
        return submit(self._target, self._planned, self._run, unit, self._changes)

    def _look(self) -> Sequence[Outcome | Pending]:
        return self._target.poll(tuple(self._pending.values()))

    def _look_a_last_time(self) -> None:
        self._last_looks += 1
        if self._last_looks > _LAST_LOOKS:
            self._give_up("interrupted, and the service did not finish it in time")
            return
        try:
            result: object = self._look()
        except Exception as error:  # noqa: BLE001  # what a thread would have brought back
            result = error
        self._seen(result)

    def _look_later(self) -> None:
        self._look_at = self._clock.monotonic() + self._target.capabilities.poll_seconds

    def _seen(self, result: object) -> None:
        """Take in how the pending ones stand; a look that fails leaves them pending, so many times."""
        self._look_later()
        if isinstance(result, BaseException):
            self._failed_looks += 1
            if isinstance(result, Cancelled):
                return
            if not isinstance(result, ServiceError) or self._failed_looks >= _FAILED_LOOKS:
                self._give_up(f"it was sent, and how it stands cannot be seen: {result}")
            return
        self._failed_looks = 0
        assert isinstance(result, Sequence)
        for answer in result:
            if isinstance(answer, Pending):
                self._pending[answer.step] = answer
            elif self._pending.pop(answer.step, None) is not None:
                self._count((answer,))
                self._settle(answer)
        self._say_pending()

    def _give_up(self, why: str) -> None:
        """What the service still carries out is not known to end well."""
        for pending in list(self._pending.values()):
            del self._pending[pending.step]
            self._settle(_unknown(pending, why))
        self._say_pending()

    def _say_pending(self) -> None:
        self._observer.pending(self._target.name, len(self._pending))

    def _count(self, answers: Iterable[Outcome | Pending]) -> None:
        """What went in one request is one write, as soon as any of it was done, or answered as done."""
        if any(
            isinstance(answer, Outcome)
            and (answer.status is Status.DONE or answer.wrote or answer.in_vain)
            and writes_something(self._steps[answer.step])
            for answer in answers
        ):
            self._run.writes += 1

    def _settle(self, outcome: Outcome) -> None:
        if outcome.status.good:
            self._run.learn(self._steps[outcome.step], outcome)
        for each in self._schedule.ended(outcome):
            self._run.outcomes[each.step] = each
            self._observer.ended(self._target.name, self._steps[each.step], each)


def _answers(unit: Sequence[Step], result: object) -> Iterable[Outcome | Pending]:
    """How each step of a unit ended, one for one, for every kind of answer."""
    if isinstance(result, Cancelled):
        message = "interrupted before it was sent"
        return [Outcome(step.id, Status.STOPPED, message) for step in unit]
    # What follows is a fault of ours, not the service's: say it, go on with what does not depend on it.
    if not isinstance(result, Sequence):
        message = f"internal error: {type(result).__name__}: {result}"
        return [Outcome(step.id, Status.FAILED, message) for step in unit]
    answers = {answer.step: answer for answer in result}
    return [answers.get(step.id) or Outcome(step.id, Status.FAILED, _NO_ANSWER) for step in unit]


def _unknown(pending: Pending, why: str) -> Outcome:
    request = pending.token.get("request_id", "")
    named = f" (request {request})" if request else ""
    message = f"{why}{named}; the next plan shows how it ended"
    return Outcome(pending.step, Status.UNKNOWN, message, request_id=request)

"""Carries out the steps of one target: drives the schedule with threads, and reads back what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import ServiceError
from reconciler.model.address import Address, Kind, remote
from reconciler.model.change import Action, Change
from reconciler.model.observer import Observer
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.model.resources import Attributes
from reconciler.model.state import LiveGroup, LiveUser
from reconciler.planning import hashes
from reconciler.planning.planner import Planned
from reconciler.planning.schedule import Schedule
from reconciler.targets.base import NOTHING, Target
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Cancelled, Pool

# How many steps run at once: the services' rates bound us long before this does.
IN_FLIGHT = 12
# How often an object that keeps moving is looked at again before its step is given up.
_LOOKS = 4
# Seconds between two polls of what a service does on its own time.
_POLL_SECONDS = 2.0


@dataclass(slots=True)
class Run:
    """What happened so far; `ids` and `versions` grow as objects are made, `made` has new users by id."""

    ids: dict[Address, str]
    versions: dict[Address, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False


def carry_out(
    target: Target,
    planned: Planned,
    steps: Sequence[Step],
    *,
    pool: Callable[[int], Pool],
    clock: Clock,
    observer: Observer,
) -> Run:
    """Carry out `steps` of the plan; never raises for what a service says. Ctrl-C ends what is in flight."""
    run = Run(dict(planned.ids), dict(planned.versions))
    if steps:
        observer.started(target.name, len(steps))
        with pool(IN_FLIGHT) as workers:
            _Driver(target, planned, steps, run, workers, clock, observer).drive()
    return run


class _Driver:
    """Turns a schedule into calls and their answers into outcomes, all from one thread."""

    def __init__(
        self,
        target: Target,
        planned: Planned,
        steps: Sequence[Step],
        run: Run,
        workers: Pool,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._target, self._planned, self._run = target, planned, run
        self._workers, self._clock, self._observer = workers, clock, observer
        self._steps = {step.id: step for step in steps}
        self._changes = {change.address: change for change in planned.part.changes}
        self._schedule = Schedule(steps, in_flight=IN_FLIGHT)
        self._pending: dict[str, Pending] = {}

    def drive(self) -> None:
        """Until every step has an outcome."""
        while not self._schedule.over:
            try:
                self._advance()
            except KeyboardInterrupt:
                self._run.interrupted = True
                self._schedule.stop()
        reason = "interrupted" if self._run.interrupted else "nothing more is sent to this target"
        for step in self._schedule.left():
            self._run.outcomes[step.id] = Outcome(step.id, Status.STOPPED, reason)

    def _advance(self) -> None:
        for step in self._schedule.take():
            self._workers.submit(step.id, self._submit, step)
        if self._pending and self._schedule.running == len(self._pending):
            self._clock.sleep(_POLL_SECONDS)
            for answer in self._target.poll(tuple(self._pending.values())):
                if isinstance(answer, Outcome):
                    del self._pending[answer.step]
                    self._settle(answer)
            return
        finished = self._workers.next_done(None)
        if finished is not None:
            identifier, result = finished
            if isinstance(result, Pending):
                self._pending[identifier] = result
            else:
                self._settle(_outcome(identifier, result))

    def _submit(self, step: Step) -> Outcome | Pending:
        return _submit(self._target, self._planned, self._run, step, self._changes)

    def _settle(self, outcome: Outcome) -> None:
        if outcome.status in (Status.DONE, Status.UNNECESSARY):
            _learn(self._run, self._steps[outcome.step], outcome)
        for each in self._schedule.ended(outcome):
            self._run.outcomes[each.step] = each
            self._observer.ended(self._target.name, self._steps[each.step], each)


def _outcome(identifier: str, answer: object) -> Outcome:
    if isinstance(answer, Outcome):
        return answer
    if isinstance(answer, Cancelled):
        return Outcome(identifier, Status.STOPPED, "interrupted before it was sent")
    # A fault of ours, not the service's: say it, go on with what does not depend on it, never lose it.
    return Outcome(identifier, Status.FAILED, f"internal error: {type(answer).__name__}: {answer}")


def _learn(run: Run, step: Step, outcome: Outcome) -> None:
    if outcome.remote_id:
        run.ids[step.address] = outcome.remote_id
        if step.address.kind is Kind.USER:
            run.made[outcome.remote_id] = step.address.parts[0]
    if outcome.version:
        run.versions[step.address] = outcome.version
    else:
        run.versions.pop(step.address, None)


def _submit(
    target: Target, planned: Planned, run: Run, step: Step, changes: Mapping[Address, Change]
) -> Outcome | Pending:
    """Submit one step; when the object moved, look whether it is still as reviewed, and try again."""
    change = changes[step.address]
    guarded = step.action is not Action.CREATE and step.address.kind in (Kind.USER, Kind.GROUP)
    look = guarded and not target.capabilities.versions and step.id == str(step.address)
    answer: Outcome | Pending = Outcome(step.id, Status.FAILED, "it was never sent", moved=True)
    for _ in range(_LOOKS):
        if look:
            try:
                verdict = _still_as_reviewed(target, planned, run, step, change)
            except ServiceError as error:
                return Outcome(step.id, Status.FAILED, str(error), request_id=error.request_id)
            if verdict is not None:
                return verdict
        answer = target.submit(step, run.ids, run.versions)
        if isinstance(answer, Pending) or not answer.moved:
            return answer
        look = guarded
    assert isinstance(answer, Outcome)
    return replace(answer, message=f"{answer.message}; it kept changing, nothing was overwritten")


def _still_as_reviewed(
    target: Target, planned: Planned, run: Run, step: Step, change: Change
) -> Outcome | None:
    """None when the object is as the plan says (its version is noted), else how the step ends."""
    identifier = run.ids[step.address]
    names = planned.owned.get(step.address, ())
    found: LiveUser | LiveGroup | None
    active = None
    if step.address.kind is Kind.USER:
        live = target.read(replace(NOTHING, users=(identifier,)))
        found = user = live.users.get(identifier)
        active = user.active if user else None
    else:
        live = target.read(replace(NOTHING, groups=(identifier,)))
        found = live.groups.get(identifier)
    if found is None and step.action is Action.DELETE:
        return Outcome(step.id, Status.UNNECESSARY, "it is gone already")
    state = version = None
    if found is not None:
        attributes = with_manager_key(found.attributes, planned, run)
        state, version = hashes.object_state(identifier, attributes, names, active=active), found.version
    if state != change.before:
        message = "it was changed by somebody else since it was planned; plan again"
        return Outcome(step.id, Status.FAILED, message)
    if version:
        run.versions[step.address] = version
    return None


def with_manager_key(attributes: Attributes, planned: Planned, run: Run) -> Attributes:
    """Live attributes with the manager by key, as hashes want them."""
    manager = attributes.get("manager")
    if not isinstance(manager, str):
        return attributes
    key = planned.keys.get(manager) or run.made.get(manager)
    return {**attributes, "manager": key or remote(manager)}

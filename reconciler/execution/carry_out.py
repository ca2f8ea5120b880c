"""Carries out the steps of one target: drives the schedule with threads, and reads back what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import ServiceError
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, Change
from reconciler.model.observer import Observer
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from reconciler.planning import hashes
from reconciler.planning.planner import Planned
from reconciler.planning.schedule import Schedule
from reconciler.targets.base import ReadRequest, Target
from reconciler.wire.clock import Clock
from reconciler.wire.pool import Pool

# How many steps run at once: the services' rates bound us long before this does.
IN_FLIGHT = 12
# How often an object that keeps moving is looked at again before its step is given up.
_LOOKS = 4
# Seconds between two polls of what a service does on its own time.
_POLL_SECONDS = 2.0


@dataclass(slots=True)
class Run:
    """What happened so far. `ids` and `versions` grow as objects are made."""

    ids: dict[Address, str]
    versions: dict[Address, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
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
    if not steps:
        return run
    schedule = Schedule(steps, in_flight=IN_FLIGHT)
    by_id = {step.id: step for step in steps}
    changes = {change.address: change for change in planned.part.changes}
    observer.started(target.name, len(steps))
    pending: dict[str, Pending] = {}

    def settle(outcome: Outcome) -> None:
        step = by_id[outcome.step]
        if outcome.status in (Status.DONE, Status.UNNECESSARY):
            _learn(run, step, outcome)
        for each in schedule.ended(outcome):
            run.outcomes[each.step] = each
            observer.ended(target.name, by_id[each.step], each)

    def submit(step: Step) -> Outcome | Pending:
        return _submit(target, planned, run, step, changes)

    with pool(IN_FLIGHT) as workers:
        while not schedule.over:
            try:
                for step in schedule.take():
                    workers.submit(step.id, submit, step)
                if pending and schedule.running == len(pending):
                    clock.sleep(_POLL_SECONDS)
                    for answer in target.poll(tuple(pending.values())):
                        if isinstance(answer, Outcome):
                            del pending[answer.step]
                            settle(answer)
                    continue
                finished = workers.next_done(None)
                if finished is None:
                    break
                identifier, answer = finished
                if isinstance(answer, Pending):
                    pending[identifier] = answer
                else:
                    settle(_outcome(identifier, answer))
            except KeyboardInterrupt:
                run.interrupted = True
                schedule.stop()
    for step in schedule.left():
        reason = "interrupted" if run.interrupted else "nothing more was sent to this target"
        run.outcomes[step.id] = Outcome(step.id, Status.STOPPED, reason)
    for identifier in pending:
        run.outcomes[identifier] = Outcome(identifier, Status.UNKNOWN, "the service had not finished it")
    return run


def _outcome(identifier: str, answer: object) -> Outcome:
    if isinstance(answer, Outcome):
        return answer
    # A fault of ours, not the service's: say it, go on with what does not depend on it, never lose it.
    return Outcome(identifier, Status.FAILED, f"internal error: {type(answer).__name__}: {answer}")


def _learn(run: Run, step: Step, outcome: Outcome) -> None:
    if outcome.remote_id:
        run.ids[step.address] = outcome.remote_id
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
    return replace(answer, message=f"{answer.message}; it kept changing, nothing was overwritten")


def _still_as_reviewed(
    target: Target, planned: Planned, run: Run, step: Step, change: Change
) -> Outcome | None:
    """None when the object is as the plan says (its version is noted), else how the step ends."""
    identifier = run.ids[step.address]
    names = planned.owned.get(step.address, ())
    if step.address.kind is Kind.USER:
        live = target.read(ReadRequest(users=(identifier,), groups=(), members_of=()))
        user = live.users.get(identifier)
        state = user and hashes.object_state(
            identifier, with_manager_key(user.attributes, planned, run), names, active=user.active
        )
        version = user.version if user else None
    else:
        live = target.read(ReadRequest(users=(), groups=(identifier,), members_of=()))
        group = live.groups.get(identifier)
        state = group and hashes.object_state(identifier, group.attributes, names)
        version = group.version if group else None
    if state is None and step.action is Action.DELETE:
        return Outcome(step.id, Status.UNNECESSARY, "it is gone already")
    if state != change.before:
        message = "it was changed by somebody else since it was planned; plan again"
        return Outcome(step.id, Status.FAILED, message)
    if version:
        run.versions[step.address] = version
    return None


def with_manager_key(attributes: Mapping[str, object], planned: Planned, run: Run) -> Mapping[str, object]:
    """Live attributes with the manager by key, as hashes want them."""
    manager = attributes.get("manager")
    if not isinstance(manager, str):
        return attributes
    key = planned.keys.get(manager)
    if key is None:
        made = (
            address.parts[0]
            for address, identifier in run.ids.items()
            if address.kind is Kind.USER and identifier == manager
        )
        key = next(made, f"~{manager}")
    return {**attributes, "manager": key}

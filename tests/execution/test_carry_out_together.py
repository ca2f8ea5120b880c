"""Steps that go in one request: each has an outcome of its own, whatever becomes of the request."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.execution.run import Run
from reconciler.model.address import Address, Kind
from reconciler.model.capabilities import Capabilities
from reconciler.model.change import Action
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Pending, Status
from tests.execution.test_carry_out import Script, carried_out, done, member, statuses

Answers = Sequence[Outcome | Pending]


@dataclass
class Together(Script):
    """A target that takes three memberships, and two creations, in one request."""

    together: list[list[str]] = field(default_factory=list)
    # What a request comes back with; by default everything is done.
    answering: Callable[[Sequence[Step]], Answers] = lambda steps: [
        Outcome(step.id, Status.DONE, remote_id=f"id-{step.id}") for step in steps
    ]
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(poll_seconds=0.002, membership_batch=3, bulk=2)
    )

    def submit(
        self, steps: Sequence[Step], ids: Mapping[Address, str], versions: Mapping[Address, str]
    ) -> Answers:
        if len(steps) == 1:
            return super().submit(steps, ids, versions)
        self.together.append([step.id for step in steps])
        return self.answering(steps)


def made(name: str) -> Step:
    address = Address.of("aws", Kind.USER, name)
    return Step(name, address, Action.CREATE, (address,))


def carried(target: Together, *steps: Step) -> Run:
    return carried_out(target, *steps)


def test_what_is_alike_goes_in_one_request_and_what_is_left_over_goes_alone() -> None:
    target = Together(done)

    run = carried(target, *(member(str(number)) for number in range(7)), made("ada"))

    assert set(statuses(run).values()) == {Status.DONE}
    assert len(statuses(run)) == 8
    assert sorted(map(len, target.together)) == [3, 3]
    assert sorted(target.submitted) == ["6", "ada"]


def test_the_ids_of_all_that_was_made_together_are_known_to_what_needs_them() -> None:
    target = Together(done)

    run = carried(target, made("ada"), made("bob"))

    assert {str(address): name for address, name in run.ids.items()} == {
        "aws/user/ada": "id-ada",
        "aws/user/bob": "id-bob",
    }
    assert run.made == {"id-ada": "ada", "id-bob": "bob"}


def test_each_step_of_a_request_ends_as_the_target_says_of_it() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        return [
            Outcome(step.id, Status.FAILED if step.id == "b" else Status.DONE, "no such user")
            for step in reversed(steps)
        ]

    run = carried(Together(done, answering=answering), *map(member, "abc"), member("d", "b"))

    assert statuses(run) == {
        "a": Status.DONE,
        "b": Status.FAILED,
        "c": Status.DONE,
        "d": Status.SKIPPED,
    }


def test_some_steps_of_a_request_may_be_pending() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        return [Pending(step.id) if step.id != "b" else Outcome(step.id, Status.DONE) for step in steps]

    target = Together(done, answering=answering)

    assert set(statuses(carried(target, *map(member, "abc"))).values()) == {Status.DONE}
    assert target.looked >= 1


def test_a_refusal_of_one_step_stops_everything_after_its_request() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        return [
            Outcome(step.id, Status.FAILED, "HTTP 403", stop=True)
            if step.id == "b"
            else Outcome(step.id, Status.DONE)
            for step in steps
        ]

    run = carried(Together(done, answering=answering), *map(member, "abc"), member("later", "a"))

    assert statuses(run) == {
        "a": Status.DONE,
        "b": Status.FAILED,
        "c": Status.DONE,
        "later": Status.STOPPED,
    }


def test_a_fault_of_ours_fails_every_step_of_its_request_and_loses_none() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        raise ValueError("a bug")

    run = carried(Together(done, answering=answering), *map(member, "abc"), made("ada"), member("x", "b"))

    assert statuses(run) == {
        "a": Status.FAILED,
        "b": Status.FAILED,
        "c": Status.FAILED,
        "ada": Status.DONE,
        "x": Status.SKIPPED,
    }
    assert run.outcomes["c"].message == "internal error: ValueError: a bug"


def test_a_step_of_which_the_target_says_nothing_has_failed() -> None:
    run = carried(
        Together(done, answering=lambda steps: [Outcome(steps[0].id, Status.DONE)]), *map(member, "abc")
    )

    assert statuses(run) == {"a": Status.DONE, "b": Status.FAILED, "c": Status.FAILED}
    assert "said nothing" in run.outcomes["b"].message


def test_what_moved_meanwhile_is_sent_again_and_nothing_else() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        first = len(target.together) == 1
        return [
            Outcome(step.id, Status.FAILED, "it moved", moved=True)
            if first and step.id != "a"
            else Outcome(step.id, Status.DONE)
            for step in steps
        ]

    target = Together(done, answering=answering)

    assert set(statuses(carried(target, *map(member, "abc"))).values()) == {Status.DONE}
    assert target.together == [["a", "b", "c"], ["b", "c"]]


def test_what_keeps_moving_fails_in_the_end() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        return [Outcome(step.id, Status.FAILED, "it moved", moved=True) for step in steps]

    target = Together(done, answering=answering)
    run = carried(target, *map(member, "abc"))

    assert set(statuses(run).values()) == {Status.FAILED}
    assert run.outcomes["b"].message == "it moved; it kept changing, nothing was overwritten"


def test_ctrl_c_lets_a_request_end_and_tells_of_each_of_its_steps() -> None:
    def answering(steps: Sequence[Step]) -> Answers:
        if steps[0].id == "000":
            signal.raise_signal(signal.SIGINT)
        return [Outcome(step.id, Status.DONE) for step in steps]

    target = Together(done, answering=answering)
    run = carried(target, *(member(f"{number:03}") for number in range(300)))

    sent = {name for unit in target.together for name in unit}
    assert run.interrupted
    assert {name for name, status in statuses(run).items() if status is Status.DONE} == sent
    assert {status for name, status in statuses(run).items() if name not in sent} == {Status.STOPPED}
    assert len(statuses(run)) == 300

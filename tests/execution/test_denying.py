"""Denying people outside of any plan: read before, merged, looked at afterwards, and written again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from reconciler.execution.denying import deny_no_more, deny_now
from reconciler.model.address import Address, Kind
from reconciler.model.change import Action, FieldChange
from reconciler.model.denials import EMPTY, OPEN, Entry, parse, render
from reconciler.model.observer import Silent
from reconciler.model.plan import Step
from reconciler.model.report import Outcome, Status
from reconciler.sandbox import Sandbox
from reconciler.targets.base import NOTHING
from reconciler.targets.identity_center.target import IdentityCenter
from reconciler.wire.aws import Aws
from reconciler.wire.clock import Clock
from tests.wire.clocks import SharedClock

POLICY = "p-cutsoff1"
ADA, BOB, CYD = (f"{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa" for number in range(3))
AT = "2026-12-01T18:00:00Z"
OFFBOARDED = Entry(offboarded=True)


@dataclass
class Desk:
    """A sandbox with a policy of denials, and the target in front of it."""

    sandbox: Sandbox
    target: IdentityCenter
    clock: Clock

    def entries(self) -> dict[str, Entry]:
        return dict(parse(POLICY, self.sandbox.store.scp_document(POLICY)).entries)

    def write(self, **people: Entry) -> None:
        known = {"ada": ADA, "bob": BOB, "cyd": CYD}
        self.sandbox.store.update_scp(POLICY, render({known[one]: entry for one, entry in people.items()}))


@pytest.fixture
def desk() -> Iterator[Desk]:
    shared = SharedClock(2000.0)
    clock = shared.ours
    with Sandbox(None, clock=shared, latency=0.0) as sandbox:
        sandbox.store.found_scp(POLICY, EMPTY)
        aws = Aws("aws", region=sandbox.region, endpoint_url=sandbox.url, clock=clock, observer=Silent(),
                  speed=2000.0, sandbox=True)  # fmt: skip
        target = IdentityCenter(aws, clock=clock, observer=Silent(), deny_policy=POLICY)
        yield Desk(sandbox, target, clock)


def test_who_is_denied_stands_there_beside_the_others_and_goes_again(desk: Desk) -> None:
    desk.write(cyd=OPEN)

    assert deny_now(desk.target, [ADA, BOB], {}, clock=desk.clock, speed=2000.0) == (True, "", True)
    assert desk.entries() == {ADA: OFFBOARDED, BOB: OFFBOARDED, CYD: OPEN}

    assert deny_no_more(desk.target, [ADA], clock=desk.clock, speed=2000.0).done
    assert desk.entries() == {BOB: OFFBOARDED, CYD: OPEN}


def test_an_entry_of_git_becomes_one_of_offboard(desk: Desk) -> None:
    desk.write(ada=OPEN)
    assert deny_now(desk.target, [ADA], {}, clock=desk.clock, speed=2000.0).done
    assert desk.entries() == {ADA: OFFBOARDED}


def test_what_git_says_is_not_taken_back(desk: Desk) -> None:
    desk.write(ada=OPEN, bob=OFFBOARDED)
    ended = deny_no_more(desk.target, [ADA, BOB], clock=desk.clock, speed=2000.0)
    assert not ended.done
    assert ADA in ended.message
    assert desk.entries() == {ADA: OPEN}


def test_who_is_never_denied_is_left_out_and_said(desk: Desk) -> None:
    ended = deny_now(desk.target, [ADA, BOB], {ADA: "protected"}, clock=desk.clock, speed=2000.0)
    assert (ended.done, "protected" in ended.message) == (False, True)
    assert desk.entries() == {BOB: OFFBOARDED}


def test_without_a_policy_it_says_so(desk: Desk) -> None:
    plain = IdentityCenter(desk.target._aws, clock=desk.clock, observer=Silent())
    for ended in (
        deny_now(plain, [ADA], {}, clock=desk.clock),
        deny_no_more(plain, [ADA], clock=desk.clock),
    ):
        assert (ended.done, ended.configured) == (False, False)


class Meddling:
    """A clock at whose waits somebody else writes the policy, so many times."""

    def __init__(self, desk: Desk, times: int) -> None:
        self._desk, self.times = desk, times

    def __getattr__(self, name: str) -> object:
        return getattr(self._desk.clock, name)

    def sleep(self, seconds: float) -> None:
        self._desk.clock.sleep(seconds)
        if self.times:
            self.times -= 1
            self._desk.write(cyd=OPEN)


@pytest.mark.parametrize(("times", "done"), [(1, True), (2, True), (3, False)])
def test_what_an_apply_overwrites_meanwhile_is_written_again(desk: Desk, times: int, *, done: bool) -> None:
    clock = Meddling(desk, times)

    ended = deny_now(desk.target, [ADA], {}, clock=clock, speed=2000.0)  # type: ignore[arg-type]  # by getattr

    assert ended.done is done
    assert desk.entries() == ({ADA: OFFBOARDED, CYD: OPEN} if done else {CYD: OPEN})


def test_a_lost_answer_is_settled_by_reading(desk: Desk) -> None:
    desk.sandbox.faults.add("drop-after", "organizations.UpdatePolicy", count=1)
    assert deny_now(desk.target, [ADA], {}, clock=desk.clock, speed=2000.0).done
    assert desk.entries() == {ADA: OFFBOARDED}


@pytest.mark.parametrize("operation", ["UpdatePolicy", "DescribePolicy"])
def test_what_aws_refuses_is_said_and_raises_nothing(desk: Desk, operation: str) -> None:
    desk.sandbox.faults.add("deny", f"organizations.{operation}", count=None)
    ended = deny_now(desk.target, [ADA], {}, clock=desk.clock, speed=2000.0)
    assert (ended.done, ended.configured) == (False, True)
    assert operation in ended.message


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (Action.CREATE, Status.UNNECESSARY),
        (Action.UPDATE, Status.UNNECESSARY),
        (Action.DELETE, Status.FAILED),
    ],
)
def test_who_was_offboarded_since_the_plan_stays_so(desk: Desk, action: Action, status: Status) -> None:
    """An apply that read the policy before neither lets them in again nor makes the entry its own."""
    bob, cyd = (Address.of("aws", Kind.DENIAL, key) for key in ("bob", "cyd"))
    ids = {bob: BOB, cyd: CYD}
    steps = [
        Step(
            id=str(one), address=one, action=action, changes=(one,), fields=(FieldChange("end", "open", AT),)
        )
        for one in (bob, cyd)
    ]
    before = {} if action is Action.CREATE else {"bob": OPEN, "cyd": OPEN}
    desk.write(**before)
    desk.target.read(replace(NOTHING, denials=True))
    desk.write(**{**before, "bob": OFFBOARDED})

    first, second = desk.target.submit(steps, ids, {})

    assert isinstance(first, Outcome)
    assert (first.status, "offboarded since this was planned" in first.message) == (status, True)
    assert isinstance(second, Outcome)
    assert second.status is Status.DONE
    assert desk.entries()[BOB] == OFFBOARDED
    assert desk.entries().get(CYD) != (OPEN if action is Action.DELETE else None)
    # A plan that knows of it does as it says.
    desk.target.read(replace(NOTHING, denials=True))
    desk.target.submit(steps[:1], ids, {})
    assert desk.entries().get(BOB) != OFFBOARDED

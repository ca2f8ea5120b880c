"""What targets say of their channels: in the plan, and before the first write to any of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.config import Config, TargetConfig
from reconciler.errors import Denied
from reconciler.execution.apply import Job
from reconciler.execution.locks.lease import Run
from reconciler.files.tree import MemoryTree
from reconciler.loading.load import load
from reconciler.loading.memory import AppliedHistory
from reconciler.model.observer import Silent
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import TargetPolicy
from reconciler.model.state import Remembered
from reconciler.planning.review import Review, review
from reconciler.session.applying import apply_jobs
from reconciler.session.session import Session
from reconciler.session.settings import Settings
from tests.execution.services import Home, Service
from tests.planning.world import group, identities, person
from tests.wire.clocks import FakeClock

GIT = identities([person("ada"), person("bob")], [group("ops", ["ada"])])
LATER = datetime(2027, 3, 1, tzinfo=UTC)


class Expiring(Service):
    """Its token ends after so many seconds of writing; None is never."""

    def __init__(self, name: str, ends_after: float | None) -> None:
        super().__init__()
        self.name, self.ends_after = name, ends_after
        self.asked: list[tuple[datetime, float]] = []

    def notices(self, now: datetime) -> Sequence[Finding]:
        return (Finding("token-ends", Severity.WARNING, f"{self.name} at {now:%Y-%m-%d}"),)

    def ready(self, now: datetime, seconds: float) -> None:
        self.asked.append((now, seconds))
        assert not self.requests, "asked after the first write"
        if self.ends_after is not None and seconds > self.ends_after:
            raise Denied(f"the token of {self.name} ends before this apply does")


def space(services: Collection[Expiring], now: datetime | None = None) -> Session:
    tree = MemoryTree("files", {"people.yaml": b"users: {ada: {user_name: ada@example.com}}"})
    return Session(
        settings=Settings(sandbox=True, now=now),
        clock=FakeClock(),
        now=now or FakeClock().now(),
        tree=tree,
        loaded=load(tree),
        config=Config(
            targets={each.name: TargetConfig(each.name, TargetPolicy(each.name)) for each in services}
        ),
        position=None,
        targets={each.name: each for each in services},
        identities={each.name: {} for each in services},
        memories={each.name: AppliedHistory(Remembered(), None) for each in services},
        findings=(),
        observer=Silent(),
        run=Run("ada", "laptop", "r1", "apply", {}),
        sandbox=True,
        speed=1.0,
    )


def job(service: Expiring, *, go: bool = True) -> Job:
    planned = Home(service).plan(GIT)
    verdict = review(planned, [planned.plan], auto_apply=())
    return Job(service, planned, verdict if go else Review(frozenset(), (), verdict.left_out, ()))


def test_a_token_that_would_end_meanwhile_stops_every_target_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the targets before it, and nothing is remembered as begun."""
    monkeypatch.chdir(tmp_path)
    first, second = Expiring("one", None), Expiring("two", 0.01)

    with pytest.raises(Denied, match="the token of two"):
        apply_jobs(space([first, second]), [job(first), job(second)], push=False)

    assert (first.requests, second.requests) == ([], [])
    assert list(tmp_path.iterdir()) == []


def test_targets_are_asked_for_the_time_until_theirs_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second, idle = (Expiring(name, None) for name in ("one", "two", "idle"))

    apply_jobs(
        space([first, second, idle], LATER), [job(first), job(second), job(idle, go=False)], push=False
    )

    ((now, seconds),) = first.asked
    assert now == LATER
    assert seconds > 0
    assert second.asked == [(LATER, 2 * seconds)]
    assert idle.asked == []
    assert first.members_of("ops") == second.members_of("ops") == {"ada@example.com"}


def test_what_a_target_says_of_its_channel_stands_in_its_own_part_of_the_plan() -> None:
    plan, _ = space([Expiring("one", None), Expiring("two", None)], LATER).plan()

    declared = [
        [each.message for each in part.findings if each.code == "token-ends"] for part in plan.targets
    ]
    assert declared == [["one at 2027-03-01"], ["two at 2027-03-01"]]


def test_the_estimate_knows_what_goes_together() -> None:
    service = Expiring("one", None)
    planned = Home(service).plan(identities([person(each) for each in "abcd"], [group("ops", [*"abcd"])]))

    found = space([service]).estimates({"one": planned})["one"]

    assert found.calls == {"create group": 1, "create membership": 2, "create user": 2}

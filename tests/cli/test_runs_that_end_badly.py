"""Runs that are killed, or that wake up late: what they gave is known by their marks, and is taken back."""

from __future__ import annotations

import pytest

from tests.cli.stage import CONFIG, FILES, PEOPLE, TEAM, Real
from tests.cli.test_locks import begun, wakes_up
from tests.support.patience import end

DAN = PEOPLE + "  dan: {user_name: dan@example.com, given_name: Dan, family_name: Roy}\n"
JOINED = "groups:\n  ops: {members: [ada, bob, dan]}\n  dev: {members: [cyd]}\n"


@pytest.fixture
def stage(real: Real) -> Real:
    """A repository whose main branch was applied, without locks."""
    real.commit({**FILES, "reconciler.yaml": CONFIG + "lock: {type: none}\n"})
    real.converge("--first-apply")
    return real


def undone(stage: Real) -> None:
    """Take the last commit back."""
    stage.work.git("revert", "--no-edit", "HEAD")


def test_a_killed_run_is_named_until_unlock_and_what_it_made_goes(stage: Real) -> None:
    stage.commit({"people.yaml": DAN, "groups.yaml": JOINED})
    stage.plan()
    process = begun(stage, "apply", stage.file)
    end(process)
    stage.sandbox.faults.clear()
    undone(stage)

    planned = stage.run("plan")
    assert "runs-not-ended" in planned.output
    assert stage.run("unlock").code == 64, "it asks on a terminal"
    closed = stage.run("unlock", "--yes")
    assert (closed.code, "the mark of run" in closed.output) == (0, True), closed.output
    assert "runs-not-ended" not in stage.run("plan").output
    stage.converge()
    assert stage.memberships() == TEAM


def test_a_run_of_an_old_commit_that_wakes_up_after_the_revert_was_applied_is_taken_back(
    stage: Real,
) -> None:
    stage.commit({"people.yaml": DAN, "groups.yaml": JOINED})
    stage.plan()
    late = begun(stage, "apply", stage.file)
    stage.sandbox.faults.clear()
    undone(stage)
    assert stage.plan().code == 0
    applied = stage.run("apply", stage.file)
    assert applied.code == 0, applied.output

    wakes_up(late)

    assert "dan@example.com" in stage.memberships()["ops"]
    planned = stage.plan()
    assert "dan" in planned.output
    assert stage.run("apply", stage.file).code == 0
    assert stage.memberships() == TEAM
    assert stage.run("plan", "--detailed-exitcode").code == 0

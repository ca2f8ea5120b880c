"""A story that fails says in words what had happened until then."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from reconciler.planning.prepared import PreparedPlan
from tests.properties.test_company_machine import CompanyMachine

# A moment, and then words.
STEP = re.compile(r"\d\d [A-Z][a-z]{2} \d\d:\d\d  +\S")


class FailsInAStep(CompanyMachine):
    """Where everything was applied for the first time."""

    def nothing_left(self, done: PreparedPlan) -> None:
        assert not done.plan.changes, "found"


class FailsInTheEnding(CompanyMachine):
    """When all sets are about to be renamed."""

    def _rename_sets(self) -> None:
        raise AssertionError("found")


@pytest.mark.parametrize(
    ("machine", "output"),
    [
        (FailsInAStep, ("git: ", "a plan: ", "it is applied, all of it")),
        (FailsInTheEnding, ("git: ", "a plan: ", "the ending")),
    ],
)
def test_a_story_that_fails_is_told_in_words(machine: type[CompanyMachine], output: tuple[str, ...]) -> None:
    few = settings(
        max_examples=5,
        stateful_step_count=3,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )

    with pytest.raises(AssertionError, match="found") as caught:
        run_state_machine_as_test(machine, settings=few)

    (story,) = [each for each in caught.value.__notes__ if each.startswith("The story:\n")]
    steps = story.split("\n")[1:]
    assert [each for each in steps if not STEP.match(each)] == []
    assert [each for each in output if each not in story] == []

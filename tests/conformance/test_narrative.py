"""From each state of the world to the next: whatever people write is done, and then nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import (
    stories_access,
    stories_groups,
    stories_ownership,
    stories_people,
    stories_principals,
    stories_sets,
    stories_time,
)
from tests.conformance.narrative import Story, tell

STORIES = (
    *stories_people.STORIES,
    *stories_groups.STORIES,
    *stories_time.STORIES,
    *stories_ownership.STORIES,
    *stories_access.STORIES,
    *stories_principals.STORIES,
    *stories_sets.STORIES,
)


@pytest.mark.parametrize("output", [pytest.param(each, id=each.name) for each in STORIES])
def test_every_state_is_reached_from_the_one_before_it(output: Story, tmp_path: Path) -> None:
    tell(output, tmp_path)

"""Handovers: who leaves a group while as many join takes nothing from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.policy import Limit, TargetPolicy
from tests.planning.test_guards import KEYS, applied, refusals
from tests.planning.world import UNLIMITED, group, identities, person, plan

USERS = [person(key) for key in KEYS[:20]]


@pytest.mark.parametrize(
    ("size", "leaving", "joining", "refused"),
    [
        (2, 1, 1, False),
        (4, 4, 4, False),
        (6, 4, 4, False),
        (6, 6, 3, False),
        (3, 2, 0, False),
        (4, 3, 0, True),
        (6, 3, 0, False),
        (6, 4, 0, True),
        (6, 6, 2, True),
        (10, 6, 1, False),
        (10, 7, 1, True),
    ],
)
def test_a_group_is_held_by_what_it_loses_in_the_end(
    size: int, leaving: int, joining: int, *, refused: bool
) -> None:
    world, memory = applied(identities(USERS, [group("team", KEYS[:size])]))
    after = [*KEYS[leaving:size], *KEYS[10 : 10 + joining]]
    limits = replace(UNLIMITED.max_removals, per_group=Limit(None, 50))
    policy = TargetPolicy("aws", guards=replace(UNLIMITED, max_removals=limits))

    planned = plan(identities(USERS, [group("team", after)]), world, memory, policy=policy)

    assert [one.code for one in refusals(planned)] == ["max-removals"] * refused
    for one in refusals(planned):
        assert (one.scope, one.count) == ("group:team", leaving - joining)


def test_the_total_counts_every_removal() -> None:
    world, memory = applied(identities(USERS, [group("team", KEYS[:6])]))
    limits = replace(UNLIMITED.max_removals, memberships=Limit(3, None))
    policy = TargetPolicy("aws", guards=replace(UNLIMITED, max_removals=limits))

    planned = plan(identities(USERS, [group("team", KEYS[10:16])]), world, memory, policy=policy)

    assert [(one.count, one.scope) for one in refusals(planned)] == [(6, "")]

"""A membership whose time is over goes from a group that tolerates others, too, whatever is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.model.resources import Grant, Window
from reconciler.model.state import Identities, Remembered
from tests.planning.world import NOW, POLICY, World, group, identities, person, plan, remembered, summary

DAY = timedelta(days=1)


def declared(*, shared: bool) -> Identities:
    """Ada is a member for one day."""
    window = Window(start=NOW, end=NOW + DAY)
    return identities([person("ada")], [group("ops", members={"ada": Grant(1, window)}, shared=shared)])


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    "memory",
    [
        # A first apply that stopped half way, and a whole apply before the membership began.
        remembered(None, declared(shared=True)),
        remembered(identities([person("ada")], [group("ops", shared=True)]), at=NOW - DAY),
        remembered(declared(shared=True), at=NOW - DAY),
    ],
)
def test_it_goes(memory: Remembered, *, shared: bool) -> None:
    world = World()
    world.carry_out(plan(declared(shared=shared), world))
    assert world.members_of("ops") == {"ada@example.com"}

    late = plan(declared(shared=shared), world, memory, policy=POLICY, now=NOW + 2 * DAY)
    world.carry_out(late)

    assert summary(late) == ["delete aws/membership/ops/ada expiry"]
    assert world.members_of("ops") == set()

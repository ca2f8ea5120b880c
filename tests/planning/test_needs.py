"""What selectors ask to be read of the organization."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.policy import Privileged
from reconciler.model.resources import Assignment, Selector
from reconciler.model.state import Identities, Remembered
from reconciler.planning.desired.needs import Needs, needs
from tests.planning.world import NOTHING, ORIGIN, POLICY, remembered

TAG = Selector(1, tag={"env": ("prod",)})
PLAIN = [Selector(1, account="prod"), Selector(1, all=True), Selector(1, ou=("r-ab12",))]


def assigning(*accounts: Selector, excluded: tuple[Selector, ...] = ()) -> Identities:
    one = Assignment("one", ORIGIN, accounts=accounts, excluded=excluded)
    return Identities(assignments={"one": one})


@pytest.mark.parametrize(
    ("selectors", "wanted"),
    [
        ([], Needs(units=False, tags=False)),
        (PLAIN, Needs(units=False, tags=False)),
        ([Selector(1, ou=("Workloads",))], Needs(units=True, tags=False)),
        ([Selector(1, ou=("r-and-d/Prod",))], Needs(units=True, tags=False)),
        ([Selector(1, ou=("ou-ab12-00000001",))], Needs(units=True, tags=False)),
        ([TAG], Needs(units=False, tags=True)),
        ([*PLAIN, Selector(1, ou=("Workloads",), tag=TAG.tag)], Needs(units=True, tags=True)),
    ],
)
def test_selectors_need_what_they_speak_of_wherever_they_stand(
    selectors: list[Selector], wanted: Needs
) -> None:
    declared = assigning(*selectors)
    privileged = replace(
        POLICY, guards=replace(POLICY.guards, privileged=Privileged(accounts=tuple(selectors)))
    )
    nothing = Identities()

    assert needs(declared, NOTHING, POLICY) == wanted
    assert needs(assigning(excluded=tuple(selectors)), NOTHING, POLICY) == wanted
    assert needs(nothing, remembered(declared), POLICY) == wanted
    assert needs(nothing, remembered(nothing, nothing, declared), POLICY) == wanted
    assert needs(nothing, Remembered(), privileged) == wanted

"""What a service says of itself in a plan, and what is no news there."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Kind
from reconciler.model.plan import Finding, Severity
from reconciler.planning.planner import plan_target
from tests.planning.entitled import PAY, entry, git, realm
from tests.planning.world import CAN, NOTHING, NOW, POLICY, World, codes, identities, person, plan, summary

OPS = entry("ops", "group:ops", "Admin", PAY)
DIRECTORY = frozenset({Kind.USER, Kind.GROUP, Kind.MEMBERSHIP})


def test_what_a_reading_found_stands_in_the_plan() -> None:
    found = Finding("schema-odd", Severity.WARNING, "its schema does not hold")
    live = replace(World().live(), findings=(found,))

    planned = plan_target(identities([person("ada")]), NOTHING, live, POLICY, CAN, NOW)

    assert found in planned.part.findings


def test_kinds_that_a_service_does_not_have_are_no_news() -> None:
    """Where it has them and they cannot be applied, that is said."""
    nowhere = replace(CAN, service_kinds=DIRECTORY)

    planned = plan(git([OPS]), realm(), can=nowhere)

    assert codes(planned) == codes(plan(identities(), realm(), can=nowhere))
    assert not [one for one in summary(planned) if "assignment" in one or "permission" in one]
    assert codes(plan(git([OPS]), realm(), can=CAN)).count("kind-not-applied") == 2

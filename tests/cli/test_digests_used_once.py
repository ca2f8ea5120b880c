"""An approved digest lets one apply go: the same plan later needs a review of its own."""

from __future__ import annotations

import json

from reconciler.sandbox import FaultKind
from tests.cli.stage import GROUPS, TEAM, Ended, Played, Real

PROD = "210000000020"
ACCESS = f"""\
accounts: {{prod: "{PROD}"}}
permission_sets: {{Read: {{managed_policies: [ReadOnlyAccess]}}}}
assignments: {{ops-read: {{groups: [ops], permission_sets: [Read], accounts: [prod]}}}}
"""


def digest(ended: Ended) -> str:
    """The digest of the only target of a plan printed as JSON."""
    return str(json.loads(ended.out)["targets"][0]["digest"])


def test_a_digest_that_was_used_is_refused_on_the_sandbox(played: Played) -> None:
    played.write({"access.yaml": ACCESS})
    played.converge()
    played.write({"access.yaml": ACCESS.replace("[ops]", "[ops, dev]")})
    approved = digest(played.run("plan", "--format", "json"))
    assert played.run("apply", "--expect-digest", approved).code == 0
    played.write({"access.yaml": ACCESS})
    played.converge()
    played.write({"access.yaml": ACCESS.replace("[ops]", "[ops, dev]")})
    assert digest(played.run("plan", "--format", "json")) == approved

    ended = played.run("apply", "--expect-digest", approved)

    assert ended.code == 4
    assert "was approved for an apply that took place" in ended.output
    with played.console() as console:
        assert console.assignments() == {(PROD, "Read", "GROUP", "ops")}


def test_the_same_plan_again_needs_a_review_of_its_own(settled: Real) -> None:
    settled.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, ada]")})
    approved = digest(settled.run("plan", "--format", "json"))
    assert settled.run("apply", "--expect-digest", approved).code == 0
    joined = settled.memberships()
    # Undone in git, applied, and declared again: the very plan that was approved before.
    settled.commit({"groups.yaml": GROUPS})
    settled.converge()
    settled.commit({"groups.yaml": GROUPS.replace("[cyd]", "[cyd, ada]")})
    assert digest(settled.run("plan", "--format", "json")) == approved
    settled.forget()

    ended = settled.run("apply", "--expect-digest", approved)

    assert ended.code == 4
    assert "was approved for an apply that took place" in ended.output
    assert settled.written() == []
    settled.converge()
    assert settled.memberships() == joined


def test_an_apply_that_failed_has_used_its_digest(real: Real) -> None:
    approved = digest(real.run("plan", "--format", "json"))
    real.sandbox.faults.add(FaultKind.DENY, "identitystore.Create*", count=None)
    assert real.run("apply", "--expect-digest", approved, "--first-apply").code == 1
    real.sandbox.faults.clear()
    assert digest(real.run("plan", "--format", "json")) == approved

    ended = real.run("apply", "--expect-digest", approved, "--first-apply")

    assert ended.code == 4
    assert real.memberships() == {}
    real.converge("--first-apply")
    assert real.memberships() == TEAM
